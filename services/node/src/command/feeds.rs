use std::time::Duration;

use anyhow::Context as _;
use client::Client;
use proto::feeds::v1::{AcknowledgeRequest, SubscribeRequest};
use tonic::{Code, Status};

use crate::output;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Feeds {
    /// Read a feed as a system of its agency, one CloudEvent a line, and acknowledge what was printed. Goes on when the server comes
    /// back; Ctrl-C ends it.
    Read(Read),
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

/// How long to wait before a stream that has ended is begun again.
const PAUSE: Duration = Duration::from_secs(1);

pub(super) async fn run(feeds: Feeds) -> anyhow::Result<()> {
    match feeds {
        Feeds::Describe => Ok(output::line(&serde_json::to_string_pretty(&::feeds::asyncapi())?)?),
        Feeds::Read(args) => read(args).await,
    }
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
