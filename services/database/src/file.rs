//! A database in a file: what every store asks of SQLite, and that nobody else reads it.

use std::fs::{OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{ConnectOptions as _, Error};

/// Only its owner reads and writes it; what SQLite keeps beside it gets the same.
const PRIVATE: u32 = 0o600;
/// What others than the owner and the group may do with it.
const EVERYBODY: u32 = 0o007;

/// How a store opens its database in this file, which is made, and is its owner's alone. What stands beside it must be writable, too: found out now, and not
/// when something is written.
///
/// # Errors
/// When the file or its folder cannot be written.
pub fn sqlite(file: &Path) -> Result<SqliteConnectOptions, Error> {
    match private_anew(file) {
        // One that is there is not opened: whoever closes any handle of a file gives up all locks that this process has on it (POSIX, `fcntl`), SQLite's
        // among them.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => made.map_err(|error| named(file, &error))?,
    }
    for beside in ["", "-wal", "-shm", "-journal"] {
        let mut name = file.as_os_str().to_owned();
        name.push(beside);
        nobody_elses(Path::new(&name));
    }
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let probe = folder.join(format!(".write-test-{}-{:p}", std::process::id(), &folder));
        let tried = private_anew(&probe).and_then(|()| std::fs::remove_file(&probe));
        tried.map_err(|error| named(folder, &error))?;
    }
    let options = SqliteConnectOptions::new().filename(file).create_if_missing(true);
    Ok(options.journal_mode(SqliteJournalMode::Wal).disable_statement_logging())
}

/// Takes from everybody what they may with a file that is there. Its group keeps what it may: somebody chose that.
fn nobody_elses(file: &Path) {
    let Ok(known) = std::fs::metadata(file) else { return };
    let mode = known.permissions().mode();
    if mode & EVERYBODY == 0 {
        return;
    }
    if let Err(error) = std::fs::set_permissions(file, Permissions::from_mode(mode & !EVERYBODY)) {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(file = %file.display(), error, "everybody on this machine may read a database, and that cannot be changed");
    }
}

/// Makes an empty file that only its owner reads, where there was none.
pub(crate) fn private_anew(file: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).mode(PRIVATE).open(file).map(drop)
}

fn named(place: &Path, error: &io::Error) -> Error {
    Error::Io(io::Error::new(error.kind(), format!("`{}` cannot be written: {error}", place.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(file: &Path) -> u32 {
        std::fs::metadata(file).unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn a_database_and_what_stands_beside_it_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.db");
        let mut connection = sqlite(&file).unwrap().connect().await.unwrap();
        sqlx::query("CREATE TABLE t (x)").execute(&mut connection).await.unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
        assert!(files.len() >= 2, "{files:?}");
        assert!(files.iter().all(|file| mode(file) == PRIVATE), "{files:?}");
        drop(connection);
        // One of before, that everybody may read, and what stood beside it.
        let (old, beside) = (folder.path().join("old.db"), folder.path().join("old.db-wal"));
        for (file, before) in [(&old, 0o644), (&beside, 0o666)] {
            std::fs::write(file, "").unwrap();
            std::fs::set_permissions(file, Permissions::from_mode(before)).unwrap();
        }
        sqlite(&old).unwrap();
        assert_eq!((mode(&old), mode(&beside)), (0o640, 0o660));
        let copy = folder.path().join("copy.db");
        crate::copy_sqlite(&file, &copy).await.unwrap();
        assert_eq!(mode(&copy), PRIVATE);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_named_at_once() {
        let refused = sqlite(Path::new("/sys/alongside/x.db")).unwrap_err().to_string();
        assert!(refused.contains("`/sys/alongside/x.db` cannot be written"), "{refused}");
    }
}
