//! Data keys: one for each subject, so that what is sealed with it can be forgotten by destroying it.
//!
//! A subject is a person, or an agency for its own events. Bodies are sealed with AES-256-GCM under the subject's key;
//! the key itself is stored wrapped by a key-encryption key that the database does not hold.

mod cache;
#[cfg(feature = "contract")]
pub mod contract;
mod key;
mod pseudonyms;
mod store;
mod webhook;
mod wrap;

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;
use zeroize::Zeroizing;

pub use key::SubjectKey;
pub use pseudonyms::{Identifiers, Pseudonyms};
pub use store::{KeyStore, PostgresKeys, SqliteKeys, StoreError, StoredKey};
pub use webhook::WebhookSecret;
pub use wrap::{KeyWrap, LocalKek, WrapError};

use cache::Cache;
use pseudonyms::SYSTEM;

/// Why there is no key, or something sealed does not open.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// No such key was ever made: the data is of another system, or the key store is the wrong one.
    #[error("the key is not known")]
    UnknownKey,
    /// The key was destroyed: what it sealed is gone for good.
    #[error("the key was destroyed")]
    Destroyed,
    /// The sealed bytes, or what they are bound to, were changed.
    #[error("the sealed bytes do not open with this key")]
    Tampered,
    /// The key store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key-encryption key does not fit.
    #[error(transparent)]
    Wrap(#[from] WrapError),
}

/// Hands out subjects' keys. A key is used for a minute at most without asking again, so that one destroyed by
/// another process is soon gone here too; within this process it is gone at once.
pub struct Vault {
    store: Arc<dyn KeyStore>,
    wrap: Arc<dyn KeyWrap>,
    cache: Cache,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

/// Forgets a subject's key when it is dropped.
struct Forget<'a> {
    cache: &'a Cache,
    subject: Uuid,
}

impl Drop for Forget<'_> {
    fn drop(&mut self) {
        self.cache.forget(self.subject);
    }
}

impl Vault {
    /// A vault over a key store and a key-encryption key.
    pub fn new(store: Arc<dyn KeyStore>, wrap: Arc<dyn KeyWrap>) -> Self {
        Self { store, wrap, cache: Cache::default() }
    }

    /// The key of a subject, made on first use.
    ///
    /// # Errors
    /// [`VaultError::Destroyed`] for a subject that was erased: it never gets another key.
    pub async fn key_of(&self, subject: Uuid) -> Result<SubjectKey, VaultError> {
        if let Some(key) = self.cache.of_subject(subject) {
            return Ok(key);
        }
        let forgotten = self.cache.forgotten();
        let stored = self.stored(subject).await?;
        self.ready(&stored, forgotten)
    }

    /// The key of a subject that has one. Whoever only reads makes none: what is read was sealed with one that was there.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] when there is none; as [`Vault::key_of`].
    pub async fn held_key_of(&self, subject: Uuid) -> Result<SubjectKey, VaultError> {
        if let Some(key) = self.cache.of_subject(subject) {
            return Ok(key);
        }
        let forgotten = self.cache.forgotten();
        self.ready(&self.held(subject).await?, forgotten)
    }

    /// Makes the system's own key, unless there is one: at its first start, before anything else.
    ///
    /// # Errors
    /// When the key store fails.
    pub async fn found(&self) -> Result<(), VaultError> {
        self.stored(SYSTEM).await.map(drop)
    }

    /// Whether there are keys at all: the system's own is made at its first start, before anything else.
    ///
    /// # Errors
    /// When the key store fails.
    pub async fn is_new(&self) -> Result<bool, VaultError> {
        Ok(self.store.of_subject(SYSTEM).await?.is_none())
    }

    /// What makes pseudonyms, with the system's own key: it opens only with the key-encryption key that the first start used.
    ///
    /// # Errors
    /// When the key store fails or has lost that key, or the key-encryption key is another.
    pub async fn pseudonyms(&self) -> Result<Pseudonyms, VaultError> {
        Ok(Pseudonyms::new(&self.unwrap(&self.held(SYSTEM).await?)?))
    }

