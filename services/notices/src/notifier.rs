//! Follows the log, and tells people of what has happened. What is still to be told holds back the place from which the next process begins.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::ids::{AgencyId, PersonId};
use domain::notices::{Address, NoticeKind, When};
use domain::vocabulary::Timestamp;
use engine::{Engine, EngineError, Pauses, StandsBy};
use event_log::{Duty, Position};
use futures::{StreamExt as _, stream};
use rpc::Error;
use state::FeedCursors;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use views::Pages;
use views::notices::{self, NoticePeople};

use crate::NoticeServices;
use crate::tell::Outcome;

/// Under which the place is kept, among those of feeds.
const PLACE: Uuid = Uuid::from_u128(0x4e4f_5449_4345_8f53_8000_0000_0000_0001);
/// For how long whoever leads is shown to, and how often the place is kept at least.
const LEASE: Duration = Duration::from_secs(15);
const KEEP: Duration = Duration::from_secs(5);
/// How often it is looked whether something has happened elsewhere, or is due.
const LOOK: Duration = Duration::from_millis(250);
/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Events read at once, notices that wait at once, and messages on their way at once.
const BATCH: usize = 1_000;
const MOST: usize = 10_000;
const AT_ONCE: usize = 16;
/// How many things somebody is told of at once in a day; the rest comes together.
const A_DAY: usize = 10;
/// How long to wait after a first failure, and at most, in seconds.
const FIRST_SECONDS: i64 = 4;
const MOST_SECONDS: i64 = 60 * 60;
/// After how many days a notice is news no more.
pub(crate) const NEWS_DAYS: u32 = 3;

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

/// A notice that waits.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) person: PersonId,
    /// The event that it is of.
    pub(crate) event: Uuid,
    pub(crate) kind: NoticeKind,
    pub(crate) position: u64,
    pub(crate) at: Timestamp,
    /// An address that was given: what its code follows from. One that was left: where.
    pub(crate) reference: Option<Uuid>,
    pub(crate) left: Option<Address>,
    /// Whether it waits for all else of a day.
    daily: bool,
    due: Timestamp,
    attempts: u32,
    /// Whether it went out, and only that is still to be kept.
    pub(crate) went_out: bool,
}

impl Pending {
    pub(crate) fn new((person, kind): (PersonId, NoticeKind), event: Uuid, position: u64, at: Timestamp) -> Self {
        let (reference, left) = (None, None);
        Self { person, event, kind, position, at, reference, left, daily: false, due: at, attempts: 0, went_out: false }
    }

    /// The same, when the person wants it.
    pub(crate) fn when(mut self, when: When) -> Option<Self> {
        match when {
            When::AtOnce => {}
            When::Daily => self.wait_for_a_day(self.at),
            When::Never => return None,
        }
        Some(self)
    }

    fn wait_for_a_day(&mut self, since: Timestamp) {
        (self.daily, self.due) = (true, since.plus_days(1));
    }

    fn try_again(&mut self, now: Timestamp) {
        let times = 1_i64.checked_shl(self.attempts).filter(|times| *times > 0).unwrap_or(MOST_SECONDS);
        self.attempts += 1;
        self.due = Timestamp(now.0.saturating_add(FIRST_SECONDS.saturating_mul(times).min(MOST_SECONDS) * 1_000_000));
    }
}

/// What whoever leads knows.
pub(crate) struct Telling {
    holder: Uuid,
    run: i32,
    /// Up to where the log was read.
    position: u64,
    /// Where it ended when this began: what was told before may have been told by somebody else.
    pub(crate) began: u64,
    /// Whoever has given an address at some time.
    pub(crate) people: HashSet<PersonId>,
    /// Agencies that are known to have looked.
    pub(crate) seen: HashSet<(PersonId, AgencyId)>,
    pending: Vec<Pending>,
    /// When people were told of something at once, in the last day.
    told: HashMap<PersonId, Vec<Timestamp>>,
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

