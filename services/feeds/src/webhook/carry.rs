//! One webhook, carried to its target by whoever leads. What is not taken is decided again before it is sent again: however long that is later,
//! nothing leaves that is not covered then.

use std::time::{Duration, Instant};

use domain::agency::{Agency, Feed, PauseFeed};
use domain::ids::{AgencyId, FeedId};
use engine::{Context, Freshness};
use rpc::Error;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::Pseudonyms;

use super::WebhookDoor;
use super::calls::Untaken;
use super::send::{Sending, Signer};
use super::target::Target;
use crate::Feeds;
use crate::deliver::{Receiver, interrupted, receives};
use crate::pauses::Pauses;
use crate::pump::Pump;

/// For how long whoever carries a feed is shown to do so, and how often it says so at least.
const LEASE: Duration = Duration::from_secs(15);
const SAY_SO: Duration = Duration::from_secs(5);
/// How often it is looked whether it may go on.
const LOOK: Duration = Duration::from_secs(1);
/// The longest pause after a failure that is not the target's.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// The longest pause after one that is: how late a feed is at most once its target is back.
const LONGEST_BACK_OFF: Duration = Duration::from_secs(10 * 60);
/// How long one step may take: longer, and something hangs that is not the target.
const STEP_LIMIT: Duration = Duration::from_secs(60);
/// How many events are decided at once, at most: as many as are sent while the decision is fresh.
const AT_ONCE: usize = 256;
/// How much of the log is read at once: at least, and at most.
const READ_AT_LEAST: usize = 16;
const READ: usize = 2_500;
/// For how long nothing is sent at most to a target that wants little.
const LONGEST_PACE: Duration = Duration::from_secs(10);

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

