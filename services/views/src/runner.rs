//! Applies events to views: in large batches from the log while behind, from the bus at the tail.

mod batch;

use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bus::{Bus, BusError};
use bytes::Bytes;
use event_log::{Duty, EventLog, Leading, Position, Recorded};
use events::{Carrier, Codec, CodecError};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::arriving::{Arriving, LOOK_ANYWAY};
use crate::follower::Follower;
use crate::history::settle;
use crate::key::Key;
use crate::metrics::ViewMetrics;
use crate::rebuild::{Rebuild, RebuildError};
use crate::shelf::Shelf;
use crate::store::{DocumentStore, Generation, StoreError};
use crate::view::AnyView;
pub(crate) use batch::{
    Batch, Parking, Sealed, Standing, apply, change, current, needs_documents, open_batch, open_document, reached, seal,
};

/// Events in one transaction, when there are few.
const BATCH: usize = 500;
/// The most events in one transaction: the further behind, the more.
pub(crate) const LARGEST_BATCH: usize = 4_000;
/// Pauses after a failure: doubled each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long it goes on before it looks again at what is stored.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// What is done besides.
#[derive(Default)]
struct Upgrade {
    /// What builds views beside those of an older version.
    building: Option<tokio::task::JoinHandle<Result<(), RebuildError>>>,
    /// Whether what was retired before this process began has been swept away.
    swept: bool,
}

/// How far the runner has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tail {
    /// Every view has applied all events up to this position.
    pub position: u64,
    /// Of this epoch of the log.
    pub epoch: Uuid,
}

