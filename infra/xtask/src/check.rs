//! Formatting, lints, documentation, dependencies and the protobuf files.

use std::process::Command;

use crate::{cargo, run, tools};

/// The image that the protobuf files are compared with.
const BASE: &str = "base.binpb";

pub(crate) fn all() -> anyhow::Result<()> {
    protobuf()?;
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
