use std::path::PathBuf;

use alongside::backup::{back_up, keys_url};
use alongside::config::{Config, Flags, Place, load};
use anyhow::bail;

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
    if matches!(Place::of(&config.database.url)?, Place::Postgres(_)) {
        if args.to.is_some() || args.keys_to.is_some() {
            bail!(
                "PostgreSQL is not copied to a folder: run this without `--to` and `--keys-to`, and it says what belongs together"
            );
        }
        return postgres(&config).await;
    }
    let (Some(to), Some(keys_to)) = (args.to, args.keys_to) else {
        bail!("`--to` and `--keys-to` must be given: the log and its keys are kept apart");
    };
    for file in back_up(&config, &to, &keys_to).await? {
        output::line(&format!("{}: copied as it was at one moment", file.display()))?;
    }
    if matches!(Place::of(keys_url(&config))?, Place::Postgres(_)) {
        output::note("the keys are in PostgreSQL: back them up there, now and not before");
    }
    output::note("the key-encryption key is in neither: keep it in a third place");
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