    /// The index from identifiers to random ids.
    ///
    /// # Errors
    /// As [`Vault::pseudonyms`].
    pub async fn identifiers(&self) -> Result<Identifiers, VaultError> {
        Ok(Identifiers::new(&self.unwrap(&self.held(SYSTEM).await?)?, self.store.clone())?)
    }

    /// The stored key of a subject that has one.
    async fn held(&self, subject: Uuid) -> Result<StoredKey, VaultError> {
        self.store.of_subject(subject).await?.ok_or(VaultError::UnknownKey)
    }

    /// The stored key of a subject, made on first use.
    async fn stored(&self, subject: Uuid) -> Result<StoredKey, VaultError> {
        if let Some(stored) = self.store.of_subject(subject).await? {
            return Ok(stored);
        }
        let (key_id, fresh) = (Uuid::now_v7(), SubjectKey::generate()?);
        self.store.insert(key_id, subject, &self.wrap.wrap(key_id, subject, &fresh)?).await?;
        // Somebody else may have been first: what is stored counts.
        self.store.of_subject(subject).await?.ok_or(VaultError::UnknownKey)
    }

    /// The key with this id.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] when it was never made, [`VaultError::Destroyed`] when it is gone.
    pub async fn key(&self, key_id: Uuid) -> Result<SubjectKey, VaultError> {
        if let Some(key) = self.cache.by_id(key_id) {
            return Ok(key);
        }
        let forgotten = self.cache.forgotten();
        let found = self.store.by_ids(&[key_id]).await?;
        self.ready(found.first().ok_or(VaultError::UnknownKey)?, forgotten)
    }

    /// Gets those of these keys that are not at hand, in one look, so that the next call for each waits for nothing. One that is
    /// unknown, destroyed or does not open is left to that call.
    ///
    /// # Errors
    /// When the key store fails.
    pub async fn prepare(&self, key_ids: impl IntoIterator<Item = Uuid>) -> Result<(), VaultError> {
        let wanted: BTreeSet<_> = key_ids.into_iter().filter(|id| self.cache.by_id(*id).is_none()).collect();
        if wanted.len() < 2 {
            return Ok(());
        }
        let forgotten = self.cache.forgotten();
        for stored in self.store.by_ids(&wanted.into_iter().collect::<Vec<_>>()).await? {
            drop(self.ready(&stored, forgotten));
        }
        Ok(())
    }

    /// Which of these keys the store does not have: neither as they were, nor as destroyed ones.
    ///
    /// # Errors
    /// When the key store fails.
    pub async fn unknown(&self, key_ids: &[Uuid]) -> Result<Vec<Uuid>, VaultError> {
        let known: BTreeSet<_> = self.store.by_ids(key_ids).await?.into_iter().map(|stored| stored.key_id).collect();
        Ok(key_ids.iter().copied().filter(|id| !known.contains(id)).collect())
    }

    /// Destroys a subject's key. What it sealed can never be opened again. Safe to repeat.
    ///
    /// # Errors
    /// When the key store fails; the key may then still exist.
    pub async fn shred(&self, subject: Uuid) -> Result<(), VaultError> {
        // Whatever comes of it, also when the caller goes away: the store is asked again.
        let _forgotten = Forget { cache: &self.cache, subject };
        Ok(self.store.destroy(subject).await?)
    }

    fn unwrap(&self, stored: &StoredKey) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let wrapped = stored.wrapped.as_ref().ok_or(VaultError::Destroyed)?;
        Ok(self.wrap.unwrap(stored.key_id, stored.subject, wrapped)?)
    }

    fn ready(&self, stored: &StoredKey, forgotten: u64) -> Result<SubjectKey, VaultError> {
        let key = SubjectKey::new(stored.key_id, stored.subject, &self.unwrap(stored)?)?;
        self.cache.insert(key.clone(), forgotten);
        Ok(key)
    }
}
