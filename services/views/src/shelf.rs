//! Open documents in memory, for readers. What is on the shelf is as true as the log's tail that this process has read: after the
//! next event about it nobody is shown it any more, and whoever asks next takes it down.

use std::any::Any;
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::StreamKind;
use event_log::Recorded;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::watch;
use uuid::Uuid;

use crate::key::Key;
use crate::runner::subject_of;

/// The most bytes of documents in memory, as they measure when they are stored.
const LIMIT: u64 = 64 << 20;
/// What a document takes beside its own words, in bytes.
pub(crate) const BESIDE: usize = 256;
/// How many documents there may be, about.
const DOCUMENTS: usize = 100_000;
/// How long a document is used without asking the store again, whatever is known.
const KEEP: Duration = Duration::from_secs(60);
/// How long the tail may be silent before the shelf is not believed any more: whoever reads it looks at the log more often.
const SILENCE: Duration = Duration::from_secs(2);
/// How many subjects' latest events are remembered, at least.
const SUBJECTS: usize = 50_000;

/// What stands on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// The documents of a list.
    List(&'static str, Key),
    /// One document.
    One(&'static str, Key),
    /// Nothing but that a list is too long to be kept.
    Long(&'static str, Key),
}

#[derive(Clone)]
struct Kept {
    subject: Uuid,
    kinds: &'static [StreamKind],
    documents: Arc<dyn Any + Send + Sync>,
    /// The position that they reflect: moved on while no event is about them.
    reflects: Arc<AtomicU64>,
    since: Instant,
    bytes: usize,
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Slot, Kept> for ByBytes {
    fn weight(&self, _: &Slot, kept: &Kept) -> u64 {
        (kept.bytes + BESIDE) as u64
    }
}

/// What this process has read of the log.
#[derive(Default)]
struct Tail {
    /// Everything up to here.
    position: u64,
    /// When it was last known to be as far as it can be.
    confirmed: Option<Instant>,
    /// The latest event about a subject, by kind: of the time since the last turn, and of the one before.
    latest: [HashMap<(i16, Uuid), u64>; 2],
    /// Where the last turn was.
    turned: u64,
    /// Of events up to here nothing is remembered.
    floor: u64,
    /// Of which epoch of the log all this is.
    epoch: Uuid,
}

impl Tail {
    fn take(&mut self, kind: i16, subject: Uuid, position: u64) {
        let [recent, before] = &mut self.latest;
        if recent.len() >= SUBJECTS {
            *before = std::mem::take(recent);
            (self.floor, self.turned) = (self.turned, position.saturating_sub(1));
        }
        recent.insert((kind, subject), position);
    }

    /// Whether documents of this subject that reflect this position still say what they would if they were read again.
    fn confirms(&self, kinds: &[StreamKind], subject: Uuid, reflects: u64) -> bool {
        let latest = |kind: &StreamKind| {
            let [recent, before] = &self.latest;
            let key = (kind.code(), subject);
            recent.get(&key).or_else(|| before.get(&key)).copied().unwrap_or_default()
        };
        reflects >= self.floor && kinds.iter().all(|kind| latest(kind) <= reflects)
    }
}

/// Documents in memory.
pub struct Shelf {
    documents: Cache<Slot, Kept, ByBytes>,
    tail: Mutex<Tail>,
    /// The epoch of the log of which this process knows that the views are built of it, and whole.
    opened: watch::Sender<Option<Uuid>>,
}

impl std::fmt::Debug for Shelf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").finish_non_exhaustive()
    }
}

impl Default for Shelf {
    fn default() -> Self {
        let documents = Cache::with_weighter(DOCUMENTS, LIMIT, ByBytes);
        Self { documents, tail: Mutex::default(), opened: watch::Sender::new(None) }
    }
}

impl Shelf {
    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins with an epoch of the log: what is of another one is worthless, and nobody reads views before they are known to be of this.
    pub(crate) fn begin(&self, epoch: Uuid) {
        let mut tail = self.tail();
        if tail.epoch != epoch {
            *tail = Tail { epoch, ..Tail::default() };
            self.opened.send_replace(None);
            self.documents.clear();
        }
    }

    /// The views are of this epoch, and whole.
    pub(crate) fn open(&self, epoch: Uuid) {
        self.opened.send_if_modified(|opened| opened.replace(epoch) != Some(epoch));
    }

    /// The views are not to be read by this process for now.
    pub(crate) fn close(&self) {
        self.opened.send_replace(None);
        self.documents.clear();
    }

    /// Waits until the views are of this epoch, and whole.
    pub(crate) async fn opened(&self, epoch: Uuid) {
        if *self.opened.borrow() != Some(epoch) {
            drop(self.opened.subscribe().wait_for(|opened| *opened == Some(epoch)).await);
        }
    }

    /// Takes in the next events of the log. Those that were taken in before say nothing new, also when they are read once more.
    pub(crate) fn follow(&self, events: &[Recorded]) {
        let subjects: Vec<_> = events
            .iter()
            .filter(|event| crate::SHELVED.iter().any(|kind| kind.code() == event.stream.kind))
            .map(|event| (event.stream.kind, subject_of(event), event.position.0))
            .collect();
        let mut tail = self.tail();
        let known = tail.position;
        for (kind, subject, position) in subjects.into_iter().filter(|(.., position)| *position > known) {
            tail.take(kind, subject, position);
        }
        tail.position = events.last().map_or(known, |last| last.position.0.max(known));
    }

    /// What was taken in is all that there was a moment ago.
    pub(crate) fn confirm(&self) {
        self.tail().confirmed = Some(Instant::now());
    }

    /// Takes something down.
    pub(crate) fn remove(&self, slot: &Slot) {
        self.documents.remove(slot);
    }

    /// The next events are those after this position. If some between were never taken in, what reflects less is not believed any
    /// more.
    pub(crate) fn start(&self, position: u64) {
        let mut tail = self.tail();
        if position > tail.position {
            *tail = Tail { position, turned: position, floor: position, epoch: tail.epoch, ..Tail::default() };
        }
    }

    /// The documents, and the position that they reflect: at least `at_least`.
    pub(crate) fn get<T: Any + Send + Sync>(&self, slot: &Slot, at_least: u64) -> Option<(Arc<T>, Uuid, u64)> {
        let kept = self.documents.get(slot)?;
        let Some(reflects) = self.reflects(&kept) else {
            // Words that are not shown any more are not held either.
            self.remove(slot);
            return None;
        };
        let documents = kept.documents.downcast::<T>().ok().filter(|_| reflects >= at_least)?;
        Some((documents, kept.subject, reflects))
    }

    /// The position that it reflects, if it is still believed.
    fn reflects(&self, kept: &Kept) -> Option<u64> {
        let tail = self.tail();
        let heard = tail.confirmed.is_some_and(|confirmed| confirmed.elapsed() < SILENCE);
        let reflects = kept.reflects.load(Ordering::Relaxed);
        let believed = heard && kept.since.elapsed() < KEEP && tail.confirms(kept.kinds, kept.subject, reflects);
        believed.then(|| kept.reflects.fetch_max(tail.position, Ordering::Relaxed).max(tail.position))
    }

    /// Puts documents of a subject on the shelf, which the store had at this position in this epoch of the log, unless an event has been
    /// about them since.
    pub(crate) fn put<T: Any + Send + Sync>(
        &self,
        (slot, epoch): (Slot, Uuid),
        kinds: &'static [StreamKind],
        subject: Uuid,
        documents: Arc<T>,
        reflects: u64,
        bytes: usize,
    ) {
        let tail = self.tail();
        if tail.epoch == epoch && tail.confirms(kinds, subject, reflects) {
            let reflects = Arc::new(AtomicU64::new(reflects));
            self.documents.insert(slot, Kept { subject, kinds, documents, reflects, since: Instant::now(), bytes });
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use event_log::{Position, StreamId, Version};

    use super::*;

    const KINDS: &[StreamKind] = &[StreamKind::Person];

    /// An event whose header does not open: its subject is its stream.
    fn event(position: u64, kind: StreamKind, subject: u128) -> Recorded {
        Recorded {
            position: Position(position),
            stream: StreamId { kind: kind.code(), id: Uuid::from_u128(subject) },
            version: Version(1),
            event_type: 1,
            key_id: Uuid::nil(),
            at: 0,
            request: Uuid::nil(),
            head: Bytes::new(),
            body: Bytes::new(),
        }
    }

    fn slot(subject: u128) -> Slot {
        Slot::List("record", Key::new().id(Uuid::from_u128(subject)))
    }

    fn put(shelf: &Shelf, subject: u128, reflects: u64) {
        shelf.put((slot(subject), Uuid::nil()), KINDS, Uuid::from_u128(subject), Arc::new(reflects), reflects, 1);
    }

    fn reflects(shelf: &Shelf, subject: u128) -> Option<u64> {
        shelf.get::<u64>(&slot(subject), 0).map(|(_, _, reflects)| reflects)
    }

    #[test]
    fn every_view_on_the_shelf_is_followed() {
        for view in crate::all() {
            let followed = |kind: &StreamKind| crate::SHELVED.contains(kind);
            assert!(!view.is_shelved() || StreamKind::ALL.iter().filter(|kind| view.wants(**kind)).all(followed));
        }
    }

    #[test]
    fn what_an_event_is_about_is_taken_down_and_put_back_only_when_the_store_has_it() {
        let shelf = Shelf::default();
        shelf.start(10);
        put(&shelf, 1, 10);
        assert_eq!(reflects(&shelf, 1), None, "nothing is known of the tail yet");
        put(&shelf, 1, 10);
        shelf.confirm();
        shelf.follow(&[event(11, StreamKind::Access, 1), event(12, StreamKind::Person, 2)]);
        assert_eq!(reflects(&shelf, 1), Some(12), "nothing was about it until there");
        shelf.follow(&[event(13, StreamKind::Person, 1)]);
        assert_eq!(reflects(&shelf, 1), None);
        put(&shelf, 1, 12);
        assert_eq!(reflects(&shelf, 1), None, "the store had not taken the event in");
        put(&shelf, 1, 13);
        assert_eq!(reflects(&shelf, 1), Some(13));
        assert!(shelf.get::<u64>(&slot(1), 14).is_none(), "more was asked for");
    }

    #[test]
    fn what_was_missed_or_forgotten_is_not_believed() {
        let shelf = Shelf::default();
        shelf.start(10);
        shelf.confirm();
        put(&shelf, 1, 10);
        shelf.start(20);
        shelf.confirm();
        assert_eq!(reflects(&shelf, 1), None, "events between were never seen");
        put(&shelf, 1, 20);
        put(&shelf, 2, 20);
        let many = |from: u64, count: usize| (from..).map(|n| event(n, StreamKind::Person, u128::from(n))).take(count);
        shelf.follow(&many(21, SUBJECTS + 1).collect::<Vec<_>>());
        assert!(reflects(&shelf, 1).is_some(), "looked at meanwhile: known to be true until there");
        shelf.follow(&many(100_000, SUBJECTS + 1).collect::<Vec<_>>());
        assert!(reflects(&shelf, 1).is_some());
        assert_eq!(reflects(&shelf, 2), None, "what happened since is not remembered");
        let tail = shelf.tail();
        assert!(tail.latest.iter().all(|latest| latest.len() <= SUBJECTS));
    }

    #[test]
    fn what_is_read_once_more_makes_nothing_forgotten() {
        let shelf = Shelf::default();
        shelf.start(10);
        shelf.confirm();
        shelf.follow(&[event(11, StreamKind::Person, 1), event(12, StreamKind::Person, 1)]);
        // Somebody else was faster, and the runner begins again, with fewer at once.
        shelf.start(10);
        shelf.follow(&[event(11, StreamKind::Person, 1)]);
        put(&shelf, 1, 11);
        assert_eq!(reflects(&shelf, 1), None, "the event at 12 is known");
    }

    #[tokio::test]
    async fn what_is_of_another_history_is_not_shown() {
        let (shelf, other) = (Shelf::default(), Uuid::from_u128(7));
        shelf.start(10);
        shelf.confirm();
        put(&shelf, 1, 10);
        shelf.begin(other);
        // What was read before, and is put there only now.
        put(&shelf, 1, 10);
        shelf.start(5);
        shelf.confirm();
        assert_eq!(reflects(&shelf, 1), None);
        let opened = tokio::time::timeout(Duration::from_millis(20), shelf.opened(other));
        assert!(opened.await.is_err(), "nobody has said that the views are of it");
        shelf.open(other);
        shelf.opened(other).await;
    }

    #[test]
    fn a_tail_that_has_fallen_silent_is_not_believed() {
        let shelf = Shelf::default();
        shelf.start(10);
        shelf.confirm();
        put(&shelf, 1, 10);
        assert!(reflects(&shelf, 1).is_some());
        shelf.tail().confirmed = Instant::now().checked_sub(SILENCE);
        assert_eq!(reflects(&shelf, 1), None);
    }
}
