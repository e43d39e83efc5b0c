//! One feed, carried to its stream by whoever leads.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use domain::agency::{Agency, ContentLevel};
use domain::ids::{AgencyId, FeedId, PersonId, derived_id};
use domain::vocabulary::Timestamp;
use engine::{EngineError, Freshness, Pauses};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rpc::Error;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::Pseudonyms;

use super::stream::{FeedStream, remove};
use super::{Context, JetStreamDoor};
use crate::Feeds;
use crate::cloud_event::{Told, cloud_event, id_of};
use crate::deliver::{Coverage, Leaving, Receiver, What, interrupted, receives};
use crate::published::MISSED;
use crate::pump::{Pump, READ};
use crate::token::Place;
use crate::touched::Touched;

/// For how long whoever carries a feed is shown to do so.
const LEASE: Duration = Duration::from_secs(3);
/// How often it says so at least.
const SAY_SO: Duration = Duration::from_secs(1);
/// How often it is looked whether it may go on, and what readers have acknowledged.
const LOOK: Duration = Duration::from_millis(500);
/// How often it is looked what they have while no more may stand there.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// The longest pause after a failure: meanwhile what stands is not looked after, if it could not be removed.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// How long one step may take: longer, and something hangs.
const STEP_LIMIT: Duration = Duration::from_secs(10);
/// How many bytes of events stand at once, about: the rest waits in the log.
const BYTES: usize = 64 << 20;
/// About how many people it is decided again one by one; about more all of it is.
const PEOPLE: usize = 200;
/// What ran for so long has not failed at once.
const RAN_WELL: Duration = Duration::from_secs(60);
/// How many messages are removed at once.
const AT_ONCE: usize = 64;

/// Carries a feed until it is closed, and its stream is removed; or until this process is to carry it no more, and nothing stands that it has put
/// there. What fails is tried again.
pub(crate) async fn carry(feeds: Feeds, (agency, feed): (AgencyId, FeedId), stop: CancellationToken) {
    let Some(door) = feeds.jetstream.clone() else {
        feeds.has_failed(feed, "this system has no NATS server for feeds any more").await;
        return stop.cancelled().await;
    };
    let (to, mut pauses) = (Receiver { agency, feed, sign_in: None }, Pauses::up_to(LONGEST_PAUSE));
    let mut said = String::new();
    loop {
        let begun = Instant::now();
        let Err(error) = attempt(&feeds, &door, to, &stop).await else { return };
        if stop.is_cancelled() {
            return;
        }
        feeds.waits_because(feed, &error, &mut said).await;
        if begun.elapsed() > RAN_WELL {
            pauses.went_well();
            said.clear();
        }
        pauses.pause().await;
    }
}

/// Carries a feed until something fails, or it is closed and nothing of it stands any more.
async fn attempt(feeds: &Feeds, door: &JetStreamDoor, to: Receiver, stop: &CancellationToken) -> Result<(), Error> {
    let state = feeds.gate.engine().load::<Agency>(to.agency, Freshness::Latest).await?;
    let context = door.context(to.agency).await?;
    let Err(error) = receives(&state, to) else {
        return Err(Carrying::begin(feeds, door, context, to).await?.go_on(stop).await);
    };
    // Where nobody may take it nothing stands: neither of a feed that is closed, nor while nobody signs in.
    remove(&context, to.feed).await?;
    if state.open_feed(to.feed).is_none() { Ok(()) } else { Err(error) }
}

/// A sequence that no moment before this one had: microseconds since 1970.
fn sequence_at(time: Timestamp) -> u64 {
    time.0.unsigned_abs()
}

/// An event that stands in the stream.
struct Standing {
    sequence: u64,
    position: u64,
    since: Instant,
    bytes: usize,
    of: Option<(PersonId, What)>,
    /// Of what is told of events that have fallen out: how many, and after which position they came.
    missed: Option<(usize, u64)>,
}

