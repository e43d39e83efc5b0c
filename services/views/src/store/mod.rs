//! Where documents are kept.

mod dialect;
mod postgres;
mod sqlite;

use std::sync::Arc;
use uuid::Uuid;

pub use postgres::PostgresDocuments;
pub use sqlite::SqliteDocuments;

use crate::key::Key;

/// The document store failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the document store failed")]
pub struct StoreError(#[source] Arc<dyn std::error::Error + Send + Sync>);

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl From<database::MigrationError> for StoreError {
    fn from(error: database::MigrationError) -> Self {
        Self(Arc::new(error))
    }
}

/// The name of this store among the migrations.
const STORE: &str = "views";

/// A document as it is stored: sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDocument {
    /// Its key.
    pub key: Key,
    /// Where it stands among others.
    pub place: Key,
    /// Whose key seals it.
    pub subject: Uuid,
    /// The position of the event that changed it last.
    pub position: u64,
    /// Its sealed body.
    pub body: Vec<u8>,
}

/// One generation of a view.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Generation {
    /// Its number, from 1.
    pub number: i32,
    /// How far it has read the log.
    pub position: u64,
    /// Whether it is the one that readers see.
    pub current: bool,
    /// Of which history of the log it is; none before its first event.
    pub of: Option<History>,
    /// The position that it must have reached before it is read.
    pub readable_from: u64,
    /// Which version of the view's code builds it.
    pub code: i32,
    /// How often subjects of it were taken out of parking.
    pub revision: i32,
}

/// Of which history of the log a view is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct History {
    /// The log's epoch when its last event was read.
    pub epoch: Uuid,
    /// What tells that event from another one there: [`event_log::Recorded::mark`].
    pub mark: Uuid,
}

/// A document to write.
#[derive(Debug, Clone)]
pub struct Upsert {
    /// Whether it begins: one that is there already stays as it is.
    pub begins: bool,
    /// Its key.
    pub key: Key,
    /// Where it stands among others.
    pub place: Key,
    /// Whose key seals it.
    pub subject: Uuid,
    /// The position of the event that changed it last.
    pub position: u64,
    /// Its sealed body.
    pub body: Vec<u8>,
}

/// What one view gains from a batch.
#[derive(Debug, Clone)]
pub struct Advance {
    /// The view.
    pub view: &'static str,
    /// Its generation.
    pub generation: i32,
    /// Whether that is the one that readers see, or one that is being built. It must still be so.
    pub current: bool,
    /// Where it stood.
    pub from: u64,
    /// Where it stands after.
    pub to: u64,
    /// The revision of which it is known who is parked. It must still be so.
    pub revision: i32,
    /// Of which history that is.
    pub of: History,
    /// Documents to write.
    pub upserts: Vec<Upsert>,
    /// Documents to remove.
    pub removals: Vec<Key>,
    /// Subjects to park: with the position and the reason.
    pub parked: Vec<(Uuid, u64, &'static str)>,
}

/// What readers find of a view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The documents.
    pub documents: Vec<StoredDocument>,
    /// How far the view has read the log; 0 when nothing was found.
    pub position: u64,
    /// Whether somebody is parked whom this is about, so that something may be missing.
    pub incomplete: bool,
}

/// Documents that are wanted of one generation of a view.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The view.
    pub view: &'static str,
    /// Its generation.
    pub generation: i32,
    /// Their keys.
    pub keys: Vec<Key>,
}

/// A store of documents. Every implementation passes the same contract suite.
#[async_trait::async_trait]
pub trait DocumentStore: Send + Sync + 'static {
    /// Up to `limit` documents of a view's current generation, with places between these, in order. They are about this subject, or else
    /// about anybody.
    ///
    /// # Errors
    /// When the store fails.
    async fn scan(
        &self,
        view: &str,
        between: (&[u8], &[u8]),
        about: Option<Uuid>,
        limit: usize,
    ) -> Result<Found, StoreError>;

    /// Those of these documents that a view's current generation has, in no order.
    ///
    /// # Errors
    /// When the store fails.
    async fn get(&self, view: &str, keys: &[Key]) -> Result<Found, StoreError>;

    /// Those of these documents that there are in given generations of several views, at once: an answer for each, in order.
    ///
    /// # Errors
    /// When the store fails.
    async fn load(&self, wanted: &[Wanted]) -> Result<Vec<Vec<StoredDocument>>, StoreError>;

    /// Up to `limit` documents of a given generation with keys after `after`, in order.
    ///
    /// # Errors
    /// When the store fails.
    async fn page(
        &self,
        view: &str,
        generation: i32,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError>;

    /// The generations of a view, oldest first; makes the first one of a new view, which this version of its code builds.
    ///
    /// # Errors
    /// When the store fails.
    async fn generations(&self, view: &str, code: i32) -> Result<Vec<Generation>, StoreError>;

    /// How far a view's current generation has read the log; 0 for a new view.
    ///
    /// # Errors
    /// When the store fails.
    async fn position(&self, view: &str) -> Result<u64, StoreError>;

    /// The subjects that a generation has parked.
    ///
    /// # Errors
    /// When the store fails.
    async fn parked(&self, view: &str, generation: i32) -> Result<Vec<Uuid>, StoreError>;

    /// Writes documents and checkpoints in one transaction. `false`, and nothing written, when one of the views does not
    /// stand where it is thought to: another runner was faster, or the generation was swapped out.
    ///
    /// # Errors
    /// When the store fails; then nothing is written, or all of it.
    async fn advance(&self, advances: Vec<Advance>) -> Result<bool, StoreError>;

    /// Takes these subjects of a generation out of parking, with the documents that an advance writes and removes, in one transaction.
    /// `false`, and nothing written, when the view does not stand where it is thought to. A runner notices by the revision.
    ///
    /// # Errors
    /// When the store fails; then nothing is written, or all of it.
    async fn unpark(&self, advance: Advance, subjects: &[Uuid]) -> Result<bool, StoreError>;

    /// Makes a new generation, empty and not current, which this version of the view's code builds.
    ///
    /// # Errors
    /// When the store fails.
    async fn begin_generation(&self, view: &str, code: i32) -> Result<i32, StoreError>;

    /// Makes a generation the current one, in one step. `false`, and nothing changed, when it is not there any more or
    /// stands behind the current one.
    ///
    /// # Errors
    /// When the store fails.
    async fn swap(&self, view: &str, generation: i32) -> Result<bool, StoreError>;

    /// Begins a view anew, empty, in one step; it is not read before it has reached this position.
    ///
    /// # Errors
    /// When the store fails.
    async fn restart(&self, view: &str, code: i32, readable_from: u64) -> Result<(), StoreError>;

    /// Deletes what is left of generations before the current one: first that they were, then their documents, a few at a time, so that
    /// nobody waits for it long.
    ///
    /// # Errors
    /// When the store fails.
    async fn sweep(&self, view: &str) -> Result<(), StoreError>;
}