/// Runs a set of views. Several may run on the same store: one leads, and the others stand by. Should two lead for a moment, one of them
/// commits each step, and the other notices and goes on from there.
pub struct Runner {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// Where documents are kept.
    pub store: Arc<dyn DocumentStore>,
    /// What opens events and seals documents.
    pub codec: Codec,
    /// The views.
    pub views: Vec<Arc<dyn AnyView>>,
    /// What it tells Prometheus.
    pub metrics: ViewMetrics,
    /// Makes a span part of the trace that a W3C trace context names.
    pub adopt: fn(&tracing::Span, &str),
    /// What readers of this process keep in memory.
    pub shelf: Arc<Shelf>,
    /// Where it tells how far it has come.
    pub progress: watch::Sender<Tail>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum RunnerError {
    #[error(transparent)]
    Log(#[from] event_log::StoreError),
    #[error(transparent)]
    Bus(#[from] BusError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a thread that opens events has ended")]
    Ended(#[source] tokio::task::JoinError),
    #[error("the event at {position} is of a newer version than this process: the views wait for one that knows it")]
    Newer { position: u64 },
    #[error("the view `{view}` is built by a newer version than this process, which does not read it")]
    NewerView { view: &'static str },
    #[error("another generation could not be built beside the one that an older version has built")]
    Upgrade(#[source] Box<RebuildError>),
    #[error("a document or an event could not be opened or sealed")]
    Seal(#[from] events::CodecError),
}

impl Runner {
    /// Runs until told to stop. Failures are tried again, with pauses.
    pub async fn run(self, stop: CancellationToken) {
        let (mut pause, mut upgrade) = (FIRST_PAUSE, Upgrade::default());
        loop {
            // While another process leads, readers of this one are served as where no views are built.
            let leading = tokio::select! {
                leading = self.waits_to_lead() => leading,
                () = self.follower().run(stop.clone()) => return,
            };
            let led = async {
                let following = async {
                    loop {
                        self.follow(&mut pause, &mut upgrade).await?;
                    }
                };
                tokio::select! {
                    result = following => result,
                    () = leading.lost() => Ok(()),
                }
            };
            let result: Result<(), RunnerError> = tokio::select! {
                result = led => result,
                () = stop.cancelled() => return,
            };
            if let Err(error) = result {
                self.metrics.failures.inc();
                tracing::warn!(error = &error as &dyn std::error::Error, "the views failed to advance; they try again");
                tokio::select! {
                    () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                    () = stop.cancelled() => return,
                }
            }
        }
    }

    /// Waits to lead, also while the database cannot be reached or has no room.
    async fn waits_to_lead(&self) -> Leading {
        loop {
            match self.log.lead(Duty::Views).await {
                Ok(leading) => return leading,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "this process cannot stand by to build views; it tries again"
                    );
                    tokio::time::sleep(LOOK_ANYWAY).await;
                }
            }
        }
    }

    /// Deletes what is left of retired generations, beside what goes on.
    fn sweeps(&self, view: &'static str) {
        let store = self.store.clone();
        tokio::spawn(async move {
            if let Err(error) = store.sweep(view).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(view, error, "a retired generation could not be deleted; it waits");
            }
        });
    }

    /// What keeps the shelf true meanwhile.
    fn follower(&self) -> Follower {
        Follower {
            log: self.log.clone(),
            bus: self.bus.clone(),
            codec: self.codec.clone(),
            shelf: self.shelf.clone(),
            store: self.store.clone(),
            views: self.views.clone(),
        }
    }

    /// Follows the log until another runner or a swapped generation makes it start from what is stored.
    async fn follow(&self, pause: &mut Duration, upgrade: &mut Upgrade) -> Result<(), RunnerError> {
        let epoch = self.log.epoch();
        let carrier = Carrier::new(self.codec.vault().pseudonyms().await.map_err(CodecError::from)?, epoch);
        self.shelf.begin(epoch);
        let mut standings = self.stand(epoch, upgrade).await?;
        let (mut size, mut deaf, until) = (BATCH, FIRST_PAUSE, Instant::now() + LOOK_AGAIN);
        self.shelf.start(reached(&standings));
        // Now and then it is looked whether a newer version has taken over.
        while self.log.epoch() == epoch && Instant::now() < until {
            if let Some(built) = upgrade.building.take_if(|building| building.is_finished()) {
                let built = built.await.map_err(RunnerError::Ended)?;
                return built.map_err(|error| RunnerError::Upgrade(Box::new(error)));
            }
            if standings.is_empty() {
                tokio::time::sleep(FIRST_PAUSE).await;
                continue;
            }
            let is_whole =
                |standings: &[Standing]| upgrade.building.is_none() && standings.iter().all(Standing::is_whole);
            if is_whole(&standings) {
                self.shelf.open(epoch);
            }
            let batch = self.log.read(Position(reached(&standings)), size).await?;
            if self.log.epoch() != epoch {
                break;
            }
            let full = batch.len() == size;
            size = if full { (size * 2).min(LARGEST_BATCH) } else { BATCH };
            if !full {
                self.shelf.confirm();
            }
            if !self.take(&mut standings, batch).await? {
                return Ok(());
            }
            *pause = FIRST_PAUSE;
            if !full && is_whole(&standings) {
                self.shelf.open(epoch);
            }
            if !full && !self.tail(&mut standings, &carrier, (&mut deaf, until)).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Where the views stand that this version has built; those that an older one has built it begins to build beside.
    async fn stand(&self, epoch: Uuid, upgrade: &mut Upgrade) -> Result<Vec<Standing>, RunnerError> {
        let head = self.log.head().await?.0;
        let (mut standings, mut outdated) = (Vec::with_capacity(self.views.len()), Vec::new());
        for view in &self.views {
            let generations = settle(&*self.log, &*self.store, &**view).await?;
            match current(&generations).map_or(Ordering::Equal, |current| current.code.cmp(&view.code())) {
                Ordering::Equal => {
                    let mut standing = Standing::load(&*self.store, view.clone(), &generations, epoch).await?;
                    // It may have been restored to an earlier end since.
                    standing.readable_from = standing.readable_from.min(head);
                    standings.push(standing);
                }
                Ordering::Less => outdated.push(view.clone()),
                Ordering::Greater => {
                    self.shelf.close();
                    return Err(RunnerError::NewerView { view: view.name() });
                }
            }
            let is_retired = |g: &Generation| current(&generations).is_some_and(|current| g.number < current.number);
            if !upgrade.swept || generations.iter().any(is_retired) {
                self.sweeps(view.name());
            }
        }
        upgrade.swept = true;
        if !outdated.is_empty() {
            self.shelf.close();
            if upgrade.building.is_none() {
                let names: Vec<_> = outdated.iter().map(|view| view.name()).collect();
                tracing::warn!(?names, "views were built by an older version; they are built again beside those");
                let (log, store, codec) = (self.log.clone(), self.store.clone(), self.codec.clone());
                let rebuild = Rebuild { log, store, codec };
                upgrade.building = Some(tokio::spawn(async move { rebuild.run(outdated).await.map(drop) }));
            }
        }
        Ok(standings)
    }

    /// Takes events from the bus as they come, for so long at most. Returns `true` when the log should be read instead.
    /// While the bus cannot be followed, it waits longer each time.
    async fn tail(
        &self,
        standings: &mut [Standing],
        carrier: &Carrier,
        (deaf, until): (&mut Duration, Instant),
    ) -> Result<bool, RunnerError> {
        let (last, batches) = (reached(standings), (LARGEST_BATCH, until));
        let mut arriving = match Arriving::after(last, (&*self.log, &*self.bus), carrier, batches).await {
            Ok(arriving) => arriving,
            Err(error) => {
                tracing::debug!(
                    error = &error as &dyn std::error::Error,
                    "the bus cannot be followed; the log is read"
                );
                // The relay may be behind by a moment, or the bus be down: the log is looked at in between.
                tokio::time::sleep(*deaf).await;
                *deaf = (*deaf * 2).min(LOOK_ANYWAY);
                return Ok(true);
            }
        };
        *deaf = FIRST_PAUSE;
        loop {
            let (events, more) = arriving.next().await?;
            if more {
                self.shelf.confirm();
            }
            if !self.take(standings, events).await? {
                return Ok(false);
            }
            if !more {
                return Ok(true);
            }
        }
    }

    /// Applies a batch and commits it. `false` when somebody else was faster.
    async fn take(&self, standings: &mut [Standing], events: Vec<Recorded>) -> Result<bool, RunnerError> {
        self.shelf.follow(&events);
        let Some(newest) = events.last().map(|e| (e.position.0, e.mark())) else {
            self.report(standings);
            return Ok(true);
        };
        let opened = open_batch(&self.codec, &self.views, &events).await?;
        let advances = apply(&self.codec, &*self.store, standings, (opened, newest.0, newest.1), self.adopt).await?;
        for advance in &advances {
            for (subject_position, reason) in advance.parked.iter().map(|(_, position, reason)| (*position, *reason)) {
                let label = crate::metrics::ViewLabel { view: advance.view.to_owned() };
                self.metrics.parked.get_or_create(&label).inc();
                tracing::error!(
                    view = advance.view,
                    position = subject_position,
                    reason,
                    "an event could not be applied; its subject is parked"
                );
            }
        }
        if !self.store.advance(advances).await? {
            return Ok(false);
        }
        for standing in standings.iter_mut() {
            standing.position = standing.position.max(newest.0);
        }
        self.metrics.applied.inc_by(events.len() as u64);
        self.report(standings);
        Ok(true)
    }

    fn report(&self, standings: &[Standing]) {
        let position = reached(standings);
        let reached = Tail { position, epoch: standings.first().map_or_else(Uuid::nil, |standing| standing.epoch) };
        self.progress.send_if_modified(|tail| std::mem::replace(tail, reached) != reached);
    }
}

/// The subject of an event, by its header; the stream's id when even that cannot be read.
pub(crate) fn subject_of(event: &Recorded) -> Uuid {
    events::Header::decode(&event.head).map_or(event.stream.id, |(header, _)| header.subject)
}

/// What a document's seal is bound to: its view, its key, its place among others, and the event that changed it last.
pub(crate) fn document_context(view: &str, key: &Key, place: &Key, position: u64) -> Bytes {
    let length = (place.0.len() as u64).to_be_bytes();
    [b"document\0", view.as_bytes(), b"\0", &position.to_be_bytes(), &length, &place.0, &key.0].concat().into()
}

/// Subjects left out.
pub(crate) type Parked = HashSet<Uuid>;
