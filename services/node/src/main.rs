//! `alongside`: case coordination in which the person stays in control.

mod command;
mod output;

use clap::Parser;

use command::Command;

/// Case coordination in which the person stays in control.
#[derive(Debug, Parser)]
#[command(version, about, arg_required_else_help = true, after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage.")]
pub(crate) struct Cli {
    #[command(flatten)]
    flags: alongside::config::Flags,
    #[command(subcommand)]
    command: Command,
}

fn main() -> std::process::ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return output::failure(&error.into()),
    };
    match runtime.block_on(cli.command.run(&cli.flags)) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) if output::is_closed_pipe(&error) => std::process::ExitCode::SUCCESS,
        Err(error) => output::failure(&error),
    }
}
