use std::marker::PhantomData;
use std::sync::Arc;

use domain::StreamKind;
use events::Envelope;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::key::{Key, Order};

/// A view does not take an event in. Names the cause, never the content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ApplyError(pub &'static str);

/// A view: a pure function over documents. Each event is about one document at most, and sees no other.
pub trait View: Send + Sync + 'static {
    /// A document, as JSON. Documents of another shape need another generation.
    type Doc: Clone + Serialize + DeserializeOwned + Send + Sync + 'static;

    /// Its name, as it is stored.
    const NAME: &'static str;
    /// The version of this code: another one when what it makes of the same events, or the shape of its documents, is another. It is
    /// bound to a generation, and another version builds another one.
    const CODE: i32 = 1;
    /// The kinds of stream whose events it wants. Others are not even opened for it.
    const KINDS: &'static [StreamKind];

    /// Whether readers keep its documents in memory: each of them, and lists that are named by just a person. Its kinds are among
    /// those that the shelf follows.
    const SHELVED: bool = false;
    /// How its lists are ordered.
    const ORDER: Order = Order::OldestFirst;

    /// The document that an event is about; none when it changes nothing.
    fn key(event: &Envelope) -> Option<Key>;

    /// The list in which the document stands that this event begins.
    fn list(_event: &Envelope, key: &Key) -> Key {
        key.list()
    }

    /// Whom a list is about, when it is one person or one agency: then it is complete though somebody else is parked.
    fn about(list: &Key) -> Option<Uuid> {
        Uuid::from_slice(&list.0).ok()
    }

    /// Whether no event before this one can have been about its document: then none is looked for.
    fn begins(_event: &Envelope) -> bool {
        false
    }

    /// The document after an event, given the one before it; none when there is none.
    ///
    /// # Errors
    /// When there should be a document and is none: the subject is then parked, and the rest goes on.
    fn apply(event: &Envelope, doc: Option<Self::Doc>) -> Result<Option<Self::Doc>, ApplyError>;
}

/// The document that must be there, after a change.
///
/// # Errors
/// When it is not there.
pub(crate) fn changed<Doc>(doc: Option<Doc>, change: impl FnOnce(&mut Doc)) -> Result<Option<Doc>, ApplyError> {
    let mut doc = doc.ok_or(ApplyError("a document is missing"))?;
    change(&mut doc);
    Ok(Some(doc))
}

/// A view as the runner sees it: its documents are bytes.
pub trait AnyView: Send + Sync + 'static {
    /// Its name, as it is stored.
    fn name(&self) -> &'static str;

    /// The version of its code.
    fn code(&self) -> i32;

    /// Whether it wants events of this kind of stream.
    fn wants(&self, kind: StreamKind) -> bool;

    /// Whether readers keep its documents in memory.
    fn is_shelved(&self) -> bool;

    /// The document that an event is about.
    fn key(&self, event: &Envelope) -> Option<Key>;

    /// The place of the document that this event begins: its list, and in it the event's position.
    fn place(&self, event: &Envelope, key: &Key) -> Key;

    /// Whether no event before this one can have been about its document.
    fn begins(&self, event: &Envelope) -> bool;

    /// The document after an event, given the one before it.
    ///
    /// # Errors
    /// As [`View::apply`], or when the document has another shape.
    fn apply(&self, event: &Envelope, doc: Option<&[u8]>) -> Result<Option<Vec<u8>>, ApplyError>;
}

struct Erased<V>(PhantomData<V>);

/// This view, for the runner.
#[must_use]
pub(crate) fn erased<V: View>() -> Arc<dyn AnyView> {
    Arc::new(Erased::<V>(PhantomData))
}

impl<V: View> AnyView for Erased<V> {
    fn name(&self) -> &'static str {
        V::NAME
    }

    fn code(&self) -> i32 {
        V::CODE
    }

    fn wants(&self, kind: StreamKind) -> bool {
        V::KINDS.contains(&kind)
    }

    fn is_shelved(&self) -> bool {
        V::SHELVED
    }

    fn key(&self, event: &Envelope) -> Option<Key> {
        V::key(event)
    }

    fn place(&self, event: &Envelope, key: &Key) -> Key {
        V::list(event, key).position(event.position.0, V::ORDER)
    }

    fn begins(&self, event: &Envelope) -> bool {
        V::begins(event)
    }

    fn apply(&self, event: &Envelope, doc: Option<&[u8]>) -> Result<Option<Vec<u8>>, ApplyError> {
        let shape = |_cause| ApplyError("a document has another shape");
        let doc = doc.map(serde_json::from_slice).transpose().map_err(shape)?;
        let unwritable = |_cause| ApplyError("a document is not writable as JSON");
        V::apply(event, doc)?.map(|doc| serde_json::to_vec(&doc)).transpose().map_err(unwritable)
    }
}
