use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::key::Key;
use crate::view::Body;

/// The documents of one view that a batch needs, open.
#[derive(Default)]
pub(crate) struct Docs {
    open: BTreeMap<Key, Option<Doc>>,
    changed: BTreeSet<Key>,
}

/// A document, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doc<B = Body> {
    pub(crate) place: Key,
    pub(crate) subject: Uuid,
    pub(crate) position: u64,
    pub(crate) body: B,
}

impl Docs {
    /// A document as it is stored.
    pub(crate) fn insert_open(&mut self, key: Key, doc: Doc) {
        self.open.insert(key, Some(doc));
    }

    /// What a document says, if there is one.
    pub(crate) fn body(&self, key: &Key) -> Option<&Body> {
        Some(&self.open.get(key)?.as_ref()?.body)
    }

    /// Where a document stands, if there is one.
    pub(crate) fn place(&self, key: &Key) -> Option<&Key> {
        Some(&self.open.get(key)?.as_ref()?.place)
    }

    /// Writes a document, or removes it.
    pub(crate) fn set(&mut self, key: Key, doc: Option<Doc>) {
        self.changed.insert(key.clone());
        self.open.insert(key, doc);
    }

    /// What has changed since this was asked last: a document as it is now, or none.
    pub(crate) fn take_changes(&mut self) -> impl Iterator<Item = (Key, Option<&Doc>)> {
        let open = &self.open;
        std::mem::take(&mut self.changed).into_iter().map(|key| {
            let doc = open.get(&key).and_then(Option::as_ref);
            (key, doc)
        })
    }

    /// What changed: a document to write, or none to remove.
    pub(crate) fn into_changes(self) -> impl Iterator<Item = (Key, Option<Doc>)> {
        let Self { open, changed } = self;
        open.into_iter().filter(move |(key, _)| changed.contains(key))
    }
}
