//! Developer commands: `cargo xtask test`, `cargo xtask check`.

mod check;
mod tools;

use std::io::Write as _;
use std::process::Command;

use anyhow::{Context as _, ensure};
use clap::Parser;

/// Developer commands.
#[derive(Debug, Parser)]
#[command(about)]
enum Task {
    /// Install what the tests need and the machine lacks, then run every test, real PostgreSQL and NATS included.
    Test {
        /// Passed on to `cargo test`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Formatting, lints, documentation, dependencies and the protobuf files.
    Check,
    /// Take the protobuf files as they are for the base of `buf breaking`.
    ProtoBase,
}

fn main() -> anyhow::Result<()> {
    match Task::parse() {
        Task::Test { arguments } => test(&arguments),
        Task::Check => check::all(),
        Task::ProtoBase => check::proto_base(),
    }
}

fn test(arguments: &[String]) -> anyhow::Result<()> {
    tools::postgres()?;
    tools::nats()?;
    // The system tests start the binary, so it is built first.
    run("building the binary", cargo().args(["build", "--package", "alongside"]))?;
    run("testing", cargo().args(["test", "--workspace"]).args(arguments))
}

/// The cargo that runs this.
fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(tools::workspace());
    command
}

/// Runs a command to its end; its failure is ours.
fn run(what: &str, command: &mut Command) -> anyhow::Result<()> {
    writeln!(std::io::stderr(), "== {what}")?;
    let status = command.status().with_context(|| format!("{what}: {command:?} cannot be started"))?;
    ensure!(status.success(), "{what}: {command:?} failed ({status})");
    Ok(())
}
