use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tempfile::TempDir;

use crate::child::{Child, wait_until};
use crate::{free_port, tools};

/// A PostgreSQL server with the configuration and roles of `infra/postgres/`.
#[derive(Debug)]
pub struct Postgres {
    child: Child,
    directory: TempDir,
    /// Where it listens beside its socket; 0 for nowhere: a port that nobody needs is one that nobody can take while it is down.
    network: u16,
}

/// How often it is started again when it ends at once.
const STARTS: usize = 10;
/// How often what a killed server leaves behind is cleared away before that is given up, and how long between.
const CLEARINGS: usize = 50;
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Names the socket, which has a folder of its own.
const PORT: u16 = 5432;

/// A migrated database.
#[derive(Debug, Clone)]
pub struct Database {
    /// As the owner, who migrates.
    pub owner: String,
    /// As the app, which reads and appends.
    pub app: String,
}

impl Database {
    /// What the server calls it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.owner.split(['/', '?']).nth(3).unwrap_or_default()
    }
}

impl Postgres {
    /// Starts one.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub async fn start() -> anyhow::Result<Self> {
        Self::start_on(0).await
    }

    /// Starts one that listens on the network too.
    ///
    /// # Errors
    /// As [`Postgres::start`].
    pub async fn start_on_network() -> anyhow::Result<Self> {
        Self::start_on(free_port()?).await
    }

    async fn start_on(network: u16) -> anyhow::Result<Self> {
        let directory = tempfile::Builder::new().prefix("alongside-pg-").tempdir()?;
        let user = unprivileged()?;
        if let Some((uid, gid)) = user {
            chown(directory.path(), Some(uid), Some(gid))?;
        }
        let data = directory.path().join("data");
        let initdb = run_as(user, &tools::postgres("initdb")?)
            .args(["--auth=trust", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C", "-D"])
            .arg(&data)
            .output()?;
        ensure!(initdb.status.success(), "initdb failed: {}", String::from_utf8_lossy(&initdb.stderr));
        let child = Self::spawn(directory.path(), user, network)?;
        let server = Self { child, directory, network };
        server.ready().await?;
        let mut connection = PgConnection::connect(&server.url("postgres", "postgres")).await?;
        let roles = std::fs::read_to_string(tools::workspace().join("infra/postgres/roles.sql"))?;
        connection.execute(sqlx::AssertSqlSafe(roles)).await?;
        Ok(server)
    }

    /// From now on nobody gets in over the network without a password (SCRAM), as with `infra/compose.yaml`; those of the
    /// roles are the ones in this folder.
    ///
    /// # Errors
    /// When the passwords cannot be set.
    pub async fn ask_for_passwords(&self, secrets: &Path) -> anyhow::Result<()> {
        let psql = Command::new(tools::postgres("psql")?)
            .args(["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--file"])
            .arg(tools::workspace().join("infra/postgres/passwords.sql"))
            .arg(self.url("postgres", "postgres"))
            .env("SECRETS", secrets)
            .output()?;
        ensure!(psql.status.success(), "psql failed: {}", String::from_utf8_lossy(&psql.stderr));
        let rules = "local all postgres trust\nhost all all all scram-sha-256\n";
        std::fs::write(self.directory.path().join("data/pg_hba.conf"), rules)?;
        let mut connection = PgConnection::connect(&self.url("postgres", "postgres")).await?;
        connection.execute("SELECT pg_reload_conf()").await?;
        Ok(())
    }

    /// The URL of a database as a user, over the network and without a password.
    #[must_use]
    pub fn network_url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.network)
    }

    fn spawn(directory: &Path, user: Option<(u32, u32)>, network: u16) -> anyhow::Result<Child> {
        let configuration = std::fs::canonicalize(tools::workspace().join("infra/postgres/postgresql.conf"))?;
        // Copied, because the server's user may not be allowed to read the workspace.
        let copy = directory.join("alongside.conf");
        std::fs::copy(configuration, &copy)?;
        let data = directory.join("data");
        let base = std::fs::read_to_string(data.join("postgresql.conf"))?;
        let include = format!("include '{}'\n", copy.display());
        if !base.contains(&include) {
            std::fs::write(data.join("postgresql.conf"), base + &include)?;
        }
        let mut command = run_as(user, &tools::postgres("postgres")?);
        let (port, listens) = (port_of(network), if network == 0 { "" } else { "127.0.0.1" });
        let listens = format!("listen_addresses={listens}");
        command.arg("-D").arg(&data).args(["-p", &port.to_string(), "-c", &listens, "-k"]).arg(directory);
        Child::start(&mut command, &directory.join("postgres.log"))
    }

    async fn ready(&self) -> anyhow::Result<()> {
        let url = self.url("postgres", "postgres");
        wait_until("PostgreSQL", || async { Ok(PgConnection::connect(&url).await.is_ok()) }).await
    }

    /// The URL of a database as a user, over the Unix socket. Looks into the schema `alongside`.
    #[must_use]
    pub fn url(&self, user: &str, database: &str) -> String {
        let directory = self.directory.path().display();
        format!(
            "postgres://{user}@localhost:{}/{database}?host={directory}&options=-csearch_path%3Dalongside",
            port_of(self.network)
        )
    }

    /// A pooler between the app and a database, with these settings of its own; and the app's URL by way of it. It ends when it is dropped.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn pooler(&self, database: &str, settings: &str) -> anyhow::Result<(Child, String)> {
        let (port, directory) = (crate::free_port()?, self.directory.path());
        let file = directory.join(format!("pooler-{port}.ini"));
        let (socket, server) = (directory.display(), port_of(self.network));
        std::fs::write(
            &file,
            format!(
                "[databases]\n{database} = host={socket} port={server} user=alongside_app\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
                 unix_socket_dir =\nauth_type = any\n{settings}\n"
            ),
        )?;
        let mut command = run_as(unprivileged()?, &tools::pgbouncer());
        let child = Child::start(command.arg(&file), &directory.join(format!("pooler-{port}.log")))?;
        wait_until("the pooler", || async { Ok(tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()) })
            .await?;
        Ok((child, format!("postgres://alongside_app@127.0.0.1:{port}/{database}?sslmode=disable")))
    }

    /// A new database, migrated by its owner.
    ///
    /// # Errors
    /// When it cannot be made.
    pub async fn database(&self) -> anyhow::Result<Database> {
        let name = format!("t{}", uuid::Uuid::now_v7().simple());
        let mut connection = PgConnection::connect(&self.url("postgres", "postgres")).await?;
        connection.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name} OWNER alongside_owner"))).await?;
        let database = Database { owner: self.url("alongside_owner", &name), app: self.url("alongside_app", &name) };
        let mut config = node::config::Config::default();
        config.database.url.clone_from(&database.owner);
        node::compose::migrate(&config).await?;
        Ok(database)
    }

    /// Runs a script as the superuser, on one connection. Returns what the server said besides its answers.
    ///
    /// # Errors
    /// When a statement of it fails.
    pub fn script(&self, database: &str, script: &str) -> anyhow::Result<String> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), script)?;
        let psql = Command::new(tools::postgres("psql")?)
            .args(["--no-psqlrc", "--set=ON_ERROR_STOP=1", "--file"])
            .arg(file.path())
            .arg(self.url("postgres", database))
            .output()?;
        let said = String::from_utf8_lossy(&psql.stderr).into_owned();
        ensure!(psql.status.success(), "psql failed: {said}");
        Ok(said)
    }

    /// Kills it as a crash would.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        self.child.kill_group()
    }

    /// Kills it as a crash would, and starts it again on the same data.
    ///
    /// # Errors
    /// When it does not start again.
    pub async fn crash_and_restart(&mut self) -> anyhow::Result<()> {
        self.child.kill_group()?;
        self.restart().await
    }
}

