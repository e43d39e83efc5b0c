use bytes::Bytes;
use std::fmt;
use uuid::Uuid;

/// Which history of which log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct History {
    /// The log, whatever becomes of it.
    pub log: Uuid,
    /// The epoch: another one when the log was restored or failed over.
    pub epoch: Uuid,
    /// When that was met first, in microseconds since 1970: the latest epoch is the one that is.
    pub began_at: i64,
}

/// A place in the log, from 1. 0 is before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Position(pub u64);

/// The number of events on a stream. 0 is before the first event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version(pub u64);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A stream: what changes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId {
    /// The kind of stream.
    pub kind: i16,
    /// Its id. Streams of different kinds may share it.
    pub id: Uuid,
}

/// An event to append.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The type, a number that the kind of stream gives a meaning.
    pub event_type: i32,
    /// The key that seals the body.
    pub key_id: Uuid,
    /// When it happened, in microseconds since 1970.
    pub at: i64,
    /// The header: readable without a key.
    pub head: Bytes,
    /// The sealed body.
    pub body: Bytes,
}

/// What version a stream must stand at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Any: the events are facts that depend on nothing.
    Any,
    /// Exactly this one; 0 for a new stream.
    Exactly(Version),
}

/// Events for one stream.
#[derive(Debug, Clone)]
pub struct StreamAppend {
    /// The stream.
    pub stream: StreamId,
    /// What version it must stand at.
    pub expected: Expected,
    /// The events, at least one.
    pub events: Vec<NewEvent>,
}

/// A stream that an append relies on without writing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// The stream.
    pub stream: StreamId,
    /// The version that it must still stand at.
    pub version: Version,
}

/// What commits together.
#[derive(Debug, Clone)]
pub struct Append {
    /// The streams to write, each at most once; none for what only finds out whether what it relies on still holds.
    pub streams: Vec<StreamAppend>,
    /// The streams that must not have moved.
    pub guards: Vec<Guard>,
    /// The request that it carries out: kept with every event.
    pub request: Uuid,
    /// From when on it must not commit any more, in microseconds since 1970 by the log's clock: what was decided on has ended then, or
    /// nobody waits for it.
    pub not_after: Option<i64>,
    /// The epoch of the log in which it was decided: in another it is not appended. None for what depends on nothing that was read.
    pub epoch: Option<Uuid>,
}

impl Append {
    /// The mark of its last event: see [`Recorded::mark`].
    #[must_use]
    pub(crate) fn mark(&self) -> Uuid {
        let last = self.streams.iter().rev().find_map(|stream| stream.events.last());
        mark(self.request, last.map_or(&[], |event| &event.body))
    }
}

/// An accepted append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The position of its last event; of one that only relies on something, 0 or any that is there.
    pub position: Position,
    /// The version that each stream stands at after it, in the order of the append.
    pub versions: Vec<Version>,
}

/// An event of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the log.
    pub position: Position,
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream, from 1.
    pub version: Version,
    /// Its type.
    pub event_type: i32,
    /// The key that seals its body.
    pub key_id: Uuid,
    /// When it happened, in microseconds since 1970.
    pub at: i64,
    /// The request that appended it.
    pub request: Uuid,
    /// Its header.
    pub head: Bytes,
    /// Its sealed body.
    pub body: Bytes,
}

impl Recorded {
    /// What tells this event from another one at its position in another history of the log: a body is sealed anew each time, also when
    /// the same request is tried again.
    #[must_use]
    pub fn mark(&self) -> Uuid {
        mark(self.request, &self.body)
    }
}

pub(crate) fn mark(request: Uuid, body: &[u8]) -> Uuid {
    let mut mark = request.into_bytes();
    mark.iter_mut().zip(body).for_each(|(mark, byte)| *mark ^= byte);
    Uuid::from_bytes(mark)
}

/// Why an append was refused.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// A stream does not stand at its expected version. Load it again and decide again.
    #[error("a stream has moved past its expected version")]
    Conflict,
    /// A guarded stream has moved, or the log has another history than the one that was read. Load it again and decide again.
    #[error("a stream that the append relies on has moved")]
    GuardMoved,
    /// The time until which it may commit is over, by the log's clock. Decide again by that.
    #[error("the append is too late")]
    TooLate,
    /// Too many appends wait. Try again later.
    #[error("the log takes no more appends for now")]
    Busy,
    /// The append breaks a limit or contradicts itself.
    #[error("the append is not well formed: {0}")]
    Invalid(&'static str),
    /// The store failed; whether the append was committed is unknown.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a failure is a fault of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Of what was asked: one append of a batch, which its neighbours need not suffer for.
    Data,
    /// Of the server, which answers: the next batch may ask it on the same connection.
    Server,
    /// Of the connection, which is of no use any more; and whether what was asked may have begun.
    Connection {
        /// Whether it may have.
        began: bool,
    },
}

/// The store failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the log's store failed")]
pub struct StoreError {
    #[source]
    cause: std::sync::Arc<dyn std::error::Error + Send + Sync>,
    /// What it tells of the connection, and of what was asked.
    pub(crate) fault: Fault,
}

impl StoreError {
    /// A failure with this cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self { cause: cause.into().into(), fault: Fault::Connection { began: true } }
    }

    /// Whether the server would lose or break what it acknowledges when it crashes.
    #[must_use]
    pub fn is_volatile(&self) -> bool {
        self.cause.is::<NotDurable>()
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let fault = if database::is_data_fault(&error) {
            Fault::Data
        } else if database::is_lost(&error) || !matches!(error, sqlx::Error::Database(_)) {
            Fault::Connection { began: !database::never_began(&error) }
        } else {
            Fault::Server
        };
        Self { cause: std::sync::Arc::new(error), fault }
    }
}

/// A crash of the server could lose what it has acknowledged, or leave it broken.
#[derive(Debug, thiserror::Error)]
#[error("the database server runs with `{0}` off: a crash would lose or break what it acknowledged; turn it on")]
pub(crate) struct NotDurable(pub(crate) String);
