//! The chapter about a disk that is lost.

use std::path::Path;

use anyhow::ensure;

use super::chapters::Tell;
use crate::backup::{back_up, put_back};
use crate::compose::Stores;
use crate::config::Config;
use crate::held::Held;

/// Backs an embedded system up while it serves, and puts the backup in place elsewhere: `kept` is a folder for both.
///
/// # Errors
/// When it does anything else than the story says.
pub async fn what_a_backup_holds(config: &Config, kept: &Path, tell: Tell<'_>) -> anyhow::Result<()> {
    tell("\n## When the disk is lost\n");
    let (log, keys) = (kept.join("backup/log"), kept.join("backup/keys"));
    let files = back_up(config, &log, &keys).await?;
    ensure!(files.len() == 2, "the log and the keys are copied");
    tell(
        "While it serves, the log is copied to one place and the keys to another: nobody reads either without the other.",
    );
    let mut elsewhere = config.clone();
    elsewhere.database.url = format!("sqlite:{}", kept.join("elsewhere").display());
    put_back(&elsewhere, &log, &keys).await?;
    let (here, there) = (Stores::open(config).await?, Stores::open(&elsewhere).await?);
    there.log.renew().await?;
    let held = Held::look(&there).await?;
    ensure!(held.lost_keys == 0 && held.gap_after.is_none() && held.head > 0, "{held:?}");
    tell(&format!("Put in place elsewhere, the log ends at {}; its {} keys open all of it.", held.head, held.keys));
    ensure!(here.log.history().log == there.log.history().log, "it is the same log");
    ensure!(here.log.epoch() != there.log.epoch(), "and another history of it");
    tell(
        "It is another history of the same log from then on: nothing that was decided, remembered or copied of the first counts on it.",
    );
    Ok(())
}
