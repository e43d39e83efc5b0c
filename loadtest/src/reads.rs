//! Gated reads over gRPC.

mod world;

use std::time::Duration;

use futures::future::BoxFuture;
use proto::access::v1::Purpose;
use proto::people::v1::GetSharedPlanRequest;

use crate::measure::{Measured, closed, open};
use crate::{Backend, report};
use world::{Reader, World};

/// Ours and the baseline take turns.
const TURNS: u32 = 2;
/// The share of the closed loop's throughput at which the open loop calls, when no rate is given.
const OPEN_SHARE: f64 = 0.5;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The database. With PostgreSQL the bus is NATS, otherwise it is in the process.
    #[arg(long, value_enum)]
    backend: Backend,
    /// Callers who read at once.
    #[arg(long, default_value_t = 64)]
    concurrency: usize,
    /// How long each side is measured.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Reads per second in the open loop; half of what the closed loop reached when not given.
    #[arg(long)]
    rate: Option<f64>,
    /// A migrated PostgreSQL database, empty, to use instead of a private one.
    #[arg(long)]
    url: Option<String>,
    /// A NATS server to use instead of a private one.
    #[arg(long)]
    nats: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let world = World::start(args.backend, args.url.clone(), args.nats.clone()).await?;
    let turn = Duration::from_secs(args.seconds) / TURNS;
    let (mut ours, mut baseline) = (Measured::none()?, Measured::none()?);
    // A short turn first, so that neither side pays for cold caches.
    for gated in [true, false] {
        closed(callers(&world, gated, args.concurrency), turn / 4).await?;
    }
    for _ in 0..TURNS {
        baseline.add(&closed(callers(&world, false, args.concurrency), turn).await?)?;
        ours.add(&closed(callers(&world, true, args.concurrency), turn).await?)?;
    }
    let rate = args.rate.unwrap_or(ours.per_second() * OPEN_SHARE);
    let readers = world.readers(true);
    let mut next = 0;
    let opened = open(rate, Duration::from_secs(args.seconds), || {
        next += 1;
        read(readers.get(next % readers.len()).cloned())
    });
    let opened = opened.await?;
    let mut report = report::compare("reads", &ours, &baseline);
    report.insert("concurrency".into(), args.concurrency.into());
    report.insert("seconds".into(), args.seconds.into());
    report.insert("open_rate".into(), report::rounded(rate));
    report.insert("open_reads_per_second".into(), report::rounded(opened.per_second()));
    report.insert("open_p50_ms".into(), report::rounded(opened.quantile_ms(0.5)));
    report.insert("open_p99_ms".into(), report::rounded(opened.quantile_ms(0.99)));
    report::print(&report, args.json)?;
    world.stop().await;
    Ok(())
}

/// Callers who go round the people, each beginning with another.
fn callers(
    world: &World,
    gated: bool,
    count: usize,
) -> Vec<impl FnMut() -> BoxFuture<'static, anyhow::Result<()>> + Send + 'static> {
    let readers = world.readers(gated);
    (0..count)
        .map(|caller| {
            let (readers, mut next) = (readers.clone(), caller);
            move || {
                next += 1;
                read(readers.get(next % readers.len()).cloned())
            }
        })
        .collect()
}

fn read(reader: Option<Reader>) -> BoxFuture<'static, anyhow::Result<()>> {
    Box::pin(async move {
        let Some(reader) = reader else { anyhow::bail!("there is nobody to read") };
        let request = GetSharedPlanRequest {
            person_id: reader.person_id,
            purpose: Purpose::Treatment.into(),
            ..GetSharedPlanRequest::default()
        };
        let answer = reader.client.people().get_shared_plan(request).await?.into_inner();
        anyhow::ensure!(!answer.entries.is_empty(), "a read disclosed nothing");
        Ok(())
    })
}
