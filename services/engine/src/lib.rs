//! Command handling: load, decide, append, and again when somebody else was faster; and the relay from log to bus.

mod cache;
mod changes;
mod context;
mod error;
mod lead;
mod load;
mod metrics;
mod pauses;
mod relay;
mod turns;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use domain::request::Request;
use domain::vocabulary::{Subject, Timestamp};
use domain::{Aggregate, Command, Refusal};
use event_log::{AppendError, EventLog};
use events::Codec;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use tokio::sync::Notify;
use tracing::Instrument as _;
use uuid::Uuid;

pub use cache::Freshness;
pub use changes::Changes;
pub use context::{Context, now, until};
pub use error::EngineError;
pub use event_log::{Limits, Position, StreamId};
pub use lead::StandsBy;
pub use load::{Aggregates, Loaded};
pub use metrics::EngineMetrics;
pub use pauses::Pauses;
pub use relay::{Relay, RelayMetrics};

use cache::States;
use context::time_left;
use turns::Turns;

/// How often a look is decided on before it is given up because something moved every time.
const ATTEMPTS: usize = 8;
/// How many aggregates are loaded at a time for one caller, who so leaves connections to others.
const AT_ONCE: usize = 4;
/// How long a write is tried while somebody else is faster every time: as long as any caller waits.
const KEEP_TRYING: Duration = Duration::from_secs(25);
/// The longest pause before a write is tried again. Writers of this process take turns; this is for those of others.
const PAUSE: u64 = 40;

/// By how many microseconds two clocks may differ that agree.
pub const CLOCKS_AGREE: i64 = 2_000_000;

/// What came of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Committed {
    /// The position that includes its events: a read at least this far sees them.
    pub position: Position,
    /// When it happened: at first, when the request is a retry.
    pub at: Timestamp,
}

/// What came of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "what moved was not appended"]
pub enum Commit {
    /// It is durable; its last event has this position.
    Done(Position),
    /// A stream or a guard moved meanwhile, or the request was carried out before: load and decide again.
    Moved,
}

impl Commit {
    /// The position, if it is durable.
    #[must_use]
    pub fn done(self) -> Option<Position> {
        match self {
            Self::Done(position) => Some(position),
            Self::Moved => None,
        }
    }
}