impl Standing {
    /// Readers have all up to here, as far as this one is concerned. What is told of what has fallen out stands for that: it is not in the log.
    fn after(&self) -> u64 {
        self.missed.map_or(self.position.saturating_sub(1), |(_, after)| after)
    }
}

struct Carrying<'a> {
    pump: Pump,
    door: &'a JetStreamDoor,
    stream: FeedStream,
    pseudonyms: Pseudonyms,
    /// What stands in the stream, in its order.
    standing: VecDeque<Standing>,
    /// When time alone may take away what of whom stands there.
    due: HashMap<PersonId, Timestamp>,
    /// Up to where the log has been looked at for what takes something away: however far behind the feed itself is.
    looked_until: u64,
    looked: Instant,
    /// Up to where readers were said to have all, and when.
    said: (u64, Instant),
}

impl<'a> Carrying<'a> {
    async fn begin(feeds: &Feeds, door: &'a JetStreamDoor, context: Context, to: Receiver) -> Result<Self, Error> {
        let engine = feeds.gate.engine();
        let pseudonyms = engine.codec().vault().pseudonyms().await.map_err(|error| Error::internal(&error))?;
        let (holder, epoch) = (Uuid::now_v7(), engine.log().epoch());
        let cursor = feeds.cursors.take(to.feed.0, epoch, holder, LEASE).await;
        let cursor = cursor.map_err(|error| Error::internal(&error))?;
        // First of all: nothing of what stood there before was looked after since.
        let stream = FeedStream::begin(context, to.feed, &door.settings, sequence_at(engine.now())).await?;
        // Where readers are, whatever stood there: it is decided again, and comes under the same ids.
        let pump = Pump::begin(feeds, to, (holder, cursor, epoch), cursor.acknowledged).await?;
        let looked_until = engine.log().head().await.map_err(EngineError::failed)?.0;
        let (standing, due) = (VecDeque::new(), HashMap::new());
        let (looked, said) = (Instant::now(), (cursor.acknowledged, Instant::now()));
        Ok(Self { pump, door, stream, pseudonyms, standing, due, looked_until, looked, said })
    }

    /// Goes on until something fails or it is to stop; returns what. While nobody carries it nothing stands: it comes again.
    async fn go_on(&mut self, stop: &CancellationToken) -> Error {
        let error = loop {
            let step = tokio::select! {
                step = tokio::time::timeout(STEP_LIMIT, self.step()) => step,
                () = stop.cancelled() => break interrupted("this process carries feeds no more"),
            };
            match step {
                Ok(Ok(())) => {}
                Ok(Err(error)) => break error,
                Err(_elapsed) => break interrupted("something hangs that the feed needs"),
            }
        };
        if let Err(error) = self.leave().await {
            tracing::debug!(reason = error.reason().as_str_name(), "what stood is removed when the feed is carried on");
        }
        error
    }

    /// Removes what stands there: also what is on its way, if nobody else carries the feed by now.
    async fn leave(&mut self) -> Result<(), Error> {
        // Whoever takes it from here on empties it at a later time.
        let at = sequence_at(self.pump.feeds.gate.engine().now());
        let is_ours = tokio::time::timeout(LOOK, self.pump.hold_on(LEASE, None)).await;
        let at = if is_ours.is_ok_and(|held| held.is_ok()) { at } else { self.stream.own() };
        self.stream.remove_before(at).await
    }

    async fn step(&mut self) -> Result<(), Error> {
        self.take_back().await?;
        let left = self.door.settings.standing.saturating_sub(self.standing.len());
        if self.looked.elapsed() > LOOK {
            self.look().await?;
        }
        if left == 0 || self.standing.iter().map(|standing| standing.bytes).sum::<usize>() > BYTES {
            tokio::time::sleep(LOOK_AGAIN).await;
            return self.is_acknowledged().await;
        }
        let events = self.pump.read(left).await?;
        if events.is_empty() {
            self.pump.wait(LOOK).await;
            return Ok(());
        }
        let (before, (leaving, until)) = (self.pump.position, self.pump.decide(&events, left).await?);
        self.pump.position = until;
        if leaving.is_empty() {
            return Ok(());
        }
        // What has its receipts is known to have them, before it stands anywhere.
        self.pump.hold_on(LEASE, None).await?;
        if self.is_touched(&leaving).await? {
            self.pump.decide_again(before);
            return Ok(());
        }
        self.publish(leaving).await
    }

