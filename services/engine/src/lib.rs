//! Command handling: load, decide, append, and again when somebody else was faster; and the relay from log to bus.

mod cache;
mod changes;
mod context;
mod error;
mod load;
mod metrics;
mod relay;

use std::sync::Arc;

use domain::Aggregate;
use domain::vocabulary::Timestamp;
use event_log::{Append, AppendError, EventLog, Position, StreamId};
use events::Codec;
use tokio::sync::Notify;
use tracing::Instrument as _;
use uuid::Uuid;

pub use cache::Freshness;
pub use changes::Changes;
pub use context::{Context, now};
pub use error::EngineError;
pub use load::{Aggregates, Loaded};
pub use metrics::EngineMetrics;
pub use relay::{Relay, RelayMetrics};

use cache::States;

/// How often a command is decided anew because somebody else was faster.
const ATTEMPTS: usize = 8;

/// What came of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The position that includes its events: a read at least this far sees them.
    pub position: Position,
    /// When it happened: at first, when the request is a retry.
    pub at: Timestamp,
}

/// Runs commands against the log.
#[derive(Clone)]
pub struct Engine {
    log: Arc<dyn EventLog>,
    codec: Codec,
    states: Arc<States>,
    appended: Arc<Notify>,
    trace: fn() -> String,
    metrics: EngineMetrics,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine on this log. `trace` gives the W3C trace context of the work at hand, or an empty string.
    pub fn new(log: Arc<dyn EventLog>, codec: Codec, trace: fn() -> String, metrics: EngineMetrics) -> Self {
        Self { log, codec, states: Arc::default(), appended: Arc::default(), trace, metrics }
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.log
    }

    /// What seals and opens events.
    #[must_use]
    pub fn codec(&self) -> &Codec {
        &self.codec
    }

    /// Fires after each append of this process: what tells the relay.
    #[must_use]
    pub fn appended(&self) -> Arc<Notify> {
        self.appended.clone()
    }

    /// Loads an aggregate; one without events is in its default state at version 0.
    ///
    /// # Errors
    /// When the log or the key cannot be had.
    pub async fn load<A: Aggregate>(&self, id: Uuid, freshness: Freshness) -> Result<Loaded<A>, EngineError>
    where
        A::Event: TryFrom<events::Event>,
    {
        load::load(self, id, freshness).await
    }

    /// Loads the aggregates, lets `decide` say what changes, and appends that as one. Decides again, on what is new,
    /// when somebody else was faster. A request that was already carried out returns its first result.
    ///
    /// # Errors
    /// The refusal of `decide`, or why it could not be carried out.
    pub async fn transact<L: Aggregates>(
        &self,
        context: &Context,
        ids: L::Ids,
        decide: impl Fn(&L, &mut Changes) -> Result<(), domain::Refusal> + Send + Sync,
    ) -> Result<Committed, EngineError> {
        // What is remembered may be old.
        let mut freshness = Freshness::Remembered;
        for _ in 0..ATTEMPTS {
            let loaded = L::load(self, ids, freshness).await?;
            if let Some(first) = loaded.replayed(context.request) {
                return Ok(first);
            }
            let mut changes = Changes::new(context);
            let decided = decide(&loaded, &mut changes);
            match decided {
                // Only an append proves that what it was decided on still holds: a refusal or a "nothing to do" does not.
                Err(_) if freshness == Freshness::Remembered => freshness = Freshness::Latest,
                Ok(()) if changes.is_empty() && freshness == Freshness::Remembered => freshness = Freshness::Latest,
                Err(refusal) => return Err(EngineError::Refused(refusal)),
                Ok(()) if changes.is_empty() => return Ok(Committed { position: loaded.position(), at: context.now }),
                Ok(()) => match self.commit(changes).await {
                    Err(EngineError::Moved) => freshness = Freshness::Latest,
                    Err(error) => return Err(error),
                    Ok(position) => return Ok(Committed { position, at: context.now }),
                },
            }
        }
        self.metrics.contention.inc();
        Err(EngineError::Contention)
    }

    /// Seals and appends changes that were decided on.
    ///
    /// # Errors
    /// [`EngineError::Moved`] when a stream or a guard moved: load again and decide again.
    pub async fn commit(&self, changes: Changes) -> Result<Position, EngineError> {
        let append = changes.seal(&self.codec, (self.trace)()).await?;
        self.append(append).await
    }

    async fn append(&self, append: Append) -> Result<Position, EngineError> {
        let span = tracing::info_span!("log.append");
        match self.log.append(append).instrument(span).await {
            // Another try of the same request was faster: what it came to is on its streams.
            Ok(appended) if appended.replayed => Err(EngineError::Moved),
            Ok(appended) => {
                self.appended.notify_one();
                Ok(appended.position)
            }
            Err(AppendError::Conflict | AppendError::GuardMoved) => {
                self.metrics.conflicts.inc();
                Err(EngineError::Moved)
            }
            Err(AppendError::Busy) => Err(EngineError::Busy),
            Err(error @ (AppendError::Invalid(_) | AppendError::Store(_))) => Err(EngineError::failed(error)),
        }
    }
}

/// The stream of an aggregate.
#[must_use]
pub fn stream_of<A: Aggregate>(id: Uuid) -> StreamId {
    StreamId { kind: A::KIND.code(), id }
}
