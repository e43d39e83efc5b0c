//! Takes subjects out of parking: what is about them is replayed, and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use event_log::{Position, Recorded};
use uuid::Uuid;

use crate::docs::Docs;
use crate::history::settle;
use crate::key::Key;
use crate::rebuild::{Rebuild, RebuildError, SWAPS, SomebodyElse};
use crate::runner::{LARGEST_BATCH, Parked, Parking, Sealed, Standing, change, current, open_batch, seal, subject_of};
use crate::store::{Advance, Generation, History, Upsert};
use crate::view::AnyView;

/// How many subjects are replayed in one pass, and written in one transaction.
const TOGETHER: usize = 100;

/// What became of a view's parked subjects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unparked {
    /// The view.
    pub view: &'static str,
    /// How many are whole again.
    pub whole: usize,
    /// Those that stay as they were: the position of the event that cannot be applied still, and why.
    pub parked: Vec<(u64, &'static str)>,
}

/// Subjects of one view, replayed from the beginning.
struct Replay {
    standing: Standing,
    subjects: Parked,
    /// The streams of which one event is about them: their documents follow from all events there, whomever each is about.
    streams: HashSet<Uuid>,
    /// The keys of the documents that there are of these subjects.
    stored: BTreeSet<Key>,
    docs: Docs,
    parking: Parking,
    /// What comes of it, sealed; nothing where a document is to go.
    sealed: BTreeMap<Key, Option<Upsert>>,
}

impl Rebuild {
    /// Replays those subjects of a view that are parked; what cannot be read still stays as it was. None when nobody is parked.
    ///
    /// # Errors
    /// When the log or a store fails, the view is another version's, or it grows faster than it is replayed.
    pub async fn unpark(&self, view: Arc<dyn AnyView>) -> Result<Option<Unparked>, RebuildError> {
        let generations = settle(&*self.log, &*self.store, &*view).await?;
        let Some(now) = current(&generations) else { return Ok(None) };
        if now.code != view.code() {
            return Err(RebuildError("the view is built by another version than this".into()));
        }
        let parked = self.store.parked(view.name(), now.number).await?;
        let mut unparked = Unparked { view: view.name(), whole: 0, parked: vec![] };
        for subjects in parked.chunks(TOGETHER) {
            let (whole, still) = self.replay(view.clone(), now.number, subjects).await?;
            unparked.whole += whole;
            unparked.parked.extend(still);
        }
        Ok((!parked.is_empty()).then_some(unparked))
    }