    async fn publish(&mut self, leaving: Vec<Leaving>) -> Result<(), Error> {
        let first = self.stream.publish(leaving.iter().map(|leaving| leaving.cloud_event.clone())).await?;
        let since = Instant::now();
        for (sequence, leaving) in (first..).zip(leaving) {
            let bytes = leaving.cloud_event.len();
            let Leaving { position, of, changes_at, .. } = leaving;
            if let (Some((person, _)), Some(at)) = (of, changes_at) {
                self.due.entry(person).and_modify(|due| *due = at.min(*due)).or_insert(at);
            }
            self.standing.push_back(Standing { sequence, position, since, bytes, of, missed: None });
        }
        Ok(())
    }

    /// Whether something has happened since it was looked that may take away what lets these leave.
    async fn is_touched(&self, leaving: &[Leaving]) -> Result<bool, Error> {
        let (touched, _) = self.touched().await?;
        let everybody = touched.all || touched.agencies.contains(&self.pump.to.agency);
        Ok(everybody || leaving.iter().filter_map(|leaving| leaving.of).any(|(of, _)| touched.people.contains(&of)))
    }

    /// Whom what has happened since it was looked touches; and up to where that is.
    async fn touched(&self) -> Result<(Touched, u64), Error> {
        let (mut touched, mut until) = (Touched::default(), self.looked_until);
        loop {
            let events = self.pump.read_after(until, READ).await?;
            let Some(last) = events.last() else { return Ok((touched, until)) };
            until = last.position.0;
            touched.extend(Touched::by(&events, self.pump.feeds.gate.engine()).await?);
        }
    }

    /// Removes what stands there and is not covered any more, by whatever has happened or by time.
    async fn take_back(&mut self) -> Result<(), Error> {
        let (Touched { mut people, agencies, all }, until) = self.touched().await?;
        self.looked_until = until;
        let everybody = all || agencies.contains(&self.pump.to.agency);
        let now = self.pump.feeds.gate.engine().now();
        people.extend(self.due.iter().filter(|(_, at)| **at <= now).map(|(person, _)| *person));
        if people.is_empty() && !everybody {
            return Ok(());
        }
        let mut standing = BTreeMap::<_, Vec<_>>::new();
        for (person, what) in self.standing.iter().filter_map(|standing| standing.of) {
            standing.entry(person).or_default().push(what);
        }
        self.due.retain(|person, _| standing.contains_key(person));
        standing.retain(|person, _| everybody || people.contains(person));
        if standing.len() > PEOPLE {
            return Err(interrupted("so much has changed that all of the feed is decided again"));
        }
        let (feeds, to) = (&self.pump.feeds, self.pump.to);
        let receiver = (to.agency, feeds.feed_of(to, Freshness::Latest).await?.purpose);
        let deciding: Vec<_> = standing
            .into_iter()
            .map(|(person, theirs)| async move {
                let Some(coverage) = Coverage::of(&feeds.gate, receiver, person).await? else {
                    return Ok::<_, Error>((person, None));
                };
                let entries = theirs.into_iter().filter_map(What::entry);
                Ok((person, Some(coverage.asked_about(&feeds.gate, entries).await?)))
            })
            .collect();
        let decided: HashMap<_, _> = stream::iter(deciding).buffer_unordered(AT_ONCE).try_collect().await?;
        self.take_back_of(&decided).await
    }

