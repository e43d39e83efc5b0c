use alongside::compose::{Stores, System, issuers};
use alongside::config::{Flags, load};
use alongside::serve::start;

pub(super) async fn run(flags: &Flags) -> anyhow::Result<()> {
    let config = load(flags)?;
    let _telemetry = super::telemetry(&config.telemetry)?;
    let stop = super::told_to_stop()?;
    let stores = Stores::open(&config).await?;
    let system = System::new(&config, &stores, stores.log.clone()).await?;
    let running = start(&config, system, issuers(&config.issuers)?, stop).await?;
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(version, grpc = %running.address, admin = %running.admin, roles = ?config.roles, "serving");
    running.ended().await;
    tracing::info!("stopped");
    Ok(())
}
