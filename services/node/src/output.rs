//! Data goes to standard output, everything else to standard error. A closed pipe ends the command quietly. What is printed
//! may repeat a file's words: nothing of it commands the terminal.

use std::io::Write as _;
use std::process::ExitCode;

/// Writes a line of data.
pub(crate) fn line(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout().lock(), "{}", printable(text))
}

/// Writes a line for whoever watches. A closed standard error changes nothing.
pub(crate) fn note(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{}", printable(text)));
}

/// The text with control characters, and those that turn the direction of writing, written out as JSON would.
fn printable(text: &str) -> String {
    let commands = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        match commands(c) {
            true => out.extend(format!("\\u{:04x}", u32::from(c)).chars()),
            false => out.push(c),
        }
        out
    })
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

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_a_file_says_commands_no_terminal() {
        assert_eq!(printable("Ailsa\u{1b}[2J \u{9b}31m\u{202e}\r"), "Ailsa\\u001b[2J \\u009b31m\\u202e\\u000d");
        assert_eq!(printable("two\nlines, Zoë, 東京"), "two\nlines, Zoë, 東京");
    }
}
