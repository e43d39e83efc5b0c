//! Copies the log to the bus. Any number may run: one leads and the others stand by; the bus takes each message once, in order.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bus::{Bus, BusError, Message};
use event_log::{Duty, EventLog, Position, Recorded, StoreError};
use events::{Carrier, Codec, CodecError, Header};
use futures::StreamExt as _;
use futures::stream::BoxStream;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::changes::kind_of;

/// Events copied at once.
const BATCH: usize = 512;
/// How long to wait for a nudge before looking anyway.
const LOOK_ANYWAY: Duration = Duration::from_millis(250);
/// How often to look at how the bus is set up, also while it takes everything.
const REPAIR: Duration = Duration::from_secs(5);
/// How long to wait after a failure: doubled each time, up to the longest, until the bus takes what there is.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Subjects are spread over this many partitions.
const PARTITIONS: u128 = 64;

/// What the relay tells Prometheus.
#[derive(Debug, Clone, Default)]
pub struct RelayMetrics {
    copied: Counter,
    failures: Counter,
}

impl RelayMetrics {
    /// Adds them to a registry.
    pub fn register(&self, registry: &mut Registry) {
        let relay = registry.sub_registry_with_prefix("relay");
        relay.register("copied", "Events copied to the bus", self.copied.clone());
        relay.register("failures", "Times that the log or the bus failed", self.failures.clone());
    }
}

