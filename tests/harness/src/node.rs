use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context as _, ensure};
use domain::ids::AgencyId;
use gate::Binding;
use node::tokens::{AUDIENCE, TokenSigner, issuer_name};
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tonic::transport::{Channel, Endpoint};

use crate::child::{Child, wait_until};
use crate::{free_port, tools};

/// How often it is tried to start a node.
const STARTS: u32 = 5;
/// How many lines are shown of a node's log where a test fails.
const WARNED: usize = 40;

/// What several nodes of one system share: settings, issuers, keys.
#[derive(Debug)]
pub struct Cluster {
    directory: TempDir,
    /// Signs tokens that every node trusts, as an operator has configured it.
    pub signer: TokenSigner,
    settings: toml::Table,
    trusted: Mutex<Vec<(String, Binding)>>,
    /// Providers of people, and for whom their tokens are.
    people: Vec<(String, String, &'static str)>,
}

/// The binary, serving.
#[derive(Debug)]
pub struct Node {
    child: Child,
    /// Where gRPC listens.
    pub grpc: u16,
    /// Where the admin port listens.
    pub admin: u16,
    log: PathBuf,
}

impl Cluster {
    /// A system on this database and bus, which trusts issuers for people and operators.
    ///
    /// # Errors
    /// When its files cannot be written.
    pub fn new(database: &str, bus: &str) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("alongside-node-").tempdir()?;
        let signer = TokenSigner::open(&directory.path().join("issuer.der"))?;
        let jwks = directory.path().join("jwks.json");
        std::fs::write(&jwks, serde_json::to_vec(&signer.key_set()?)?)?;
        let kek = directory.path().join("kek");
        node::files::write_private(&kek, vault::LocalKek::generate()?.as_bytes())?;
        let settings = toml::Table::try_from(json!({
            "drain_ms": 0,
            "database": {"url": database},
            "bus": {"url": bus},
            "vault": {"key_encryption_key": format!("file:{}", kek.display())},
            "telemetry": {"filter": "info", "json": true},
            // Tests call as fast as they can; those about limits set them.
            "limits": {
                "calls_per_second": 1_000_000, "agency_calls_per_second": 1_000_000,
                "calls_in_progress": 1_000_000, "agency_calls_in_progress": 1_000_000,
                "denials_per_minute": 1_000_000,
            },
        }))?;
        let trusted = [Binding::PeopleById, Binding::People, Binding::Operators]
            .map(|binding| (issuer_name(binding), binding))
            .to_vec();
        Ok(Self { directory, signer, settings, trusted: Mutex::new(trusted), people: Vec::new() })
    }

    /// A system with these settings, as TOML, and none besides.
    ///
    /// # Errors
    /// When they are no TOML, or a file cannot be written.
    pub fn of(settings: &str) -> anyhow::Result<Self> {
        Ok(Self { settings: settings.parse()?, ..Self::new("", "")? })
    }

    /// A system that is embedded, with its data in this folder of its own: see [`Cluster::data`].
    ///
    /// # Errors
    /// As [`Cluster::new`].
    pub fn embedded() -> anyhow::Result<Self> {
        let mut cluster = Self::new("", "in-process")?;
        let url = format!("sqlite:{}", cluster.data().display());
        cluster.set("database", "url", url);
        Ok(cluster)
    }

    /// A development system that was kept, in a copy.
    ///
    /// # Errors
    /// As [`Cluster::new`], or when it cannot be copied.
    pub fn kept(directory: &Path) -> anyhow::Result<Self> {
        let mut cluster = Self::embedded()?;
        let data = cluster.data();
        std::fs::create_dir_all(&data)?;
        for file in std::fs::read_dir(directory)? {
            let file = file?;
            // Whatever a checkout lets others read: there are keys among them.
            node::files::write_private(&data.join(file.file_name()), &std::fs::read(file.path())?)?;
        }
        cluster.signer = TokenSigner::open(&node::dev::signer_file(&data))?;
        let jwks = cluster.directory().join("jwks.json");
        std::fs::write(jwks, serde_json::to_vec(&cluster.signer.key_set()?)?)?;
        let kek = format!("file:{}", data.join("key-encryption-key").display());
        cluster.set("vault", "key_encryption_key", kek);
        Ok(cluster)
    }