/// Runs commands against the log.
#[derive(Clone)]
pub struct Engine {
    log: Arc<dyn EventLog>,
    codec: Codec,
    states: Arc<States>,
    turns: Arc<Turns>,
    appended: Arc<Notify>,
    trace: fn() -> String,
    metrics: EngineMetrics,
    /// By how many microseconds the log's clock is ahead of this machine's, as far as that matters.
    ahead: Arc<AtomicI64>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine on this log. `trace` gives the W3C trace context of the work at hand, or an empty string.
    pub fn new(log: Arc<dyn EventLog>, codec: Codec, trace: fn() -> String, metrics: EngineMetrics) -> Self {
        Self {
            log,
            codec,
            states: Arc::default(),
            turns: Arc::default(),
            appended: Arc::default(),
            trace,
            metrics,
            ahead: Arc::default(),
        }
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
    /// When the log or the key store fails.
    pub async fn load<A>(&self, id: A::Id, freshness: Freshness) -> Result<Loaded<A>, EngineError>
    where
        A: Aggregate<Event: TryFrom<events::Event>>,
    {
        load::load(self, id, freshness).await
    }

    /// Loads several aggregates of one kind, in the order of their ids: those that are not remembered a few at a time.
    ///
    /// # Errors
    /// When the log or the key store fails.
    pub async fn load_each<A>(&self, ids: &[A::Id], freshness: Freshness) -> Result<Vec<Loaded<A>>, EngineError>
    where
        A: Aggregate<Event: TryFrom<events::Event>>,
    {
        let loads: Vec<_> = ids.iter().map(|id| load::load(self, *id, freshness)).collect();
        stream::iter(loads).buffered(AT_ONCE).try_collect().await
    }

    /// Tries until a decision holds: first on what is remembered, then on the latest. `attempt` returns nothing when what
    /// it decided on has moved, and is then tried again, a bounded number of times.
    ///
    /// # Errors
    /// What `attempt` fails with, or that somebody else was faster every time.
    pub async fn settle<T, E, F>(&self, mut attempt: impl FnMut(Freshness) -> F) -> Result<T, E>
    where
        E: From<EngineError>,
        F: Future<Output = Result<Option<T>, E>>,
    {
        let mut freshness = Freshness::Remembered;
        for _ in 0..ATTEMPTS {
            if let Some(settled) = attempt(freshness).await? {
                return Ok(settled);
            }
            freshness = Freshness::Latest;
        }
        self.metrics.contention.inc();
        Err(EngineError::Contention.into())
    }

    /// Loads the aggregates, lets `decide` say what changes, and appends that as one. Decides again, on what is new,
    /// when somebody else was faster. A request that was already carried out returns its first result, on whatever server.
    ///
    /// # Errors
    /// The refusal of `decide`, that the request's id was used for something else, or why it could not be carried out.
    pub async fn transact<L: Aggregates>(
        &self,
        context: &Context,
        ids: L::Ids,
        decide: impl Fn(&L, &mut Changes) -> Result<(), Refusal> + Send + Sync,
    ) -> Result<Committed, EngineError> {
        let (begun, named) = (Instant::now(), L::streams(ids));
        let (mut freshness, mut met) = (Freshness::Remembered, Vec::new());
        while begun.elapsed() < KEEP_TRYING {
            let turn = self.turns.wait(&met, &named).await;
            let attempt = self.attempt(context, ids, &decide, freshness).await?;
            drop(turn);
            match attempt {
                Attempt::Done(committed) => return Ok(committed),
                Attempt::Again => {}
                // In turn with those of this process, the first time at once: whoever is still faster is elsewhere.
                Attempt::Moved(streams) if met.is_empty() => met = streams,
                Attempt::Moved(_) => tokio::time::sleep(jitter()).await,
            }
            freshness = Freshness::Latest;
        }
        self.metrics.contention.inc();
        Err(EngineError::Contention)
    }

    async fn attempt<L: Aggregates>(
        &self,
        context: &Context,
        ids: L::Ids,
        decide: &(impl Fn(&L, &mut Changes) -> Result<(), Refusal> + Send + Sync),
        freshness: Freshness,
    ) -> Result<Attempt, EngineError> {
        let loaded = L::load(self, ids, freshness).await?;
        // A first try pays nothing for it: carried out before, it does not commit a second time. After the load, which then has all
        // that another try of the same may have done.
        if freshness == Freshness::Latest
            && let Some(first) = self.first_result(context).await?
        {
            return Ok(Attempt::Done(first));
        }
        let mut changes = Changes::new(context);
        let decided = decide(&loaded, &mut changes);
        let committed = |position| Committed { position, at: context.now };
        match decided {
            Ok(()) if !changes.is_empty() || (freshness == Freshness::Latest && changes.binds()) => {
                let written = changes.written();
                Ok(self
                    .commit(changes)
                    .await?
                    .done()
                    .map_or(Attempt::Moved(written), |at| Attempt::Done(committed(at))))
            }
            // Only an append proves that what it was decided on still holds: a refusal or a "nothing to do" does not, and
            // what is remembered may be old.
            Ok(()) | Err(_) if freshness == Freshness::Remembered => Ok(Attempt::Again),
            Ok(()) => Ok(Attempt::Done(committed(loaded.position()))),
            Err(refusal) => Err(EngineError::Refused(refusal)),
        }
    }

    /// What a request returned that was carried out before.
    async fn first_result(&self, context: &Context) -> Result<Option<Committed>, EngineError> {
        let Some(asked) = context.asked else { return Ok(None) };
        let request = self.load::<Request>(context.request, Freshness::Latest).await?;
        match request.asked() {
            None => Ok(None),
            Some(before) if before == asked => Ok(Some(Committed { position: request.position, at: request.at })),
            Some(_) => Err(EngineError::RequestReused),
        }
    }

    /// Carries out a command on one aggregate. What happens is sealed with the key of `subject`.
    ///
    /// # Errors
    /// The refusal of the command, or why it could not be carried out.
    pub async fn execute<A, C>(
        &self,
        context: &Context,
        on: A::Id,
        subject: impl Into<Subject>,
        command: C,
    ) -> Result<Committed, EngineError>
    where
        A: Aggregate<Event: TryFrom<events::Event> + Into<events::Event>>,
        C: Command<Aggregate = A> + Clone + Send + Sync,
    {
        let subject = subject.into();
        let decide = |(loaded,): &(Loaded<A>,), changes: &mut Changes| {
            changes.record(loaded, subject, command.clone().decide(loaded)?);
            Ok(())
        };
        self.transact(context, (on,), decide).await
    }

    /// The time by which is decided: this machine's clock, put right by the log's once that has refused something as too late.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(now().0.saturating_add(self.ahead.load(Ordering::Relaxed)))
    }

