//! Closed loops, with latency histograms.

use std::future::Future;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The longest latency that is told apart, in microseconds: a minute.
pub(crate) const LONGEST: u64 = 60_000_000;

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Measured {
    /// Calls that were answered.
    pub(crate) calls: u64,
    /// How long it took.
    pub(crate) elapsed: Duration,
    /// Latencies, in microseconds.
    pub(crate) latency: Histogram<u64>,
}

impl Measured {
    pub(crate) fn none() -> anyhow::Result<Self> {
        Ok(Self { calls: 0, elapsed: Duration::ZERO, latency: Histogram::new_with_max(LONGEST, 3)? })
    }

    pub(crate) fn add(&mut self, other: &Self) -> anyhow::Result<()> {
        self.calls += other.calls;
        self.elapsed += other.elapsed;
        Ok(self.latency.add(&other.latency)?)
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.calls as f64 / self.elapsed.as_secs_f64().max(f64::EPSILON)
    }

    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1_000.0
    }
}

/// `callers` callers, each of whom calls again as soon as they are answered.
pub(crate) async fn closed<C, F>(callers: Vec<C>, length: Duration) -> anyhow::Result<Measured>
where
    C: FnMut() -> F + Send + 'static,
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let (start, mut tasks) = (Instant::now(), JoinSet::new());
    for mut call in callers {
        tasks.spawn(async move {
            let mut latency = Histogram::<u64>::new_with_max(LONGEST, 3)?;
            while start.elapsed() < length {
                let begun = Instant::now();
                call().await?;
                latency.saturating_record(micros(begun.elapsed()));
            }
            anyhow::Ok(latency)
        });
    }
    let mut measured = Measured::none()?;
    while let Some(latency) = tasks.join_next().await {
        measured.latency.add(latency??)?;
    }
    measured.elapsed = start.elapsed();
    measured.calls = measured.latency.len();
    Ok(measured)
}

pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(LONGEST)
}
