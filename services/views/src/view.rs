use domain::StreamKind;
use domain::vocabulary::Timestamp;
use events::{Event, Header};
use uuid::Uuid;

use crate::docs::{ApplyError, Docs};
use crate::key::Key;

/// An event, opened, with what is known of it.
#[derive(Debug, Clone)]
pub struct Envelope {
    /// Its position in the log.
    pub position: u64,
    /// Its place in its stream, from 1.
    pub version: u64,
    /// Its stream's id.
    pub stream: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// Its header.
    pub header: Header,
    /// What happened.
    pub event: Event,
}

impl Envelope {
    /// Whose key seals it, and with it every document it changes.
    #[must_use]
    pub fn subject(&self) -> Uuid {
        self.header.subject
    }
}

/// A view: a pure function over documents.
pub trait View: Send + Sync + 'static {
    /// Its name, as it is stored. Documents of another shape need another generation.
    fn name(&self) -> &'static str;

    /// Whether it wants events of this kind of stream. Others are not even opened for it.
    fn wants(&self, kind: StreamKind) -> bool;

    /// The documents that an event may change.
    fn keys(&self, event: &Envelope) -> Vec<Key>;

    /// Takes in an event. Touches only the documents that [`View::keys`] named.
    ///
    /// # Errors
    /// When a document is missing or has another shape: the subject is then parked, and the rest goes on.
    fn apply(&self, event: &Envelope, docs: &mut Docs) -> Result<(), ApplyError>;
}
