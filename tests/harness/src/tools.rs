//! Where the real servers are. `cargo xtask test` installs what is missing; nothing is ever skipped for want of one.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// The workspace's directory.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A program of PostgreSQL's server.
pub fn postgres(program: &str) -> anyhow::Result<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        found.extend(versions.flatten().map(|version| version.path().join("bin").join(program)));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    found.extend(std::env::split_paths(&path).map(|directory| directory.join(program)));
    found.into_iter().find(|path| path.is_file()).with_context(|| {
        format!("`{program}` is not installed: run `cargo xtask test`, or install your system's PostgreSQL server")
    })
}

/// A pooler of connections to PostgreSQL.
pub(crate) fn pgbouncer() -> PathBuf {
    let debian = PathBuf::from("/usr/sbin/pgbouncer");
    if debian.is_file() { debian } else { "pgbouncer".into() }
}

/// The NATS server.
pub(crate) fn nats() -> anyhow::Result<PathBuf> {
    let path = workspace().join("target/tools/nats-server");
    if !path.is_file() {
        bail!("`target/tools/nats-server` is missing: run `cargo xtask test`");
    }
    Ok(path)
}

/// The folder in which the OpenID provider is installed.
pub(crate) fn oidc_provider() -> anyhow::Result<PathBuf> {
    let directory = workspace().join("target/tools/oidc");
    if !directory.join("node_modules/oidc-provider").is_dir() {
        bail!("`target/tools/oidc` has no OpenID provider: run `cargo xtask test`");
    }
    Ok(directory.canonicalize()?)
}

/// A consumer of feeds, as an integrator is shown it: what runs it.
pub fn consumer(script: &str) -> anyhow::Result<std::process::Command> {
    let mut command = python()?;
    command.arg(workspace().join("infra/consumers").join(script)).arg("--protos").arg(workspace().join("proto"));
    Ok(command)
}

/// Python, with what an integrator's own system uses.
pub fn python() -> anyhow::Result<std::process::Command> {
    let packages = workspace().join("target/tools/consumers");
    if !packages.join("nats").is_dir() {
        bail!("`target/tools/consumers` has no packages: run `cargo xtask test`");
    }
    let mut command = std::process::Command::new("python3");
    command.env("PYTHONPATH", packages.canonicalize()?);
    Ok(command)
}

/// A browser's driver with a script: what runs it. Node finds the packages beside the folder that the script is in.
pub fn browser(script: &str) -> anyhow::Result<std::process::Command> {
    let directory = workspace().join("target/tools/browser");
    if !directory.join("node_modules/playwright-core").is_dir() {
        bail!("`target/tools/browser` has no browser's driver: run `cargo xtask test`");
    }
    let mut command = std::process::Command::new("node");
    command.arg(workspace().join("tests/system/browser").join(script));
    command.env("BROWSER_TOOLS", directory.canonicalize()?);
    Ok(command)
}

/// The folder of packages with which an integrator calls by the Connect protocol.
pub fn connect() -> anyhow::Result<PathBuf> {
    installed("target/tools/connect/node_modules")
}

/// What lints and generates from protobuf files.
pub fn buf() -> anyhow::Result<PathBuf> {
    installed("target/tools/node_modules/.bin/buf")
}

fn installed(path: &str) -> anyhow::Result<PathBuf> {
    let path = workspace().join(path);
    path.canonicalize().with_context(|| format!("`{}` is missing: run `cargo xtask test`", path.display()))
}

/// The checker of Prometheus' rules.
pub fn promtool() -> std::process::Command {
    let own = workspace().join("target/tools/bin/promtool");
    std::process::Command::new(if own.is_file() { own } else { "promtool".into() })
}

/// The folder in which the checker of AsyncAPI documents is installed.
pub fn asyncapi() -> anyhow::Result<PathBuf> {
    let directory = workspace().join("target/tools/asyncapi");
    if !directory.join("node_modules/@asyncapi/parser").is_dir() {
        bail!("`target/tools/asyncapi` has no checker: run `cargo xtask test`");
    }
    Ok(directory.canonicalize()?)
}

/// The binary under test, built beside the test itself.
pub fn alongside() -> anyhow::Result<PathBuf> {
    let test = std::env::current_exe()?;
    let directories = test.ancestors().skip(1).take(2);
    let found = directories.map(|directory| directory.join("alongside")).find(|path| path.is_file());
    found.context("the binary `alongside` is not built: run `cargo xtask test`, or `cargo build --package alongside`")
}