    /// Where an embedded system keeps its data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.directory().join("data")
    }

    /// Trusts an issuer for this agency, from the next start of a node on.
    pub fn trust(&self, agency: AgencyId) {
        self.trust_issuer(&issuer_name(Binding::Agency(agency)), agency);
    }

    /// As `trust`, an issuer with another name.
    pub fn trust_issuer(&self, issuer: &str, agency: AgencyId) {
        let mut trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        let new = (issuer.to_owned(), Binding::Agency(agency));
        if !trusted.contains(&new) {
            trusted.push(new);
        }
    }

    /// Trusts a provider of people, whose tokens are for this audience and whose keys it publishes. It knows them by a subject of its own, or, where
    /// it is said, by their id here.
    pub fn trust_people(&mut self, issuer: &str, audience: &str, by_id: bool) {
        let known = if by_id { "people_by_id" } else { "people" };
        self.people.push((issuer.to_owned(), audience.to_owned(), known));
    }

    /// The issuers that nodes trust.
    fn issuers(&self) -> anyhow::Result<toml::Value> {
        let jwks = self.directory.path().join("jwks.json");
        let issuer = |(issuer, binding): &(String, Binding)| {
            let (name, bound) = match binding {
                Binding::Agency(agency) => ("agency", json!(agency.to_string())),
                Binding::PeopleById => ("people_by_id", json!(true)),
                Binding::People => ("people", json!(true)),
                Binding::Operators => ("operators", json!(true)),
            };
            json!({"issuer": issuer, "audience": AUDIENCE, "jwks_file": jwks, name: bound})
        };
        let trusted = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        let provider = |(issuer, audience, known): &(String, String, &str)| json!({"issuer": issuer, "audience": audience, *known: true});
        Ok(toml::Value::try_from(
            trusted.iter().map(issuer).chain(self.people.iter().map(provider)).collect::<Vec<_>>(),
        )?)
    }

    /// Changes a section's setting for nodes that are started from now on.
    pub fn set(&mut self, section: &str, key: &str, value: impl Into<toml::Value>) {
        let entry = self.settings.entry(section).or_insert_with(|| toml::Table::new().into());
        if let Some(table) = entry.as_table_mut() {
            table.insert(key.to_owned(), value.into());
        }
    }

    /// Leaves a section out for nodes that are started from now on.
    pub fn unset(&mut self, section: &str) {
        self.settings.remove(section);
    }

    /// Changes a setting that is in no section.
    pub fn set_top(&mut self, key: &str, value: impl Into<toml::Value>) {
        self.settings.insert(key.to_owned(), value.into());
    }

    /// The file with the settings.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn config_file(&self) -> anyhow::Result<PathBuf> {
        let file = self.directory.path().join("alongside.toml");
        let mut settings = self.settings.clone();
        settings.entry("issuers").or_insert(self.issuers()?);
        std::fs::write(&file, toml::to_string(&settings)?)?;
        Ok(file)
    }

    /// Runs a command of the binary to its end, and returns its output.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<std::process::Output> {
        self.run_with(&[], arguments)
    }

    /// As `run`, without the settings: for what has its own.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run_alone(&self, arguments: &[&str]) -> anyhow::Result<std::process::Output> {
        Ok(Command::new(tools::alongside()?).args(arguments).current_dir(self.directory.path()).output()?)
    }

    /// As `run`, with this in its environment.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run_with(&self, environment: &[(&str, &Path)], arguments: &[&str]) -> anyhow::Result<std::process::Output> {
        let mut command = Command::new(tools::alongside()?);
        command.arg("--config").arg(self.config_file()?).args(arguments).current_dir(self.directory.path());
        Ok(command.envs(environment.iter().copied()).output()?)
    }

    /// As `run`, with at most so many kilobytes of address space: nearly as much as it uses, as few threads have arenas of their own, each of which reserves
    /// 64 MB.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn run_within(&self, kilobytes: u32, arguments: &[&str]) -> anyhow::Result<std::process::Output> {
        let mut command = Command::new("sh");
        command.env("MALLOC_ARENA_MAX", "2");
        command.args(["-c", &format!("ulimit -v {kilobytes} && exec \"$0\" \"$@\"")]).arg(tools::alongside()?);
        command.arg("--config").arg(self.config_file()?).args(arguments).current_dir(self.directory.path());
        Ok(command.output()?)
    }

    /// Starts a node with these roles, comma-separated; all when empty.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start(&self, roles: &str) -> anyhow::Result<Node> {
        self.start_by(None, roles, None).await
    }

    /// As `start` with all roles, with this in its environment.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start_with(&self, name: &str, value: &Path) -> anyhow::Result<Node> {
        self.start_by(Some((name, value)), "", None).await
    }

    /// As `start` with all roles, where it may have so many files open at once.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start_with_files(&self, files: u32) -> anyhow::Result<Node> {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("ulimit -n {files} && exec \"$0\" \"$@\"")]).arg(tools::alongside()?);
        self.try_start(command, "", free_port()?).await
    }

    /// As `start`, on a given port: where callers know a node that was killed.
    ///
    /// # Errors
    /// When it does not get ready.
    pub async fn start_on(&self, roles: &str, grpc: u16) -> anyhow::Result<Node> {
        self.start_by(None, roles, Some(grpc)).await
    }

    /// Starts a node; again, when somebody else has taken the port meanwhile that was free.
    async fn start_by(&self, variable: Option<(&str, &Path)>, roles: &str, grpc: Option<u16>) -> anyhow::Result<Node> {
        let mut left = STARTS;
        loop {
            left -= 1;
            let mut command = Command::new(tools::alongside()?);
            command.envs(variable);
            match self.try_start(command, roles, grpc.map_or_else(free_port, Ok)?).await {
                Err(error) if left > 0 && format!("{error:#}").contains("Address already in use") => {}
                started => return started,
            }
        }
    }

    async fn try_start(&self, mut command: Command, roles: &str, grpc: u16) -> anyhow::Result<Node> {
        let admin = free_port()?;
        command.arg("--config").arg(self.config_file()?);
        command.args(["--listen", &format!("127.0.0.1:{grpc}"), "--admin", &format!("127.0.0.1:{admin}")]);
        if !roles.is_empty() {
            command.args(["--roles", roles]);
        }
        command.arg("serve").current_dir(self.directory.path());
        let log = self.directory.path().join(format!("node-{grpc}.log"));
        let mut node = Node { child: Child::start(&mut command, &log)?, grpc, admin, log };
        let child = &mut node.child;
        let ready = wait_until("the node", || {
            let ended = child.ended();
            async move {
                ensure!(ended?.is_none(), "the node has ended");
                Ok(http_get(admin, "/readyz").await.is_ok_and(|r| r.contains("200 OK")))
            }
        });
        if let Err(error) = ready.await {
            return Err(error.context(format!("log: {}", node.log()?)));
        }
        Ok(node)
    }

    /// Where files of this system are.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }
}

