use std::any::Any;
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

/// A view whose documents are of classes: what is covered is found without looking at what is not.
pub trait Classed: View {
    /// All that decides who may read a document.
    type Class: PartialEq + Send + Sync + 'static;

    /// The class of a document.
    fn class(doc: &Self::Doc) -> Self::Class;
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

/// What a document says: as it is stored, or open, so that the events of a batch that are about it read and write it once.
#[derive(Clone)]
pub enum Body {
    /// As JSON.
    Stored(Vec<u8>),
    /// As its view's own type.
    Open(Arc<dyn Any + Send + Sync>),
}

/// A view as the runner sees it: of its documents it knows nothing but how they are stored.
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
    fn apply(&self, event: &Envelope, doc: Option<&Body>) -> Result<Option<Body>, ApplyError>;

    /// A document as it is stored.
    ///
    /// # Errors
    /// When it cannot be written.
    fn store(&self, doc: &Body) -> Result<Vec<u8>, ApplyError>;
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

    fn apply(&self, event: &Envelope, doc: Option<&Body>) -> Result<Option<Body>, ApplyError> {
        let open = |doc: &Body| match doc {
            Body::Stored(json) => serde_json::from_slice(json).ok(),
            Body::Open(doc) => doc.downcast_ref::<V::Doc>().cloned(),
        };
        let doc = doc.map(|doc| open(doc).ok_or(ApplyError("a document has another shape"))).transpose()?;
        Ok(V::apply(event, doc)?.map(|doc| Body::Open(Arc::new(doc))))
    }

    fn store(&self, doc: &Body) -> Result<Vec<u8>, ApplyError> {
        let json = match doc {
            Body::Stored(json) => return Ok(json.clone()),
            Body::Open(doc) => doc.downcast_ref::<V::Doc>().and_then(|doc| serde_json::to_vec(doc).ok()),
        };
        json.ok_or(ApplyError("a document is not writable as JSON"))
    }
}
