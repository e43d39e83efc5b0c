use std::path::PathBuf;
use std::process::Command;

use bus::{NatsServers, WrongServers};
use node::nats_accounts;
use tempfile::TempDir;

use crate::child::{Child, wait_until};
use crate::{Cluster, free_port, tools};

/// A NATS server with the configuration of `infra/nats/`.
#[derive(Debug)]
pub struct Nats {
    child: Option<Child>,
    directory: TempDir,
    port: u16,
    /// What its configuration says beside that of `infra/nats/`.
    also: String,
}

/// Accounts that a NATS server knows, and the keys of who signs in to them.
#[derive(Debug)]
pub struct NatsAccounts(TempDir);

impl NatsAccounts {
    /// New ones.
    ///
    /// # Errors
    /// When their files cannot be written.
    pub fn new() -> anyhow::Result<Self> {
        let accounts = Self(tempfile::Builder::new().prefix("alongside-nats-keys-").tempdir()?);
        nats_accounts::write(accounts.0.path(), &accounts.kept())?;
        Ok(accounts)
    }

    /// A file of theirs: see [`nats_accounts`].
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Where the server keeps those that it is told of.
    #[must_use]
    pub fn kept(&self) -> PathBuf {
        self.file(nats_accounts::ACCOUNTS)
    }

    /// What a server's configuration says of them.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn configuration(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.file(nats_accounts::INCLUDED))?)
    }

    /// A system whose bus and feeds are on this server, which knows them; with more settings of the door.
    pub fn configure(&self, cluster: &mut Cluster, server: &Nats, door: toml::Table) {
        let file = |name: &str| toml::Value::from(self.file(name).display().to_string());
        cluster.set("bus", "credentials_file", file(nats_accounts::BUS));
        let mut settings = toml::Table::new();
        settings.insert("url".into(), server.url().into());
        settings.insert("signing_key_file".into(), file(nats_accounts::SIGNING));
        settings.insert("system_credentials_file".into(), file(nats_accounts::SYSTEM));
        settings.extend(door);
        cluster.set("feeds", "jetstream", settings);
    }
}

impl Nats {
    /// Starts one.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_with("").await
    }

    /// Starts one whose configuration says something more.
    ///
    /// # Errors
    /// As [`Nats::start`].
    pub async fn start_with(also: &str) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("alongside-nats-").tempdir()?;
        let mut server = Self { child: None, directory, port: free_port()?, also: also.to_owned() };
        server.restart().await?;
        Ok(server)
    }

    /// It, for whoever need not sign in.
    ///
    /// # Errors
    /// Never: its URL is one.
    pub fn servers(&self) -> Result<NatsServers, WrongServers> {
        NatsServers::read(&self.url())
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    fn store(&self) -> PathBuf {
        self.directory.path().join("store")
    }

    /// Kills it, as a crash would.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.take().map_or(Ok(()), |mut child| child.kill())
    }

    /// Empties its store. It must not be running.
    ///
    /// # Errors
    /// When files cannot be removed.
    pub fn wipe(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_dir_all(self.store())?)
    }

    /// Stops it where it is, or lets it go on.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn pause(&self, paused: bool) -> anyhow::Result<()> {
        self.child.as_ref().map_or(Ok(()), |child| child.pause(paused))
    }

    /// Copies its store away, or puts the copy back. It must not be running.
    ///
    /// # Errors
    /// When files cannot be copied.
    pub fn copy_store(&self, back: bool) -> anyhow::Result<()> {
        let (store, copy) = (self.store(), self.directory.path().join("copy"));
        let (from, to) = if back { (copy, store) } else { (store, copy) };
        if from.exists() {
            if to.exists() {
                std::fs::remove_dir_all(&to)?;
            }
            let copied = Command::new("cp").arg("-a").arg(&from).arg(&to).status()?;
            anyhow::ensure!(copied.success(), "the store cannot be copied");
        }
        Ok(())
    }

    /// Starts it again on the same port and store.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn restart(&mut self) -> anyhow::Result<()> {
        let ours = std::fs::read_to_string(tools::workspace().join("infra/nats/nats-server.conf"))?;
        let configuration = self.directory.path().join("nats.conf");
        std::fs::write(&configuration, format!("{ours}\n{}", self.also))?;
        let mut command = Command::new(tools::nats()?);
        let port = self.port.to_string();
        command
            .arg("--config")
            .arg(configuration)
            .args(["--addr", "127.0.0.1", "--port", &port, "--store_dir"])
            .arg(self.store());
        let log = self.directory.path().join("nats.log");
        let mut child = Child::start(&mut command, &log)?;
        let address = ("127.0.0.1", self.port);
        wait_until("NATS", || {
            let ended = child.ended().is_ok_and(|ended| ended.is_some());
            let said = ended.then(|| std::fs::read_to_string(&log).unwrap_or_default());
            async move {
                anyhow::ensure!(said.is_none(), "NATS does not start: {}", said.unwrap_or_default());
                Ok(tokio::net::TcpStream::connect(address).await.is_ok())
            }
        })
        .await?;
        self.child = Some(child);
        Ok(())
    }
}