/// What a server's data were at a moment.
#[derive(Debug)]
pub struct Copy {
    directory: TempDir,
    kind: CopyKind,
}

/// How a copy was made, and so how it takes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyKind {
    /// A base backup, recovered to its point: on another timeline.
    Backup,
    /// A standby that fell behind and is promoted: on another timeline.
    Standby,
    /// The disk as it was: on the same timeline.
    Disk,
}

impl Postgres {
    /// Copies the data as they are.
    ///
    /// # Errors
    /// When a tool fails, or the server does not come back.
    pub async fn copy(&mut self, kind: CopyKind) -> anyhow::Result<Copy> {
        let directory = tempfile::Builder::new().prefix("alongside-pg-").tempdir()?;
        let user = unprivileged()?;
        if let Some((uid, gid)) = user {
            chown(directory.path(), Some(uid), Some(gid))?;
        }
        let data = directory.path().join("data");
        if kind == CopyKind::Disk {
            self.child.kill_group()?;
            let copied = Command::new("cp").arg("-a").arg(self.directory.path().join("data")).arg(&data).status()?;
            ensure!(copied.success(), "the data cannot be copied");
            self.restart().await?;
            return Ok(Copy { directory, kind });
        }
        let host = self.directory.path().display().to_string();
        let backup = run_as(user, &tools::postgres("pg_basebackup")?)
            .args(["-U", "postgres", "-h", &host, "-p", &port_of(self.network).to_string(), "-c", "fast", "-D"])
            .arg(&data)
            .output()?;
        ensure!(backup.status.success(), "pg_basebackup failed: {}", String::from_utf8_lossy(&backup.stderr));
        Ok(Copy { directory, kind })
    }

