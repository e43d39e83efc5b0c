//! What was delivered and is not covered any more is asked back: by whatever path it came to that.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet};
use std::time::Duration;

use domain::StreamKind;
use domain::access::events::{AccessEvent, Delivered, RecallRequested};
use domain::agency::Agency;
use domain::ids::{AgencyId, PersonId, RecallId, derived_id};
use domain::person::Person;
use domain::vocabulary::{Category, Sensitivity, Timestamp};
use engine::{Engine, EngineError, Freshness};
use event_log::{Duty, Position, Recorded};
use events::{Event, Header};
use gate::{Gate, SystemGrounds};
use rpc::Error;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use views::deliveries::{self, Deliveries};
use views::recalls::{self, Recalls};
use views::receivers::{self, ReceiverDoc, Receivers};
use views::{Pages, Views};

use crate::Head;

/// In how many days a recall is to be answered.
const ANSWER_DAYS: u32 = 14;
/// The most events that one recall names.
const NAMED: usize = 5_000;
/// How often it looks whether something has ended by time.
const LOOK: Duration = Duration::from_secs(1);
/// Pauses after a failure: doubled each time, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Events read at once.
const BATCH: usize = 1_000;
/// Documents on one page.
const PAGE: usize = 100;

/// Asks back what is not covered any more. Several may run; one leads.
#[derive(Debug, Clone)]
pub struct Recaller {
    gate: Gate,
    views: Views,
    head: Head,
}

/// Of whom something was delivered to which feed, and until when that is known to be covered.
#[derive(Default)]
struct Watched {
    known: HashSet<ReceiverDoc>,
    due: BinaryHeap<Reverse<(Timestamp, PersonId, AgencyId, Uuid)>>,
}

impl Recaller {
    /// On this gate and these views.
    #[must_use]
    pub fn new(gate: Gate, views: Views, head: Head) -> Self {
        Self { gate, views, head }
    }

    fn engine(&self) -> &Engine {
        self.gate.engine()
    }

