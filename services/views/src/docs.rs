use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::key::Key;

/// A view cannot take in an event. Names the cause, never the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ApplyError(pub &'static str);

/// The documents of one view that a batch needs, open.
#[derive(Debug, Default)]
pub struct Docs {
    open: BTreeMap<Key, Option<Doc>>,
    changed: BTreeSet<Key>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doc {
    pub(crate) subject: Uuid,
    pub(crate) position: u64,
    pub(crate) body: Vec<u8>,
}

impl Docs {
    /// The document with this key, if there is one.
    ///
    /// # Errors
    /// When the stored document has another shape.
    pub fn get<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<T>, ApplyError> {
        let Some(Some(doc)) = self.open.get(key) else { return Ok(None) };
        serde_json::from_slice(&doc.body).map(Some).map_err(|_cause| ApplyError("a document has another shape"))
    }

    /// Writes a document of this subject.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn put<T: Serialize>(&mut self, key: Key, subject: Uuid, position: u64, value: &T) -> Result<(), ApplyError> {
        let body = serde_json::to_vec(value).map_err(|_cause| ApplyError("a document cannot be written"))?;
        self.changed.insert(key.clone());
        self.open.insert(key, Some(Doc { subject, position, body }));
        Ok(())
    }

    /// Changes a document that must exist.
    ///
    /// # Errors
    /// When there is none, or it has another shape.
    pub fn update<T: DeserializeOwned + Serialize>(
        &mut self,
        key: Key,
        subject: Uuid,
        position: u64,
        change: impl FnOnce(&mut T),
    ) -> Result<(), ApplyError> {
        let mut value = self.get(&key)?.ok_or(ApplyError("a document is missing"))?;
        change(&mut value);
        self.put(key, subject, position, &value)
    }

    /// Removes a document.
    pub fn remove(&mut self, key: Key) {
        self.open.insert(key.clone(), None);
        self.changed.insert(key);
    }

    pub(crate) fn is_open(&self, key: &Key) -> bool {
        self.open.contains_key(key)
    }

    pub(crate) fn insert_open(&mut self, key: Key, doc: Option<Doc>) {
        self.open.insert(key, doc);
    }

    /// What changed: a document to write, or none to remove.
    pub(crate) fn into_changes(self) -> impl Iterator<Item = (Key, Option<Doc>)> {
        let Self { open, changed } = self;
        open.into_iter().filter(move |(key, _)| changed.contains(key))
    }
}
