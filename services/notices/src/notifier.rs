//! Follows the log, and tells people of what has happened. What is still to be told holds back the place from which the next process begins.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ids::PersonId;
use domain::vocabulary::Timestamp;
use engine::{Engine, EngineError, Pauses, StandsBy};
use event_log::{Duty, Position};
use rpc::Error;
use state::FeedCursors;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use views::Pages;
use views::notices::{self, NoticePeople};

use crate::NoticeServices;
use crate::pending::{Pending, due};
use crate::tell::Outcome;

/// Under which the place is kept, among those of feeds.
pub const PLACE: Uuid = Uuid::from_u128(0x4e4f_5449_4345_8f53_8000_0000_0000_0001);
/// For how long whoever leads is shown to, and how often the place is kept at least.
const LEASE: Duration = Duration::from_secs(15);
const KEEP: Duration = Duration::from_secs(5);
/// How often it is looked whether something has happened, or is due.
const LOOK: Duration = Duration::from_millis(250);
/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long messages that are on their way may take once this process tells people no more.
const LEAVE_LIMIT: Duration = Duration::from_secs(20);
/// Events read at once, notices that wait to be told at once, and messages on their way at once.
const BATCH: usize = 1_000;
const MOST: usize = 100_000;
const AT_ONCE: usize = 16;

/// Tells people. Several may run; one leads.
#[derive(Clone)]
pub struct Notifier {
    pub(crate) services: NoticeServices,
    cursors: Arc<dyn FeedCursors>,
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notifier").finish_non_exhaustive()
    }
}

/// What whoever leads knows.
pub(crate) struct Telling {
    holder: Uuid,
    run: i32,
    /// Up to where the log was read.
    position: u64,
    /// Whoever has given an address at some time.
    pub(crate) people: HashSet<PersonId>,
    /// What is told once however often it happens, and is known: it waits, or was told.
    pub(crate) once: HashSet<Uuid>,
    pending: Vec<Pending>,
    /// When people were told of something at once, in the last day.
    told: HashMap<PersonId, Vec<Timestamp>>,
    /// Messages on their way: which notices each is of, and what came of it.
    tasks: JoinSet<(Vec<Uuid>, Result<Outcome, Error>)>,
    kept: Instant,
}

impl Notifier {
    /// Tells people with these services. How far it has come is kept among the places of feeds.
    #[must_use]
    pub fn new(services: NoticeServices, cursors: Arc<dyn FeedCursors>) -> Self {
        Self { services, cursors }
    }

    pub(crate) fn engine(&self) -> &Engine {
        self.services.gate.engine()
    }

    /// Works until it is told to stop. What fails is tried again. Whoever can reach nobody leaves it to others.
    pub async fn run(self, stop: CancellationToken) {
        if self.services.doors.channels().is_empty() {
            return;
        }
        let mut stands_by = StandsBy::new(self.engine().log().clone(), Duty::Notices, stop.clone());
        while let Some(leading) = stands_by.next().await {
            let mut telling = None;
            tokio::select! {
                () = self.lead(&mut telling) => {}
                () = leading.lost() => {}
                () = stop.cancelled() => {}
            }
            // What is on its way is finished, and kept: cut off, nobody would know whether it was taken.
            if let Some(Telling { mut tasks, .. }) = telling {
                let finish = async { while tasks.join_next().await.is_some() {} };
                drop(tokio::time::timeout(LEAVE_LIMIT, finish).await);
            }
        }
    }

    /// Tells people until the log has another history.
    async fn lead(&self, telling: &mut Option<Telling>) {
        let (epoch, mut pauses) = (self.engine().log().epoch(), Pauses::up_to(LONGEST_PAUSE));
        while self.engine().log().epoch() == epoch {
            let step = match telling {
                Some(telling) => self.step(telling).await,
                None => self.begin(epoch).await.map(|begun| *telling = Some(begun)),
            };
            match step {
                Ok(()) => pauses.went_well(),
                Err(error) => {
                    if pauses.is_first() {
                        tracing::warn!(
                            reason = error.reason().as_str_name(),
                            "people cannot be told; it is tried again"
                        );
                    }
                    pauses.pause().await;
                }
            }
        }
    }

