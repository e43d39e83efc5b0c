//! One feed, carried to its stream by whoever leads.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use domain::access::events::Delivered;
use domain::agency::Agency;
use domain::ids::{AccountId, AgencyId, FeedId, PersonId};
use domain::issuers::{Only, Register};
use domain::person::Person;
use domain::vocabulary::Timestamp;
use engine::{EngineError, Freshness};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use rpc::Error;
use serde_json::{Value, json};
use tonic::Status;
use uuid::Uuid;
use vault::Pseudonyms;

use super::standing::{FeedStream, remove};
use super::{Context, JetStreamDoor};
use crate::Feeds;
use crate::cloud_event::{Told, cloud_event};
use crate::deliver::{Leaving, Receiver, is_covered, receives};
use crate::published::MISSED;
use crate::pump::{Pump, READ};
use crate::token::Place;
use crate::touched::Touched;

/// For how long whoever carries a feed is shown to do so.
const LEASE: Duration = Duration::from_secs(3);
/// How often it is looked whether it may go on, and what readers have acknowledged.
const LOOK: Duration = Duration::from_millis(500);
/// The same while no more may stand there.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Pauses after a failure: doubled each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// What ran for so long has not failed at once.
const RAN_WELL: Duration = Duration::from_secs(60);
/// How many messages are removed at once.
const AT_ONCE: usize = 64;