/// Copies one log to one bus.
pub struct Relay {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// What marks what is carried.
    pub codec: Codec,
    /// What it tells Prometheus.
    pub metrics: RelayMetrics,
    /// Makes a span part of the trace that a W3C trace context names.
    pub adopt: fn(&tracing::Span, &str),
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error(transparent)]
    Log(#[from] StoreError),
    #[error("what is carried could not be marked")]
    Mark(#[from] CodecError),
}

impl Relay {
    /// Copies until told to stop. A failing log or bus is tried again, with pauses.
    pub async fn run(self, stop: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        while !stop.is_cancelled() {
            let copying = async {
                let leading = if self.bus.is_shared() { Some(self.log.lead(Duty::Relay).await?) } else { None };
                let lost = async {
                    match leading {
                        Some(leading) => leading.lost().await,
                        None => std::future::pending().await,
                    }
                };
                let copying = async {
                    let mut nudges = self.bus.nudges().await?;
                    loop {
                        self.copy(&mut nudges, &mut pause).await?;
                    }
                };
                tokio::select! {
                    result = copying => result,
                    () = lost => Ok(()),
                }
            };
            let result: Result<(), RelayError> = tokio::select! {
                result = copying => result,
                () = stop.cancelled() => return,
            };
            if let Err(error) = result {
                self.metrics.failures.inc();
                tell(&error, pause);
                tokio::select! {
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    () = stop.cancelled() => return,
                }
            }
        }
    }

    /// Prepares the bus, and copies until another relay or an emptied bus makes it prepare again.
    async fn copy(&self, nudges: &mut BoxStream<'static, ()>, pause: &mut Duration) -> Result<(), RelayError> {
        let epoch = self.log.epoch();
        let carrier = Carrier::new(self.codec.vault().pseudonyms().await.map_err(CodecError::from)?, epoch);
        // It may refuse what it is given for the way in which somebody has set it up.
        self.bus.repair().await?;
        let mut last = self.standing(&carrier).await?;
        let mut repaired = Instant::now();
        let mut looked = Instant::now();
        while self.log.epoch() == epoch {
            // Also while nudges come: what stands on the bus may not be ours.
            if looked.elapsed() > LOOK_ANYWAY {
                (last, looked) = (self.standing(&carrier).await?, Instant::now());
            }
            if repaired.elapsed() > REPAIR {
                self.bus.repair().await?;
                repaired = Instant::now();
            }
            let batch = self.log.read(Position(last), BATCH).await?;
            if self.log.epoch() != epoch {
                break;
            }
            let Some(newest) = batch.last().map(|event| event.position.0) else {
                *pause = FIRST_PAUSE;
                // Woken by a nudge or by the timer; the timer also notices a bus that was emptied meanwhile.
                match tokio::time::timeout(LOOK_ANYWAY, nudges.next()).await {
                    Ok(Some(())) => {}
                    Ok(None) => return Err(BusError::Gap.into()),
                    Err(_timer) => {}
                }
                continue;
            };
            let copied = batch.len() as u64;
            match self.bus.publish(last, batch.iter().map(|event| self.message(event, &carrier)).collect()).await {
                Ok(()) => {
                    *pause = FIRST_PAUSE;
                    self.metrics.copied.inc_by(copied);
                    last = newest;
                }
                Err(BusError::OutOfStep) => {
                    // Another relay was faster, or somebody else has written to the bus.
                    for event in &batch {
                        if !self.keep_if_it_holds(&message(event, &carrier)).await? {
                            break;
                        }
                    }
                    return Err(BusError::OutOfStep.into());
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Where the bus stands, made ready to go on from there.
    async fn standing(&self, carrier: &Carrier) -> Result<u64, RelayError> {
        let last = self.bus.last().await?;
        // The log is asked after the bus. The bus holds only what was durable, so if it is ahead of the log now, it is
        // the copy of another log; asked the other way round, another relay's work would look like that.
        let head = self.log.head().await?.0;
        match last {
            Some(last) if last <= head => {
                // And it ends with what the log has there: else somebody else has written to it, or it is a copy of another log.
                let there = self.log.read(Position(last.saturating_sub(1)), 1).await?;
                let ends = there.first().filter(|event| event.position.0 == last).map(|event| message(event, carrier));
                match ends {
                    Some(ends) if !self.keep_if_it_holds(&ends).await? => Ok(self.bus.prepare(head).await?),
                    Some(_) | None => Ok(last),
                }
            }
            Some(_) | None => Ok(self.bus.prepare(head).await?),
        }
    }

    /// Throws away what is on the bus unless it holds this, which the log has.
    async fn keep_if_it_holds(&self, message: &Message) -> Result<bool, RelayError> {
        let holds = self.bus.holds(message).await?;
        if !holds {
            let position = message.position;
            tracing::warn!(position, "the bus does not hold what the log has; it starts again from nothing");
            self.bus.reset().await?;
        }
        Ok(holds)
    }

    /// Passes on this process's appends as nudges: many at once as one.
    pub async fn nudge(bus: Arc<dyn Bus>, appended: Arc<Notify>, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = appended.notified() => bus.nudge().await,
                () = stop.cancelled() => return,
            }
        }
    }
}

/// What stopped the relay, and for how long.
fn tell(error: &RelayError, pause: Duration) {
    let is_elsewhere = matches!(error, RelayError::Bus(BusError::OutOfStep));
    let error = error as &dyn std::error::Error;
    if is_elsewhere && pause == FIRST_PAUSE {
        // Once, that is another relay that was faster.
        tracing::debug!(error, "the relay begins again");
    } else {
        tracing::warn!(error, ?pause, "the relay failed; it tries again");
    }
}

impl Relay {
    /// The event as a message, in a span of the trace that its request began, if that was sampled.
    fn message(&self, event: &Recorded, carrier: &Carrier) -> Message {
        let header = Header::decode(&event.head).map(|(header, _)| header);
        let Some(trace) = header.as_ref().ok().and_then(Header::sampled_trace) else { return message(event, carrier) };
        let span = tracing::info_span!("bus.publish", position = event.position.0);
        (self.adopt)(&span, trace);
        span.in_scope(|| message(event, carrier))
    }
}

/// The event under its subject: `log.<partition>.<kind>.<type>.<stream>`.
fn message(event: &Recorded, carrier: &Carrier) -> Message {
    let stream = event.stream.id;
    let partition = stream.as_u128() % PARTITIONS;
    let kind = kind_of(event.stream).map_or_else(|| "unknown".to_owned(), |kind| format!("{kind:?}").to_lowercase());
    let subject = format!("log.{partition}.{kind}.{}.{}", event.event_type, stream.simple());
    Message { position: event.position.0, subject, payload: carrier.carry(event) }
}
