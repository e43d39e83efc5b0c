//! Small state that is not events: how far feeds have come, and who has signed in on the web pages.

#[cfg(feature = "contract")]
pub mod contract;
mod sessions;
mod store;

pub use sessions::Sessions;
pub use store::{PostgresState, SqliteState};

use std::time::Duration;

use uuid::Uuid;

/// The store failed.
#[derive(Debug, thiserror::Error)]
#[error("the store of small state failed")]
pub struct StateError(#[source] Box<dyn std::error::Error + Send + Sync>);

macro_rules! fails_with {
    ($($cause:ty),+) => {$(impl From<$cause> for StateError {
        fn from(cause: $cause) -> Self {
            Self(cause.into())
        }
    })+};
}
fails_with!(sqlx::Error, database::MigrationError);

/// How far a feed has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// How often it was begun.
    pub run: i32,
    /// Up to this position of the log its events have their receipts.
    pub delivered: u64,
    /// Up to this position the agency's system has them.
    pub acknowledged: u64,
}

/// A feed as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedState {
    /// The epoch of the log of which the positions are.
    pub epoch: Uuid,
    /// How far it has come.
    pub cursor: Cursor,
    /// Until when a process carries it, in milliseconds since 1970; 0 when none does.
    pub held_until: i64,
    /// When it failed last, in milliseconds since 1970; 0 when it has not.
    pub failed_at: i64,
    /// Why it failed last.
    pub failure: String,
    /// Since when whoever it is told to has taken nothing, in milliseconds since 1970; 0 while they take what comes.
    pub failing_since: i64,
}

/// Keeps how far feeds have come. Every implementation passes the same contract suite.
#[async_trait::async_trait]
pub trait FeedCursors: Send + Sync + 'static {
    /// Lets `holder` carry a feed for so long, unless somebody else does: then none. What stood of another epoch of the log is begun anew.
    ///
    /// # Errors
    /// When the store fails.
    async fn hold(&self, feed: Uuid, epoch: Uuid, holder: Uuid, time: Duration) -> Result<Option<Cursor>, StateError>;

    /// Lets `holder` carry a feed for so long, whoever does now: of them nothing is taken any more. For whoever leads, and so knows that the
    /// others do not.
    ///
    /// # Errors
    /// When the store fails.
    async fn take(&self, feed: Uuid, epoch: Uuid, holder: Uuid, time: Duration) -> Result<Cursor, StateError>;

    /// Begins a feed again from the log's beginning; none when `holder` does not carry it.
    ///
    /// # Errors
    /// When the store fails.
    async fn begin(&self, feed: Uuid, holder: Uuid) -> Result<Option<Cursor>, StateError>;

    /// Events up to `delivered` have their receipts, and those up to `acknowledged` the agency's system has; `holder` carries the feed on for so
    /// long. Returns up to where the agency's system has them; none when somebody else carries it, or it was begun again.
    ///
    /// # Errors
    /// When the store fails.
    async fn advance(
        &self,
        feed: Uuid,
        (holder, run): (Uuid, i32),
        (delivered, acknowledged): (u64, u64),
        time: Duration,
    ) -> Result<Option<u64>, StateError>;

    /// Begins a feed of this run again after a position, or where the agency's system is if that is before it, for whoever carries it; by the
    /// same request just once. `false` when it was begun again
    /// since by another, or has not come so far.
    ///
    /// # Errors
    /// When the store fails.
    async fn replay(&self, feed: Uuid, (run, position): (i32, u64), request: Uuid) -> Result<bool, StateError>;

    /// The agency's system has the events of this run up to a position. `false` when that was not delivered.
    ///
    /// # Errors
    /// When the store fails.
    async fn acknowledge(&self, feed: Uuid, run: i32, position: u64) -> Result<bool, StateError>;

    /// `holder` carries a feed no more.
    ///
    /// # Errors
    /// When the store fails.
    async fn release(&self, feed: Uuid, holder: Uuid) -> Result<(), StateError>;

    /// Why a feed has failed, in words without personal data.
    ///
    /// # Errors
    /// When the store fails.
    async fn failed(&self, feed: Uuid, why: &str) -> Result<(), StateError>;

    /// Whoever a feed is told to has not taken what came, and why not. Returns for how long they have taken nothing.
    ///
    /// # Errors
    /// When the store fails.
    async fn failing(&self, feed: Uuid, why: &str) -> Result<Duration, StateError>;

    /// Whoever a feed is told to takes what comes, or is given another chance.
    ///
    /// # Errors
    /// When the store fails.
    async fn recovered(&self, feed: Uuid) -> Result<(), StateError>;

    /// Up to where the slowest feed has come, of those that somebody carries in this epoch of the log, or did when they crashed within the last hour: none when
    /// nobody carries any. And of how many feeds nobody takes what comes. `but` is none of them.
    ///
    /// # Errors
    /// When the store fails.
    async fn slowest(&self, epoch: Uuid, but: Uuid) -> Result<(Option<u64>, u64), StateError>;

    /// A feed as it stands; none before it was carried first.
    ///
    /// # Errors
    /// When the store fails.
    async fn feed(&self, feed: Uuid) -> Result<Option<FeedState>, StateError>;
}
