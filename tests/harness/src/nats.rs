use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::child::{Child, wait_until};
use crate::{free_port, tools};

/// A NATS server with the configuration of `infra/nats/`.
#[derive(Debug)]
pub struct Nats {
    child: Option<Child>,
    directory: TempDir,
    port: u16,
}

impl Nats {
    /// Starts one.
    ///
    /// # Errors
    /// When it is not installed or does not start.
    pub async fn start() -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("alongside-nats-").tempdir()?;
        let mut server = Self { child: None, directory, port: free_port()? };
        server.restart().await?;
        Ok(server)
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
        let configuration = tools::workspace().join("infra/nats/nats-server.conf");
        let mut command = Command::new(tools::nats()?);
        let port = self.port.to_string();
        command
            .arg("--config")
            .arg(configuration)
            .args(["--addr", "127.0.0.1", "--port", &port, "--store_dir"])
            .arg(self.store());
        self.child = Some(Child::start(&mut command, &self.directory.path().join("nats.log"))?);
        let address = ("127.0.0.1", self.port);
        wait_until("NATS", || async { Ok(tokio::net::TcpStream::connect(address).await.is_ok()) }).await
    }
}
