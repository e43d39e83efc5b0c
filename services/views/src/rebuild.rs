//! Builds a new generation of a view beside the old one, compares them, and swaps.

use std::cmp::Ordering;
use std::sync::Arc;

use event_log::{EventLog, Position};
use events::Codec;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::history::settle;
use crate::runner::{
    Batch, LARGEST_BATCH, RunnerError, Standing, apply, current, needs_documents, open_batch, open_document, reached,
};
use crate::store::{DocumentStore, StoreError, StoredDocument};
use crate::view::AnyView;

/// How often a rebuild catches up again before it gives up.
pub(crate) const SWAPS: usize = 1_000;
/// How often it compares, in the hope that the views are at rest, before it says that they are not.
const COMPARISONS: usize = 3;
/// Documents read at once.
const PAGE: usize = 2_000;

/// What a rebuild found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// The view.
    pub view: &'static str,
    /// The new generation.
    pub generation: i32,
    /// How far it has read the log.
    pub position: u64,
    /// How many documents it has.
    pub documents: u64,
    /// How many documents differ from the generation that grew; none when that one did not stand still at the same
    /// position while they were compared, because the system was not at rest.
    pub differing: Option<u64>,
}

/// Rebuilds views from the log.
pub struct Rebuild {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// Where documents are kept.
    pub store: Arc<dyn DocumentStore>,
    /// What opens events and seals documents.
    pub codec: Codec,
}

impl std::fmt::Debug for Rebuild {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rebuild").finish_non_exhaustive()
    }
}