    /// By how many microseconds the log's clock is ahead of this machine's. One that was wrong and is right again is believed again.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn clocks_differ(&self) -> Result<i64, EngineError> {
        let differ = self.differ().await?;
        if differ.abs() < CLOCKS_AGREE && self.ahead.load(Ordering::Relaxed).abs() >= CLOCKS_AGREE {
            self.ahead.store(0, Ordering::Relaxed);
        }
        Ok(differ)
    }

    async fn differ(&self) -> Result<i64, EngineError> {
        let before = now().0;
        let theirs = self.log.now().await.map_err(EngineError::failed)?;
        // It was read somewhere in between.
        Ok(theirs - (before + now().0) / 2)
    }

    /// Seals and appends changes that were decided on.
    ///
    /// # Errors
    /// When the log takes no more, or fails.
    pub async fn commit(&self, mut changes: Changes) -> Result<Commit, EngineError> {
        let left = time_left().map(|left| i64::try_from(left.as_micros()).unwrap_or(i64::MAX));
        changes.holds_until(left.map(|left| Timestamp(self.now().0.saturating_add(left))));
        if !changes.is_of_one_epoch() {
            return Ok(Commit::Moved);
        }
        let (after, at) = (changes.take_after(), changes.at());
        let append = changes.seal(&self.codec, (self.trace)()).await?;
        let span = tracing::info_span!("log.append");
        match self.log.append(append).instrument(span).await {
            Ok(appended) => {
                after.into_iter().for_each(|remember| remember(&self.states, appended.position, at));
                self.appended.notify_one();
                Ok(Commit::Done(appended.position))
            }
            Err(AppendError::Conflict | AppendError::GuardMoved) => {
                self.metrics.conflicts.inc();
                Ok(Commit::Moved)
            }
            Err(AppendError::TooLate) => {
                self.metrics.late.inc();
                // Decided again it is by the log's clock, as its own refusal is.
                self.ahead.store(self.differ().await?, Ordering::Relaxed);
                Ok(Commit::Moved)
            }
            Err(AppendError::Busy) => Err(EngineError::Busy),
            Err(error @ (AppendError::Invalid(_) | AppendError::Store(_))) => Err(EngineError::failed(error)),
        }
    }
}

/// What came of one try of a command.
enum Attempt {
    Done(Committed),
    /// It was decided on what may be old.
    Again,
    /// Somebody else was faster: on one of the streams that it writes, or one that it relies on.
    Moved(Vec<StreamId>),
}

/// A pause of random length, so that those who met do not meet again.
fn jitter() -> Duration {
    let (_, random) = Uuid::now_v7().as_u64_pair();
    Duration::from_millis(1 + random % PAUSE)
}

/// The stream of an aggregate.
#[must_use]
pub fn stream_of<A: Aggregate>(id: A::Id) -> StreamId {
    StreamId { kind: A::KIND.code(), id: id.into() }
}
