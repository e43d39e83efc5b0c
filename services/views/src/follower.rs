//! Keeps the shelf true in a process that builds no views.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bus::Bus;
use event_log::{EventLog, Position, StoreError};
use events::{Carrier, Codec, CodecError};
use tokio_util::sync::CancellationToken;

use crate::arriving::{Arriving, LOOK_ANYWAY};
use crate::history::{Look, look};
use crate::runner::RunnerError;
use crate::shelf::Shelf;
use crate::store::DocumentStore;
use crate::view::AnyView;

/// Events read at once.
const BATCH: usize = 1_000;
/// How long what was found of the views is taken for true.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long to wait after a failure. The shelf is not believed meanwhile, so that readers ask the store.
const PAUSE: Duration = Duration::from_millis(500);

/// Follows the log, from the bus while it keeps up.
pub struct Follower {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// What tells which messages of the bus are this system's.
    pub codec: Codec,
    /// What readers of this process keep in memory.
    pub shelf: Arc<Shelf>,
    /// Where documents are kept, which a runner of another process builds.
    pub store: Arc<dyn DocumentStore>,
    /// The views.
    pub views: Vec<Arc<dyn AnyView>>,
}

impl std::fmt::Debug for Follower {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Follower").finish_non_exhaustive()
    }
}

impl Follower {
    /// Follows until told to stop. Failures are tried again, with pauses.
    pub async fn run(self, stop: CancellationToken) {
        let following = async {
            loop {
                if let Err(error) = self.follow().await {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the log could not be followed; readers ask the store meanwhile");
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::select! {
            () = following => {}
            () = stop.cancelled() => {}
        }
    }

    /// From the log's head on: nothing on the shelf is older.
    async fn follow(&self) -> Result<(), RunnerError> {
        let epoch = self.log.epoch();
        let carrier = Carrier::new(self.codec.vault().pseudonyms().await.map_err(CodecError::from)?, epoch);
        self.shelf.begin(epoch);
        let mut last = self.log.head().await?.0;
        self.shelf.start(last);
        let (mut unseen, mut looked): (Vec<_>, _) = (self.views.iter().collect(), Instant::now());
        while self.log.epoch() == epoch {
            // Now and then it is looked whether a newer version has taken over.
            if unseen.is_empty() && looked.elapsed() > LOOK_AGAIN {
                (unseen, looked) = (self.views.iter().collect(), Instant::now());
            }
            // Nobody reads here what is of another history, or not whole.
            while let Some(view) = unseen.last() {
                let generations = self.store.generations(view.name(), view.code()).await?;
                if look(&*self.log, &***view, &generations).await? != Look::Whole {
                    self.shelf.close();
                    break;
                }
                unseen.pop();
            }
            if unseen.is_empty() {
                self.shelf.open(epoch);
            }
            let events = self.log.read(Position(last), BATCH).await?;
            last = events.last().map_or(last, |event| event.position.0);
            self.shelf.follow(&events);
            if events.len() < BATCH {
                self.shelf.confirm();
                if !unseen.is_empty() {
                    tokio::time::sleep(LOOK_ANYWAY / 5).await;
                    continue;
                }
                last = self.tail(last, &carrier).await?;
            }
        }
        Ok(())
    }

    /// Takes events from the bus as they come, as long as they follow each other. Returns how far it came.
    async fn tail(&self, last: u64, carrier: &Carrier) -> Result<u64, StoreError> {
        let batches = (BATCH, Instant::now() + LOOK_AGAIN);
        let Ok(mut arriving) = Arriving::after(last, (&*self.log, &*self.bus), carrier, batches).await else {
            tokio::time::sleep(LOOK_ANYWAY / 5).await;
            return Ok(last);
        };
        loop {
            let (events, more) = arriving.next().await?;
            self.shelf.follow(&events);
            if !more {
                return Ok(arriving.last());
            }
            self.shelf.confirm();
        }
    }
}