    async fn begin(&self, epoch: Uuid) -> Result<Telling, Error> {
        let holder = Uuid::now_v7();
        let cursor = self.cursors.take(PLACE, epoch, holder, LEASE).await.map_err(|error| Error::internal(&error))?;
        let began = self.engine().log().head().await.map_err(EngineError::failed)?.0;
        let (mut people, mut pages) = (HashSet::new(), Pages::all(began));
        while let Some(page) =
            self.services.views.next::<NoticePeople>(&notices::everybody(), &mut pages, |_| true).await?
        {
            people.extend(page.items.iter().map(|doc| doc.person));
        }
        // While nobody has given an address there is nothing to be told.
        let position = if people.is_empty() { cursor.acknowledged.max(began) } else { cursor.acknowledged };
        let (run, kept, tasks) = (cursor.run, Instant::now(), JoinSet::new());
        let (once, pending, told) = (HashSet::new(), Vec::new(), HashMap::new());
        Ok(Telling { holder, run, position, people, once, pending, told, tasks, kept })
    }

    async fn step(&self, telling: &mut Telling) -> Result<(), Error> {
        telling.take_in(self.engine().now());
        self.tell_due(telling);
        if telling.kept.elapsed() > KEEP {
            self.keep_place(telling).await?;
        }
        let room = MOST.saturating_sub(telling.pending.len()).min(BATCH);
        let log = self.engine().log();
        let mut events = vec![];
        if room > 0 {
            events = log.read(Position(telling.position), room).await.map_err(EngineError::failed)?;
        }
        for event in &events {
            if let Some(pending) = self.consider(telling, event).await? {
                telling.pending.push(pending);
            }
            telling.position = event.position.0;
        }
        if events.len() < BATCH {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// The next process begins before what is still to be told.
    async fn keep_place(&self, telling: &mut Telling) -> Result<(), Error> {
        let waits = telling.pending.iter().map(|pending| pending.position.saturating_sub(1));
        let place = waits.min().unwrap_or(telling.position);
        let (run, reached) = ((telling.holder, telling.run), (telling.position, place));
        let kept = self.cursors.advance(PLACE, run, reached, LEASE).await;
        let another = || Error::new(rpc::Reason::Unavailable, "another process tells people by now");
        kept.map_err(|error| Error::internal(&error))?.ok_or_else(another)?;
        telling.kept = Instant::now();
        Ok(())
    }

    /// Begins to tell of what is due, as much as there is room for.
    fn tell_due(&self, telling: &mut Telling) {
        let room = AT_ONCE.saturating_sub(telling.tasks.len());
        for message in due(&mut telling.pending, &telling.told, self.engine().now(), room) {
            let (notifier, notices) = (self.clone(), message.iter().map(|of| of.notice).collect());
            telling.tasks.spawn(async move { (notices, notifier.tell(&message).await) });
        }
    }
}

impl Telling {
    /// Takes in what has come of messages.
    fn take_in(&mut self, now: Timestamp) {
        while let Some(ended) = self.tasks.try_join_next() {
            let (notices, outcome) = match ended {
                Ok(ended) => ended,
                Err(error) => {
                    // Of which notices it was nobody knows: they are begun again by whoever leads next.
                    tracing::error!(error = &error as &dyn std::error::Error, "telling somebody has failed inside");
                    continue;
                }
            };
            let is_of = |pending: &Pending| notices.contains(&pending.notice);
            match outcome {
                Ok(Outcome::Done { was_sent }) => {
                    let first = self.pending.iter().find(|pending| is_of(pending));
                    if let Some(first) = first.filter(|first| was_sent && first.counts()) {
                        self.told.entry(first.person).or_default().push(now);
                    }
                    self.pending.retain(|pending| !is_of(pending));
                }
                Ok(Outcome::Moved) => self.pending.iter_mut().filter(|of| is_of(of)).for_each(Pending::is_back),
                Ok(Outcome::Later { went_out }) => {
                    self.pending.iter_mut().filter(|of| is_of(of)).for_each(|of| of.try_again(now, went_out));
                }
                Err(error) => {
                    tracing::warn!(reason = error.reason().as_str_name(), "somebody cannot be told; it is tried again");
                    self.pending.iter_mut().filter(|of| is_of(of)).for_each(|of| of.try_again(now, false));
                    // It is no news any more.
                    self.pending.retain(|pending| !is_of(pending) || pending.is_news(now));
                }
            }
        }
        self.told.retain(|_, times| {
            times.retain(|at| at.plus_days(1) > now);
            !times.is_empty()
        });
    }
}
