//! What was delivered and is not covered any more is asked back: by whatever path it came to that.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use domain::StreamKind;
use domain::access::events::{AccessEvent, RecallRequested};
use domain::agency::Agency;
use domain::ids::{PersonId, RecallId, derived_id};
use domain::vocabulary::Timestamp;
use engine::{Engine, EngineError, Freshness, Pauses};
use event_log::Recorded;
use events::Event;
use gate::Gate;
use rpc::{Error, Reason};
use tokio::sync::watch;
use views::deliveries::{self, Deliveries};
use views::receivers::{self, ReceiverDoc, Receivers};
use views::{Pages, Views};

use crate::Head;
use crate::deliver::Coverage;
use crate::held::{Held, held};
use crate::touched::Touched;

/// In how many days a recall is to be answered.
const ANSWER_DAYS: u32 = 14;
/// The most events that one recall names.
const NAMED: usize = 5_000;
/// How often it looks whether something has ended by time.
const LOOK: Duration = Duration::from_secs(1);
/// After how many minutes it looks again at whom it could not look at.
const PUT_OFF: u32 = 1;
/// The longest pause after a failure.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// For how long after a change of an agency something may be delivered on what was believed before, in microseconds: longer than anybody believes it.
const BELIEVED: i64 = 5_000_000;
/// Events read at once.
const BATCH: usize = 1_000;
/// The stored type of a delivery.
const DELIVERED_CODE: i32 = 6;

/// Asks back what is not covered any more.
#[derive(Debug, Clone)]
pub(crate) struct Recaller {
    gate: Gate,
    views: Views,
    head: Head,
}

/// Which feeds have received something of whom, and when that is to be looked at again though nothing happens.
#[derive(Default)]
struct Watched {
    /// When an agency or an issuer changed last, in the log's microseconds.
    changed: i64,
    again: HashMap<ReceiverDoc, Option<Timestamp>>,
    due: BTreeSet<(Timestamp, ReceiverDoc)>,
}

impl Watched {
    fn look_again(&mut self, doc: ReceiverDoc, at: Option<Timestamp>) {
        if let Some(Some(before)) = self.again.insert(doc, at) {
            self.due.remove(&(before, doc));
        }
        self.due.extend(at.map(|at| (at, doc)));
    }
}

/// What is looked at, and up to where the log has been read for it.
struct Looking {
    watched: Watched,
    position: u64,
}

/// What came of a look.
enum Looked {
    /// All is covered that is left, until then.
    Covered(Option<Timestamp>),
    /// Something was asked back; there may be more.
    Recalled,
    /// What was delivered cannot be read.
    Unreadable,
}

impl Recaller {
    /// On this gate and these views.
    pub(crate) fn new(gate: Gate, views: Views, head: Head) -> Self {
        Self { gate, views, head }
    }

    fn engine(&self) -> &Engine {
        self.gate.engine()
    }

    /// Looks at everybody once, and then at those about whom something happens. After a failure it goes on where it was, until the log has
    /// another history.
    pub(crate) async fn lead(&self) {
        let (epoch, mut looking, mut pauses) = (self.engine().log().epoch(), None, Pauses::up_to(LONGEST_PAUSE));
        while self.engine().log().epoch() == epoch {
            match self.follow(&mut looking, epoch).await {
                Ok(()) => pauses.went_well(),
                Err(error) => {
                    let reason = error.reason().as_str_name();
                    tracing::warn!(reason, "what is to be asked back could not be found out; it is tried again");
                    pauses.pause().await;
                }
            }
        }
    }

    async fn follow(&self, looking: &mut Option<Looking>, epoch: uuid::Uuid) -> Result<(), Error> {
        let mut head = self.head.subscribe();
        if looking.is_none() {
            let position = self.end().await?;
            let mut watched = Watched::default();
            self.look_at_all(&mut watched, position, |_| true).await?;
            *looking = Some(Looking { watched, position });
        }
        let Some(Looking { watched, position }) = looking else { return Ok(()) };
        while self.engine().log().epoch() == epoch {
            let events = self.head.read(&**self.engine().log(), (epoch, *position), BATCH).await?;
            if let Some(last) = events.last() {
                self.take(watched, &events, last.position.0).await?;
                *position = last.position.0;
            }
            self.look_at_due(watched).await?;
            if events.len() < BATCH {
                wait(&mut head, *position).await;
            }
        }
        Ok(())
    }

    async fn end(&self) -> Result<u64, Error> {
        Ok(self.engine().log().head().await.map_err(EngineError::failed)?.0)
    }

    /// Looks at those about whom these events may have taken something away: first at the people whom they name.
    async fn take(&self, watched: &mut Watched, events: &[Recorded], position: u64) -> Result<(), Error> {
        let Touched { mut people, agencies, all } = Touched::by(events, self.engine()).await?;
        for event in events {
            if matches!(StreamKind::from_code(event.stream.kind), Some(StreamKind::Agency | StreamKind::Issuers)) {
                watched.changed = watched.changed.max(event.at);
            }
            if !is_delivery(event) {
                continue;
            }
            // Whoever is watched is looked at when the person's directive or its time says something else, however much more is delivered; but
            // for a while after a merger it may have been delivered on what was believed before.
            let is_settled = event.at > watched.changed.saturating_add(BELIEVED);
            let new = self.receiver_of(event).await.filter(|doc| !is_settled || !watched.again.contains_key(doc));
            people.extend(new.map(|doc| doc.person));
        }
        for person in people {
            for doc in self.receivers_of(person, position).await? {
                self.look_at(watched, doc, position).await?;
            }
        }
        if all || !agencies.is_empty() {
            self.look_at_all(watched, position, |doc| all || agencies.contains(&doc.agency)).await?;
        }
        Ok(())
    }

