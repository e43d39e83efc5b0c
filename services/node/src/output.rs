//! Data goes to standard output, everything else to standard error. A closed pipe ends the command quietly.

use std::io::Write as _;
use std::process::ExitCode;

/// Writes a line of data.
pub(crate) fn line(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")
}

/// Writes a line for whoever watches. A closed standard error changes nothing.
pub(crate) fn note(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// Says what failed, and why.
pub(crate) fn failure(error: &anyhow::Error) -> ExitCode {
    note(&format!("alongside: {error:#}"));
    ExitCode::FAILURE
}

/// Whether the reader of standard output has gone away.
pub(crate) fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
