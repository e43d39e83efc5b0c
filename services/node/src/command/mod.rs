//! One file for each subcommand.

mod backup;
mod config;
mod demo;
mod dev;
mod documents;
mod feeds;
mod import;
mod migrate;
mod rebuild;
mod restore;
mod serve;
mod staff;
mod token;

use std::path::PathBuf;

use alongside::config::Flags;
use anyhow::Context as _;
use client::Client;
use domain::ids::AgencyId;
use domain::operations::Act;
use domain::operations::events::OperatorActed;
use engine::{Changes, Context, Engine};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};

/// What to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Start everything embedded, with sample people, and play the main job as a story.
    Demo(demo::Args),
    /// Start everything embedded, with sample people and ready-made tokens. Not for production.
    Dev(dev::Args),
    /// Serve, in the configured roles.
    Serve,
    /// Create or upgrade the database schemas.
    Migrate,
    /// Build views again beside the old ones, compare, and swap.
    Rebuild(rebuild::Args),
    /// Copy the log, and its keys apart from it, while they are used; or say what PostgreSQL's own tools must hold together.
    Backup(backup::Args),
    /// Put a backup in place, and say what is missing. Every restore is followed by this, also one by PostgreSQL's own tools.
    Restore(restore::Args),
    /// Import records of other systems.
    #[command(subcommand)]
    Import(import::Import),
    /// An agency's staff, as its administrator.
    #[command(subcommand)]
    Staff(staff::Staff),
    /// Feeds of an agency: read one as its system, or print what they publish.
    #[command(subcommand)]
    Feeds(feeds::Feeds),
    /// Make a token for a development system.
    Token(token::Args),
    /// Print the configuration, secrets redacted.
    Config,
    /// Print what the API is, for those who build on it.
    Api {
        /// As what.
        #[command(subcommand)]
        form: documents::Api,
    },
    /// Print what makes a shell complete commands.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder.
    Man {
        /// The folder; made when it is not there.
        directory: std::path::PathBuf,
    },
}

impl Command {
    pub(crate) async fn run(self, flags: &Flags) -> anyhow::Result<()> {
        match self {
            Self::Demo(args) => demo::run(args, flags).await,
            Self::Dev(args) => dev::run(args, flags).await,
            Self::Serve => serve::run(flags).await,
            Self::Migrate => migrate::run(flags).await,
            Self::Rebuild(args) => rebuild::run(args, flags).await,
            Self::Backup(args) => backup::run(args, flags).await,
            Self::Restore(args) => restore::run(args, flags).await,
            Self::Import(import) => import::run(import, flags).await,
            Self::Staff(staff) => staff::run(staff).await,
            Self::Feeds(feeds) => feeds::run(feeds).await,
            Self::Token(args) => token::run(args),
            Self::Config => config::run(flags),
            Self::Api { form } => documents::api(form),
            Self::Completions { shell } => {
                documents::completions(shell);
                Ok(())
            }
            Self::Man { directory } => documents::manual(&directory),
        }
    }
}

/// Who runs a command that leaves a trace: `ListOperatorActs` shows it.
#[derive(Debug, clap::Args)]
struct Operator {
    /// Who runs this, by a name that others who run the system know; the account's name when it is not given.
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
}

impl Operator {
    /// Leaves the trace.
    async fn acts(&self, engine: &Engine, act: Act, agency: Option<AgencyId>, about: &str) -> anyhow::Result<()> {
        let mut changes = Changes::new(&Context::of_system());
        let account = || whoami::username().context("nobody knows who runs this: give `--by NAME`");
        let (operator, issuer) = (self.by.clone().map_or_else(account, Ok)?, String::new());
        anyhow::ensure!(!operator.trim().is_empty() && operator.len() <= 200, "`--by` must be a name");
        gate::leave_trace(&mut changes, OperatorActed { operator, issuer, act, agency, about: about.to_owned() });
        engine.commit(changes).await?.done().context("somebody else was faster; run it again")?;
        Ok(())
    }
}

/// A server that a command calls, and as whom.
#[derive(Debug, clap::Args)]
struct Server {
    /// The server, such as `https://alongside.example:7443`.
    #[arg(long)]
    server: String,
    /// A file with the caller's bearer token.
    #[arg(long)]
    token_file: PathBuf,
    /// Whose certificate the server has, PEM; whom the machine trusts without it.
    #[arg(long)]
    authority: Option<PathBuf>,
    /// The certificate to show, PEM: the one that the token is bound to.
    #[arg(long, requires = "private_key")]
    certificate: Option<PathBuf>,
    /// Its key, PEM.
    #[arg(long, requires = "certificate")]
    private_key: Option<PathBuf>,
}

impl Server {
    /// The caller.
    async fn client(&self) -> anyhow::Result<Client> {
        let token = std::fs::read_to_string(&self.token_file)
            .with_context(|| format!("`{}` cannot be read", self.token_file.display()))?;
        let mut endpoint = Endpoint::from_shared(self.server.clone()).context("`--server` is no address")?;
        if self.server.starts_with("https:") {
            endpoint = endpoint.tls_config(self.tls()?)?;
        }
        let channel = endpoint.connect().await.with_context(|| format!("`{}` does not answer", self.server))?;
        Ok(Client::new(channel, token.trim())?)
    }

    fn tls(&self) -> anyhow::Result<ClientTlsConfig> {
        let read = |file: &PathBuf| std::fs::read(file).with_context(|| format!("`{}` cannot be read", file.display()));
        let mut tls = ClientTlsConfig::new();
        tls = match &self.authority {
            Some(authority) => tls.ca_certificate(Certificate::from_pem(read(authority)?)),
            None => tls.with_enabled_roots(),
        };
        if let Some((certificate, key)) = self.certificate.as_ref().zip(self.private_key.as_ref()) {
            tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
        }
        Ok(tls)
    }
}

/// How long the last lines of the log may take.
const WRITTEN: std::time::Duration = std::time::Duration::from_millis(100);
/// Signals that come within so long are one.
const ONE_SIGNAL: std::time::Duration = std::time::Duration::from_secs(1);

/// Cancelled by SIGTERM or SIGINT.
fn told_to_stop() -> anyhow::Result<CancellationToken> {
    let stop = CancellationToken::new();
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let told = stop.clone();
    tokio::spawn(async move {
        let mut next = async || {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        next().await;
        told.cancel();
        // What passes a signal on may do so twice: that is one.
        let _again = tokio::time::timeout(ONE_SIGNAL, async {
            loop {
                next().await;
            }
        })
        .await;
        // Whoever says so twice does not want to wait: nothing that was acknowledged is lost by it.
        next().await;
        tracing::warn!("told to end at once");
        // What is logged is written by a thread of its own.
        tokio::time::sleep(WRITTEN).await;
        std::process::exit(1);
    });
    Ok(stop)
}

/// Sets telemetry up as configured.
fn telemetry(config: &alongside::config::TelemetryConfig) -> anyhow::Result<telemetry::Guard> {
    Ok(telemetry::init(&telemetry::Config {
        filter: config.filter.clone(),
        json: config.json,
        otlp_endpoint: config.otlp_endpoint.clone(),
        sample_per_mille: config.sample_per_mille,
    })?)
}
