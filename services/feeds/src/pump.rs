//! One stream of a feed: reads the log in its order, and lets leave what may. It goes on when its reader asks for more, so that nothing
//! that was decided waits for somebody to read it.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use domain::StreamKind;
use domain::ids::PersonId;
use engine::Freshness;
use event_log::{Position, Recorded};
use events::Header;
use futures::{Stream, StreamExt as _, TryStreamExt as _, stream};
use proto::feeds::v1 as pb;
use rpc::Error;
use state::Cursor;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tonic::Status;
use uuid::Uuid;
use vault::Pseudonyms;

use crate::Feeds;
use crate::beside::{RECALL_CODE, TEST_CODE};
use crate::deliver::{Leaving, Prepared, Receipted, Receiver, begin_again};
use crate::token::Place;

/// The most events of the log that are read at once.
const READ: usize = 500;
/// The most people about whom is decided at the same time, so that their receipts commit together.
const AT_ONCE: usize = 64;
/// How many bytes of events one message holds, about: well below what a client takes.
const BYTES: usize = 1 << 20;
/// For how long a stream holds its feed without saying so again.
pub(crate) const LEASE: Duration = Duration::from_secs(6);
/// How often it says so, looks whether it may go on, and gives a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// How often it looks whether what came was acknowledged, while it waits for that.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long a stream lasts at most: whoever receives it signs in again.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// How old a receipt may be when what it is of leaves; else it is found out once more that it may.
const FRESH: Duration = Duration::from_millis(200);
/// How often something may move while it is decided.
const ATTEMPTS: usize = 8;
/// How many people's standing is known to be fresh, at most.
const KNOWN: usize = 100_000;

/// A stream.
pub(crate) struct Pump {
    pub(crate) feeds: Feeds,
    pub(crate) to: Receiver,
    /// The agency's issuer, that has vouched for the system.
    pub(crate) issuer: String,
    /// Who carries the feed: this stream, and no other.
    pub(crate) holder: Uuid,
    pub(crate) cursor: Cursor,
    /// Up to where streams before this one may have delivered.
    pub(crate) receipted: Receipted,
    /// Up to where it has read the log.
    pub(crate) position: u64,
    /// How many events may be under way.
    pub(crate) window: usize,
    pub(crate) pseudonyms: Pseudonyms,
    pub(crate) head: watch::Receiver<u64>,
    /// The epoch of the log that it reads.
    pub(crate) epoch: Uuid,
    /// Of whom what this process remembers is no older than what was read.
    pub(crate) known: HashSet<PersonId>,
    /// What is under way: how many events came up to which position.
    pub(crate) under_way: VecDeque<(u64, usize)>,
    /// The position of its last receipt.
    pub(crate) receipts: u64,
    pub(crate) begun: Instant,
    /// When it was found out last that it may go on, and when something was sent last.
    pub(crate) checked: Instant,
    pub(crate) said: Instant,
    /// One of the streams that this process carries.
    pub(crate) _room: OwnedSemaphorePermit,
}

impl Drop for Pump {
    /// Lets the feed go, so that another stream need not wait until its time is over.
    fn drop(&mut self) {
        let (cursors, feed, holder) = (self.feeds.cursors.clone(), self.to.feed.0, self.holder);
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = cursors.release(feed, holder).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "a feed is let go when its time is over");
                }
            });
        }
    }
}

impl Pump {
    /// What comes, until the stream ends; then why.
    pub(crate) fn stream(self) -> impl Stream<Item = Result<pb::SubscribeResponse, Status>> + Send {
        stream::unfold(Some(self), |pump| async move {
            let mut pump = pump?;
            let stop = pump.feeds.stop.clone();
            let next = tokio::select! {
                next = pump.next() => next,
                () = stop.cancelled() => Err(begin_again("this server ends")),
            };
            match next {
                Ok(message) => Some((Ok(message), Some(pump))),
                Err(error) => {
                    let status = Status::from(error);
                    pump.has_failed(status.message()).await;
                    Some((Err(status), None))
                }
            }
        })
    }