    /// Works until it is told to stop. What fails is tried again.
    pub async fn run(self, stop: CancellationToken) {
        let mut stands_by = StandsBy::new(self.engine().log().clone(), Duty::Notices, stop.clone());
        while let Some(leading) = stands_by.next().await {
            tokio::select! {
                () = self.lead() => {}
                () = leading.lost() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Tells people until the log has another history.
    async fn lead(&self) {
        let epoch = self.engine().log().epoch();
        let (mut telling, mut pauses) = (None, Pauses::up_to(LONGEST_PAUSE));
        while self.engine().log().epoch() == epoch {
            let step = match &mut telling {
                Some(telling) => self.step(telling).await,
                None => self.begin(epoch).await.map(|begun| telling = Some(begun)),
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
        let (run, position) = (cursor.run, cursor.acknowledged);
        let (seen, pending, told) = (HashSet::new(), Vec::new(), HashMap::new());
        Ok(Telling { holder, run, position, began, people, seen, pending, told, kept: Instant::now() })
    }

    async fn step(&self, telling: &mut Telling) -> Result<(), Error> {
        let appended = self.engine().appended();
        let more = appended.notified();
        let room = MOST.saturating_sub(telling.pending.len()).min(BATCH);
        let log = self.engine().log();
        let events = if room == 0 {
            vec![]
        } else {
            log.read(Position(telling.position), room).await.map_err(EngineError::failed)?
        };
        for event in &events {
            let pending = self.consider(telling, event).await?;
            telling.pending.extend(pending);
            telling.position = event.position.0;
        }
        self.tell_due(telling).await?;
        if telling.kept.elapsed() > KEEP {
            self.keep_place(telling).await?;
        }
        if events.len() < BATCH {
            drop(tokio::time::timeout(LOOK, more).await);
        }
        Ok(())
    }

    /// The next process begins before what is still to be told.
    async fn keep_place(&self, telling: &mut Telling) -> Result<(), Error> {
        let waits = telling.pending.iter().map(|pending| pending.position.saturating_sub(1));
        let place = waits.min().unwrap_or(telling.position);
        let (run, reached) = ((telling.holder, telling.run), (telling.position, place));
        let kept = self.cursors.advance(PLACE, run, reached, LEASE).await;
        kept.map_err(|error| Error::internal(&error))?
            .ok_or_else(|| Error::new(rpc::Reason::Unavailable, "another process tells people by now"))?;
        telling.kept = Instant::now();
        Ok(())
    }

    /// Tells everybody of what is due.
    async fn tell_due(&self, telling: &mut Telling) -> Result<(), Error> {
        let now = self.engine().now();
        let messages = telling.due(now);
        let telling_each = messages.into_iter().map(|message| async move { (self.tell(&message).await, message) });
        let telling_each: Vec<_> = telling_each.collect();
        let mut told = stream::iter(telling_each).buffer_unordered(AT_ONCE);
        let mut failed = Ok(());
        while let Some((outcome, message)) = told.next().await {
            let is_of = |pending: &Pending| message.iter().any(|of| of.event == pending.event);
            match outcome {
                Ok(Outcome::Done { was_sent }) => {
                    telling.pending.retain(|pending| !is_of(pending));
                    if let Some(first) = message.first().filter(|first| was_sent && !first.daily) {
                        telling.told.entry(first.person).or_default().push(now);
                    }
                }
                Ok(Outcome::Later { went_out }) => {
                    for pending in telling.pending.iter_mut().filter(|pending| is_of(pending)) {
                        pending.went_out |= went_out;
                        pending.try_again(now);
                    }
                }
                Err(error) => failed = Err(error),
            }
        }
        failed
    }
}

impl Telling {
    /// What is due, by message: each by itself, and all that waited for a day together.
    fn due(&mut self, now: Timestamp) -> Vec<Vec<Pending>> {
        self.told.retain(|_, times| {
            times.retain(|at| at.plus_days(1) > now);
            !times.is_empty()
        });
        let (mut each, mut together) = (Vec::new(), HashMap::<PersonId, Vec<Pending>>::new());
        let mut count: HashMap<PersonId, usize> = HashMap::new();
        for pending in &mut self.pending {
            let times = self.told.get(&pending.person);
            let so_far = times.map_or(0, Vec::len) + count.get(&pending.person).copied().unwrap_or_default();
            let is_news = !matches!(pending.kind, NoticeKind::AddressGiven | NoticeKind::AddressLeft);
            if is_news && !pending.daily && so_far >= A_DAY {
                pending.wait_for_a_day(times.and_then(|times| times.first().copied()).unwrap_or(now));
            }
            if pending.daily {
                together.entry(pending.person).or_default().push(pending.clone());
            } else if pending.due <= now {
                *count.entry(pending.person).or_default() += usize::from(is_news);
                each.push(vec![pending.clone()]);
            }
        }
        let is_due = |message: &Vec<Pending>| message.iter().any(|pending| pending.due <= now);
        each.into_iter().chain(together.into_values().filter(is_due)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(n: u128, kind: NoticeKind, at: Timestamp) -> Pending {
        Pending::new((PersonId(Uuid::nil()), kind), Uuid::from_u128(n), 1, at)
    }

    fn telling(pending: Vec<Pending>) -> Telling {
        let (people, seen, told) = (HashSet::new(), HashSet::new(), HashMap::new());
        let (holder, kept) = (Uuid::nil(), Instant::now());
        Telling { holder, run: 1, position: 0, began: 0, people, seen, pending, told, kept }
    }

    #[test]
    fn each_goes_by_itself_and_what_waits_for_a_day_together_a_day_after_the_first() {
        let now = Timestamp(1_000_000);
        let daily = |n, at: Timestamp| pending(n, NoticeKind::FirstLook, at).when(When::Daily).unwrap();
        assert!(pending(1, NoticeKind::Proposal, now).when(When::Never).is_none());
        let waiting = vec![
            pending(1, NoticeKind::Emergency, now),
            daily(2, now),
            pending(3, NoticeKind::Emergency, now),
            daily(4, now.plus_minutes(60)),
        ];
        let mut telling = telling(waiting);
        let events = |messages: Vec<Vec<Pending>>| {
            messages
                .iter()
                .map(|message| message.iter().map(|of| of.event.as_u128()).collect())
                .collect::<Vec<Vec<_>>>()
        };
        assert_eq!(events(telling.due(now)), [[1], [3]]);
        telling.pending.retain(|pending| pending.daily);
        assert!(telling.due(now.plus_minutes(60)).is_empty());
        assert_eq!(events(telling.due(now.plus_days(1))), [[2, 4]]);
    }

    #[test]
    fn of_a_great_many_things_the_rest_comes_together_and_what_is_about_an_address_does_not_count() {
        let now = Timestamp(1_000_000);
        let many = (0..30).map(|n| pending(n, NoticeKind::Proposal, now));
        let address = pending(99, NoticeKind::AddressGiven, now);
        let mut telling = telling(many.chain([address]).collect());
        let due = telling.due(now);
        assert_eq!(due.len(), A_DAY + 1);
        telling.pending.retain(|pending| pending.daily);
        telling.told.insert(PersonId(Uuid::nil()), vec![now; A_DAY]);
        assert!(telling.due(now.plus_minutes(600)).is_empty());
        assert_eq!(telling.due(now.plus_days(1)).iter().map(Vec::len).collect::<Vec<_>>(), [30 - A_DAY]);
    }

    #[test]
    fn what_could_not_be_sent_waits_longer_each_time() {
        let now = Timestamp(0);
        let mut pending = pending(1, NoticeKind::Emergency, now);
        let waits: Vec<_> = (0..100)
            .map(|_| {
                pending.try_again(now);
                pending.due.0 / 1_000_000
            })
            .collect();
        assert_eq!((&waits[..4], waits[99]), (&[4, 8, 16, 32][..], MOST_SECONDS));
    }
}