    /// Who received what this event records. What cannot be read names nobody.
    async fn receiver_of(&self, event: &Recorded) -> Option<ReceiverDoc> {
        let opened = self.engine().codec().open(event).await.ok()?;
        let Event::Access(AccessEvent::EventDelivered(e)) = opened.event else { return None };
        Some(ReceiverDoc { person: PersonId(opened.stream), agency: e.agency, feed: e.feed })
    }

    /// Looks at those whose time is over by the log's clock: nothing more of it can be delivered then.
    async fn look_at_due(&self, watched: &mut Watched) -> Result<(), Error> {
        if watched.due.first().is_none_or(|(at, _)| *at > self.engine().now()) {
            return Ok(());
        }
        let now = Timestamp(self.engine().log().now().await.map_err(EngineError::failed)?);
        let end = self.end().await?;
        while let Some((at, doc)) = watched.due.first().copied() {
            if at > now {
                break;
            }
            self.look_at(watched, doc, end).await?;
        }
        Ok(())
    }

    async fn look_at_all(
        &self,
        watched: &mut Watched,
        position: u64,
        wanted: impl Fn(&ReceiverDoc) -> bool + Send + Sync,
    ) -> Result<(), Error> {
        let mut pages = Pages::all(position);
        while let Some(page) = self.views.next::<Receivers>(&receivers::all(), &mut pages, &wanted).await? {
            for doc in page.items {
                self.look_at(watched, doc, position).await?;
            }
        }
        Ok(())
    }

    /// The feeds that have received something of a person.
    async fn receivers_of(&self, person: PersonId, position: u64) -> Result<BTreeSet<ReceiverDoc>, Error> {
        let (mut feeds, mut pages, list) = (BTreeSet::new(), Pages::all(position), deliveries::of_person(person));
        while let Some(page) = self.views.next::<Deliveries>(&list, &mut pages, |_| true).await? {
            feeds.extend(page.items.iter().map(|day| ReceiverDoc { person, agency: day.agency, feed: day.feed }));
        }
        Ok(feeds)
    }

    /// Asks one feed to give back what of one person is not covered any more, and notes when it is to be looked at again. One who cannot be
    /// looked at is put off, and stops nobody else; an outage stops all.
    async fn look_at(&self, watched: &mut Watched, doc: ReceiverDoc, position: u64) -> Result<(), Error> {
        let mut at_least = position;
        loop {
            let put_off = self.engine().now().plus_minutes(PUT_OFF);
            match self.engine().settle(|_| self.try_recall(doc, at_least)).await {
                Ok(Looked::Covered(until)) => {
                    watched.look_again(doc, until);
                    return Ok(());
                }
                // What it has named is to be known before more is.
                Ok(Looked::Recalled) => at_least = self.end().await?,
                Ok(Looked::Unreadable) => {
                    tracing::warn!(feed = %doc.feed, "what a feed has received of somebody cannot be read; it waits");
                    watched.look_again(doc, Some(put_off));
                    return Ok(());
                }
                Err(error) if matches!(error.reason(), Reason::Internal | Reason::Contention) => {
                    let (feed, reason) = (doc.feed, error.reason().as_str_name());
                    tracing::error!(%feed, reason, "what a feed has received of somebody could not be asked back; it waits");
                    watched.look_again(doc, Some(put_off));
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_recall(&self, doc: ReceiverDoc, at_least: u64) -> Result<Option<Looked>, Error> {
        let ReceiverDoc { person, agency, feed } = doc;
        let state = self.engine().load::<Agency>(agency, Freshness::Latest).await?;
        let Some(purpose) = state.feed(feed).map(|feed| feed.purpose) else { return Ok(Some(Looked::Covered(None))) };
        // Of somebody who was erased nothing is left to be asked for.
        let Some(coverage) = Coverage::of(&self.gate, (agency, purpose), person).await? else {
            return Ok(Some(Looked::Covered(None)));
        };
        let Some(held) = held(&self.views, (person, feed), at_least).await? else {
            return Ok(Some(Looked::Unreadable));
        };
        let coverage = coverage.asked_about(&self.gate, held.events.values().map(|held| held.delivered)).await?;
        let mut uncovered: Vec<_> =
            held.events.into_values().filter(|held| !coverage.covers(&held.delivered)).collect();
        if uncovered.is_empty() {
            return Ok(Some(Looked::Covered(coverage.grounds.changes_at())));
        }
        uncovered.sort_by_key(|held| (held.position, held.delivered.event));
        uncovered.truncate(NAMED);
        let events = uncovered.iter().map(|held| held.delivered).collect();
        let deadline = self.engine().now().plus_days(ANSWER_DAYS);
        let recall = RecallRequested { recall: recall_of(doc, &uncovered), agency, feed, events, deadline };
        Ok(self.gate.recall(person, &coverage.grounds, recall).await?.map(|()| Looked::Recalled))
    }
}

/// Whether this is the receipt of a delivery.
fn is_delivery(event: &Recorded) -> bool {
    event.stream.kind == StreamKind::Access.code() && event.event_type == DELIVERED_CODE
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
        let code = |name: &str| Event::samples().into_iter().find(|event| event.name() == name).unwrap().code();
        assert_eq!(code("EventDelivered"), DELIVERED_CODE);
    }
}
