//! One batch of events, applied to the documents that it needs.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::StreamKind;
use event_log::Recorded;
use events::{Codec, CodecError, Envelope};
use uuid::Uuid;

use super::{Parked, RunnerError, document_context, subject_of};
use crate::docs::{Doc, Docs};
use crate::key::Key;
use crate::store::{Advance, DocumentStore, Generation, History, StoreError, StoredDocument, Upsert, Wanted};
use crate::view::{AnyView, Body};

/// A generation of a view, and how far it has come.
pub(crate) struct Standing {
    pub(crate) view: Arc<dyn AnyView>,
    pub(crate) generation: i32,
    /// Whether it is the current generation, and not one that is being built.
    pub(crate) current: bool,
    pub(crate) position: u64,
    /// The revision of which it is known who is parked.
    pub(crate) revision: i32,
    /// It is not read before it has reached this position.
    pub(crate) readable_from: u64,
    /// The log's epoch in which it is built.
    pub(crate) epoch: Uuid,
    pub(crate) parked: Parked,
}

impl Standing {
    /// The current one of these generations of a view.
    pub(crate) async fn load(
        store: &dyn DocumentStore,
        view: Arc<dyn AnyView>,
        generations: &[Generation],
        epoch: Uuid,
    ) -> Result<Self, StoreError> {
        let current = current(generations);
        let (generation, position, readable_from, revision) =
            current.map_or((1, 0, 0, 0), |g| (g.number, g.position, g.readable_from, g.revision));
        // After the revision: of another one nothing is written.
        let parked = store.parked(view.name(), generation).await?.into_iter().collect();
        Ok(Self { view, generation, current: true, position, revision, readable_from, epoch, parked })
    }

    /// A generation that is built from the log's beginning, and nobody parked.
    pub(crate) fn beginning(view: Arc<dyn AnyView>, generation: i32, epoch: Uuid) -> Self {
        let (position, revision, readable_from, parked) = (0, 0, 0, Parked::default());
        Self { view, generation, current: false, position, revision, readable_from, epoch, parked }
    }

    /// Whether it may be read.
    pub(crate) fn is_whole(&self) -> bool {
        self.position >= self.readable_from
    }

    /// Those of these events that are new to the view and of a kind that it wants.
    fn events<'a>(&self, opened: &'a Batch) -> impl Iterator<Item = &'a Opened> {
        let (view, from) = (self.view.clone(), self.position);
        let wants = move |kind: i16| StreamKind::from_code(kind).is_some_and(|kind| view.wants(kind));
        opened.iter().filter(move |(position, kind, _)| *position > from && wants(*kind)).map(|(.., opened)| opened)
    }

    /// The keys of the documents that there may be already, for each of these events that is about one.
    fn known(&self, opened: &Batch) -> impl Iterator<Item = Key> {
        let envelopes = self.events(opened).filter_map(|o| if let Opened::Envelope(e) = o { Some(e) } else { None });
        envelopes.filter(|e| !self.view.begins(e)).filter_map(|e| self.view.key(e))
    }

    /// The documents that there may be already of those that these events are about.
    fn wants(&self, opened: &Batch) -> Wanted {
        let keys = self.known(opened).collect::<BTreeSet<_>>().into_iter().collect();
        Wanted { view: self.view.name(), generation: self.generation, keys }
    }
}

/// Whether a batch cannot be applied without documents that there are already.
pub(crate) fn needs_documents(standings: &[Standing], opened: &Batch) -> bool {
    standings.iter().any(|standing| standing.known(opened).next().is_some())
}

/// How far all of them have come.
pub(crate) fn reached(standings: &[Standing]) -> u64 {
    standings.iter().map(|standing| standing.position).min().unwrap_or(0)
}

/// The generation that readers see.
pub(crate) fn current(generations: &[Generation]) -> Option<&Generation> {
    generations.iter().find(|g| g.current)
}

