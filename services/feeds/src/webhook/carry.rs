//! One webhook, carried to its target by whoever leads. What is not taken is decided again before it is sent again: however long that is later,
//! nothing leaves that is not covered then.

use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::agency::{Agency, Feed, PauseFeed};
use domain::ids::{AgencyId, FeedId};
use engine::{Context, Freshness, Pauses};
use rpc::Error;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::Pseudonyms;

use super::WebhookDoor;
use super::calls::{KEPT, Untaken};
use super::send::{Sending, Signer};
use super::target::Target;
use crate::Feeds;
use crate::deliver::{Leaving, Receiver, interrupted, receives};
use crate::pump::Pump;

/// For how long whoever carries a feed is shown to do so, and how often it says so at least.
const LEASE: Duration = Duration::from_secs(15);
const SAY_SO: Duration = Duration::from_secs(5);
/// How often it is looked whether it may go on.
const LOOK: Duration = Duration::from_secs(1);
/// The longest pause after a failure that is not the target's.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The shortest pause after one that is, whatever happens meanwhile: nobody is called more often who does not take what comes.
const SHORTEST_BACK_OFF: Duration = Duration::from_secs(1);
/// The longest that this system thinks of by itself: how late a feed is at most once its target is back.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(10 * 60);
/// How long one step may take: longer, and something hangs that is not the target.
const STEP_LIMIT: Duration = Duration::from_secs(60);
/// How many events are decided at once, at most: as many as are sent while the decision is fresh.
const AT_ONCE: usize = 256;
/// How much of the log is read at once: at least, and at most.
const READ_AT_LEAST: usize = 16;
const READ: usize = 2_500;
/// For how long a connection is relied on to be there, so that an event leaves while the decision is fresh.
const CONNECTED: Duration = KEPT.saturating_sub(Duration::from_secs(10));
/// How often in a row an event may be decided and be no longer fresh when it could leave.
const STALE: u32 = 3;

/// Why an attempt has ended.
enum Ended {
    /// Something is not as it should be, here.
    Ours(Error),
    /// The target does not take what comes.
    Theirs(Untaken),
}

impl<E: Into<Error>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Ours(error.into())
    }
}

/// Carries a webhook until it is closed or paused, or this process is to carry it no more. What fails is tried again: soon when the feed has
/// `changed`.
pub(crate) async fn carry(
    feeds: Feeds,
    (agency, feed): (AgencyId, FeedId),
    mut changed: watch::Receiver<Feed>,
    stop: CancellationToken,
) {
    let Some(door) = feeds.webhooks.clone() else {
        feeds.has_failed(feed, "this system calls no webhooks any more").await;
        return stop.cancelled().await;
    };
    let (to, mut pauses, mut said) =
        (Receiver { agency, feed, sign_in: None }, Pauses::up_to(LONGEST_PAUSE), String::new());
    let mut wanting = Wanting::new(feeds, door, to);
    loop {
        changed.mark_unchanged();
        let ended = tokio::select! {
            ended = wanting.attempt() => ended,
            () = stop.cancelled() => return,
        };
        let (least, pause) = match ended {
            Ok(()) => return,
            Err(Ended::Theirs(untaken)) => match wanting.has_not_taken(untaken).await {
                Ok(Some(pause)) => (SHORTEST_BACK_OFF, pause),
                Ok(None) => return,
                Err(_) => (SHORTEST_BACK_OFF, pauses.longer()),
            },
            Err(Ended::Ours(error)) => {
                wanting.feeds.waits_because(feed, &error, &mut said).await;
                (Duration::ZERO, pauses.longer())
            }
        };
        if std::mem::take(&mut wanting.went_well) {
            pauses.went_well();
            said.clear();
        }
        tokio::select! {
            () = tokio::time::sleep(pause.max(least)) => {}
            changed = hears(&mut changed, least) => if !changed { return },
            () = stop.cancelled() => return,
        }
    }
}

/// Whether the feed has changed, once so much time is over; otherwise nobody tells any more.
async fn hears(changed: &mut watch::Receiver<Feed>, least: Duration) -> bool {
    tokio::time::sleep(least).await;
    changed.changed().await.is_ok()
}

/// A feed, and what is known of its target from one attempt to the next.
struct Wanting {
    feeds: Feeds,
    door: Arc<WebhookDoor>,
    to: Receiver,
    /// The target, as the feed has it.
    named: String,
    /// The same, once it has said that it wants what comes; and how long is to be between two events.
    wanted: Option<(Target, Duration)>,
    /// When it has answered last.
    answered: Instant,
    /// Whether it is known to take what comes.
    takes: bool,
    /// Whether a step went well since that was looked at.
    went_well: bool,
    back_off: Pauses,
}

impl Wanting {
    fn new(feeds: Feeds, door: Arc<WebhookDoor>, to: Receiver) -> Self {
        let (named, answered, back_off) = (String::new(), Instant::now(), Pauses::up_to(LONGEST_BACK_OFF));
        Self { feeds, door, to, named, wanted: None, answered, takes: false, went_well: false, back_off }
    }

