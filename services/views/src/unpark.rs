//! Takes subjects out of parking: what they are about is replayed, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use event_log::Position;
use uuid::Uuid;

use crate::docs::Docs;
use crate::history::settle;
use crate::key::Key;
use crate::rebuild::{Rebuild, RebuildError, SWAPS, SomebodyElse};
use crate::runner::{LARGEST_BATCH, Parked, Parking, Standing, change, current, open_batch, seal, subject_of};
use crate::store::{Advance, Generation, History};
use crate::view::AnyView;

/// What became of a view's parked subjects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unparked {
    /// The view.
    pub view: &'static str,
    /// How many are whole again.
    pub whole: usize,
    /// How many cannot be read still, and stay as they were.
    pub parked: usize,
}

/// Subjects of one view, replayed from the beginning.
struct Replay {
    standing: Standing,
    subjects: Parked,
    docs: Docs,
    parking: Parking,
}

impl Rebuild {
    /// Replays those subjects of these views that are parked, each of them alone; what cannot be read still stays parked.
    ///
    /// # Errors
    /// When the log or a store fails, or the view grows faster than it is replayed.
    pub async fn unpark(&self, views: Vec<Arc<dyn AnyView>>) -> Result<Vec<Unparked>, RebuildError> {
        let mut unparked = Vec::new();
        for view in views {
            let generations = settle(&*self.log, &*self.store, &*view).await?;
            let Some(now) = current(&generations) else { continue };
            let subjects: Parked = self.store.parked(view.name(), now.number).await?.into_iter().collect();
            if !subjects.is_empty() {
                unparked.push(self.replay(view, now, subjects).await?);
            }
        }
        Ok(unparked)
    }

    async fn replay(
        &self,
        view: Arc<dyn AnyView>,
        of: &Generation,
        subjects: Parked,
    ) -> Result<Unparked, RebuildError> {
        let standing = Standing::beginning(view.clone(), of.number, self.log.epoch());
        let mut replay = Replay { standing, subjects, docs: Docs::default(), parking: Parking::default() };
        // Nothing of them is written while they are parked.
        let stored = self.stored(view.name(), of.number, &replay.subjects).await?;
        for _ in 0..SWAPS {
            let generations = self.store.generations(view.name(), view.code()).await?;
            let now = current(&generations).filter(|now| now.number == of.number && now.revision == of.revision);
            let now = now.ok_or_else(|| RebuildError(Box::new(SomebodyElse)))?;
            self.read_on(&mut replay, now.position).await?;
            if let Some(done) = self.put_back(&replay, now, &stored).await? {
                return Ok(done);
            }
        }
        Err(RebuildError("the view grows faster than its parked subjects are replayed".into()))
    }

    /// The keys of the documents that there are of these subjects.
    async fn stored(
        &self,
        view: &'static str,
        generation: i32,
        subjects: &Parked,
    ) -> Result<BTreeMap<Key, Uuid>, RebuildError> {
        let (mut documents, mut stored) = (self.documents(view, generation), BTreeMap::new());
        while let Some(document) = documents.next().await? {
            if subjects.contains(&document.subject) {
                stored.insert(document.key, document.subject);
            }
        }
        Ok(stored)
    }

    /// Applies what is about the subjects, up to a position.
    async fn read_on(&self, replay: &mut Replay, until: u64) -> Result<(), RebuildError> {
        let views = [replay.standing.view.clone()];
        while replay.standing.position < until {
            let most = usize::try_from(until - replay.standing.position).unwrap_or(LARGEST_BATCH).min(LARGEST_BATCH);
            let mut events = self.log.read(Position(replay.standing.position), most).await?;
            let Some(newest) = events.last().map(|event| event.position.0) else { break };
            if replay.standing.epoch != self.log.epoch() {
                return Err(RebuildError("the log has another history than before".into()));
            }
            events.retain(|event| replay.subjects.contains(&subject_of(event)));
            let opened = open_batch(&self.codec, &views, &events).await?;
            change(&replay.standing, &opened, &mut replay.docs, &mut replay.parking, |_, _| {});
            replay.standing.position = newest;
        }
        Ok(())
    }

    /// Writes what was replayed, if the view stands still where it ended.
    async fn put_back(
        &self,
        replay: &Replay,
        now: &Generation,
        stored: &BTreeMap<Key, Uuid>,
    ) -> Result<Option<Unparked>, RebuildError> {
        let (view, still) = (replay.standing.view.name(), &replay.parking.subjects);
        let whole: Vec<_> = replay.subjects.difference(still).copied().collect();
        let unparked = Unparked { view, whole: whole.len(), parked: still.len() };
        if whole.is_empty() {
            return Ok(Some(unparked));
        }
        let (mut upserts, mut kept) = (Vec::new(), BTreeSet::new());
        for (key, doc) in replay.docs.there_are().filter(|(_, doc)| !still.contains(&doc.subject)) {
            if let Some(upsert) = seal(&self.codec, view, key, Some(doc.clone())).await? {
                kept.insert(key);
                upserts.push(upsert);
            }
        }
        let removed = stored.iter().filter(|(key, subject)| !still.contains(subject) && !kept.contains(key));
        let advance = Advance {
            view,
            generation: now.number,
            current: true,
            from: now.position,
            to: now.position,
            revision: now.revision,
            of: now.of.unwrap_or(History { epoch: replay.standing.epoch, mark: Uuid::nil() }),
            upserts,
            removals: removed.map(|(key, _)| key.clone()).collect(),
            parked: vec![],
        };
        Ok(self.store.unpark(advance, &whole).await?.then_some(unparked))
    }
}
