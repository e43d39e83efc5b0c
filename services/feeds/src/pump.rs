//! One stream of a feed: reads the log in its order, and lets leave what may.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use domain::StreamKind;
use domain::access::events::AccessEvent;
use domain::agency::ContentLevel;
use domain::agency::events::{AgencyEvent, FeedTested};
use domain::ids::PersonId;
use event_log::{Position, Recorded};
use events::{Envelope, Event, Header};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use proto::feeds::v1 as pb;
use rpc::Error;
use serde_json::{Value, json};
use state::Cursor;
use tokio::sync::{mpsc, watch};
use tonic::Status;
use uuid::Uuid;
use vault::Pseudonyms;

use crate::Feeds;
use crate::cloud_event::{Told, cloud_event, id_of, time};
use crate::deliver::{Leaving, Receiver, begin_again};
use crate::published::{RECALLED, TESTED};
use crate::token::Place;

/// The most events of the log that are read at once.
const READ: usize = 500;
/// The most people about whom is decided at the same time, so that their receipts commit together.
const AT_ONCE: usize = 64;
/// For how long a stream holds its feed without saying so again.
pub(crate) const LEASE: Duration = Duration::from_secs(6);
/// How often it says so, and gives a sign of life when nothing happens.
const SIGN_OF_LIFE: Duration = Duration::from_secs(2);
/// How often it looks whether what came was acknowledged, while it waits for that.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long a stream lasts at most: whoever receives it signs in again.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// How many people's standing is known to be fresh, at most.
const KNOWN: usize = 100_000;

/// What a stream sends.
pub(crate) type Sender = mpsc::Sender<Result<pb::SubscribeResponse, Status>>;

/// A stream.
pub(crate) struct Pump {
    pub(crate) feeds: Feeds,
    pub(crate) to: Receiver,
    /// Who carries the feed: this stream, and no other.
    pub(crate) holder: Uuid,
    pub(crate) cursor: Cursor,
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
    /// What is under way: how many events came with each token.
    pub(crate) under_way: VecDeque<(u64, usize)>,
}

impl Pump {
    /// Runs until the stream ends, for whatever reason, and says why.
    pub(crate) async fn run(mut self, sender: Sender) {
        let (begun, stop) = (Instant::now(), self.feeds.stop.clone());
        let ended = tokio::select! {
            ended = self.carry(&sender, begun) => ended,
            () = stop.cancelled() => Err(begin_again("this server ends")),
            () = sender.closed() => Ok(()),
        };
        let (feed, cursors) = (self.to.feed.0, &self.feeds.cursors);
        if let Err(error) = ended {
            let status = Status::from(error);
            if let Err(error) = cursors.failed(feed, status.message()).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "why a feed failed could not be kept");
            }
            // Whoever has gone does not hear it.
            drop(tokio::time::timeout(LEASE, sender.send(Err(status))).await);
        }
        if let Err(error) = cursors.release(feed, self.holder).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a feed is let go when its time is over");
        }
    }

    async fn carry(&mut self, sender: &Sender, begun: Instant) -> Result<(), Error> {
        let (mut said, mut said_so) = (Instant::now(), Instant::now());
        loop {
            if begun.elapsed() > LONGEST {
                return Err(begin_again("a stream lasts an hour"));
            }
            if self.feeds.gate.engine().log().epoch() != self.epoch {
                return Err(begin_again("the log has another history than before"));
            }
            if said_so.elapsed() > SIGN_OF_LIFE {
                self.advance().await?;
                said_so = Instant::now();
            }
            // Decided is only what can leave at once: nothing that was decided waits for somebody to read it.
            let Ok(room) = tokio::time::timeout(SIGN_OF_LIFE, sender.reserve()).await else { continue };
            let Ok(room) = room else { return Ok(()) };
            let left = self.window.saturating_sub(self.under_way.iter().map(|(_, count)| count).sum());
            let events = if left == 0 { vec![] } else { self.read(left).await? };
            if events.is_empty() {
                if said.elapsed() > SIGN_OF_LIFE {
                    self.still_open().await?;
                    room.send(Ok(self.message(vec![])));
                    said = Instant::now();
                } else if left == 0 {
                    tokio::time::sleep(LOOK_AGAIN).await;
                    self.advance().await?;
                } else {
                    self.wait().await;
                }
                continue;
            }
            let leaving = self.decide(&events).await?;
            self.position = events.last().map_or(self.position, |event| event.position.0);
            self.under_way.extend((!leaving.is_empty()).then_some((self.position, leaving.len())));
            // Before it leaves: what is acknowledged is what was delivered.
            self.advance().await?;
            said_so = Instant::now();
            if !leaving.is_empty() {
                room.send(Ok(self.message(leaving)));
                said = Instant::now();
            }
        }
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
        let read = self.feeds.gate.engine().log().read(Position(self.position), most).await;
        let events = read.map_err(|error| Error::internal(&error))?;
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

    /// Ends the stream when the feed is closed, or its system has been removed, though nothing happens.
    async fn still_open(&self) -> Result<(), Error> {
        self.feeds.feed_of(self.to, engine::Freshness::Latest).await.map(drop)
    }

    /// What leaves of these events, in their order, once all of it has its receipts.
    async fn decide(&mut self, events: &[Recorded]) -> Result<Vec<Leaving>, Error> {
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
        if self.known.len() > KNOWN {
            self.known.clear();
        }
        let (feeds, to, receipted, known) = (&self.feeds, self.to, self.cursor.delivered, &self.known);
        let delivery = |(person, events): (&PersonId, &Vec<Recorded>)| {
            let (feeds, person, events, known) = (feeds.clone(), *person, events.clone(), known.contains(person));
            async move { feeds.deliver(to, person, &events, (receipted, known)).await }
        };
        let deliveries: Vec<_> = by_person.iter().map(delivery).collect();
        let delivered: Vec<_> = stream::iter(deliveries).buffer_unordered(AT_ONCE).try_collect().await?;
        self.known.extend(by_person.into_keys());
        let mut leaving: Vec<_> = delivered.into_iter().flatten().collect();
        let beside = self.feeds.open(&beside).await?;
        leaving.extend(beside.iter().filter_map(|event| recalled(event, to).or_else(|| tested(event, to))));
        leaving.sort_by_key(|leaving| leaving.position);
        Ok(leaving)
    }

    fn message(&self, leaving: Vec<Leaving>) -> pb::SubscribeResponse {
        let place = Place { run: self.cursor.run, position: self.position };
        let delivered = |leaving: Leaving| pb::Delivered { cloud_event: leaving.cloud_event };
        pb::SubscribeResponse {
            events: leaving.into_iter().map(delivered).collect(),
            token: place.token(&self.pseudonyms, self.to.feed),
            behind: self.head.borrow().saturating_sub(self.position),
        }
    }
}