    async fn has_failed(&self, why: &str) {
        if let Err(error) = self.feeds.cursors.failed(self.to.feed.0, why).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "why a feed failed could not be kept");
        }
    }

    /// The next message: with events, or a sign of life.
    async fn next(&mut self) -> Result<pb::SubscribeResponse, Error> {
        loop {
            if self.checked.elapsed() > SIGN_OF_LIFE {
                self.may_go_on().await?;
            }
            if self.said.elapsed() > SIGN_OF_LIFE {
                self.advance().await?;
                return Ok(self.message(vec![]));
            }
            let left = self.window.saturating_sub(self.under_way.iter().map(|(_, count)| count).sum());
            if left == 0 {
                tokio::time::sleep(LOOK_AGAIN).await;
                self.advance().await?;
                continue;
            }
            let events = self.read(left).await?;
            if events.is_empty() {
                self.wait().await;
                continue;
            }
            let (leaving, until) = self.decide(&events).await?;
            self.position = until;
            self.under_way.extend((!leaving.is_empty()).then_some((until, leaving.len())));
            if !leaving.is_empty() {
                // Before it leaves: what is acknowledged is what was delivered. What leaves nobody need not be kept.
                self.advance().await?;
                return Ok(self.message(leaving));
            }
        }
    }

    /// Ends the stream when the feed is closed, its system has been removed, or whoever vouched for it does not any more.
    async fn may_go_on(&mut self) -> Result<(), Error> {
        if self.begun.elapsed() > LONGEST {
            return Err(begin_again("a stream lasts an hour"));
        }
        if self.feeds.gate.engine().log().epoch() != self.epoch {
            return Err(begin_again("the log has another history than before"));
        }
        if !self.feeds.issuers.speaks_for(&self.issuer, self.to.agency) {
            return Err(begin_again("the agency's issuer is not trusted, or cannot be asked"));
        }
        self.feeds.feed_of(self.to, Freshness::Latest).await?;
        self.checked = Instant::now();
        self.advance().await
    }

    /// Says that this stream carries the feed still, and learns what was acknowledged.
    async fn advance(&mut self) -> Result<(), Error> {
        let delivered = self.cursor.delivered.max(self.position);
        let run = (self.holder, self.cursor.run);
        let advanced = self.feeds.cursors.advance(self.to.feed.0, run, delivered, LEASE).await;
        let acknowledged = advanced.map_err(|error| Error::internal(&error))?;
        let acknowledged = acknowledged.ok_or_else(|| begin_again("another stream carries the feed"))?;
        while self.under_way.front().is_some_and(|(position, _)| *position <= acknowledged) {
            self.under_way.pop_front();
        }
        Ok(())
    }

    /// The next events of the log, at most so many.
    async fn read(&mut self, left: usize) -> Result<Vec<Recorded>, Error> {
        let most = READ.min(left);
        let events = match self.feeds.head.after(self.epoch, self.position, most) {
            Some(events) => events,
            None => {
                let read = self.feeds.gate.engine().log().read(Position(self.position), most).await;
                read.map_err(|error| Error::internal(&error))?
            }
        };
        for event in &events {
            match StreamKind::from_code(event.stream.kind) {
                Some(StreamKind::Sharing) => drop(self.known.remove(&PersonId(event.stream.id))),
                Some(StreamKind::Agency | StreamKind::Staff | StreamKind::Issuers) => self.known.clear(),
                _ => {}
            }
        }
        Ok(events)
    }

    /// Waits until there is more, or for a sign of life.
    async fn wait(&mut self) {
        let position = self.position;
        let more = self.head.wait_for(|head| *head > position);
        drop(tokio::time::timeout(SIGN_OF_LIFE, more).await);
    }

    /// What leaves of these events, in their order, once all of it has its receipts; and up to where they are dealt with.
    async fn decide(&mut self, events: &[Recorded]) -> Result<(Vec<Leaving>, u64), Error> {
        let mut by_person: BTreeMap<PersonId, Vec<Recorded>> = BTreeMap::new();
        let mut beside = Vec::new();
        for event in events {
            match StreamKind::from_code(event.stream.kind) {
                Some(StreamKind::Person) => by_person.entry(person_of(event)).or_default().push(event.clone()),
                Some(StreamKind::Access) if event.event_type == RECALL_CODE => beside.push(event.clone()),
                Some(StreamKind::Agency) if event.stream.id == self.to.agency.0 && event.event_type == TEST_CODE => {
                    beside.push(event.clone());
                }
                _ => {}
            }
        }
        let mut prepared = self.prepare_all(&by_person).await?;
        let last = events.last().map_or(self.position, |event| event.position.0);
        let until = cut(prepared.iter().flat_map(|one| &one.leaving), last);
        beside.retain(|event| event.position.0 <= until);
        for one in &mut prepared {
            one.leaving.retain(|leaving| leaving.position <= until);
        }
        prepared.retain(|one| !one.leaving.is_empty());
        let prepared = self.commit_all(prepared, &by_person, until).await?;
        if self.known.len() > KNOWN {
            self.known.clear();
        }
        self.known.extend(by_person.into_keys());
        // After the receipts: of what is delivered again it is not told that it is to be given back.
        let beside = self.beside(&beside).await?;
        let mut leaving: Vec<_> = prepared.into_iter().flat_map(|one| one.leaving).chain(beside).collect();
        leaving.sort_by_key(|leaving| leaving.position);
        Ok((leaving, until))
    }

    /// What may leave of the events about each person; nothing of it has left.
    async fn prepare_all(&self, of: &BTreeMap<PersonId, Vec<Recorded>>) -> Result<Vec<Prepared>, Error> {
        let preparing = of.iter().map(|(person, events)| self.preparing(*person, events, self.known.contains(person)));
        let preparing: Vec<_> = preparing.collect();
        let prepared: Vec<_> = stream::iter(preparing).buffer_unordered(AT_ONCE).try_collect().await?;
        Ok(prepared.into_iter().flatten().collect())
    }

    fn preparing(
        &self,
        person: PersonId,
        events: &[Recorded],
        known: bool,
    ) -> impl Future<Output = Result<Option<Prepared>, Error>> + Send + use<> {
        let (feeds, to, receipted, events) = (self.feeds.clone(), self.to, self.receipted, events.to_vec());
        async move { feeds.prepare(to, person, &events, (receipted, known)).await }
    }

    /// Makes all receipts durable. Of whom something has moved it is decided again; and when that took long, it is found out once more that all
    /// of it may leave, so that nothing leaves on the strength of what was true a while ago.
    async fn commit_all(
        &mut self,
        prepared: Vec<Prepared>,
        of: &BTreeMap<PersonId, Vec<Recorded>>,
        until: u64,
    ) -> Result<Vec<Prepared>, Error> {
        let (mut left, mut done, mut since) = (prepared, Vec::new(), Instant::now());
        // What got its receipt here needs no second one.
        let mut receipted = HashSet::new();
        for _ in 0..ATTEMPTS {
            let mut moved = BTreeMap::new();
            for (receipt, mut one) in self.commit_each(left).await? {
                let Some(receipt) = receipt else {
                    moved.extend(of.get_key_value(&one.person).map(|(person, events)| (*person, events.clone())));
                    continue;
                };
                self.receipts = self.receipts.max(receipt);
                receipted.extend(one.leaving.iter_mut().filter_map(|l| l.unreceipted.take()).map(|d| d.event));
                done.push(one);
            }
            if moved.is_empty() && since.elapsed() < FRESH {
                return Ok(done);
            }
            if moved.is_empty() {
                since = Instant::now();
                left = std::mem::take(&mut done);
                continue;
            }
            self.known.retain(|person| !moved.contains_key(person));
            left = self.prepare_all(&moved).await?;
            for one in &mut left {
                one.leaving.retain(|leaving| leaving.position <= until);
                for leaving in &mut one.leaving {
                    leaving.unreceipted = leaving.unreceipted.filter(|delivered| !receipted.contains(&delivered.event));
                }
            }
            left.retain(|one| !one.leaving.is_empty());
        }
        Err(Error::new(rpc::Reason::Contention, "too much changes at once; subscribe again"))
    }

    /// Commits each by itself, so that the log commits many together. Of what has moved there is no receipt.
    async fn commit_each(&self, prepared: Vec<Prepared>) -> Result<Vec<(Option<u64>, Prepared)>, Error> {
        let committing = prepared.into_iter().map(|one| {
            let (feeds, to) = (self.feeds.clone(), self.to);
            async move { Ok((feeds.commit(to, &one).await?, one)) }
        });
        let committing: Vec<_> = committing.collect();
        stream::iter(committing).buffer_unordered(AT_ONCE).try_collect().await
    }

    fn message(&mut self, leaving: Vec<Leaving>) -> pb::SubscribeResponse {
        self.said = Instant::now();
        let place = Place { run: self.cursor.run, position: self.position };
        let delivered = |leaving: Leaving| pb::Delivered { cloud_event: leaving.cloud_event };
        pb::SubscribeResponse {
            events: leaving.into_iter().map(delivered).collect(),
            token: place.token(&self.pseudonyms, self.to.feed),
            behind: self.head.borrow().saturating_sub(self.position),
        }
    }
}

/// Up to where events fit one message: all, or those before the first that does not. One always fits.
fn cut<'a>(leaving: impl Iterator<Item = &'a Leaving>, last: u64) -> u64 {
    let mut sizes: Vec<_> = leaving.map(|leaving| (leaving.position, leaving.cloud_event.len())).collect();
    sizes.sort_unstable();
    let (mut bytes, mut before) = (0, None);
    for (position, size) in sizes {
        bytes += size;
        if let Some(before) = before.filter(|_| bytes > BYTES) {
            return before;
        }
        before = Some(position);
    }
    last
}

/// The person about whom an event of a record is.
fn person_of(event: &Recorded) -> PersonId {
    PersonId(Header::decode(&event.head).map_or(event.stream.id, |(header, _)| header.subject))
}
