use std::path::PathBuf;
use std::time::Duration;

use alongside::files::write_private_anew;
use alongside::nats_accounts::{self, BUS, INCLUDED, OPERATOR, SIGNING, SYSTEM};
use anyhow::Context as _;
use client::Client;
use proto::feeds::v1::{
    AcknowledgeRequest, GetNatsCredentialsRequest, GetWebhookSecretsRequest, ReplayFeedRequest, SubscribeRequest,
};
use tonic::{Code, Status};

use crate::output;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Feeds {
    /// Read a feed as a system of its agency, one CloudEvent a line, and acknowledge what was printed. Goes on when the server comes
    /// back; Ctrl-C ends it.
    Read(Read),
    /// Fetch what a system of an agency signs in to NATS with, to read a feed that stands on JetStream, and write it to a file: good for an
    /// hour.
    NatsCredentials(NatsCredentials),
    /// Print what a webhook's events are signed with, the current secret first: a system of the agency verifies with them.
    WebhookSecrets(WebhookSecrets),
    /// Have a feed on JetStream, or a webhook, tell everything again, or all that came after a place.
    Replay(Replay),
    /// Make keys for a NATS server on which feeds are to stand, once: what the server includes, and what this system signs in with.
    NatsConfig(NatsConfig),
    /// Print what feeds publish, as an AsyncAPI 3.0 document with JSON Schemas.
    Describe,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Read {
    /// The feed's id.
    feed: uuid::Uuid,
    /// Begin again, with everything that people let the system receive now.
    #[arg(long)]
    from_beginning: bool,
    /// Look only: what is printed comes again.
    #[arg(long)]
    no_acknowledgement: bool,
    #[command(flatten)]
    server: super::Server,
}

#[derive(Debug, clap::Args)]
pub(crate) struct NatsCredentials {
    /// The feed's id.
    feed: uuid::Uuid,
    /// The file to write, anew.
    #[arg(long)]
    to: PathBuf,
    #[command(flatten)]
    server: super::Server,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Replay {
    /// The feed's id.
    feed: uuid::Uuid,
    /// The `token` of an `alongside.feed.missed.v1`; from the beginning without it.
    #[arg(long, default_value = "")]
    token: String,
    /// The `alongside-position` of a webhook's event, or any position that the feed has come to.
    #[arg(long, default_value_t = 0, conflicts_with = "token")]
    position: u64,
    #[command(flatten)]
    server: super::Server,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WebhookSecrets {
    /// The feed's id.
    feed: uuid::Uuid,
    #[command(flatten)]
    server: super::Server,
}

#[derive(Debug, clap::Args)]
pub(crate) struct NatsConfig {
    /// The directory to write to. Nothing that is there is written over.
    #[arg(long)]
    to: PathBuf,
    /// Where the NATS server keeps the accounts that it is told of: a folder of its own, in its working directory when it is relative.
    #[arg(long, default_value = nats_accounts::ACCOUNTS)]
    accounts: PathBuf,
}

/// How long to wait before a stream that has ended is begun again.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn run(feeds: Feeds) -> anyhow::Result<()> {
    match feeds {
        Feeds::Describe => Ok(output::line(&serde_json::to_string_pretty(&::feeds::asyncapi())?)?),
        Feeds::Read(args) => read(args).await,
        Feeds::NatsCredentials(args) => nats_credentials(args).await,
        Feeds::Replay(args) => {
            let request = ReplayFeedRequest {
                request_id: client::request_id(),
                feed_id: args.feed.to_string(),
                token: args.token,
                position: args.position,
            };
            args.server.client().await?.feeds().replay_feed(request).await?;
            Ok(())
        }
        Feeds::WebhookSecrets(args) => {
            let request = GetWebhookSecretsRequest { feed_id: args.feed.to_string(), at_least_position: 0 };
            let answer = args.server.client().await?.feeds().get_webhook_secrets(request).await?.into_inner();
            answer.secrets.iter().try_for_each(|secret| Ok(output::line(secret)?))
        }
        Feeds::NatsConfig(args) => nats_config(&args),
    }
}

async fn nats_credentials(args: NatsCredentials) -> anyhow::Result<()> {
    let request = GetNatsCredentialsRequest { feed_id: args.feed.to_string(), at_least_position: 0 };
    let answer = args.server.client().await?.feeds().get_nats_credentials(request).await?.into_inner();
    write_private_anew(&args.to, answer.credentials.as_bytes())?;
    let shown = serde_json::json!({"servers": answer.servers, "stream": answer.stream, "consumer": answer.consumer});
    Ok(output::line(&shown.to_string())?)
}

fn nats_config(args: &NatsConfig) -> anyhow::Result<()> {
    let directory = std::path::absolute(&args.to)?;
    nats_accounts::write(&directory, &args.accounts)?;
    let at = |name: &str| toml::Value::from(directory.join(name).display().to_string());
    let written = directory.join(INCLUDED);
    output::line(&format!(
        "# Copy {} beside the configuration of every NATS server, which says, beside `jetstream {{ … }}`:\ninclude {INCLUDED:?}\n",
        written.display()
    ))?;
    output::line(&format!(
        "# In the settings of this system, with its own NATS servers:\n[bus]\nurl = \"nats://bus:4222\"\ncredentials_file = {}\n\n\
         [feeds.jetstream]\nurl = \"nats://bus:4222\"\nsigning_key_file = {}\nsystem_credentials_file = {}",
        at(BUS),
        at(SIGNING),
        at(SYSTEM)
    ))?;
    output::note(&format!("keep {} where nothing runs: it makes other signing keys", at(OPERATOR)));
    Ok(())
}

async fn read(args: Read) -> anyhow::Result<()> {
    let stop = super::told_to_stop()?;
    let client = args.server.client().await?;
    let mut request = SubscribeRequest {
        feed_id: args.feed.to_string(),
        from_beginning: args.from_beginning,
        ..SubscribeRequest::default()
    };
    loop {
        let ended = tokio::select! {
            ended = follow(&client, &mut request, !args.no_acknowledgement) => ended?,
            () = stop.cancelled() => return Ok(()),
        };
        let passes = [Code::Unavailable, Code::Aborted, Code::Unknown, Code::Cancelled, Code::Internal];
        if !passes.contains(&ended.code()) {
            anyhow::bail!("{}", ended.message());
        }
        output::note(&format!("{}; it goes on by itself", ended.message()));
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = stop.cancelled() => return Ok(()),
        }
    }
}

/// Prints what comes, until the stream ends. Returns why it did.
async fn follow(client: &Client, request: &mut SubscribeRequest, acknowledges: bool) -> anyhow::Result<Status> {
    let mut stream = match client.feeds().subscribe(request.clone()).await {
        Ok(stream) => stream.into_inner(),
        Err(status) => return Ok(status),
    };
    // What was begun again is not begun once more.
    request.from_beginning = false;
    loop {
        match stream.message().await {
            Ok(Some(answer)) => {
                for event in &answer.events {
                    output::line(&event.cloud_event)?;
                }
                request.token.clone_from(&answer.token);
                if acknowledges {
                    let kept = AcknowledgeRequest { feed_id: request.feed_id.clone(), token: answer.token };
                    let kept = client.feeds().acknowledge(kept).await;
                    kept.map(drop)
                        .or_else(|status| if status.code() == Code::Unavailable { Ok(()) } else { Err(status) })
                        .context("what was printed could not be acknowledged")?;
                }
            }
            Ok(None) => return Ok(Status::unavailable("the stream has ended")),
            Err(status) => return Ok(status),
        }
    }
}