    /// Removes what stands there of these people and is not covered; of whom nothing is left, all.
    async fn take_back_of(&mut self, decided: &HashMap<PersonId, Option<Coverage>>) -> Result<(), Error> {
        let is_gone = |standing: &Standing| {
            let decided = standing.of.and_then(|(person, what)| Some((decided.get(&person)?, what)));
            decided.is_some_and(|(coverage, what)| !coverage.as_ref().is_some_and(|now| now.tells(&what)))
        };
        let gone: Vec<_> = self.standing.iter().filter(|s| is_gone(s)).map(|standing| standing.sequence).collect();
        self.forget(&gone).await?;
        self.standing.retain(|standing| !is_gone(standing));
        for (person, decided) in decided {
            match decided.as_ref().and_then(|coverage| coverage.grounds.changes_at()) {
                Some(at) => drop(self.due.insert(*person, at)),
                None => drop(self.due.remove(person)),
            }
        }
        Ok(())
    }

    /// Removes messages from the stream, many at once.
    async fn forget<'s>(&self, sequences: impl IntoIterator<Item = &'s u64>) -> Result<(), Error> {
        let forgetting: Vec<_> = sequences.into_iter().map(|sequence| self.stream.forget(*sequence)).collect();
        stream::iter(forgetting).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Whether it may go on; learns what readers have acknowledged, and removes what has stood there for too long.
    async fn look(&mut self) -> Result<(), Error> {
        self.looked = Instant::now();
        self.pump.same_history()?;
        self.pump.feeds.feed_of(self.pump.to, Freshness::Latest).await?;
        self.is_acknowledged().await?;
        self.stream.has_reader().await?;
        self.let_fall().await?;
        let before = self.standing.iter().map(Standing::after).min().unwrap_or(self.pump.position);
        if self.said.0 != before || self.said.1.elapsed() > SAY_SO {
            self.pump.hold_on(LEASE, Some(before)).await?;
            self.said = (before, Instant::now());
        }
        Ok(())
    }

    /// What readers have acknowledged does not stand any more.
    async fn is_acknowledged(&mut self) -> Result<(), Error> {
        let first = self.stream.first(self.standing.len()).await?;
        while self.standing.front().is_some_and(|standing| standing.sequence < first) {
            self.standing.pop_front();
        }
        Ok(())
    }

    /// What nobody takes does not stand for ever: it falls out, and that is told before. What was told of before, and nobody took, is told with
    /// it: one such event stands at most.
    async fn let_fall(&mut self) -> Result<(), Error> {
        let kept_for = self.door.settings.kept_for;
        let is_old = |standing: &Standing| standing.since.elapsed() > kept_for;
        if !self.standing.front().is_some_and(is_old) {
            return Ok(());
        }
        let fallen: Vec<_> = self.standing.iter().filter(|s| is_old(s) || s.missed.is_some()).collect();
        let count: usize = fallen.iter().map(|standing| standing.missed.map_or(1, |(count, _)| count)).sum();
        let after = fallen.iter().map(|standing| standing.after()).min().unwrap_or_default();
        let until = fallen.iter().map(|standing| standing.position).max().unwrap_or_default();
        let fallen: BTreeSet<_> = fallen.into_iter().map(|standing| standing.sequence).collect();
        let (feed, run) = (self.pump.to.feed, self.pump.cursor.run);
        let place = Place { run, position: after };
        let data = json!({"count": count, "token": place.token(&self.pseudonyms, feed)});
        let parts = [&b"missed"[..], &run.to_be_bytes(), &after.to_be_bytes(), &until.to_be_bytes()];
        let at = self.pump.feeds.gate.engine().now();
        let event = derived_id(feed.0, &parts);
        let told = Told { feed, event, published: MISSED, person: None, at, traceparent: String::new() };
        let cloud_event = cloud_event(&told, ContentLevel::IdOnly, data, || Value::Null);
        self.publish(vec![Leaving::about_nobody(self.pump.position, id_of(feed, event), cloud_event)]).await?;
        if let Some(told) = self.standing.back_mut() {
            told.missed = Some((count, after));
        }
        self.forget(&fallen).await?;
        self.standing.retain(|standing| !fallen.contains(&standing.sequence));
        tracing::warn!(%feed, count, "events that nobody took have fallen out of a feed's stream");
        Ok(())
    }
}
