use alongside::compose;
use alongside::config::{Flags, load};

use crate::output;

pub(super) async fn run(flags: &Flags) -> anyhow::Result<()> {
    let config = load(flags)?;
    let _telemetry = super::telemetry(&config.telemetry)?;
    compose::migrate(&config).await?;
    output::note("the schemas are up to date");
    Ok(())
}