    /// Carries the feed until something fails, or there is nothing to carry any more.
    async fn attempt(&mut self) -> Result<(), Ended> {
        let (feeds, to) = (self.feeds.clone(), self.to);
        let engine = feeds.gate.engine();
        let state = engine.load::<Agency>(to.agency, Freshness::Latest).await?;
        let open = state.open_feed(to.feed);
        if open.is_none() {
            // Whoever closed it waits for nothing any more.
            feeds.cursors.recovered(to.feed.0).await.map_err(|error| Error::internal(&error))?;
        }
        let Some(feed) = open.filter(|feed| feed.paused.is_none()) else { return Ok(()) };
        receives(&state, to)?;
        let (holder, epoch) = (Uuid::now_v7(), engine.log().epoch());
        let cursor = feeds.cursors.take(to.feed.0, epoch, holder, LEASE).await;
        let cursor = cursor.map_err(|error| Error::internal(&error))?;
        self.wants(feed).await?;
        let pseudonyms = engine.codec().vault().pseudonyms().await.map_err(|error| Error::internal(&error))?;
        let pump = Pump::begin(&feeds, to, (holder, cursor, epoch), cursor.acknowledged).await?;
        let mut carrying = Carrying::new(self, pump, pseudonyms);
        loop {
            let step = tokio::time::timeout(STEP_LIMIT, carrying.step()).await;
            step.map_err(|_elapsed| interrupted("something hangs that the feed needs"))??;
            carrying.wanting.went_well = true;
        }
    }

    /// Asks the target whether it wants what comes, unless it has said so.
    async fn wants(&mut self, feed: &Feed) -> Result<(), Ended> {
        if self.named != feed.target {
            feed.target.clone_into(&mut self.named);
            self.wanted = None;
            self.back_off.went_well();
        }
        if self.wanted.is_none() {
            let wrong = |problem| Ended::Theirs(Untaken::because(format!("the target {problem}")));
            let target = Target::read(&feed.target, &self.door.networks).map_err(wrong)?;
            let pace = self.door.calls.ask(&target).await.map_err(Ended::Theirs)?;
            self.wanted = Some((target, pace));
            self.answered = Instant::now();
        }
        Ok(())
    }

    /// The target takes what comes.
    async fn has_taken(&mut self) -> Result<(), Error> {
        if !self.takes {
            self.feeds.cursors.recovered(self.to.feed.0).await.map_err(|error| Error::internal(&error))?;
            self.back_off.went_well();
            self.takes = true;
        }
        Ok(())
    }

    /// The target has not taken what came, and is asked first when it is tried again: nothing is decided for nobody. Returns how long to wait
    /// before that; nothing when the feed is paused now.
    async fn has_not_taken(&mut self, untaken: Untaken) -> Result<Option<Duration>, Error> {
        let Untaken { why, for_good, after } = untaken;
        let feed = self.to.feed;
        if self.back_off.is_first() {
            tracing::info!(%feed, why, "a webhook's target does not take what comes");
        }
        (self.takes, self.wanted) = (false, None);
        let time = self.feeds.cursors.failing(feed.0, &why).await.map_err(|error| Error::internal(&error))?;
        if !for_good && time < self.door.paused_after {
            return Ok(Some(self.back_off.longer().max(after.unwrap_or_default())));
        }
        let (agency, engine) = (self.to.agency, self.feeds.gate.engine());
        engine.execute(&Context::of_system(), agency, agency, PauseFeed { feed, why }).await?;
        tracing::warn!(%feed, "a webhook is paused: its agency's administrator reads why, and resumes it");
        Ok(None)
    }
}

struct Carrying<'a> {
    wanting: &'a mut Wanting,
    pump: Pump,
    pseudonyms: Pseudonyms,
    /// How many events are decided at once: as many as were sent while the decision was fresh, and more each time that goes well.
    at_once: usize,
    /// Whether it has been too many: then it grows more slowly.
    was_too_many: bool,
    /// How often in a row nothing could leave while it was fresh that it may.
    stale: u32,
    /// How much of the log is read at once, so that little is read and not sent.
    read: usize,
    looked: Option<Instant>,
    /// When it was last said how far it has come.
    said: Instant,
    /// Before which time the target wants nothing more.
    not_before: Instant,
}

impl<'a> Carrying<'a> {
    fn new(wanting: &'a mut Wanting, pump: Pump, pseudonyms: Pseudonyms) -> Self {
        let (at_once, read, now) = (1, READ_AT_LEAST, Instant::now());
        let (said, not_before) = (now, now);
        Self { wanting, pump, pseudonyms, at_once, was_too_many: false, stale: 0, read, looked: None, said, not_before }
    }

