//! The bus: a copy of the log that carries events to whoever waits for them. Never the truth: it can be emptied at any
//! time, and the relay fills it again from the log. A message's sequence is its event's position in the log.

pub mod accounts;
#[cfg(feature = "contract")]
pub mod contract;
mod in_process;
mod nats;
mod servers;

use bytes::Bytes;
use futures::stream::BoxStream;

pub use in_process::InProcessBus;
pub use nats::{NatsBus, NatsConfig};
pub use nkeys::{KeyPair, KeyPairType, decode_seed};
pub use servers::{NatsServers, WrongServers};

/// One event on the bus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its position in the log, and its sequence on the bus.
    pub position: u64,
    /// `log.<partition>.<kind>.<type>.<stream>`: ids and codes, never personal data.
    pub subject: String,
    /// The recorded event as bytes.
    pub payload: Bytes,
}

/// Which log the bus is a copy of, and which history of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyOf {
    /// The log, whatever became of it: letters and digits.
    pub log: String,
    /// The epoch: letters and digits.
    pub epoch: String,
    /// When that epoch began, in microseconds since 1970: the latest is the one that is.
    pub began_at: i64,
}

/// Why the bus does not do it.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The messages do not follow the last one on the bus: prepare again.
    #[error("the bus stands elsewhere than expected")]
    OutOfStep,
    /// The bus no longer holds the next message: read it from the log.
    #[error("the bus does not hold the next message")]
    Gap,
    /// The bus is a copy of a later history of this log, or of another log.
    #[error("the bus is a copy of another log, or of a later history of this one")]
    Foreign,
    /// The bus does not answer in time.
    #[error("the bus does not answer")]
    Silent,
    /// The bus cannot be reached or refuses.
    #[error("the bus failed")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl BusError {
    pub(crate) fn failed(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Failed(cause.into())
    }
}

/// A bus for one log. Every implementation passes the same contract suite.
#[async_trait::async_trait]
pub trait Bus: Send + Sync + 'static {
    /// The position of the last message that the bus took; none when it holds no copy of this log.
    ///
    /// # Errors
    /// When the bus cannot be reached.
    async fn last(&self) -> Result<Option<u64>, BusError>;

    /// Makes the bus ready to take the message after the one it holds last, and returns that one's position. What does
    /// not fit a log whose head is `head` is thrown away, and the bus starts again from nothing.
    ///
    /// # Errors
    /// When the bus cannot be reached.
    async fn prepare(&self, head: u64) -> Result<u64, BusError>;

    /// Sets the bus up again, where somebody has changed what would make it refuse messages, or lose them sooner. What cannot be set up again is thrown away.
    ///
    /// # Errors
    /// When the bus cannot be reached.
    async fn repair(&self) -> Result<(), BusError>;

    /// Whether the bus holds just this message at its position. What it does not hold any more it may have held.
    ///
    /// # Errors
    /// When the bus cannot be reached.
    async fn holds(&self, message: &Message) -> Result<bool, BusError>;

    /// Throws away what the bus holds of this log: it is not what the log has.
    ///
    /// # Errors
    /// When the bus cannot be reached.
    async fn reset(&self) -> Result<(), BusError>;

    /// Publishes messages in order. They follow `last` without a gap. Returns when the bus has taken them all; of a
    /// refused batch it may have taken the first few.
    ///
    /// # Errors
    /// [`BusError::OutOfStep`] when the bus's last message is not `last`: somebody else published, or it was emptied.
    async fn publish(&self, last: u64, messages: Vec<Message>) -> Result<(), BusError>;

    /// The messages after this position, in order and without a gap, as they come. Ends with an error when the bus
    /// cannot keep that promise; then read the log and subscribe again.
    ///
    /// # Errors
    /// [`BusError::Gap`] when the bus no longer holds the next message.
    async fn subscribe(&self, after: u64) -> Result<BoxStream<'static, Result<Message, BusError>>, BusError>;

    /// Whether other processes see it, too: then one relay does for all of them.
    fn is_shared(&self) -> bool;

    /// Tells the relays that there is something new. May be lost.
    async fn nudge(&self);

    /// The nudges, as they come.
    ///
    /// # Errors
    /// When the bus cannot be reached.
    async fn nudges(&self) -> Result<BoxStream<'static, ()>, BusError>;
}
