//! Events as they arrive over the bus, as far as it can be believed.

use std::time::{Duration, Instant};

use bus::{Bus, BusError, Message};
use event_log::{EventLog, Recorded, StoreError};
use events::Carrier;
use futures::StreamExt as _;
use futures::stream::{BoxStream, ReadyChunks};

/// How long to wait on a silent bus before looking at the log: what bounds the lag when the bus is down.
pub(crate) const LOOK_ANYWAY: Duration = Duration::from_millis(500);
/// How long to wait after what is none of this log's: what somebody puts there again and again costs no more than this.
const PAUSE: Duration = Duration::from_millis(50);

/// Events that arrive, each after the one before.
pub(crate) struct Arriving<'a> {
    log: &'a dyn EventLog,
    carrier: &'a Carrier,
    chunks: ReadyChunks<BoxStream<'static, Result<Message, BusError>>>,
    last: u64,
    until: Instant,
}

impl<'a> Arriving<'a> {
    /// Those after a position, at most so many at once, and for so long.
    pub(crate) async fn after(
        last: u64,
        (log, bus): (&'a dyn EventLog, &dyn Bus),
        carrier: &'a Carrier,
        (most, until): (usize, Instant),
    ) -> Result<Self, BusError> {
        let chunks = bus.subscribe(last).await?.ready_chunks(most);
        Ok(Self { log, carrier, chunks, last, until })
    }

    /// How far it came.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The next ones, none while nothing happens; and whether more arrive after them: else the log has to be read.
    pub(crate) async fn next(&mut self) -> Result<(Vec<Recorded>, bool), StoreError> {
        if Instant::now() >= self.until || self.log.epoch() != self.carrier.epoch() {
            return Ok((vec![], false));
        }
        let chunk = match tokio::time::timeout(LOOK_ANYWAY, self.chunks.next()).await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok((vec![], false)),
            // Nothing has happened, or it has not been copied: the log tells.
            Err(_silence) => return Ok((vec![], self.log.head().await?.0 == self.last)),
        };
        let (events, whole) = in_order(chunk, self.carrier, &mut self.last);
        if let Some(newest) = events.last() {
            self.log.saw(self.carrier.epoch(), newest);
        }
        if !whole {
            tokio::time::sleep(PAUSE).await;
        }
        Ok((events, whole))
    }
}

/// The events of what came over the bus, as far as they follow each other after `last`, which moves on with them. Whether that is all:
/// after a hole, an error, or what this system did not carry, the log has the truth.
fn in_order(chunk: Vec<Result<Message, BusError>>, carrier: &Carrier, last: &mut u64) -> (Vec<Recorded>, bool) {
    let mut events = Vec::with_capacity(chunk.len());
    for message in chunk {
        match message.ok().and_then(|message| carrier.take(message.payload)) {
            Some(event) if event.position.0 == *last + 1 => {
                *last = event.position.0;
                events.push(event);
            }
            _ => return (events, false),
        }
    }
    (events, true)
}