/// Carries a feed until it is closed; then its stream is removed. What fails is tried again.
pub(crate) async fn carry(feeds: Feeds, agency: AgencyId, feed: FeedId) {
    let Some(door) = feeds.jetstream.clone() else {
        return feeds.has_failed(feed, "this system has no NATS server for feeds any more").await;
    };
    let (to, mut pause) = (Receiver { agency, feed, sign_in: None }, FIRST_PAUSE);
    loop {
        let begun = Instant::now();
        match attempt(&feeds, &door, to).await {
            Ok(()) => return,
            Err(error) => {
                tracing::info!(%feed, reason = error.reason().as_str_name(), "a feed is carried on in a moment");
                feeds.has_failed(feed, Status::from(error).message()).await;
            }
        }
        pause = if begun.elapsed() > RAN_WELL { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        tokio::time::sleep(pause).await;
    }
}

/// Carries a feed until something fails, or it is closed and nothing of it stands any more.
async fn attempt(feeds: &Feeds, door: &JetStreamDoor, to: Receiver) -> Result<(), Error> {
    let state = feeds.gate.engine().load::<Agency>(to.agency, Freshness::Latest).await?;
    feeds.tell_account(door, to.agency, &state).await?;
    let context = door.context(to.agency).await?;
    let Err(error) = receives(&state, to) else {
        return Err(Carrying::begin(feeds, door, (context, &state), to).await?.go_on().await);
    };
    // Where nobody may take it nothing stands: neither of a feed that is closed, nor while nobody signs in.
    remove(&context, to.feed).await?;
    if state.open_feed(to.feed).is_none() { Ok(()) } else { Err(error) }
}

impl Feeds {
    /// Tells the server of an agency's account as it is.
    pub(crate) async fn tell_account(
        &self,
        door: &JetStreamDoor,
        agency: AgencyId,
        state: &Agency,
    ) -> Result<(), Error> {
        door.tell(agency, state, |issuer| self.issuers.speaks_for(issuer, agency)).await
    }

    /// The accounts of an agency's systems for which their issuer speaks now.
    fn vouched(&self, agency: AgencyId, state: &Agency) -> BTreeSet<AccountId> {
        let accounts = state.accounts().iter().filter(|account| self.issuers.speaks_for(&account.issuer, agency));
        accounts.map(|account| account.account).collect()
    }
}

/// An event that stands in the stream.
struct Standing {
    sequence: u64,
    position: u64,
    since: Instant,
    of: Option<(PersonId, Delivered)>,
    /// Of what is told of events that have fallen out: how many, and after which position they came.
    missed: Option<(usize, u64)>,
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
    /// For whose accounts an issuer spoke when the server was told.
    vouched: BTreeSet<AccountId>,
    /// Up to where the log has been looked at for what takes something away: however far behind the feed itself is.
    looked_until: u64,
    looked: Instant,
}

impl<'a> Carrying<'a> {
    async fn begin(
        feeds: &Feeds,
        door: &'a JetStreamDoor,
        (context, state): (Context, &Agency),
        to: Receiver,
    ) -> Result<Self, Error> {
        let vouched = feeds.vouched(to.agency, state);
        let engine = feeds.gate.engine();
        let pseudonyms = engine.codec().vault().pseudonyms().await.map_err(|error| Error::internal(&error))?;
        let (holder, epoch) = (Uuid::now_v7(), engine.log().epoch());
        let cursor = feeds.cursors.take(to.feed.0, epoch, holder, LEASE).await;
        let cursor = cursor.map_err(|error| Error::internal(&error))?;
        // Where readers are, whatever stood there: it is decided again, and comes under the same ids.
        let pump = Pump::begin(feeds, to, (holder, cursor, epoch), cursor.acknowledged).await?;
        let looked_until = engine.log().head().await.map_err(EngineError::failed)?.0;
        let stream = FeedStream::begin(context, to.feed, &door.settings).await?;
        let (standing, due) = (VecDeque::new(), HashMap::new());
        Ok(Self { pump, door, stream, pseudonyms, standing, due, vouched, looked_until, looked: Instant::now() })
    }

    /// Goes on until something fails; returns what. While nobody carries it nothing stands: it comes again.
    async fn go_on(&mut self) -> Error {
        loop {
            if let Err(error) = self.step().await {
                if let Err(error) = self.stream.forget_own().await {
                    tracing::debug!(
                        reason = error.reason().as_str_name(),
                        "what stood is removed when it is carried on"
                    );
                }
                return error;
            }
        }
    }

    async fn step(&mut self) -> Result<(), Error> {
        self.take_back().await?;
        let left = self.door.settings.standing.saturating_sub(self.standing.len());
        if left == 0 {
            self.pump.wait(LOOK_AGAIN).await;
            tokio::time::sleep(LOOK_AGAIN).await;
            return self.look().await;
        }
        if self.looked.elapsed() > LOOK {
            self.look().await?;
        }
        let events = self.pump.read(left.min(READ)).await?;
        if events.is_empty() {
            self.pump.wait(LOOK).await;
            return Ok(());
        }
        let (leaving, until) = self.pump.decide(&events).await?;
        self.pump.position = until;
        if leaving.is_empty() {
            return Ok(());
        }
        // What has its receipts is known to have them, before it stands anywhere.
        self.pump.hold_on(LEASE, 0).await?;
        self.publish(leaving).await
    }

    async fn publish(&mut self, leaving: Vec<Leaving>) -> Result<(), Error> {
        let first = self.stream.publish(leaving.iter().map(|leaving| leaving.cloud_event.clone())).await?;
        let since = Instant::now();
        for (sequence, leaving) in (first..).zip(leaving) {
            let Leaving { position, of, changes_at, .. } = leaving;
            if let (Some((person, _)), Some(at)) = (of, changes_at) {
                self.due.entry(person).and_modify(|due| *due = at.min(*due)).or_insert(at);
            }
            self.standing.push_back(Standing { sequence, position, since, of, missed: None });
        }
        Ok(())
    }

    /// Removes what stands there and is not covered any more, by whatever has happened or by time.
    async fn take_back(&mut self) -> Result<(), Error> {
        let (mut people, mut everybody) = (BTreeSet::new(), false);
        loop {
            let events = self.pump.read_after(self.looked_until, READ).await?;
            let Some(last) = events.last() else { break };
            self.looked_until = last.position.0;
            let touched = Touched::by(&events);
            everybody |= touched.all || self.is_one_of(&touched.agencies).await?;
            people.extend(touched.people);
        }
        let now = self.pump.feeds.gate.engine().now();
        people.extend(self.due.iter().filter(|(_, at)| **at <= now).map(|(person, _)| *person));
        let standing: BTreeSet<_> =
            self.standing.iter().filter_map(|standing| standing.of.map(|(person, _)| person)).collect();
        self.due.retain(|person, _| standing.contains(person));
        for person in standing.into_iter().filter(|person| everybody || people.contains(person)) {
            self.take_back_of(person).await?;
        }
        Ok(())
    }

    /// Whether the agency, or one that is one with it, is among these.
    async fn is_one_of(&self, agencies: &BTreeSet<AgencyId>) -> Result<bool, Error> {
        if agencies.is_empty() {
            return Ok(false);
        }
        let register = self.pump.feeds.gate.engine().load::<Register>(Only, Freshness::Latest).await?;
        Ok(register.one_with(self.pump.to.agency).iter().any(|one| agencies.contains(one)))
    }

    async fn take_back_of(&mut self, person: PersonId) -> Result<(), Error> {
        let (feeds, to) = (&self.pump.feeds, self.pump.to);
        let purpose = feeds.feed_of(to, Freshness::Latest).await?.purpose;
        let decided = async {
            let grounds = feeds.gate.for_system(to.agency, purpose, person, Freshness::Latest).await?;
            let record = feeds.gate.engine().load::<Person>(person, Freshness::Latest).await?;
            Ok::<_, EngineError>((grounds, record))
        };
        let decided = match decided.await {
            Ok(decided) => Some(decided),
            // Of whom nothing is left nothing stands.
            Err(EngineError::Erased) => None,
            Err(error) => return Err(error.into()),
        };
        let is_gone = |standing: &Standing| {
            let delivered = standing.of.filter(|(of, _)| *of == person).map(|(_, delivered)| delivered);
            delivered.is_some_and(|delivered| {
                !decided.as_ref().is_some_and(|(grounds, record)| is_covered(grounds, record, &delivered))
            })
        };
        let gone: Vec<_> = self.standing.iter().filter(|s| is_gone(s)).map(|standing| standing.sequence).collect();
        let forgetting: Vec<_> = gone.iter().map(|sequence| self.stream.forget(*sequence)).collect();
        stream::iter(forgetting).buffer_unordered(AT_ONCE).try_collect::<()>().await?;
        self.standing.retain(|standing| !is_gone(standing));
        match decided.and_then(|(grounds, _)| grounds.changes_at()) {
            Some(at) => drop(self.due.insert(person, at)),
            None => drop(self.due.remove(&person)),
        }
        Ok(())
    }

    /// Whether it may go on; learns what readers have acknowledged, and removes what has stood there for too long.
    async fn look(&mut self) -> Result<(), Error> {
        self.looked = Instant::now();
        self.pump.same_history()?;
        let (feeds, to) = (&self.pump.feeds, self.pump.to);
        let state = feeds.gate.engine().load::<Agency>(to.agency, Freshness::Latest).await?;
        receives(&state, to)?;
        let vouched = feeds.vouched(to.agency, &state);
        if vouched != self.vouched {
            feeds.tell_account(self.door, to.agency, &state).await?;
            self.vouched = vouched;
        }
        let first = self.stream.first().await?;
        while self.standing.front().is_some_and(|standing| standing.sequence < first) {
            self.standing.pop_front();
        }
        self.let_fall().await?;
        let before = self.standing.front().map_or(self.pump.position, |standing| standing.position.saturating_sub(1));
        self.pump.hold_on(LEASE, before).await?;
        Ok(())
    }

    /// What nobody takes does not stand for ever: it falls out, and that is told before.
    async fn let_fall(&mut self) -> Result<(), Error> {
        let kept_for = self.door.settings.kept_for;
        let old: Vec<_> = self.standing.iter().take_while(|standing| standing.since.elapsed() > kept_for).collect();
        let (Some(first), Some(last)) = (old.first(), old.last()) else { return Ok(()) };
        let (fallen, last, feed) = (old.len(), last.sequence, self.pump.to.feed);
        // Of what was told of before and nobody took, it is told again.
        let count: usize = old.iter().map(|standing| standing.missed.map_or(1, |(count, _)| count)).sum();
        let after = first.missed.map_or(first.position.saturating_sub(1), |(_, after)| after);
        let first = first.sequence;
        let place = Place { run: self.pump.cursor.run, position: after };
        let data = json!({"count": count, "token": place.token(&self.pseudonyms, feed)});
        let event = domain::ids::derived_id(feed.0, &[b"missed", &first.to_be_bytes(), &last.to_be_bytes()]);
        let at = self.pump.feeds.gate.engine().now();
        let told = Told { feed, event, published: MISSED, person: None, at };
        let cloud_event = cloud_event(&told, domain::agency::ContentLevel::IdOnly, data, || Value::Null);
        self.publish(vec![Leaving::about_nobody(self.pump.position, cloud_event)]).await?;
        if let Some(told) = self.standing.back_mut() {
            told.missed = Some((count, after));
        }
        self.stream.forget_until(last).await?;
        self.standing.drain(..fallen);
        tracing::warn!(%feed, count, "events that nobody took have fallen out of a feed's stream");
        Ok(())
    }
}