/// A rebuild failed. The old generation is untouched.
#[derive(Debug, thiserror::Error)]
#[error("the view could not be rebuilt; the old one is untouched")]
pub struct RebuildError(#[source] pub(crate) Box<dyn std::error::Error + Send + Sync>);

impl<E: Into<RunnerError>> From<E> for RebuildError {
    fn from(error: E) -> Self {
        Self(Box::new(error.into()))
    }
}

/// Another process has moved the generation on.
#[derive(Debug, thiserror::Error)]
#[error("somebody else works on the same generation")]
pub(crate) struct SomebodyElse;

/// Waits until what is being written is there.
async fn written(writing: &mut Option<JoinHandle<Result<bool, StoreError>>>) -> Result<(), RebuildError> {
    let Some(writing) = writing.take() else { return Ok(()) };
    if writing.await.map_err(RunnerError::Ended)?? {
        return Ok(());
    }
    Err(RebuildError(Box::new(SomebodyElse)))
}

/// What a comparison of two generations found.
struct Compared {
    /// How many documents the new one has.
    documents: u64,
    /// How many are missing in one of them, or not the same in both.
    differing: u64,
}

impl Rebuild {
    /// Builds a new generation of these views up to the log's head, in one pass over it; compares each with the current one, swaps it
    /// in and deletes the old one. Readers go from one to the other in one step.
    ///
    /// # Errors
    /// When the log or a store fails; what was built so far is left behind and never current.
    pub async fn run(&self, views: Vec<Arc<dyn AnyView>>) -> Result<Vec<Rebuilt>, RebuildError> {
        let epoch = self.log.epoch();
        let (mut building, mut olds) = (Vec::with_capacity(views.len()), Vec::with_capacity(views.len()));
        for view in views {
            olds.push(current(&self.store.generations(view.name(), view.code()).await?).map_or(1, |g| g.number));
            let generation = self.store.begin_generation(view.name(), view.code()).await?;
            building.push(Standing::beginning(view, generation, epoch));
        }
        self.catch_up(&mut building).await?;
        let mut rebuilt = Vec::with_capacity(building.len());
        for (mut standing, old) in building.into_iter().zip(olds) {
            rebuilt.push(self.put_in_place(&mut standing, old).await?);
        }
        Ok(rebuilt)
    }

    /// Brings the current generations of these views to the log's head, where nobody else does: a runner of a server is as good.
    ///
    /// # Errors
    /// When the log or a store fails.
    pub async fn follow(&self, views: Vec<Arc<dyn AnyView>>) -> Result<(), RebuildError> {
        for view in views {
            let generations = settle(&*self.log, &*self.store, &*view).await?;
            // What another version builds it goes on building, or begins anew.
            if current(&generations).is_some_and(|current| current.code != view.code()) {
                continue;
            }
            let mut standing = Standing::load(&*self.store, view, &generations, self.log.epoch()).await?;
            match self.catch_up(std::slice::from_mut(&mut standing)).await {
                Err(RebuildError(cause)) if !cause.is::<SomebodyElse>() => return Err(RebuildError(cause)),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    /// Compares a generation that was built with the current one, and makes it the current one.
    async fn put_in_place(&self, built: &mut Standing, old: i32) -> Result<Rebuilt, RebuildError> {
        let (name, generation) = (built.view.name(), built.generation);
        let (mut documents, mut differing) = (0, None);
        for _ in 0..COMPARISONS {
            self.catch_up(std::slice::from_mut(built)).await?;
            // What was compared counts only if both stood at one position all the while: positions never go back.
            let stood = self.stands(&*built.view.clone(), old, built.position).await?;
            let compared = self.compare(name, old, generation).await?;
            documents = compared.documents;
            if stood && self.stands(&*built.view.clone(), old, built.position).await? {
                differing = Some(compared.differing);
                break;
            }
        }
        let position = built.position;
        let mut swapped = self.store.swap(name, generation).await?;
        for _ in 0..SWAPS {
            if swapped {
                break;
            }
            self.catch_up(std::slice::from_mut(built)).await?;
            swapped = self.store.swap(name, generation).await?;
        }
        if !swapped {
            return Err(RebuildError("the view grows faster than it is rebuilt, or another rebuild was faster".into()));
        }
        self.store.sweep(name).await?;
        Ok(Rebuilt { view: name, generation, position, documents, differing })
    }

    /// Applies what is in the log: while a batch is written the next is applied, unless it needs what is being written, and the one
    /// after it is read and opened.
    async fn catch_up(&self, building: &mut [Standing]) -> Result<(), RebuildError> {
        let views: Vec<_> = building.iter().map(|standing| standing.view.clone()).collect();
        let (mut batch, mut writing) = (self.next(&views, reached(building)).await?, None);
        while let Some((opened, newest, mark)) = batch {
            if building.iter().any(|standing| standing.epoch != self.log.epoch()) {
                return Err(RebuildError("the log has another history than before".into()));
            }
            if needs_documents(building, &opened) {
                written(&mut writing).await?;
            }
            let applied = apply(&self.codec, &*self.store, building, (opened, newest, mark), |_, _| {});
            let (advances, next) = tokio::join!(applied, self.next(&views, newest));
            let (advances, store) = (advances?, self.store.clone());
            for standing in building.iter_mut() {
                standing.position = standing.position.max(newest);
            }
            written(&mut writing).await?;
            writing = Some(tokio::spawn(async move { store.advance(advances).await }));
            batch = next?;
        }
        written(&mut writing).await
    }

    /// The next batch after a position, open, and where it ends; none at the head.
    async fn next(&self, views: &[Arc<dyn AnyView>], after: u64) -> Result<Option<(Batch, u64, Uuid)>, RebuildError> {
        let events = self.log.read(Position(after), LARGEST_BATCH).await?;
        let Some((newest, mark)) = events.last().map(|event| (event.position.0, event.mark())) else {
            return Ok(None);
        };
        Ok(Some((open_batch(&self.codec, views, &events).await?, newest, mark)))
    }

    /// Whether this generation is the current one, at exactly this position.
    async fn stands(&self, view: &dyn AnyView, generation: i32, position: u64) -> Result<bool, RebuildError> {
        let generations = self.store.generations(view.name(), view.code()).await?;
        Ok(current(&generations).is_some_and(|c| (c.number, c.position) == (generation, position)))
    }

    /// Compares the documents of two generations, whatever key seals them: both are read once, side by side.
    async fn compare(&self, view: &'static str, old: i32, new: i32) -> Result<Compared, RebuildError> {
        let mut compared = Compared { documents: 0, differing: 0 };
        let (mut olds, mut news) = (self.documents(view, old), self.documents(view, new));
        let (mut before, mut after) = (olds.next().await?, news.next().await?);
        loop {
            let order = match (&before, &after) {
                (None, None) => return Ok(compared),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(before), Some(after)) => before.key.cmp(&after.key),
            };
            let (mut left, mut right) = (None, None);
            if order != Ordering::Greater {
                left = std::mem::replace(&mut before, olds.next().await?);
            }
            if order != Ordering::Less {
                right = std::mem::replace(&mut after, news.next().await?);
            }
            compared.documents += u64::from(right.is_some());
            compared.differing += u64::from(!self.same(view, left, right).await?);
        }
    }

    /// Whether two documents say the same. One of an erased subject is compared with nothing.
    async fn same(
        &self,
        view: &'static str,
        old: Option<StoredDocument>,
        new: Option<StoredDocument>,
    ) -> Result<bool, RebuildError> {
        let new = match new {
            Some(new) => match open_document(&self.codec, view, new).await? {
                Some((_, new)) => Some(new),
                None => return Ok(true),
            },
            None => None,
        };
        let Some(old) = old else { return Ok(false) };
        match open_document(&self.codec, view, old).await {
            Ok(Some((_, old))) => Ok(new.is_some_and(|new| old == new)),
            Ok(None) => Ok(new.is_none()),
            Err(error) if error.is_outage() => Err(error.into()),
            // Changed around the system.
            Err(_) => Ok(false),
        }
    }

    pub(crate) fn documents(&self, view: &'static str, generation: i32) -> Documents<'_> {
        Documents { store: &*self.store, view, generation, page: Vec::new().into_iter(), after: Some(Vec::new()) }
    }
}

/// The documents of a generation, by their keys.
pub(crate) struct Documents<'a> {
    store: &'a dyn DocumentStore,
    view: &'static str,
    generation: i32,
    page: std::vec::IntoIter<StoredDocument>,
    /// The key after which the next page begins; none after the last page.
    after: Option<Vec<u8>>,
}

impl Documents<'_> {
    pub(crate) async fn next(&mut self) -> Result<Option<StoredDocument>, RebuildError> {
        if let Some(document) = self.page.next() {
            return Ok(Some(document));
        }
        let Some(after) = self.after.take() else { return Ok(None) };
        let page = self.store.page(self.view, self.generation, &after, PAGE).await?;
        self.after = page.last().filter(|_| page.len() == PAGE).map(|last| last.key.0.clone());
        self.page = page.into_iter();
        Ok(self.page.next())
    }
}
