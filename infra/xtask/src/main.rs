//! Developer commands: `cargo xtask test`, `cargo xtask check`, and what takes too long for every change.

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
    /// Break the rules of the domain one at a time, and name each break that none of its tests notices.
    Mutants {
        /// Passed on to `cargo mutants`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Kill and stop two servers, their database and their bus at random, and check the whole history. The tests do it for a minute.
    Torment {
        /// For how long.
        #[arg(long, default_value_t = 30)]
        minutes: u64,
    },
    /// Take what the web pages look like from npm.
    Assets,
    /// Make the pictures of the web pages that the README shows.
    Pictures,
    /// Take the protobuf files as they are for the base of `buf breaking`.
    ProtoBase,
}

fn main() -> anyhow::Result<()> {
    match Task::parse() {
        Task::Test { arguments } => test(&arguments),
        Task::Check => check::all(),
        Task::Mutants { arguments } => mutants(&arguments),
        Task::Torment { minutes } => torment(minutes),
        Task::Assets => tools::assets(),
        Task::Pictures => pictures(),
        Task::ProtoBase => check::proto_base(),
    }
}

fn test(arguments: &[String]) -> anyhow::Result<()> {
    tools::postgres()?;
    tools::pgbouncer()?;
    tools::nats()?;
    tools::oidc_provider()?;
    tools::consumers()?;
    tools::asyncapi()?;
    tools::connect()?;
    tools::buf()?;
    tools::promtool()?;
    tools::browser()?;
    // The system tests start the binary, so it is built first.
    run("building the binary", cargo().args(["build", "--package", "alongside"]))?;
    run("testing", cargo().args(["test", "--workspace"]).args(arguments))
}

fn mutants(arguments: &[String]) -> anyhow::Result<()> {
    let mut mutants = Command::new(tools::cargo_mutants()?);
    mutants.current_dir(tools::workspace()).args(["mutants", "--package", "alongside-domain", "--no-shuffle"]);
    mutants.arg("--output").arg(tools::workspace().join("target"));
    run("breaking the rules", mutants.args(arguments))
}

fn torment(minutes: u64) -> anyhow::Result<()> {
    tools::postgres()?;
    tools::nats()?;
    run("building the binary", cargo().args(["build", "--package", "alongside"]))?;
    let mut test = cargo();
    test.args(["test", "--package", "alongside-system", "--test", "it", "--", "--nocapture"]);
    test.arg("torment::whatever_is_killed").env("TORMENT_MINUTES", minutes.to_string());
    run("tormenting it", &mut test)
}

fn pictures() -> anyhow::Result<()> {
    tools::browser()?;
    run("building the binary", cargo().args(["build", "--package", "alongside"]))?;
    let folder = tools::workspace().join("infra/pages");
    std::fs::create_dir_all(&folder)?;
    let mut test = cargo();
    test.args(["test", "--package", "alongside-system", "--test", "it", "--", "pages::the_three_main_pages"]);
    run("making pictures", test.env("PICTURES", folder.canonicalize()?))
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
