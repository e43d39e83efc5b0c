//! The load generator: what the log and the gate can do, as a ratio against a baseline in the same run.

mod cpu;
mod feeds;
mod fleet;
mod log;
mod measure;
mod pages;
mod reads;
mod rebuild;
mod report;
mod sample;

use clap::{Parser, ValueEnum};

/// Measures the log and the gate against a baseline in the same run.
#[derive(Debug, Parser)]
#[command(about)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Appends, beside one INSERT per transaction: same database, same durability, same callers.
    Log(log::Args),
    /// Gated reads over gRPC, beside the same reads with the receipt switched off, and a bare service that answers the same bytes.
    Reads(reads::Args),
    /// Building all views again from the log, compared with those that grew.
    Rebuild(rebuild::Args),
    /// Many small processes on one database: their connections, and how long a write through one of them takes.
    Fleet(fleet::Args),
    /// Feeds over gRPC: from when a person writes until their agency's system has it.
    Feeds(feeds::Args),
    /// Web pages, beside the bare calls of the services that they show.
    Pages(pages::Args),
    /// The callers of `reads`, in a process of their own.
    #[command(hide = true)]
    Callers(reads::callers::Args),
}

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Backend {
    /// A private PostgreSQL server, or the one at `--url`.
    Postgres,
    /// A file in a temporary directory.
    Sqlite,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Cli::parse().what {
        What::Log(args) => log::run(args).await,
        What::Reads(args) => reads::run(args).await,
        What::Rebuild(args) => rebuild::run(args).await,
        What::Fleet(args) => fleet::run(args).await,
        What::Feeds(args) => feeds::run(args).await,
        What::Pages(args) => pages::run(args).await,
        What::Callers(args) => reads::callers::call(args).await,
    }
}
