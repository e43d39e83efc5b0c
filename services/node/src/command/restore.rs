use std::path::PathBuf;

use alongside::backup::put_back;
use alongside::compose::Stores;
use alongside::config::{Flags, load};
use alongside::held::Held;
use anyhow::bail;
use domain::operations::Act;
use engine::EngineMetrics;

use crate::output;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// SQLite: the folder that `backup --to` has filled. PostgreSQL: restore with its own tools first, and leave this out.
    #[arg(long, value_name = "FOLDER", requires = "keys_from")]
    from: Option<PathBuf>,
    /// SQLite: the folder that `backup --keys-to` has filled.
    #[arg(long, value_name = "FOLDER", requires = "from")]
    keys_from: Option<PathBuf>,
    /// Only look: whether the log is whole and its keys are there. Changes nothing, also while it serves.
    #[arg(long, conflicts_with = "from")]
    check: bool,
    #[command(flatten)]
    operator: super::Operator,
}

pub(super) async fn run(args: Args, flags: &Flags) -> anyhow::Result<()> {
    let config = load(flags)?;
    let _telemetry = super::telemetry(&config.telemetry)?;
    if let (Some(from), Some(keys_from)) = (&args.from, &args.keys_from) {
        put_back(&config, from, keys_from).await?;
    }
    let stores = Stores::open(&config).await?;
    let held = Held::look(&stores).await?;
    let head = stores.log.head().await?.0;
    if held.head != head {
        bail!("the log is said to end at {head}, and its last event is at {}: its end is missing", held.head);
    }
    if head == 0 {
        bail!("the log is empty: nothing was restored");
    }
    if !args.check {
        // Whoever remembers, copied or built something of this log before does not take it for what it is now.
        stores.log.renew().await?;
        let about = format!("up to {head}");
        args.operator.acts(&stores.engine(EngineMetrics::default()), Act::Restored, None, &about).await?;
    }
    let last = held.last_at.map(|at| at.to_string()).unwrap_or_default();
    output::line(&format!("the log ends at {} ({last}); what was acknowledged after that is not in it", held.head))?;
    output::line(&format!("{} keys open it; the views are built again from it", held.keys - held.lost_keys))?;
    if let Some(after) = held.gap_after {
        bail!("the event after {after} is missing: this is no whole log");
    }
    if held.lost_keys > 0 {
        let Held { lost_keys, lost_events, .. } = held;
        bail!(
            "{lost_events} events of {lost_keys} people or agencies cannot be opened: their keys are missing; restore keys that \
             were backed up after the log"
        );
    }
    Ok(())
}
