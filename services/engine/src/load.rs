use std::sync::Arc;

use domain::Aggregate;
use domain::vocabulary::{Timestamp, Version};
use event_log::{Position, Recorded, StreamId};
use events::Event;
use uuid::Uuid;

use crate::cache::States;
use crate::{Engine, EngineError, Freshness, stream_of};

/// Events in one read of a stream.
const PAGE: usize = 1_000;

/// An aggregate as it stood at a version.
#[derive(Debug)]
pub struct Loaded<A: Aggregate> {
    /// What names it.
    pub id: A::Id,
    /// Its state.
    pub state: Arc<A>,
    /// The number of its events.
    pub version: Version,
    /// The position of its last event; 0 when it has none.
    pub position: Position,
    /// When its last event happened.
    pub at: Timestamp,
    /// The epoch of the log in which it was read.
    pub epoch: Uuid,
    /// About how many bytes it takes: those of its events, and what is kept beside each.
    bytes: usize,
}

/// What is kept in memory beside an event's own words, in bytes: its ids, and maps' room.
const BESIDE: usize = 256;

impl<A: Aggregate> Clone for Loaded<A> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), ..*self }
    }
}

impl<A: Aggregate> std::ops::Deref for Loaded<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.state
    }
}

impl<A: Aggregate> Loaded<A> {
    /// The same after these events, which take so many bytes, in one append of which the last has this position.
    pub(crate) fn after(mut self, events: &[A::Event], bytes: usize, position: Position, at: Timestamp) -> Self {
        let state = Arc::make_mut(&mut self.state);
        events.iter().for_each(|event| state.evolve(event));
        self.version = Version(self.version.0 + events.len() as u64);
        (self.position, self.at) = (position, at);
        self.bytes += events.len() * BESIDE + bytes;
        self
    }

    /// What was seen of it: a version of another history is another one.
    #[must_use]
    pub fn seen(&self) -> (Uuid, Version) {
        (self.epoch, self.version)
    }

    /// Keeps it in memory, unless something newer is there.
    pub(crate) fn remember(self, states: &States) {
        let (stream, bytes, version) = (stream_of::<A>(self.id), self.bytes, self.version);
        if states.get::<Self>(stream).is_none_or(|known| known.epoch != self.epoch || known.version < version) {
            states.put(stream, self, bytes);
        }
    }
}

/// The log's own word for a version.
pub(crate) fn log_version(version: Version) -> event_log::Version {
    event_log::Version(version.0)
}

pub(crate) async fn load<A>(engine: &Engine, id: A::Id, freshness: Freshness) -> Result<Loaded<A>, EngineError>
where
    A: Aggregate<Event: TryFrom<Event>>,
{
    let stream = stream_of::<A>(id);
    // Before anything is read: what is read of another history is then not taken for this one's.
    let epoch = engine.log.epoch();
    let remembered = engine.states.get::<Loaded<A>>(stream).filter(|loaded| loaded.epoch == epoch);
    let is_known = remembered.is_some();
    let mut loaded = match (remembered, freshness) {
        (Some(loaded), Freshness::Remembered) => return Ok(loaded),
        (Some(loaded), Freshness::Latest) => loaded,
        (None, _) => {
            let (state, position, at) = (Arc::default(), Position(0), Timestamp(0));
            Loaded { id, state, version: Version(0), position, at, epoch, bytes: BESIDE }
        }
    };
    let before = loaded.version;
    loop {
        let after = log_version(loaded.version);
        let page = engine.log.read_stream(stream, after, PAGE).await.map_err(EngineError::failed)?;
        let last = page.len() < PAGE;
        for recorded in &page {
            take(engine, &mut loaded, recorded).await?;
        }
        if last {
            break;
        }
    }
    // What was read of two histories is of neither.
    if engine.log.epoch() != epoch {
        return Box::pin(load(engine, id, freshness)).await;
    }
    // That there is nothing is remembered, too: whoever asks again must not find out by the time that it takes.
    if loaded.version != before || !is_known {
        loaded.clone().remember(&engine.states);
    }
    Ok(loaded)
}

async fn take<A>(engine: &Engine, loaded: &mut Loaded<A>, recorded: &Recorded) -> Result<(), EngineError>
where
    A: Aggregate<Event: TryFrom<Event>>,
{
    let opened = engine.codec.open(recorded).await?;
    if opened.version.0 != loaded.version.0 + 1 {
        return Err(EngineError::failed("a stream has two events at one place, or none"));
    }
    let another_kind = |_cause| EngineError::failed("an event of another kind is on the stream");
    let event = A::Event::try_from(opened.event).map_err(another_kind)?;
    Arc::make_mut(&mut loaded.state).evolve(&event);
    loaded.version = opened.version;
    (loaded.position, loaded.at) = (opened.position, opened.at);
    loaded.bytes += BESIDE + recorded.body.len();
    Ok(())
}

/// Several aggregates that a command decides on together.
pub trait Aggregates: Sized + Send + Sync {
    /// What names them.
    type Ids: Copy + Send + Sync;

    /// Their streams.
    fn streams(ids: Self::Ids) -> Vec<StreamId>;

    /// Loads them all.
    fn load(
        engine: &Engine,
        ids: Self::Ids,
        freshness: Freshness,
    ) -> impl Future<Output = Result<Self, EngineError>> + Send;

    /// The position that includes all that they have seen.
    fn position(&self) -> Position;
}

macro_rules! aggregates {
    ($($name:ident $index:tt),+) => {
        impl<$($name: Aggregate<Event: TryFrom<Event>>),+> Aggregates for ($(Loaded<$name>,)+) {
            type Ids = ($($name::Id,)+);

            fn streams(ids: Self::Ids) -> Vec<StreamId> {
                vec![$(stream_of::<$name>(ids.$index)),+]
            }

            async fn load(engine: &Engine, ids: Self::Ids, freshness: Freshness) -> Result<Self, EngineError> {
                Ok(($(load::<$name>(engine, ids.$index, freshness).await?,)+))
            }

            fn position(&self) -> Position {
                [$(self.$index.position),+].into_iter().max().unwrap_or_default()
            }
        }
    };
}
aggregates!(A 0);
aggregates!(A 0, B 1);
aggregates!(A 0, B 1, C 2);
aggregates!(A 0, B 1, C 2, D 3);
aggregates!(A 0, B 1, C 2, D 3, E 4);
aggregates!(A 0, B 1, C 2, D 3, E 4, F 5);
