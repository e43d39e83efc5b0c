//! The log: the one place where something has happened.
//!
//! Positions are gapless and in commit order: a reader that has seen position N has seen everything up to N, and what
//! is visible is durable. An append touches several streams atomically, each at its expected version, and may rely on
//! further streams not having moved ("guards"). Many callers' appends commit as one ("group commit").

mod batcher;
#[cfg(feature = "contract")]
pub mod contract;
mod dialect;
mod lead;
mod limits;
mod metrics;
mod postgres;
mod sqlite;
mod timeline;
mod types;
mod wire;

pub use lead::{Duty, Leading};
pub use limits::Limits;
pub use metrics::LogMetrics;
pub use postgres::{PostgresConfig, PostgresLog};
pub use sqlite::SqliteLog;
pub use types::{
    Append, AppendError, Appended, Expected, Guard, History, NewEvent, Position, Recorded, StoreError, StreamAppend,
    StreamId, Version,
};
pub use wire::WireError;

use uuid::Uuid;

/// The kind of stream whose events nobody folds: receipts. The index by stream leaves them out, since most events are such.
pub const NEVER_FOLDED: i16 = 3;

/// A log. Every implementation passes the same contract suite.
#[async_trait::async_trait]
pub trait EventLog: Send + Sync + 'static {
    /// Appends atomically: every stream at its expected version, every guard unmoved, or nothing. When this returns,
    /// the events are durable. Dropping the future does not undo the append.
    ///
    /// Repeated, it is refused where it expects a stream that it has written to stand at an exact version; facts at
    /// [`Expected::Any`] are new ones each time.
    ///
    /// # Errors
    /// See [`AppendError`]. After [`AppendError::Store`] the outcome is unknown.
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Up to `limit` events after `after`, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, StoreError>;

    /// Up to `limit` events of one stream after version `after`, in order. None of streams of the kind [`NEVER_FOLDED`]: those are
    /// facts, read in the log's order alone.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn read_stream(&self, stream: StreamId, after: Version, limit: usize) -> Result<Vec<Recorded>, StoreError>;

    /// The position of the last event, 0 before the first.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn head(&self) -> Result<Position, StoreError>;

    /// The time by the log's own clock, in microseconds since 1970: what [`Append::not_after`] is held to.
    ///
    /// # Errors
    /// When the store cannot be read.
    async fn now(&self) -> Result<i64, StoreError>;

    /// Which history of which log this is, as far as this process has met it. Another one has another epoch: a new database, one that
    /// was restored, a standby that was promoted. What was remembered, copied or built of it before is worthless then. It is read before
    /// what is decided on, and given with what is appended.
    fn history(&self) -> History;

    /// The epoch of [`EventLog::history`].
    fn epoch(&self) -> Uuid {
        self.history().epoch
    }

    /// An event was taken up that somebody else has read of the history of this epoch: a log that does not have it is another one.
    fn saw(&self, epoch: Uuid, event: &Recorded);

    /// Waits until this process does a duty for all processes of the system. Dropped, it waits no more.
    ///
    /// # Errors
    /// When the store cannot be reached.
    async fn lead(&self, duty: Duty) -> Result<Leading, StoreError>;

    /// Begins another epoch: the log was found not to hold what it held.
    ///
    /// # Errors
    /// When the store cannot be written.
    async fn renew(&self) -> Result<(), StoreError>;
}
