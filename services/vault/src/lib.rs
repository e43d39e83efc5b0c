//! Data keys: one for each subject, so that what is sealed with it can be forgotten by destroying it.
//!
//! A subject is a person, or an agency for its own events. Bodies are sealed with AES-256-GCM under the subject's key;
//! the key itself is stored wrapped by a key-encryption key that the database does not hold.

mod cache;
#[cfg(feature = "contract")]
pub mod contract;
mod key;
mod store;
mod wrap;

use std::sync::Arc;

use uuid::Uuid;

pub use key::SubjectKey;
pub use store::{KeyStore, PostgresKeys, SqliteKeys, StoreError, StoredKey};
pub use wrap::{KeyWrap, LocalKek, WrapError};

use cache::Cache;

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

/// Hands out subjects' keys. Keys stay in memory for a minute at most, so that one destroyed by another process is
/// soon gone here too; within this process it is gone at once.
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
        if let Some(stored) = self.store.of_subject(subject).await? {
            return self.unwrap(stored);
        }
        let (key_id, fresh) = (Uuid::now_v7(), SubjectKey::generate()?);
        self.store.insert(key_id, subject, &self.wrap.wrap(key_id, subject, &fresh)?).await?;
        // Somebody else may have been first: what is stored counts.
        let stored = self.store.of_subject(subject).await?.ok_or(VaultError::UnknownKey)?;
        self.unwrap(stored)
    }

    /// The key with this id.
    ///
    /// # Errors
    /// [`VaultError::UnknownKey`] when it was never made, [`VaultError::Destroyed`] when it is gone.
    pub async fn key(&self, key_id: Uuid) -> Result<SubjectKey, VaultError> {
        if let Some(key) = self.cache.by_id(key_id) {
            return Ok(key);
        }
        let stored = self.store.by_id(key_id).await?.ok_or(VaultError::UnknownKey)?;
        self.unwrap(stored)
    }

    /// Destroys a subject's key. What it sealed can never be opened again. Safe to repeat.
    ///
    /// # Errors
    /// When the key store fails; the key may then still exist.
    pub async fn shred(&self, subject: Uuid) -> Result<(), VaultError> {
        self.store.destroy(subject).await?;
        self.cache.forget(subject);
        Ok(())
    }

    fn unwrap(&self, stored: StoredKey) -> Result<SubjectKey, VaultError> {
        let wrapped = stored.wrapped.ok_or(VaultError::Destroyed)?;
        let bytes = self.wrap.unwrap(stored.key_id, stored.subject, &wrapped)?;
        let key = SubjectKey::new(stored.key_id, stored.subject, &bytes)?;
        self.cache.insert(key.clone());
        Ok(key)
    }
}