    /// Works until it is told to stop. What fails is tried again.
    pub async fn run(self, stop: CancellationToken) {
        let mut pause = FIRST_PAUSE;
        let working = async {
            loop {
                let led = async {
                    let leading = self.engine().log().lead(Duty::Feeds).await.map_err(EngineError::failed)?;
                    tokio::select! {
                        result = self.follow(&mut pause) => result,
                        () = leading.lost() => Ok(()),
                    }
                };
                if let Err(error) = led.await {
                    tracing::warn!(reason = ?error.reason(), "what is to be asked back could not be found out; it is tried again");
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        };
        tokio::select! {
            () = working => {}
            () = stop.cancelled() => {}
        }
    }

    /// Looks at everybody once, and then at those about whom something happens.
    async fn follow(&self, pause: &mut Duration) -> Result<(), Error> {
        let (mut head, epoch) = (self.head.subscribe(), self.engine().log().epoch());
        let mut position = self.engine().log().head().await.map_err(EngineError::failed)?.0;
        let mut watched = Watched::default();
        self.look_at_all(&mut watched, position, |_| true).await?;
        while self.engine().log().epoch() == epoch {
            *pause = FIRST_PAUSE;
            let events = self.engine().log().read(Position(position), BATCH).await.map_err(EngineError::failed)?;
            if let Some(last) = events.last() {
                position = last.position.0;
                self.take(&mut watched, &events, position).await?;
            }
            self.look_at_due(&mut watched, position).await?;
            if events.len() < BATCH {
                wait(&mut head, position).await;
            }
        }
        Ok(())
    }

    /// Looks at those about whom these events may have taken something away.
    async fn take(&self, watched: &mut Watched, events: &[Recorded], position: u64) -> Result<(), Error> {
        let (mut people, mut agencies, mut all) = (BTreeSet::new(), BTreeSet::new(), false);
        for event in events {
            match StreamKind::from_code(event.stream.kind) {
                Some(StreamKind::Sharing) => people.extend([PersonId(event.stream.id)]),
                Some(StreamKind::Staff | StreamKind::Agency) => {
                    agencies
                        .extend([Header::decode(&event.head).map_or(event.stream.id, |(header, _)| header.subject)]);
                }
                Some(StreamKind::Issuers) => all = true,
                // What a feed receives of somebody for the first time: it is to be known until when it is covered.
                Some(StreamKind::Access) if event.event_type == DELIVERED_CODE => {
                    let new = self.receiver_of(event).await.filter(|doc| !watched.known.contains(doc));
                    people.extend(new.map(|doc| doc.person));
                }
                _ => {}
            }
        }
        if all || !agencies.is_empty() {
            self.look_at_all(watched, position, |doc| all || agencies.contains(&doc.agency.0)).await?;
        }
        for person in people {
            for doc in self.receivers_of(person, position).await? {
                self.look_at(watched, doc, position).await?;
            }
        }
        Ok(())
    }

    /// Who received what this event records. What cannot be read names nobody.
    async fn receiver_of(&self, event: &Recorded) -> Option<ReceiverDoc> {
        let opened = self.engine().codec().open(event).await.ok()?;
        let Event::Access(AccessEvent::EventDelivered(e)) = opened.event else { return None };
        Some(ReceiverDoc { person: PersonId(opened.stream), agency: e.agency, feed: e.feed })
    }

    /// Looks at those whose time is over.
    async fn look_at_due(&self, watched: &mut Watched, position: u64) -> Result<(), Error> {
        while let Some(Reverse((until, person, agency, feed))) = watched.due.peek().copied() {
            if until > self.engine().now() {
                break;
            }
            watched.due.pop();
            self.look_at(watched, ReceiverDoc { person, agency, feed: feed.into() }, position).await?;
        }
        Ok(())
    }

    async fn look_at_all(
        &self,
        watched: &mut Watched,
        position: u64,
        wanted: impl Fn(&ReceiverDoc) -> bool + Send + Sync,
    ) -> Result<(), Error> {
        let mut pages = Pages { size: PAGE, after: vec![], at_least: position };
        loop {
            let page = self.views.list::<Receivers>(&receivers::all(), &pages, |doc| wanted(doc)).await?;
            for doc in page.items {
                self.look_at(watched, doc, position).await?;
            }
            match page.next {
                Some(next) => pages.after = next,
                None => return Ok(()),
            }
        }
    }

    /// The feeds that have received something of a person.
    async fn receivers_of(&self, person: PersonId, position: u64) -> Result<Vec<ReceiverDoc>, Error> {
        let mut feeds = BTreeMap::new();
        let mut pages = Pages { size: PAGE, after: vec![], at_least: position };
        loop {
            let page = self.views.list::<Deliveries>(&deliveries::of_person(person), &pages, |_| true).await?;
            feeds.extend(page.items.iter().map(|day| (day.feed, day.agency)));
            match page.next {
                Some(next) => pages.after = next,
                None => break,
            }
        }
        Ok(feeds.into_iter().map(|(feed, agency)| ReceiverDoc { person, agency, feed }).collect())
    }

    /// Asks one feed to give back what of one person is not covered any more, and notes until when the rest is.
    async fn look_at(&self, watched: &mut Watched, doc: ReceiverDoc, position: u64) -> Result<(), Error> {
        watched.known.insert(doc);
        let mut at_least = position;
        loop {
            match self.engine().settle(|_| self.try_recall(doc, at_least)).await? {
                Looked::Covered(until) => {
                    let due = until.map(|until| Reverse((until, doc.person, doc.agency, doc.feed.0)));
                    watched.due.extend(due);
                    return Ok(());
                }
                // What it has named is to be known before more is.
                Looked::Recalled => at_least = self.engine().log().head().await.map_err(EngineError::failed)?.0,
            }
        }
    }

    async fn try_recall(&self, doc: ReceiverDoc, at_least: u64) -> Result<Option<Looked>, Error> {
        let ReceiverDoc { person, agency, feed } = doc;
        let state = self.engine().load::<Agency>(agency, Freshness::Latest).await?;
        let Some(purpose) = state.feed(feed).map(|feed| feed.purpose) else { return Ok(Some(Looked::Covered(None))) };
        let grounds = self.gate.for_system(agency, purpose, person, Freshness::Latest).await?;
        let record = self.engine().load::<Person>(person, Freshness::Latest).await?;
        let left = self.delivered(doc, at_least).await?;
        let uncovered: Vec<_> = left.into_iter().filter(|d| !is_covered(&grounds, &record, d)).take(NAMED).collect();
        let until = grounds.scope().and_then(domain::access::SystemScope::until);
        if uncovered.is_empty() {
            return Ok(Some(Looked::Covered(until)));
        }
        let events: Vec<_> = uncovered.iter().map(|uncovered| uncovered.delivered).collect();
        let deadline = self.engine().now().plus_days(ANSWER_DAYS);
        let recall = RecallRequested { recall: recall_of(doc, &uncovered), agency, feed, events, deadline };
        Ok(self.gate.recall(person, &grounds, recall).await?.map(|()| Looked::Recalled))
    }

    /// What a feed has received of a person, each event once, and was not asked to give back since.
    async fn delivered(&self, doc: ReceiverDoc, at_least: u64) -> Result<Vec<Held>, Error> {
        let mut held: HashMap<Uuid, Held> = HashMap::new();
        let mut pages = Pages { size: PAGE, after: vec![], at_least };
        loop {
            let ours = |day: &deliveries::DeliveryDoc| day.feed == doc.feed;
            let page = self.views.list::<Deliveries>(&deliveries::of_person(doc.person), &pages, ours).await?;
            for event in page.items.iter().flat_map(|day| &day.events) {
                let delivered = Delivered { event: event.event, entry: event.entry, category: event.category };
                let one = held.entry(event.event).or_insert(Held { delivered, position: event.position });
                one.position = one.position.max(event.position);
            }
            match page.next {
                Some(next) => pages.after = next,
                None => break,
            }
        }
        let mut pages = Pages { size: PAGE, after: vec![], at_least };
        loop {
            let ours = |recall: &recalls::RecallDoc| recall.feed == doc.feed;
            let page = self.views.list::<Recalls>(&recalls::of_person(doc.person), &pages, ours).await?;
            for recall in page.items {
                for event in recall.events {
                    if held.get(&event.event).is_some_and(|held| held.position < recall.position) {
                        held.remove(&event.event);
                    }
                }
            }
            match page.next {
                Some(next) => pages.after = next,
                None => break,
            }
        }
        let mut held: Vec<_> = held.into_values().collect();
        held.sort_by_key(|held| (held.position, held.delivered.event));
        Ok(held)
    }
}

/// What came of a look.
enum Looked {
    /// All is covered that is left, until then.
    Covered(Option<Timestamp>),
    /// Something was asked back; there may be more.
    Recalled,
}

/// An event that a feed has received, and the position of its receipt.
struct Held {
    delivered: Delivered,
    position: u64,
}

/// The stored type of a delivery.
const DELIVERED_CODE: i32 = 6;

fn is_covered(grounds: &SystemGrounds, record: &Person, held: &Held) -> bool {
    let Delivered { entry, category, .. } = held.delivered;
    let own = record.entry(entry).map(|entry| entry.sensitivity.clone());
    let contact = || record.registered().map(|known| known.sensitivity.clone().unwrap_or(Sensitivity::NORMAL));
    let sensitivity = if category == Category::Contact { contact() } else { own };
    grounds.scope().zip(sensitivity).is_some_and(|(scope, sensitivity)| scope.covers(category, &sensitivity))
}

/// A recall's id follows from what it names: two who lead for a moment ask for the same.
fn recall_of(doc: ReceiverDoc, named: &[Held]) -> RecallId {
    let named: Vec<u8> = named
        .iter()
        .flat_map(|held| [&held.delivered.event.as_bytes()[..], &held.position.to_be_bytes()].concat())
        .collect();
    RecallId(derived_id(doc.feed.0, &[b"recall", doc.person.0.as_bytes(), &named]))
}

/// Waits until there is more, or it is time to look.
async fn wait(head: &mut watch::Receiver<u64>, position: u64) {
    let more = head.wait_for(|head| *head > position);
    drop(tokio::time::timeout(LOOK, more).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_known_by_its_stored_type() {
        let delivery = Event::samples().into_iter().find(|event| event.name() == "EventDelivered").unwrap();
        assert_eq!((delivery.kind(), delivery.code()), (StreamKind::Access, DELIVERED_CODE));
    }
}
