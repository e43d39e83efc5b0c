//! Formatting, lints, documentation, dependencies and the protobuf files.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::{Command, Stdio};

use anyhow::ensure;

use crate::{cargo, run, tools};

/// The image that the protobuf files are compared with.
const BASE: &str = "base.binpb";

/// How many crates the binary is built from, at most: growth is a decision, and changes this file.
const CRATES: &str = "infra/xtask/crates.txt";

pub(crate) fn all() -> anyhow::Result<()> {
    protobuf()?;
    compose()?;
    crates()?;
    run("formatting", cargo().args(["fmt", "--all", "--check"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
    run("lints", cargo().args(clippy))?;
    let doc = ["doc", "--workspace", "--no-deps", "--document-private-items"];
    run("documentation", cargo().args(doc).env("RUSTDOCFLAGS", "--deny warnings"))?;
    dependencies()
}

/// Bans, licences and sources. Known advisories are not checked: their database may be out of reach.
fn dependencies() -> anyhow::Result<()> {
    let mut check = Command::new(tools::cargo_deny()?);
    check.current_dir(tools::workspace()).args(["check", "bans", "licenses", "sources"]);
    run("dependencies", &mut check)
}

/// Every crate is seconds in the first command, and somebody else's code in the binary.
fn crates() -> anyhow::Result<()> {
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--package", "alongside", "--edges", "normal,build", "--prefix", "none"]);
    let output = tree.arg("--no-dedupe").stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{tree:?} failed ({})", output.status);
    // `name version`, and then where it is from or that it is a macro.
    let named = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let used = String::from_utf8(output.stdout)?.lines().map(named).collect::<BTreeSet<_>>().len();
    let allowed: usize = std::fs::read_to_string(tools::workspace().join(CRATES))?.trim().parse()?;
    writeln!(std::io::stderr(), "== crates: {used}, at most {allowed}")?;
    ensure!(
        used <= allowed,
        "the binary is built from {used} crates and not {allowed}: drop some, or raise `{CRATES}`"
    );
    if used < allowed {
        writeln!(std::io::stderr(), "lower the figure in `{CRATES}` to {used}")?;
    }
    Ok(())
}

/// The compose file follows the compose specification.
fn compose() -> anyhow::Result<()> {
    let mut check = tools::check_jsonschema()?;
    check.current_dir(tools::workspace()).args(["--builtin-schema", "vendor.compose-spec", "infra/compose.yaml"]);
    run("compose file", &mut check)
}

fn protobuf() -> anyhow::Result<()> {
    let buf = tools::buf()?;
    let mut lint = Command::new(&buf);
    run("protobuf lint", lint.current_dir(tools::workspace().join("proto")).arg("lint"))?;
    let mut breaking = Command::new(&buf);
    breaking.current_dir(tools::workspace().join("proto")).args(["breaking", "--against", BASE]);
    run("protobuf compatibility", &mut breaking)
}

pub(crate) fn proto_base() -> anyhow::Result<()> {
    let mut build = Command::new(tools::buf()?);
    build.current_dir(tools::workspace().join("proto")).args(["build", "--output", BASE]);
    run("protobuf image", &mut build)
}