    /// The server is lost, and a copy takes its place at its address.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn lost_to(&mut self, copy: Copy) -> anyhow::Result<()> {
        let is_standby = copy.kind == CopyKind::Standby;
        self.replaced_by(copy).await?;
        if is_standby {
            self.promote().await?;
        }
        let url = self.url("postgres", "postgres");
        wait_until("the promotion", || async {
            let mut connection = PgConnection::connect(&url).await?;
            Ok(!sqlx::query_scalar::<_, bool>("SELECT pg_is_in_recovery()").fetch_one(&mut connection).await?)
        })
        .await
    }

    /// A standby becomes the primary.
    ///
    /// # Errors
    /// When it refuses.
    pub async fn promote(&self) -> anyhow::Result<()> {
        let mut connection = PgConnection::connect(&self.url("postgres", "postgres")).await?;
        connection.execute("SELECT pg_promote()").await?;
        Ok(())
    }

    /// The server is lost, and a copy stands at its address: a standby that nobody has promoted yet.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn replaced_by(&mut self, copy: Copy) -> anyhow::Result<()> {
        self.child.kill_group()?;
        let data = self.directory.path().join("data");
        clear(&data)?;
        std::fs::rename(&data, self.directory.path().join(format!("lost-{}", uuid::Uuid::now_v7())))?;
        std::fs::rename(copy.directory.path().join("data"), &data)?;
        let own = |name: &str, text: &str| -> anyhow::Result<()> {
            std::fs::write(data.join(name), text)?;
            if let Some((uid, gid)) = unprivileged()? {
                chown(data.join(name), Some(uid), Some(gid))?;
            }
            Ok(())
        };
        match copy.kind {
            CopyKind::Disk => {}
            CopyKind::Standby => own("standby.signal", "")?,
            CopyKind::Backup => {
                own("recovery.signal", "")?;
                let target =
                    "recovery_target = 'immediate'\nrecovery_target_action = 'promote'\nrestore_command = 'false'\n";
                own("postgresql.auto.conf", target)?;
            }
        }
        self.restart().await
    }

    async fn restart(&mut self) -> anyhow::Result<()> {
        for _ in 0..STARTS {
            drop(std::fs::remove_file(self.directory.path().join("data/postmaster.pid")));
            self.child = Self::spawn(self.directory.path(), unprivileged()?, self.network)?;
            let url = self.url("postgres", "postgres");
            let child = &mut self.child;
            let mut has_ended = false;
            wait_until("PostgreSQL", || {
                has_ended = child.ended().is_ok_and(|ended| ended.is_some());
                let (ended, url) = (has_ended, url.clone());
                async move { Ok(ended || PgConnection::connect(&url).await.is_ok()) }
            })
            .await?;
            if !has_ended {
                return Ok(());
            }
        }
        let log = std::fs::read_to_string(self.directory.path().join("postgres.log")).unwrap_or_default();
        anyhow::bail!("PostgreSQL does not start again: {}", log.lines().rev().take(20).collect::<Vec<_>>().join("\n"))
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let is_down = self.child.ended().is_ok_and(|ended| ended.is_some());
        let cleared = if is_down { clear(&self.directory.path().join("data")) } else { self.child.quit() };
        if let Err(error) = cleared {
            drop(writeln!(std::io::stderr(), "PostgreSQL's shared memory may be left behind: {error:#}"));
        }
    }
}

/// A killed server leaves its shared memory behind, of which a machine has only so many pieces, and none is left for
/// anybody in the end: the next start on the same data removes it. It waits until all that used it have ended.
fn clear(data: &Path) -> anyhow::Result<()> {
    let mut said = String::new();
    for _ in 0..CLEARINGS {
        drop(std::fs::remove_file(data.join("postmaster.pid")));
        let mut single = run_as(unprivileged()?, &tools::postgres("postgres")?);
        let output = single.arg("--single").arg("-D").arg(data).arg("postgres").stdin(Stdio::null()).output()?;
        if output.status.success() {
            return Ok(());
        }
        said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !said.contains("is still in use") {
            break;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
    anyhow::bail!("it does not start on its data: {said}")
}

/// The port that names the socket.
fn port_of(network: u16) -> u16 {
    if network == 0 { PORT } else { network }
}

/// PostgreSQL refuses to run as root: whom to run it as instead.
fn unprivileged() -> anyhow::Result<Option<(u32, u32)>> {
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let accounts = std::fs::read_to_string("/etc/passwd")?;
    let ids = |name: &str| {
        let line = accounts.lines().find(|line| line.starts_with(&format!("{name}:")))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    ids("postgres").or_else(|| ids("nobody")).map(Some).context("there is neither a user `postgres` nor `nobody`")
}

fn run_as(user: Option<(u32, u32)>, program: &PathBuf) -> Command {
    let mut command = Command::new(program);
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    // What it starts dies with it.
    command.process_group(0);
    command.current_dir("/");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nothing_of_a_server_stays_in_the_machines_memory() {
        for was_killed in [false, true] {
            let mut server = Postgres::start().await.unwrap();
            let lock = std::fs::read_to_string(server.directory.path().join("data/postmaster.pid")).unwrap();
            let piece = lock.lines().nth(6).and_then(|ids| ids.split_whitespace().nth(1)).unwrap().to_owned();
            let is_held = || {
                let pieces = std::fs::read_to_string("/proc/sysvipc/shm").unwrap();
                pieces.lines().any(|line| line.split_whitespace().nth(1) == Some(&piece))
            };
            assert!(is_held());
            if was_killed {
                server.stop().unwrap();
            }
            drop(server);
            assert!(!is_held(), "killed: {was_killed}");
        }
    }
}