impl Node {
    /// A channel to it.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn channel(&self) -> anyhow::Result<Channel> {
        Ok(Endpoint::from_shared(format!("http://127.0.0.1:{}", self.grpc))?.connect().await?)
    }

    /// What a path of the admin port answers, headers included.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub async fn admin_get(&self, path: &str) -> anyhow::Result<String> {
        http_get(self.admin, path).await
    }

    /// What it has logged.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log(&self) -> anyhow::Result<String> {
        std::fs::read_to_string(&self.log).context("the node's log")
    }

    /// Kills it, as a crash would.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()
    }

    /// Its process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.process()
    }

    /// Stops it where it is, or lets it go on.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn pause(&self, paused: bool) -> anyhow::Result<()> {
        self.child.pause(paused)
    }

    /// Asks it to end.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn terminate(&self) -> anyhow::Result<()> {
        self.child.terminate()
    }

    /// Asks it to read certificates and key sets again.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn reload(&self) -> anyhow::Result<()> {
        self.child.hang_up()
    }

    /// Waits until it has ended, and says whether it did so successfully.
    ///
    /// # Errors
    /// When it takes too long.
    pub async fn ended(&mut self) -> anyhow::Result<bool> {
        let mut status = None;
        for _ in 0..6_000 {
            status = self.child.ended()?;
            if status.is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        Ok(status.context("the node does not end")?.success())
    }
}

impl Drop for Node {
    /// Where a test fails, what the node warned of last says why.
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log().unwrap_or_default();
            let warned: Vec<_> = log.lines().filter(|line| !line.contains("\"level\":\"INFO\"")).collect();
            let last = warned.iter().skip(warned.len().saturating_sub(WARNED)).copied().collect::<Vec<_>>().join("\n");
            drop(writeln!(std::io::stderr(), "what the node on port {} warned of last:\n{last}", self.grpc));
        }
    }
}

/// What a path of a port of this machine answers, headers included.
///
/// # Errors
/// When it cannot be reached.
pub async fn http_get(port: u16, path: &str) -> anyhow::Result<String> {
    http(port, "GET", path, &[], "").await
}

/// One request to this machine, and all that is answered.
pub(crate) async fn http(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> anyhow::Result<String> {
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await?;
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut response = String::new();
    stream.read_to_string(&mut response).await?;
    Ok(response)
}