    /// Replays some of them. Returns how many are whole again, and why others are not: those are left out, and the rest is replayed again.
    async fn replay(
        &self,
        view: Arc<dyn AnyView>,
        generation: i32,
        subjects: &[Uuid],
    ) -> Result<(usize, Vec<(u64, &'static str)>), RebuildError> {
        let mut still = Vec::new();
        let mut subjects: Parked = subjects.iter().copied().collect();
        while !subjects.is_empty() {
            let parking = self.replay_once(view.clone(), generation, &subjects).await?;
            let theirs = parking.rows.iter().filter(|(subject, ..)| subjects.contains(subject));
            let fails: Vec<_> = theirs.map(|(subject, position, why)| (*subject, (*position, *why))).collect();
            if fails.is_empty() {
                break;
            }
            for (subject, why) in fails {
                subjects.remove(&subject);
                still.push(why);
            }
        }
        Ok((subjects.len(), still))
    }

    /// Replays them, and puts back what comes of it unless one of them cannot be read still. Returns who cannot be.
    async fn replay_once(
        &self,
        view: Arc<dyn AnyView>,
        generation: i32,
        subjects: &Parked,
    ) -> Result<Parking, RebuildError> {
        let mut replay = Replay {
            standing: Standing::beginning(view.clone(), generation, self.log.epoch()),
            subjects: subjects.clone(),
            streams: HashSet::new(),
            stored: BTreeSet::new(),
            docs: Docs::default(),
            parking: Parking::default(),
            sealed: BTreeMap::new(),
        };
        let mut looked = 0;
        for _ in 0..SWAPS {
            let now = self.now(&*view, generation).await?;
            looked = self.find_streams(&mut replay, looked, now.position).await?;
            self.read_on(&mut replay, now.position).await?;
            if !replay.subjects.is_disjoint(&replay.parking.subjects) {
                return Ok(replay.parking);
            }
            self.stored(&mut replay).await?;
            if self.put_back(&replay, &now).await? {
                return Ok(replay.parking);
            }
        }
        Err(RebuildError("the view grows faster than its parked subjects are replayed".into()))
    }

    /// The generation, as it stands now.
    async fn now(&self, view: &dyn AnyView, generation: i32) -> Result<Generation, RebuildError> {
        let generations = self.store.generations(view.name(), view.code()).await?;
        let now = current(&generations).filter(|now| now.number == generation).copied();
        now.ok_or_else(|| RebuildError(Box::new(SomebodyElse)))
    }

    /// Events after a position, and up to another one at most.
    async fn between(&self, replay: &Replay, after: u64, until: u64) -> Result<Vec<Recorded>, RebuildError> {
        let most = usize::try_from(until - after).unwrap_or(LARGEST_BATCH).min(LARGEST_BATCH);
        let events = self.log.read(Position(after), most).await?;
        if replay.standing.epoch != self.log.epoch() {
            return Err(RebuildError("the log has another history than before".into()));
        }
        Ok(events)
    }

    /// Finds the streams on which something is about the subjects. Returns how far it has looked. One that is found after what is replayed
    /// already makes it begin again.
    async fn find_streams(&self, replay: &mut Replay, mut looked: u64, until: u64) -> Result<u64, RebuildError> {
        let known = replay.streams.len();
        while looked < until {
            let events = self.between(replay, looked, until).await?;
            let Some(last) = events.last() else { break };
            looked = last.position.0;
            let about =
                |e: &&Recorded| replay.subjects.contains(&subject_of(e)) || replay.subjects.contains(&e.stream.id);
            let found: Vec<_> = events.iter().filter(about).map(|event| event.stream.id).collect();
            replay.streams.extend(found);
        }
        if replay.streams.len() > known && replay.standing.position > 0 {
            replay.standing.position = 0;
            (replay.docs, replay.parking) = (Docs::default(), Parking::default());
            replay.sealed.clear();
        }
        Ok(looked)
    }

    /// Applies what is about the subjects, up to a position, and seals what comes of it.
    async fn read_on(&self, replay: &mut Replay, until: u64) -> Result<(), RebuildError> {
        let view = replay.standing.view.clone();
        while replay.standing.position < until {
            let mut events = self.between(replay, replay.standing.position, until).await?;
            let Some(newest) = events.last().map(|event| event.position.0) else { break };
            events.retain(|event| replay.streams.contains(&event.stream.id));
            let opened = open_batch(&self.codec, std::slice::from_ref(&view), &events).await?;
            change(&replay.standing, &opened, &mut replay.docs, &mut replay.parking, |_, _| {});
            replay.standing.position = newest;
        }
        let changed: Vec<_> = replay.docs.take_changes().map(|(key, doc)| (key, doc.cloned())).collect();
        for (key, doc) in changed {
            // Of whom something cannot be read nothing is written: they stay as they are.
            if !doc.as_ref().is_some_and(|doc| replay.parking.subjects.contains(&doc.subject)) {
                match seal(&self.codec, &*view, &key, doc.as_ref(), &mut replay.parking).await? {
                    Sealed::Written(upsert) => drop(replay.sealed.insert(key, Some(upsert))),
                    Sealed::Gone => drop(replay.sealed.insert(key, None)),
                    Sealed::Unchanged => {}
                }
            }
        }
        Ok(())
    }

    /// Looks once for the documents that there are of the subjects: nothing of them is begun while they are parked.
    async fn stored(&self, replay: &mut Replay) -> Result<(), RebuildError> {
        if !replay.stored.is_empty() {
            return Ok(());
        }
        let mut documents = self.documents(replay.standing.view.name(), replay.standing.generation);
        while let Some(document) = documents.next().await? {
            if replay.subjects.contains(&document.subject) {
                replay.stored.insert(document.key);
            }
        }
        Ok(())
    }

    /// Writes what was replayed, if the view stands still where it ended.
    async fn put_back(&self, replay: &Replay, now: &Generation) -> Result<bool, RebuildError> {
        let whole: Vec<_> = replay.subjects.iter().copied().collect();
        let others = &replay.parking.subjects;
        let upserts = replay.sealed.values().flatten().filter(|upsert| !others.contains(&upsert.subject));
        let upserts: Vec<_> = upserts.cloned().collect();
        let kept: BTreeSet<_> = upserts.iter().map(|upsert| &upsert.key).collect();
        let gone = replay.sealed.iter().filter(|(_, sealed)| sealed.is_none()).map(|(key, _)| key);
        let removals = replay.stored.iter().chain(gone).filter(|key| !kept.contains(key)).cloned();
        let advance = Advance {
            view: replay.standing.view.name(),
            generation: now.number,
            current: true,
            from: now.position,
            to: now.position,
            revision: now.revision,
            of: now.of.unwrap_or(History { epoch: replay.standing.epoch, mark: Uuid::nil() }),
            removals: removals.collect::<BTreeSet<_>>().into_iter().collect(),
            upserts,
            parked: vec![],
        };
        Ok(self.store.unpark(advance, &whole).await?)
    }
}
