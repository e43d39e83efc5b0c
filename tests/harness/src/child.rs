use std::future::Future;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::Instant;

/// How long a server may take to get ready.
const READY_LIMIT: Duration = Duration::from_secs(60);
/// How long one may take to end that is asked to end at once.
const QUIT_LIMIT: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// A child process, killed when dropped.
#[derive(Debug)]
pub struct Child(std::process::Child);

impl Child {
    /// Starts a command that writes its output to this file.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(command: &mut Command, output: &std::path::Path) -> anyhow::Result<Self> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(output)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("{command:?} cannot be started"))?;
        Ok(Self(child))
    }

    /// Kills it at once (SIGKILL), as a crash would.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.0.kill()?;
        self.0.wait()?;
        Ok(())
    }

    /// Its process id.
    #[must_use]
    pub fn process(&self) -> u32 {
        self.0.id()
    }

    /// Asks it to end (SIGTERM).
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn terminate(&self) -> anyhow::Result<()> {
        self.signal("-TERM")
    }

    /// Asks it to read its files again (SIGHUP).
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn hang_up(&self) -> anyhow::Result<()> {
        self.signal("-HUP")
    }

    /// Asks it to end at once, and to clear away what it holds of the machine (SIGQUIT). Kills it and what it has started if
    /// it does not.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn quit(&mut self) -> anyhow::Result<()> {
        self.signal("-QUIT")?;
        let deadline = std::time::Instant::now() + QUIT_LIMIT;
        while self.ended()?.is_none() {
            if std::time::Instant::now() > deadline {
                return self.kill_group();
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let status = Command::new("kill").args([signal, &self.0.id().to_string()]).status()?;
        if status.success() { Ok(()) } else { bail!("the signal could not be sent") }
    }

    /// Kills it and all that it has started, which it leads (see [`std::os::unix::process::CommandExt::process_group`]).
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn kill_group(&mut self) -> anyhow::Result<()> {
        // Some of them may have ended by themselves.
        drop(Command::new("kill").args(["-KILL", "--", &format!("-{}", self.0.id())]).stderr(Stdio::null()).status());
        self.kill()
    }

    /// Stops it where it is (SIGSTOP), or lets it go on (SIGCONT).
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn pause(&self, paused: bool) -> anyhow::Result<()> {
        self.signal(if paused { "-STOP" } else { "-CONT" })
    }

    /// Its exit status, once it has ended.
    ///
    /// # Errors
    /// When it cannot be asked.
    pub fn ended(&mut self) -> anyhow::Result<Option<ExitStatus>> {
        Ok(self.0.try_wait()?)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Waits until `ready` says so.
///
/// # Errors
/// When it takes too long, or `ready` fails for good.
pub async fn wait_until<F>(what: &str, mut ready: impl FnMut() -> F) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<bool>>,
{
    let deadline = Instant::now() + READY_LIMIT;
    while !ready().await? {
        if Instant::now() > deadline {
            bail!("{what}: not in time");
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    Ok(())
}
