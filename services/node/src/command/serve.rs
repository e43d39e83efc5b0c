use alongside::compose::{Stores, System, issuers};
use alongside::config::{Flags, load};
use alongside::serve::{Reload, start};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Reads certificates and key sets again whenever told to (SIGHUP).
async fn on_hangup(mut told: Signal, reload: Reload) {
    while told.recv().await.is_some() {
        reload.again().await;
    }
}

pub(super) async fn run(flags: &Flags) -> anyhow::Result<()> {
    let config = load(flags)?;
    let telemetry = super::telemetry(&config.telemetry)?;
    let stop = super::told_to_stop()?;
    // From now on: whoever tells a process to read again while it starts does not end it.
    let told = signal(SignalKind::hangup())?;
    let stores = Stores::open(&config).await?;
    let mut system = System::new(&config, &stores, stores.log.clone()).await?;
    telemetry.dropped().register(&mut system.registry);
    let running = start(&config, system, issuers(&config.issuers)?, stop).await?;
    let version = env!("CARGO_PKG_VERSION");
    tracing::info!(version, grpc = %running.address, admin = %running.admin, roles = ?config.roles, "serving");
    let reloading = tokio::spawn(on_hangup(told, running.reload()));
    running.ended().await;
    reloading.abort();
    tracing::info!("stopped");
    Ok(())
}
