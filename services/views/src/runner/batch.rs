//! One batch of events, applied to the documents that it needs.

use std::sync::Arc;

use domain::vocabulary::Timestamp;
use event_log::Recorded;
use events::{Codec, CodecError, Sealed};
use uuid::Uuid;

use super::{Parked, RunnerError, document_context, place_of, subject_of};
use crate::docs::{Doc, Docs};
use crate::key::Key;
use crate::store::{Advance, DocumentStore, StoreError, StoredDocument, Upsert};
use crate::view::{Envelope, View};

/// A generation of a view, and how far it has come.
pub(crate) struct Standing {
    pub(crate) view: Arc<dyn View>,
    pub(crate) generation: i32,
    pub(crate) position: u64,
    pub(crate) parked: Parked,
}

impl Standing {
    /// The current generation.
    pub(crate) async fn load(store: &dyn DocumentStore, view: Arc<dyn View>) -> Result<Self, StoreError> {
        let generations = store.generations(view.name()).await?;
        let current = generations.into_iter().find(|g| g.current);
        let (generation, position) = current.map_or((1, 0), |g| (g.number, g.position));
        let parked = store.parked(view.name(), generation).await?.into_iter().collect();
        Ok(Self { view, generation, position, parked })
    }
}

/// An event of a batch: opened, of an erased subject, or not to be opened.
enum Opened {
    Envelope(Box<Envelope>),
    Erased,
    Unreadable { subject: Uuid, position: u64 },
}

/// What the batch changes in each view.
pub(crate) async fn apply(
    codec: &Codec,
    store: &dyn DocumentStore,
    standings: &mut [Standing],
    events: &[Recorded],
    adopt: fn(&tracing::Span, &str),
) -> Result<Vec<Advance>, RunnerError> {
    let Some(newest) = events.last().map(|e| e.position.0) else { return Ok(Vec::new()) };
    let mut opened = Vec::with_capacity(events.len());
    for event in events {
        let wanted = place_of(event).is_some_and(|place| standings.iter().any(|s| s.view.wants(place.kind)));
        if wanted {
            opened.push((event.position.0, event.stream.kind, open(codec, event).await?));
        }
    }
    let mut advances = Vec::with_capacity(standings.len());
    for standing in standings.iter_mut().filter(|s| s.position < newest) {
        advances.push(apply_to(codec, store, standing, &opened, newest, adopt).await?);
    }
    Ok(advances)
}

async fn open(codec: &Codec, event: &Recorded) -> Result<Opened, RunnerError> {
    let unreadable = || Opened::Unreadable { subject: subject_of(event), position: event.position.0 };
    let Some(place) = place_of(event) else { return Ok(unreadable()) };
    let sealed = Sealed { key_id: event.key_id, head: event.head.clone(), body: event.body.clone() };
    match codec.open(place, &sealed).await {
        Ok((header, opened)) => Ok(Opened::Envelope(Box::new(Envelope {
            position: event.position.0,
            version: event.version.0,
            stream: event.stream.id,
            at: Timestamp(event.at),
            header,
            event: opened,
        }))),
        Err(error) if error.is_erased() => Ok(Opened::Erased),
        // The key store is down: nothing is wrong with the event.
        Err(error) if error.is_outage() => Err(error.into()),
        Err(_) => Ok(unreadable()),
    }
}

async fn apply_to(
    codec: &Codec,
    store: &dyn DocumentStore,
    standing: &mut Standing,
    opened: &[(u64, i16, Opened)],
    newest: u64,
    adopt: fn(&tracing::Span, &str),
) -> Result<Advance, RunnerError> {
    let view = standing.view.clone();
    let wants = |kind: i16| domain::StreamKind::from_code(kind).is_some_and(|kind| view.wants(kind));
    let events =
        || opened.iter().filter(|(position, kind, _)| *position > standing.position && wants(*kind)).map(|(.., o)| o);

    let mut docs = Docs::default();
    let envelopes = events().filter_map(|o| if let Opened::Envelope(e) = o { Some(e) } else { None });
    let mut keys: Vec<Key> = envelopes.flat_map(|e| view.keys(e)).collect();
    keys.sort_unstable();
    keys.dedup();
    let mut parked = Vec::new();
    let mut newly = Parked::new();
    for document in store.load(view.name(), standing.generation, &keys).await? {
        let subject = document.subject;
        match open_document(codec, view.name(), document).await {
            Ok(Some((key, doc))) => docs.insert_open(key, Some(doc)),
            Ok(None) => {}
            Err(error) if error.is_outage() => return Err(error.into()),
            // One document that was changed must not stop everybody's views.
            Err(_) if newly.insert(subject) => parked.push((subject, newest, "a document does not open")),
            Err(_) => {}
        }
    }
    for key in keys {
        if !docs.is_open(&key) {
            docs.insert_open(key, None);
        }
    }

    for event in events() {
        let (subject, position, result) = match event {
            Opened::Erased => continue,
            Opened::Unreadable { subject, position } => (*subject, *position, Err("the event cannot be read")),
            Opened::Envelope(e) if standing.parked.contains(&e.subject()) || newly.contains(&e.subject()) => continue,
            Opened::Envelope(e) => {
                let applied = traced(&*view, e, adopt, || view.apply(e, &mut docs));
                (e.subject(), e.position, applied.map_err(|error| error.0))
            }
        };
        if let Err(reason) = result
            && newly.insert(subject)
        {
            parked.push((subject, position, reason));
        }
    }
    standing.parked.extend(newly);
    let mut advance = Advance {
        view: view.name(),
        generation: standing.generation,
        from: standing.position,
        to: newest,
        upserts: Vec::new(),
        removals: Vec::new(),
        parked,
    };
    for (key, doc) in docs.into_changes() {
        match seal(codec, view.name(), &key, doc).await? {
            Some(upsert) => advance.upserts.push(upsert),
            None => advance.removals.push(key),
        }
    }
    Ok(advance)
}

/// Runs `work` in a span of the trace that the event's request began, if that was sampled.
fn traced<T>(view: &dyn View, event: &Envelope, adopt: fn(&tracing::Span, &str), work: impl FnOnce() -> T) -> T {
    let Some(trace) = event.header.sampled_trace() else { return work() };
    let span = tracing::info_span!("view.apply", view = view.name(), position = event.position);
    adopt(&span, trace);
    span.in_scope(work)
}

/// The sealed document; none when there is none any more, or its subject was erased.
async fn seal(codec: &Codec, view: &str, key: &Key, doc: Option<Doc>) -> Result<Option<Upsert>, RunnerError> {
    let Some(doc) = doc else { return Ok(None) };
    let subject_key = match codec.vault().key_of(doc.subject).await.map_err(CodecError::from) {
        Ok(subject_key) => subject_key,
        Err(error) if error.is_erased() => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let body = subject_key.seal(&document_context(view, &key.0), &doc.body).map_err(CodecError::from)?;
    Ok(Some(Upsert { key: key.clone(), subject: doc.subject, position: doc.position, body }))
}

/// The document, opened; none when its subject was erased.
pub(crate) async fn open_document(
    codec: &Codec,
    view: &str,
    stored: StoredDocument,
) -> Result<Option<(Key, Doc)>, CodecError> {
    let subject_key = match codec.vault().key_of(stored.subject).await.map_err(CodecError::from) {
        Ok(subject_key) => subject_key,
        Err(error) if error.is_erased() => return Ok(None),
        Err(error) => return Err(error),
    };
    let body = subject_key.open(&document_context(view, &stored.key.0), &stored.body)?;
    Ok(Some((stored.key, Doc { subject: stored.subject, position: 0, body })))
}
