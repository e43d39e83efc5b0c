use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::Cli;

/// Prints what makes a shell complete commands.
pub(super) fn completions(shell: Shell) {
    clap_complete::generate(shell, &mut Cli::command(), "alongside", &mut std::io::stdout());
}

/// Writes a manual page for each command.
pub(super) fn manual(directory: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory).with_context(|| format!("`{}` cannot be made", directory.display()))?;
    clap_mangen::generate_to(Cli::command(), directory)
        .with_context(|| format!("the pages cannot be written to `{}`", directory.display()))
}

/// What the API is told as.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Api {
    /// An OpenAPI 3.1 document of every call that has one answer.
    Openapi,
    /// A reference of everything, as Markdown.
    Reference,
}

/// Prints what the API is.
pub(super) fn api(form: Api) -> anyhow::Result<()> {
    let text = match form {
        Api::Openapi => serde_json::to_string_pretty(&alongside::api::openapi())? + "\n",
        Api::Reference => alongside::api::reference(),
    };
    Ok(std::io::stdout().write_all(text.as_bytes())?)
}
