use std::collections::HashMap;
use std::sync::Arc;

use domain::Aggregate;
use domain::vocabulary::Timestamp;
use event_log::{Position, Recorded, Version};
use events::{Event, Place, Sealed};
use uuid::Uuid;

use crate::changes::kind_of;
use crate::{Committed, Engine, EngineError, Freshness, stream_of};

/// Events in one read of a stream.
const PAGE: usize = 1_000;

/// An aggregate as it stood at a version.
#[derive(Debug)]
pub struct Loaded<A> {
    /// Its id.
    pub id: Uuid,
    /// Its state.
    pub state: Arc<A>,
    /// The number of its events.
    pub version: Version,
    /// The position of its last event; 0 when it has none.
    pub position: Position,
    /// The requests that made its events: what each returned.
    requests: Arc<HashMap<Uuid, Committed>>,
}

impl<A> Clone for Loaded<A> {
    fn clone(&self) -> Self {
        Self { state: self.state.clone(), requests: self.requests.clone(), ..*self }
    }
}

impl<A> std::ops::Deref for Loaded<A> {
    type Target = A;

    fn deref(&self) -> &A {
        &self.state
    }
}

pub(crate) async fn load<A: Aggregate>(
    engine: &Engine,
    id: Uuid,
    freshness: Freshness,
) -> Result<Loaded<A>, EngineError>
where
    A::Event: TryFrom<Event>,
{
    let stream = stream_of::<A>(id);
    let remembered = engine.states.get::<Loaded<A>>(stream);
    let mut loaded = match (remembered, freshness) {
        (Some(loaded), Freshness::Remembered) => return Ok(loaded),
        (Some(loaded), Freshness::Latest) => loaded,
        (None, _) => {
            Loaded { id, state: Arc::default(), version: Version(0), position: Position(0), requests: Arc::default() }
        }
    };
    let before = loaded.version;
    loop {
        let page = engine.log.read_stream(stream, loaded.version, PAGE).await.map_err(EngineError::failed)?;
        let last = page.len() < PAGE;
        for recorded in &page {
            take(engine, &mut loaded, recorded).await?;
        }
        if last {
            break;
        }
    }
    if loaded.version != before {
        engine.states.put(stream, loaded.clone());
    }
    Ok(loaded)
}

async fn take<A: Aggregate>(engine: &Engine, loaded: &mut Loaded<A>, recorded: &Recorded) -> Result<(), EngineError>
where
    A::Event: TryFrom<Event>,
{
    let (_, event) = open(engine, recorded).await?;
    let event =
        A::Event::try_from(event).map_err(|_cause| EngineError::failed("an event of another kind is on the stream"))?;
    Arc::make_mut(&mut loaded.state).evolve(&event);
    loaded.version = recorded.version;
    loaded.position = recorded.position;
    let committed = Committed { position: recorded.position, at: Timestamp(recorded.at) };
    Arc::make_mut(&mut loaded.requests).insert(recorded.request, committed);
    Ok(())
}

async fn open(engine: &Engine, recorded: &Recorded) -> Result<(events::Header, Event), EngineError> {
    let kind = kind_of(recorded.stream).ok_or_else(|| EngineError::failed("a stream of an unknown kind"))?;
    let place = Place { kind, stream: recorded.stream.id, code: recorded.event_type };
    let sealed = Sealed { key_id: recorded.key_id, head: recorded.head.clone(), body: recorded.body.clone() };
    Ok(engine.codec.open(place, &sealed).await?)
}

/// Several aggregates that a command decides on together.
pub trait Aggregates: Sized + Send + Sync {
    /// Their ids.
    type Ids: Copy + Send + Sync;

    /// Loads them all.
    fn load(
        engine: &Engine,
        ids: Self::Ids,
        freshness: Freshness,
    ) -> impl Future<Output = Result<Self, EngineError>> + Send;

    /// The first result of a request that was carried out before.
    fn replayed(&self, request: Uuid) -> Option<Committed>;

    /// The position that includes all that they have seen.
    fn position(&self) -> Position;
}

macro_rules! aggregates {
    ($($name:ident $index:tt),+) => {
        impl<$($name: Aggregate<Event: TryFrom<Event>>),+> Aggregates for ($(Loaded<$name>,)+) {
            type Ids = ($(id_of!($name),)+);

            async fn load(engine: &Engine, ids: Self::Ids, freshness: Freshness) -> Result<Self, EngineError> {
                Ok(($(load::<$name>(engine, ids.$index, freshness).await?,)+))
            }

            fn replayed(&self, request: Uuid) -> Option<Committed> {
                [$(self.$index.requests.get(&request)),+].into_iter().flatten().max_by_key(|c| c.position).copied()
            }

            fn position(&self) -> Position {
                [$(self.$index.position),+].into_iter().max().unwrap_or_default()
            }
        }
    };
}
macro_rules! id_of {
    ($name:ident) => {
        Uuid
    };
}
aggregates!(A 0);
aggregates!(A 0, B 1);
aggregates!(A 0, B 1, C 2);
aggregates!(A 0, B 1, C 2, D 3);
