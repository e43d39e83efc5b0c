//! Closed and open loops, with latency histograms.

use std::future::Future;
use std::time::Duration;

use anyhow::Context as _;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// The longest latency that is told apart, in microseconds: a minute.
const LONGEST: u64 = 60_000_000;

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

/// Calls at a fixed rate, whether or not earlier ones were answered. Latency counts from when a call was due, so that a
/// stall is not hidden by the calls it kept from being made.
pub(crate) async fn open<F>(rate: f64, length: Duration, mut call: impl FnMut() -> F) -> anyhow::Result<Measured>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
{
    let (start, mut tasks) = (Instant::now(), JoinSet::new());
    let mut measured = Measured::none()?;
    let mut made = 0u32;
    while start.elapsed() < length {
        let due = start + Duration::from_secs_f64(f64::from(made) / rate);
        tokio::time::sleep_until(due).await;
        made = made.checked_add(1).context("too many calls")?;
        let call = call();
        tasks.spawn(async move { call.await.map(|()| due.elapsed()) });
        while let Some(done) = tasks.try_join_next() {
            measured.latency.saturating_record(micros(done??));
        }
    }
    while let Some(done) = tasks.join_next().await {
        measured.latency.saturating_record(micros(done??));
    }
    measured.elapsed = start.elapsed();
    measured.calls = measured.latency.len();
    Ok(measured)
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(LONGEST)
}