/// The person about whom an event of a record is.
fn person_of(event: &Recorded) -> PersonId {
    PersonId(Header::decode(&event.head).map_or(event.stream.id, |(header, _)| header.subject))
}

/// The stored type of a recall: most events on its kind of stream are others, which are not opened.
const RECALL_CODE: i32 = 7;
/// The stored type of a test.
const TEST_CODE: i32 = 13;

/// A recall of this feed, as the feed tells it: always with what it names.
fn recalled(envelope: &Envelope, to: Receiver) -> Option<Leaving> {
    let Event::Access(AccessEvent::RecallRequested(recall)) = &envelope.event else { return None };
    if recall.feed != to.feed {
        return None;
    }
    let (feed, event, person, at) = (to.feed, recall.recall.0, Some(PersonId(envelope.stream)), envelope.at);
    let told = Told { feed, event, published: RECALLED, person, at };
    let items = recall.events.iter().map(|delivered| {
        json!({"id": id_of(feed, delivered.event).to_string(), "entryId": delivered.entry.to_string(), "category": delivered.category.word()})
    });
    let ids = json!({
        "recallId": recall.recall.to_string(),
        "deadline": time(recall.deadline),
        "recalled": items.collect::<Vec<_>>(),
    });
    let cloud_event = cloud_event(&told, ContentLevel::IdOnly, ids, || Value::Null);
    Some(Leaving { position: envelope.position.0, cloud_event })
}

/// A test of this feed.
fn tested(envelope: &Envelope, to: Receiver) -> Option<Leaving> {
    let Event::Agency(AgencyEvent::FeedTested(FeedTested { feed })) = &envelope.event else { return None };
    let (feed, event, at) = (Some(*feed).filter(|feed| *feed == to.feed)?, envelope.header.event_id, envelope.at);
    let told = Told { feed, event, published: TESTED, person: None, at };
    let cloud_event = cloud_event(&told, ContentLevel::IdOnly, json!({}), || Value::Null);
    Some(Leaving { position: envelope.position.0, cloud_event })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recall_is_known_by_its_stored_type() {
        let recall = Event::samples().into_iter().find(|event| event.name() == "RecallRequested").unwrap();
        assert_eq!((recall.kind(), recall.code()), (StreamKind::Access, RECALL_CODE));
        let test = Event::samples().into_iter().find(|event| event.name() == "FeedTested").unwrap();
        assert_eq!((test.kind(), test.code()), (StreamKind::Agency, TEST_CODE));
    }
}
