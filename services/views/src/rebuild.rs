//! Builds a new generation of a view beside the old one, compares them, and swaps.

use std::sync::Arc;

use event_log::{EventLog, Position};
use events::Codec;

use crate::docs::Doc;
use crate::runner::{LARGEST_BATCH, RunnerError, Standing, apply, current, open_document, sweep};
use crate::store::{DocumentStore, Wanted};
use crate::view::AnyView;

/// How often a rebuild catches up again before it gives up.
const SWAPS: usize = 20;
/// How often it compares, in the hope that the views are at rest, before it says that they are not.
const COMPARISONS: usize = 3;
/// Documents compared at once.
const PAGE: usize = 500;

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
pub struct RebuildError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl<E: Into<RunnerError>> From<E> for RebuildError {
    fn from(error: E) -> Self {
        Self(Box::new(error.into()))
    }
}

/// What a comparison of two generations found.
struct Compared {
    /// How many documents the new one has.
    documents: u64,
    /// How many are missing in one of them, or not the same in both.
    differing: u64,
}

impl Rebuild {
    /// Builds a new generation up to the log's head, compares it with the current one, swaps it in and deletes the old
    /// one. Readers go from one to the other in one step.
    ///
    /// # Errors
    /// When the log or a store fails; what was built so far is left behind and never current.
    pub async fn run(&self, view: Arc<dyn AnyView>) -> Result<Rebuilt, RebuildError> {
        let name = view.name();
        let old = current(&self.store.generations(name).await?).map_or(1, |g| g.number);
        let generation = self.store.begin_generation(name).await?;
        let mut building = [Standing { view, generation, current: false, position: 0, parked: Default::default() }];
        let (mut documents, mut differing) = (0, None);
        for _ in 0..COMPARISONS {
            self.catch_up(&mut building).await?;
            let [built] = &building;
            // What was compared counts only if both stood at one position all the while: positions never go back.
            let stood = self.stands(name, old, built.position).await?;
            let compared = self.compare(name, old, generation).await?;
            documents = compared.documents;
            if stood && self.stands(name, old, built.position).await? {
                differing = Some(compared.differing);
                break;
            }
        }
        let [built] = &building;
        let position = built.position;
        let mut swapped = self.store.swap(name, generation).await?;
        for _ in 0..SWAPS {
            if swapped {
                break;
            }
            // The generation that grew went on meanwhile.
            self.catch_up(&mut building).await?;
            swapped = self.store.swap(name, generation).await?;
        }
        if !swapped {
            return Err(RebuildError("the view grows faster than it is rebuilt, or another rebuild was faster".into()));
        }
        sweep(&*self.store, name, &self.store.generations(name).await?).await?;
        Ok(Rebuilt { view: name, generation, position, documents, differing })
    }

    async fn catch_up(&self, building: &mut [Standing; 1]) -> Result<(), RebuildError> {
        loop {
            let [standing] = &building;
            let events = self.log.read(Position(standing.position), LARGEST_BATCH).await?;
            let Some(newest) = events.last().map(|e| e.position.0) else { return Ok(()) };
            let advances = apply(&self.codec, &*self.store, building, &events, |_, _| {}).await?;
            if !self.store.advance(advances).await? {
                return Err(RebuildError("somebody else works on the same generation".into()));
            }
            let [standing] = building;
            standing.position = newest;
        }
    }

    /// Whether this generation is the current one, at exactly this position.
    async fn stands(&self, view: &str, generation: i32, position: u64) -> Result<bool, RebuildError> {
        let generations = self.store.generations(view).await?;
        Ok(current(&generations).is_some_and(|c| (c.number, c.position) == (generation, position)))
    }

    /// Compares the documents of two generations, whatever key seals them.
    async fn compare(&self, view: &'static str, old: i32, new: i32) -> Result<Compared, RebuildError> {
        let (mut after, mut documents, mut differing) = (Vec::new(), 0, 0);
        let mut counted_old = 0;
        loop {
            let page = self.store.page(view, new, &after, PAGE).await?;
            let Some(last) = page.last().map(|d| d.key.0.clone()) else { break };
            let keys: Vec<_> = page.iter().map(|d| d.key.clone()).collect();
            let mut twins = std::collections::HashMap::new();
            let wanted = Wanted { view, generation: old, keys };
            for document in self.store.load(&[wanted]).await?.into_iter().flatten() {
                counted_old += 1;
                match open_document(&self.codec, view, document).await {
                    Ok(Some((key, doc))) => drop(twins.insert(key, doc)),
                    Err(error) if error.is_outage() => return Err(error.into()),
                    // Of an erased subject; or changed around the system, and then no twin of anything.
                    Ok(None) | Err(_) => {}
                }
            }
            for document in page {
                documents += 1;
                let opened = open_document(&self.codec, view, document).await?;
                let same = opened.is_none_or(|(key, doc): (_, Doc)| twins.get(&key) == Some(&doc));
                differing += u64::from(!same);
            }
            after = last;
        }
        // Documents that only the old one has.
        let mut old_after = Vec::new();
        let mut old_total = 0;
        loop {
            let page = self.store.page(view, old, &old_after, PAGE).await?;
            let Some(last) = page.last() else { break };
            old_after.clone_from(&last.key.0);
            old_total += page.len() as u64;
        }
        Ok(Compared { documents, differing: differing + old_total.saturating_sub(counted_old) })
    }
}
