//! Copies of an embedded system: the log, and apart from it the keys.

use std::fs::Permissions;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};

use crate::config::{Config, Place};

/// The files of an SQLite system: its log, and its keys where they are in SQLite, too.
struct Files {
    log: PathBuf,
    keys: Option<PathBuf>,
}

impl Files {
    fn of(config: &Config) -> anyhow::Result<Self> {
        let Place::Sqlite(log) = Place::of(&config.database.url)? else {
            bail!("PostgreSQL is backed up and restored with its own tools");
        };
        let keys = match Place::of(keys_url(config))? {
            Place::Sqlite(keys) => Some(keys.join("keys.db")),
            Place::Postgres(_) => None,
        };
        Ok(Self { log: log.join("log.db"), keys })
    }
}

/// Where the keys are.
#[must_use]
pub fn keys_url(config: &Config) -> &str {
    config.vault.url.as_deref().unwrap_or(&config.database.url)
}

/// Copies the log to one folder and the keys to another, while both are used. Returns the files.
///
/// # Errors
/// When it is not SQLite, the folders are one, or a copy is there already or cannot be written.
pub async fn back_up(config: &Config, to: &Path, keys_to: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let files = Files::of(config)?;
    let (to, keys_to) = (made(to)?, made(keys_to)?);
    ensure!(to != keys_to, "`--keys-to` must be another folder than `--to`: the log and its keys are kept apart");
    // The log first: the keys that are copied after it open all of it, and what is erased meanwhile stays erased.
    let mut copied = vec![copy(&files.log, to.join("log.db")).await?];
    if let Some(keys) = files.keys {
        copied.push(copy(&keys, keys_to.join("keys.db")).await?);
    }
    Ok(copied)
}

/// Puts copies in place, where there is nothing yet.
///
/// # Errors
/// When it is not SQLite, a copy is missing, or something is there already.
pub async fn put_back(config: &Config, from: &Path, keys_from: &Path) -> anyhow::Result<()> {
    let files = Files::of(config)?;
    let mut both = vec![(from.join("log.db"), files.log)];
    both.extend(files.keys.map(|keys| (keys_from.join("keys.db"), keys)));
    // Both are looked at before either is put in place.
    for (from, to) in &both {
        ensure!(from.exists(), "there is no `{}`", from.display());
        ensure!(!to.exists(), "`{}` exists: move it away first, and its `-wal`; nothing is overwritten", to.display());
    }
    for (from, to) in both {
        if let Some(folder) = to.parent() {
            made(folder)?;
        }
        copy(&from, to).await?;
    }
    Ok(())
}

/// A folder that nobody else reads, if it is new.
fn made(folder: &Path) -> anyhow::Result<PathBuf> {
    let unmade = || format!("`{}` cannot be made", folder.display());
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(unmade)?;
    folder.canonicalize().with_context(unmade)
}

async fn copy(from: &Path, to: PathBuf) -> anyhow::Result<PathBuf> {
    let what = || format!("`{}` cannot be copied to `{}`", from.display(), to.display());
    ensure!(from.exists(), "there is no `{}`", from.display());
    ensure!(!to.exists(), "`{}` exists already; nothing is overwritten", to.display());
    database::copy_sqlite(from, &to).await.with_context(what)?;
    std::fs::set_permissions(&to, Permissions::from_mode(0o600)).with_context(what)?;
    Ok(to)
}