/// Carries a webhook until it is closed or paused, or this process is to carry it no more. What fails is tried again: at once when something has
/// `changed` at the agency.
pub(crate) async fn carry(
    feeds: Feeds,
    (agency, feed): (AgencyId, FeedId),
    mut changed: watch::Receiver<()>,
    stop: CancellationToken,
) {
    let Some(door) = feeds.webhooks.clone() else {
        feeds.has_failed(feed, "this system calls no webhooks any more").await;
        return stop.cancelled().await;
    };
    let (to, mut pauses) = (Receiver { agency, feed, sign_in: None }, Pauses::up_to(LONGEST_PAUSE));
    let mut wanting =
        Wanting { feeds, door, to, wanted: None, takes: false, back_off: Pauses::up_to(LONGEST_BACK_OFF) };
    loop {
        changed.mark_unchanged();
        let ended = tokio::select! {
            ended = wanting.attempt() => ended,
            () = stop.cancelled() => return,
        };
        let pause = match ended {
            Ok(()) => return,
            Err(Ended::Theirs(untaken)) => match wanting.has_not_taken(untaken).await {
                Ok(Some(pause)) => pause,
                Ok(None) => return,
                Err(_) => pauses.next(),
            },
            Err(Ended::Ours(error)) => {
                tracing::debug!(%feed, reason = error.reason().as_str_name(), "a webhook is carried on in a moment");
                pauses.next()
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            changed = changed.changed() => if changed.is_err() { return },
            () = stop.cancelled() => return,
        }
    }
}

/// A feed, and what is known of its target from one attempt to the next.
struct Wanting {
    feeds: Feeds,
    door: std::sync::Arc<WebhookDoor>,
    to: Receiver,
    /// The target that has said that it wants what comes, and how long is to be between two events.
    wanted: Option<(Target, Duration)>,
    /// Whether it is known to take what comes.
    takes: bool,
    back_off: Pauses,
}

impl Wanting {
    /// Carries the feed until something fails, or there is nothing to carry any more.
    async fn attempt(&mut self) -> Result<(), Ended> {
        let (feeds, to) = (self.feeds.clone(), self.to);
        let engine = feeds.gate.engine();
        let state = engine.load::<Agency>(to.agency, Freshness::Latest).await?;
        let Some(feed) = state.open_feed(to.feed).filter(|feed| feed.paused.is_none()) else { return Ok(()) };
        receives(&state, to)?;
        let (holder, epoch) = (Uuid::now_v7(), engine.log().epoch());
        let cursor = feeds.cursors.take(to.feed.0, epoch, holder, LEASE).await;
        let cursor = cursor.map_err(|error| Error::internal(&error))?;
        self.wants(feed).await?;
        let pseudonyms = engine.codec().vault().pseudonyms().await.map_err(|error| Error::internal(&error))?;
        let pump = Pump::begin(&feeds, to, (holder, cursor, epoch), cursor.acknowledged).await?;
        let (at_once, read, now) = (1, READ_AT_LEAST, Instant::now());
        let mut carrying = Carrying { wanting: self, pump, pseudonyms, at_once, read, looked: None, said: now };
        loop {
            let step = tokio::time::timeout(STEP_LIMIT, carrying.step()).await;
            step.map_err(|_elapsed| interrupted("something hangs that the feed needs"))??;
        }
    }

    /// Asks the target whether it wants what comes, unless it has said so.
    async fn wants(&mut self, feed: &Feed) -> Result<(), Ended> {
        let wrong = |problem| Ended::Theirs(Untaken::because(format!("the target {problem}")));
        let target = Target::read(&feed.target, &self.door.networks).map_err(wrong)?;
        if self.wanted.as_ref().is_none_or(|(known, _)| *known != target) {
            let pace = self.door.calls.ask(&target).await.map_err(Ended::Theirs)?;
            self.wanted = Some((target, pace));
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

    /// The target has not taken what came. Returns how long to wait before it is tried again; nothing when the feed is paused now.
    async fn has_not_taken(&mut self, untaken: Untaken) -> Result<Option<Duration>, Error> {
        let Untaken { why, for_good, after } = untaken;
        let feed = self.to.feed;
        if self.back_off.is_first() {
            tracing::info!(%feed, why, "a webhook's target does not take what comes");
        }
        self.takes = false;
        let time = self.feeds.cursors.failing(feed.0, &why).await.map_err(|error| Error::internal(&error))?;
        if !for_good && time < self.door.paused_after {
            return Ok(Some(self.back_off.next().max(after.unwrap_or_default())));
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
    /// How much of the log is read at once, so that little is read and not sent.
    read: usize,
    looked: Option<Instant>,
    /// When it was last said how far it has come.
    said: Instant,
}

impl Carrying<'_> {
    async fn step(&mut self) -> Result<(), Ended> {
        if self.looked.is_none_or(|looked| looked.elapsed() > LOOK) {
            self.look().await?;
        }
        let events = self.pump.read(self.read).await?;
        let Some(last) = events.last().map(|event| event.position.0) else {
            self.wanting.has_taken().await?;
            self.say_so().await?;
            self.pump.wait(LOOK).await;
            return Ok(());
        };
        // Before it is decided, so that nothing waits between that and the target: events up to here may have their receipts.
        let before = std::mem::replace(&mut self.pump.position, last);
        self.pump.hold_on(LEASE, Some(before)).await?;
        let (leaving, until) = self.pump.decide(&events, self.at_once).await?;
        let decided = Instant::now();
        let consumed = usize::try_from(until.saturating_sub(before)).unwrap_or(READ);
        self.read = if until == last { self.read * 2 } else { consumed * 2 }.clamp(READ_AT_LEAST, READ);
        self.pump.position = until;
        if leaving.is_empty() { Ok(self.say_so().await?) } else { self.send(leaving, decided).await }
    }

    /// Sends what was decided. What could not be sent while that was fresh, or was not taken, is decided again.
    async fn send(&mut self, leaving: Vec<crate::deliver::Leaving>, decided: Instant) -> Result<(), Ended> {
        // As the decision saw it, or newer.
        let feed = self.pump.feeds.feed_of(self.pump.to, Freshness::Remembered).await?;
        let Some((target, pace)) =
            self.wanting.wanted.clone().filter(|(target, _)| target.url().as_str() == feed.target)
        else {
            return Err(interrupted("the feed has another target").into());
        };
        let now = self.pump.feeds.gate.engine().now();
        let signer = Signer { pseudonyms: &self.pseudonyms, feed: &feed, now };
        let sending = Sending { calls: &self.wanting.door.calls, target: &target, signer, decided };
        let sent = sending.send(leaving).await;
        match sent.next {
            None => self.at_once = (self.at_once * 2).min(AT_ONCE),
            Some(next) => {
                self.at_once = if sent.untaken.is_some() { 1 } else { sent.taken.max(1) };
                self.pump.decide_again(next.saturating_sub(1));
            }
        }
        if sent.taken > 0 {
            self.wanting.has_taken().await?;
        }
        if let Some(untaken) = sent.untaken {
            self.tell_place().await?;
            return Err(Ended::Theirs(untaken));
        }
        let pause = pace.saturating_mul(u32::try_from(sent.taken).unwrap_or(u32::MAX));
        tokio::time::sleep(pause.min(LONGEST_PACE)).await;
        Ok(())
    }

    /// Whether it may go on: the feed is open, somebody of the agency's systems is vouched for, and the log has the history that it is of.
    async fn look(&mut self) -> Result<(), Error> {
        self.looked = Some(Instant::now());
        self.pump.same_history()?;
        let (feeds, to) = (&self.pump.feeds, self.pump.to);
        let state = feeds.gate.engine().load::<Agency>(to.agency, Freshness::Latest).await?;
        receives(&state, to)?;
        let mut accounts = state.accounts().iter().filter(|account| !account.removed);
        if !accounts.any(|account| feeds.issuers.speaks_for(&account.issuer, to.agency)) {
            return Err(interrupted("no issuer that vouches for a system of the agency is trusted, or can be asked"));
        }
        Ok(())
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