    async fn step(&mut self) -> Result<(), Ended> {
        if self.looked.is_none_or(|looked| looked.elapsed() > LOOK) {
            self.look().await?;
        }
        let early = self.not_before.saturating_duration_since(Instant::now());
        if !early.is_zero() {
            self.say_so().await?;
            tokio::time::sleep(early.min(LOOK)).await;
            return Ok(());
        }
        let events = self.pump.read(self.read).await?;
        let Some(last) = events.last().map(|event| event.position.0) else {
            self.wanting.has_taken().await?;
            self.say_so().await?;
            self.pump.wait(LOOK).await;
            return Ok(());
        };
        let considered = self.pump.consider(&events, self.at_once).await?;
        if !considered.is_empty() && self.wanting.answered.elapsed() > CONNECTED {
            let feed = self.pump.feeds.feed_of(self.pump.to, Freshness::Remembered).await?;
            self.wanting.wanted = None;
            self.wanting.wants(&feed).await?;
        }
        // Before it is decided, so that nothing waits between that and the target: events up to here may have their receipts.
        let before = std::mem::replace(&mut self.pump.position, last);
        self.pump.hold_on(LEASE, Some(before)).await?;
        let (leaving, until) = self.pump.conclude(considered).await?;
        self.pump.position = until;
        let next = if leaving.is_empty() { None } else { self.send(leaving).await? };
        if next.is_none() && until == last {
            self.read = (self.read * 2).min(READ);
        } else {
            let consumed = next.map_or(until, |next| next.saturating_sub(1)).saturating_sub(before);
            self.read = usize::try_from(consumed).unwrap_or(READ).saturating_mul(2).clamp(READ_AT_LEAST, READ);
        }
        Ok(self.say_so().await?)
    }

    /// Sends what was decided. What could not be sent while that was fresh, or was not taken, is decided again: returns the position of the first
    /// of it.
    async fn send(&mut self, leaving: Vec<Leaving>) -> Result<Option<u64>, Ended> {
        // As the decision saw it, or newer.
        let feed = self.pump.feeds.feed_of(self.pump.to, Freshness::Remembered).await?;
        let wanted = self.wanting.wanted.clone().filter(|_| self.wanting.named == feed.target);
        let (target, pace) = wanted.ok_or_else(|| interrupted("the feed has another target"))?;
        let now = self.pump.feeds.gate.engine().now();
        let signer = Signer { pseudonyms: &self.pseudonyms, feed: &feed, now };
        let sending = Sending { calls: &self.wanting.door.calls, target: &target, signer, decided: self.pump.decided };
        let sent = sending.send(leaving).await;
        if let Some(next) = sent.next {
            self.pump.decide_again(next.saturating_sub(1));
        }
        if sent.taken > 0 {
            self.wanting.answered = Instant::now();
            self.wanting.has_taken().await?;
        }
        if let Some(untaken) = sent.untaken {
            self.tell_place().await?;
            return Err(Ended::Theirs(untaken));
        }
        self.stale = if sent.taken > 0 { 0 } else { self.stale + 1 };
        if sent.taken == 0 {
            // Whoever takes so long is asked again, and is then connected.
            self.wanting.answered = Instant::now().checked_sub(KEPT).unwrap_or(self.wanting.answered);
        }
        if self.stale >= STALE {
            return Err(Ended::Theirs(Untaken::because("the target takes too long to be reached")));
        }
        self.was_too_many |= sent.next.is_some();
        let more = if self.was_too_many { (self.at_once / 8).max(1) } else { self.at_once };
        let at_once = if sent.next.is_some() { sent.taken.max(1) } else { self.at_once.saturating_add(more) };
        self.at_once = at_once.min(at_pace(pace));
        self.not_before = Instant::now() + pace.saturating_mul(u32::try_from(sent.taken).unwrap_or(u32::MAX));
        Ok(sent.next)
    }

    /// Whether it may go on: the feed is open, somebody of the agency's systems is vouched for, and the log has the history that it is of.
    async fn look(&mut self) -> Result<(), Ended> {
        self.looked = Some(Instant::now());
        self.pump.same_history()?;
        let (feeds, to) = (&self.pump.feeds, self.pump.to);
        let state = feeds.gate.engine().load::<Agency>(to.agency, Freshness::Latest).await?;
        let feed = receives(&state, to)?;
        if feed.paused.is_some() {
            return Err(interrupted("the feed is paused").into());
        }
        let mut accounts = state.accounts().iter().filter(|account| !account.removed);
        if !accounts.any(|account| feeds.issuers.speaks_for(&account.issuer, to.agency)) {
            let why = "no issuer that vouches for a system of the agency is trusted, or can be asked";
            return Err(interrupted(why).into());
        }
        self.wanting.wants(feed).await
    }

    /// Says how far it has come, if it has not for a while.
    async fn say_so(&mut self) -> Result<(), Error> {
        if self.said.elapsed() > SAY_SO { self.tell_place().await } else { Ok(()) }
    }

    async fn tell_place(&mut self) -> Result<(), Error> {
        self.pump.hold_on(LEASE, Some(self.pump.position)).await?;
        self.said = Instant::now();
        Ok(())
    }
}

/// How many events are sent at once at most to a target that wants so long between two: as many as it wants in ten seconds.
fn at_pace(pace: Duration) -> usize {
    if pace.is_zero() {
        return AT_ONCE;
    }
    usize::try_from(Duration::from_secs(10).as_millis() / pace.as_millis().max(1)).unwrap_or(AT_ONCE).clamp(1, AT_ONCE)
}
