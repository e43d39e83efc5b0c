use std::path::{Path, PathBuf};

use alongside::config::{Config, Flags, Place, load};
use anyhow::{Context as _, bail, ensure};

use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// SQLite: the folder for the log. It must not have one yet.
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// SQLite: the folder for the keys, apart from what they open. Whoever has both, and the key-encryption key, reads everything.
    #[arg(long, value_name = "FOLDER")]
    keys_to: Option<PathBuf>,
}

pub(super) async fn run(args: Args, flags: &Flags) -> anyhow::Result<()> {
    let config = load(flags)?;
    let (log, keys) = (Place::of(&config.database.url)?, Place::of(keys_url(&config))?);
    let Place::Sqlite(log) = log else { return postgres(&config).await };
    let (Some(to), Some(keys_to)) = (args.to, args.keys_to) else {
        bail!("`--to` and `--keys-to` must be given: the log and its keys are kept apart");
    };
    let (to, keys_to) = (made(&to)?, made(&keys_to)?);
    ensure!(to != keys_to, "`--keys-to` must be another folder than `--to`: the log and its keys are kept apart");
    // The log first: the keys that are copied after it open all of it, and what is erased meanwhile stays erased.
    copy(&log.join("log.db"), &to.join("log.db")).await?;
    if let Place::Sqlite(keys) = keys {
        copy(&keys.join("keys.db"), &keys_to.join("keys.db")).await?;
    } else {
        output::note("the keys are in PostgreSQL: back them up there, now and not before");
    }
    output::note("the key-encryption key is in neither: keep it in a third place");
    Ok(())
}

/// Where the keys are.
fn keys_url(config: &Config) -> &str {
    config.vault.url.as_deref().unwrap_or(&config.database.url)
}

/// A folder that nobody else reads.
fn made(folder: &Path) -> anyhow::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt as _;
    let unmade = || format!("`{}` cannot be made", folder.display());
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).with_context(unmade)?;
    folder.canonicalize().with_context(unmade)
}

async fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let what = || format!("`{}` cannot be copied to `{}`", from.display(), to.display());
    ensure!(from.exists(), "there is no `{}`", from.display());
    ensure!(!to.exists(), "`{}` exists already; nothing is overwritten", to.display());
    database::copy_sqlite(from, to).await.with_context(what)?;
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(0o600)).with_context(what)?;
    output::line(&format!("{}: copied as it was at one moment", to.display()))?;
    Ok(())
}

/// PostgreSQL has its own tools. What they must hold together is said, and what the server's settings promise.
async fn postgres(config: &Config) -> anyhow::Result<()> {
    let keys = keys_url(config);
    let settings = database::postgres_settings(&config.database.url, &["archive_mode", "wal_level"]).await?;
    let of = |name: &str| settings.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    let together = keys == config.database.url;
    output::line("log: event, stream_head, log_head, log_epoch and their partitions, in the schema `alongside`")?;
    output::line(if together {
        "keys: subject_key and identifier, in the same database: one dump, or one recovery to a point, holds both as of one moment"
    } else {
        "keys: in another database (`vault.url`): back it up after the log, and recover it to no earlier a time than the log"
    })?;
    output::line("views: document, view_state, parked: they may be left out, and are built again")?;
    output::line(
        "pg_dump --format=custom --schema=alongside --exclude-table-data='alongside.document*' --exclude-table-data=alongside.parked --exclude-table-data=alongside.view_state",
    )?;
    let archives = of("archive_mode") != "off" && of("wal_level") != "minimal";
    output::line(if archives {
        "recovery to a point in time: the server archives its log of writes"
    } else {
        "recovery to a point in time: NOT possible: `archive_mode` is off or `wal_level` is minimal"
    })?;
    output::note(
        "the key-encryption key is in none of it: keep it in another place; after a restore run `alongside restore`",
    );
    Ok(())
}