/// An event of a batch: opened, of an erased subject, or unreadable.
pub(crate) enum Opened {
    Envelope(Box<Envelope>),
    Erased,
    Unreadable { subject: Uuid, position: u64, why: &'static str },
}

/// Opens those events of a batch that a view wants.
pub(crate) async fn open_batch(
    codec: &Codec,
    views: &[Arc<dyn AnyView>],
    events: &[Recorded],
) -> Result<Batch, RunnerError> {
    let wanted = |event: &&Recorded| {
        let kind = StreamKind::from_code(event.stream.kind);
        // One of a kind that nobody here knows is looked at: it came later than this version.
        kind.is_none_or(|kind| views.iter().any(|view| view.wants(kind)))
    };
    open_all_events(codec, events.iter().filter(wanted).cloned().collect()).await
}

/// What the batch, which ends at this position, changes in each view.
pub(crate) async fn apply(
    codec: &Codec,
    store: &dyn DocumentStore,
    standings: &mut [Standing],
    (opened, newest, mark): (Batch, u64, Uuid),
    adopt: fn(&tracing::Span, &str),
) -> Result<Vec<Advance>, RunnerError> {
    let behind: Vec<_> = standings.iter_mut().filter(|s| s.position < newest).collect();
    let wanted: Vec<_> = behind.iter().map(|standing| standing.wants(&opened)).collect();
    let found = store.load(&wanted).await?;
    let mut advances = Vec::with_capacity(behind.len());
    for ((standing, found), Wanted { keys: asked, .. }) in behind.into_iter().zip(found).zip(wanted) {
        let mut advance = apply_to(codec, standing, &opened, found, (newest, mark), adopt).await?;
        // What was not asked for was never there; should it be, it stays.
        for upsert in &mut advance.upserts {
            upsert.begins = asked.binary_search(&upsert.key).is_err();
        }
        advances.push(advance);
    }
    Ok(advances)
}

/// Events that are opened together.
const PART: usize = 500;

/// Events of a batch, with their positions and the kinds of their streams.
pub(crate) type Batch = Vec<(u64, i16, Opened)>;

/// Opens events: many of them on several threads, a few are not worth one.
async fn open_all_events(codec: &Codec, events: Vec<Recorded>) -> Result<Batch, RunnerError> {
    let codec_failed = |cause| RunnerError::from(CodecError::from(cause));
    codec.vault().prepare(events.iter().map(|event| event.key_id)).await.map_err(codec_failed)?;
    if events.len() <= PART {
        return open_part(codec.clone(), events).await;
    }
    let mut all = Vec::with_capacity(events.len());
    let parts: Vec<_> = events.chunks(PART).map(|part| tokio::spawn(open_part(codec.clone(), part.to_vec()))).collect();
    for part in parts {
        all.extend(part.await.map_err(RunnerError::Ended)??);
    }
    Ok(all)
}

async fn open_part(codec: Codec, events: Vec<Recorded>) -> Result<Batch, RunnerError> {
    let mut opened = Vec::with_capacity(events.len());
    for event in &events {
        opened.push((event.position.0, event.stream.kind, open(&codec, event).await?));
    }
    Ok(opened)
}

async fn open(codec: &Codec, event: &Recorded) -> Result<Opened, RunnerError> {
    match codec.open(event).await {
        Ok(envelope) => Ok(Opened::Envelope(Box::new(envelope))),
        Err(error) if error.is_erased() => Ok(Opened::Erased),
        // The key store is down: nothing is wrong with the event.
        Err(error) if error.is_outage() => Err(error.into()),
        // Nor when this process is too old for it: a newer one builds the views.
        Err(error) if error.is_newer() => Err(RunnerError::Newer { position: event.position.0 }),
        Err(error) => {
            let why = if error.is_lost_key() { "the key is lost" } else { "the event is unreadable" };
            // A header may have been changed around the system: whose the key is says whom the event is about.
            let of_key = codec.vault().key(event.key_id).await.ok().map(|key| key.subject());
            let subject = of_key.unwrap_or_else(|| subject_of(event));
            Ok(Opened::Unreadable { subject, position: event.position.0, why })
        }
    }
}

/// Subjects that a batch parks.
#[derive(Default)]
pub(crate) struct Parking {
    pub(crate) subjects: Parked,
    pub(crate) rows: Vec<(Uuid, u64, &'static str)>,
}

impl Parking {
    pub(crate) fn park(&mut self, subject: Uuid, position: u64, reason: &'static str) {
        if self.subjects.insert(subject) {
            self.rows.push((subject, position, reason));
        }
    }
}

async fn apply_to(
    codec: &Codec,
    standing: &mut Standing,
    opened: &Batch,
    found: Vec<StoredDocument>,
    (newest, mark): (u64, Uuid),
    adopt: fn(&tracing::Span, &str),
) -> Result<Advance, RunnerError> {
    let (view, from) = (standing.view.clone(), standing.position);
    let mut parking = Parking::default();
    let mut docs = open_all(codec, view.name(), found, newest, &mut parking).await?;
    change(standing, opened, &mut docs, &mut parking, adopt);
    let (mut upserts, mut removals) = (Vec::new(), Vec::new());
    for (key, doc) in docs.into_changes() {
        match seal(codec, &*view, &key, doc.as_ref(), &mut parking).await? {
            Sealed::Written(upsert) => upserts.push(upsert),
            Sealed::Gone => removals.push(key),
            Sealed::Unchanged => {}
        }
    }
    standing.parked.extend(parking.subjects);
    let Standing { generation, current, revision, epoch, .. } = *standing;
    let (view, parked, of) = (view.name(), parking.rows, History { epoch, mark });
    Ok(Advance { view, generation, current, from, to: newest, revision, of, upserts, removals, parked })
}

/// What events change in the documents of a view.
pub(crate) fn change(
    standing: &Standing,
    opened: &Batch,
    docs: &mut Docs,
    parking: &mut Parking,
    adopt: fn(&tracing::Span, &str),
) {
    let view = &*standing.view;
    for event in standing.events(opened) {
        match event {
            Opened::Erased => {}
            Opened::Unreadable { subject, position, why } => parking.park(*subject, *position, why),
            Opened::Envelope(e) => {
                let subject = e.subject();
                let left_out = standing.parked.contains(&subject) || parking.subjects.contains(&subject);
                let Some(key) = view.key(e).filter(|_| !left_out) else { continue };
                match traced(view, e, adopt, || view.apply(e, docs.body(&key))) {
                    Ok(body) => {
                        let place = docs.place(&key).cloned().unwrap_or_else(|| view.place(e, &key));
                        docs.set(key, body.map(|body| Doc { place, subject, position: e.position.0, body }));
                    }
                    Err(error) => parking.park(subject, e.position.0, error.0),
                }
            }
        }
    }
}

/// The documents that a batch needs, open.
async fn open_all(
    codec: &Codec,
    view: &str,
    found: Vec<StoredDocument>,
    newest: u64,
    parking: &mut Parking,
) -> Result<Docs, RunnerError> {
    let mut docs = Docs::default();
    for document in found {
        let subject = document.subject;
        match open_document(codec, view, document).await {
            Ok(Some((key, Doc { place, subject, position, body }))) => {
                docs.insert_open(key, Doc { place, subject, position, body: Body::Stored(body) });
            }
            Ok(None) => {}
            Err(error) if error.is_outage() => return Err(error.into()),
            // One document that was changed must not stop everybody's views.
            Err(_) => parking.park(subject, newest, "a document does not open"),
        }
    }
    Ok(docs)
}

/// Runs `work` in a span of the trace that the event's request began, if that was sampled.
fn traced<T>(view: &dyn AnyView, event: &Envelope, adopt: fn(&tracing::Span, &str), work: impl FnOnce() -> T) -> T {
    let Some(trace) = event.header.sampled_trace() else { return work() };
    let span = tracing::info_span!("view.apply", view = view.name(), position = event.position.0);
    adopt(&span, trace);
    span.in_scope(work)
}

/// What is to be stored of a document.
pub(crate) enum Sealed {
    /// This.
    Written(Upsert),
    /// Nothing: there is none any more, or its subject was erased.
    Gone,
    /// What there is already: it cannot be written, and its subject is parked.
    Unchanged,
}

/// The sealed document.
pub(crate) async fn seal(
    codec: &Codec,
    view: &dyn AnyView,
    key: &Key,
    doc: Option<&Doc>,
    parking: &mut Parking,
) -> Result<Sealed, RunnerError> {
    let Some(Doc { place, subject, position, body }) = doc else { return Ok(Sealed::Gone) };
    let subject_key = match codec.vault().held_key_of(*subject).await.map_err(CodecError::from) {
        Ok(subject_key) => subject_key,
        Err(error) if error.is_erased() => return Ok(Sealed::Gone),
        Err(error) => return Err(error.into()),
    };
    let stored = match view.store(body) {
        Ok(stored) => stored,
        Err(error) => {
            parking.park(*subject, *position, error.0);
            return Ok(Sealed::Unchanged);
        }
    };
    let context = document_context(view.name(), key, place, *position);
    let body = subject_key.seal(&context, &stored).map_err(CodecError::from)?;
    let (place, subject, position) = (place.clone(), *subject, *position);
    Ok(Sealed::Written(Upsert { begins: false, key: key.clone(), place, subject, position, body }))
}

/// The document, opened; none when its subject was erased.
pub(crate) async fn open_document(
    codec: &Codec,
    view: &str,
    stored: StoredDocument,
) -> Result<Option<(Key, Doc<Vec<u8>>)>, CodecError> {
    let subject_key = match codec.vault().held_key_of(stored.subject).await.map_err(CodecError::from) {
        Ok(subject_key) => subject_key,
        Err(error) if error.is_erased() => return Ok(None),
        Err(error) => return Err(error),
    };
    let body = subject_key.open(&document_context(view, &stored.key, &stored.place, stored.position), &stored.body)?;
    Ok(Some((stored.key, Doc { place: stored.place, subject: stored.subject, position: stored.position, body })))
}
