//! What agencies' systems received of a person: a document for each feed and day, so that a feed does not drown the looks of people. A day on
//! which a great deal happens has several, so that none grows with every receipt of the day.

use std::collections::BTreeMap;

use domain::StreamKind;
use domain::access::events::{AccessEvent, Delivered, PermitChange, PermitTold};
use domain::agency::ContentLevel;
use domain::ids::{AgencyId, DeliveryId, EntryId, FeedId, PersonId, ProvisionId, derived_id};
use domain::vocabulary::{Category, Purpose, Timestamp};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ApplyError, Key, Order, View};

/// What one feed delivered on one day, by UTC, or on a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryDoc {
    /// The agency.
    pub agency: AgencyId,
    /// The feed.
    pub feed: FeedId,
    /// What the agency called it.
    pub name: String,
    /// The purpose that it declares.
    pub purpose: Purpose,
    /// When the first of it was delivered.
    pub first_at: Timestamp,
    /// When the last of it was.
    pub last_at: Timestamp,
    /// What was delivered, each event once.
    pub events: Vec<DeliveredDoc>,
    /// The person's choices that let it be received.
    pub choices: Vec<ChoiceDoc>,
    /// What was told of permits, each event once.
    pub permits: Vec<PermitDoc>,
}

/// A choice that let something be received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChoiceDoc {
    /// The choice.
    pub provision: ProvisionId,
    /// The version of the person's directive by which it first did.
    pub since: u64,
}

/// What was told of a permit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermitDoc {
    /// The event's id in the log.
    pub event: Uuid,
    /// The permit.
    pub provision: ProvisionId,
    /// What became of it.
    pub change: PermitChange,
    /// How much was said of it, at most.
    pub content: ContentLevel,
}

/// An event that was delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveredDoc {
    /// The event's id in the log.
    pub event: Uuid,
    /// The entry that it is about.
    pub entry: EntryId,
    /// The heading that the entry stands under.
    pub category: Category,
    /// How much was said of it, at most.
    pub content: ContentLevel,
    /// The position of the receipt of its last delivery.
    pub position: u64,
}

/// What a feed's day is called.
pub(crate) fn delivery(feed: FeedId, at: Timestamp) -> DeliveryId {
    DeliveryId(derived_id(feed.0, &[b"day", &at.day().to_be_bytes()]))
}

impl DeliveryDoc {
    /// Takes in another part of the same feed's day: each event once.
    pub fn absorb(&mut self, other: Self) {
        self.first_at = self.first_at.min(other.first_at);
        self.last_at = self.last_at.max(other.last_at);
        // The same event again, after the feed was begun again, is the same disclosure to the person's eyes. A receipt names few events, and a part
        // of a day has many: those are gone through once.
        let mut new: BTreeMap<_, _> = other.events.iter().map(|new| (new.event, (new.position, new.content))).collect();
        for known in &mut self.events {
            if let Some((position, content)) = new.remove(&known.event) {
                known.position = known.position.max(position);
                known.content = known.content.max(content);
            }
        }
        self.events.extend(other.events.into_iter().filter(|event| new.contains_key(&event.event)));
        for choice in other.choices {
            match self.choices.iter_mut().find(|known| known.provision == choice.provision) {
                Some(known) => known.since = known.since.min(choice.since),
                None => self.choices.push(choice),
            }
        }
        for told in other.permits {
            match self.permits.iter_mut().find(|known| known.event == told.event) {
                Some(known) => known.content = known.content.max(told.content),
                None => self.permits.push(told),
            }
        }
    }

    /// Which feed's day it is of, by UTC.
    #[must_use]
    pub fn delivery(&self) -> DeliveryId {
        delivery(self.feed, self.first_at)
    }

    /// How much was said, at most.
    #[must_use]
    pub fn content(&self) -> ContentLevel {
        self.events.iter().map(|event| event.content).max().unwrap_or(ContentLevel::Empty)
    }
}

/// Before all days of a person.
#[must_use]
pub fn of_person(person: PersonId) -> Key {
    Key::new().id(person)
}

/// How many positions of the log, a power of two, one document is of: it holds no more receipts than that, and far fewer where many people are
/// written about.
const POSITIONS: u32 = 12;

/// The view.
#[derive(Debug)]
pub struct Deliveries;

impl View for Deliveries {
    type Doc = DeliveryDoc;

    const NAME: &'static str = "deliveries";
    const CODE: i32 = 3;
    const KINDS: &'static [StreamKind] = &[StreamKind::Access];
    const ORDER: Order = Order::NewestFirst;

    fn key(event: &Envelope) -> Option<Key> {
        let Event::Access(AccessEvent::EventDelivered(e)) = &event.event else { return None };
        let mut key = of_person(PersonId(event.stream)).id(e.feed);
        key.0.extend(event.at.day().to_be_bytes());
        key.0.extend((event.position.0 >> POSITIONS).to_be_bytes());
        Some(key)
    }

    fn list(event: &Envelope, _: &Key) -> Key {
        of_person(PersonId(event.stream))
    }

    fn apply(event: &Envelope, doc: Option<DeliveryDoc>) -> Result<Option<DeliveryDoc>, ApplyError> {
        let Event::Access(AccessEvent::EventDelivered(e)) = &event.event else { return Ok(doc) };
        let position = event.position.0;
        let delivered = |&Delivered { event, entry, category, content }: &Delivered| DeliveredDoc {
            event,
            entry,
            category,
            content,
            position,
        };
        let told = |&PermitTold { event, provision, change, content }: &PermitTold| PermitDoc {
            event,
            provision,
            change,
            content,
        };
        let part = DeliveryDoc {
            agency: e.agency,
            feed: e.feed,
            name: e.name.clone(),
            purpose: e.purpose,
            first_at: event.at,
            last_at: event.at,
            events: e.events.iter().map(delivered).collect(),
            choices: e
                .choices
                .iter()
                .map(|provision| ChoiceDoc { provision: *provision, since: e.directive.0 })
                .collect(),
            permits: e.permits.iter().map(told).collect(),
        };
        let Some(mut doc) = doc else { return Ok(Some(part)) };
        doc.absorb(part);
        Ok(Some(doc))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The microseconds of a day.
    const DAY: i64 = 24 * 60 * 60 * 1_000_000;

    fn part(at: i64, events: &[u128]) -> DeliveryDoc {
        let id = |n| Uuid::from_u128(n);
        let event = |event: &u128| DeliveredDoc {
            event: id(*event),
            entry: EntryId(id(*event)),
            category: Category::Goals,
            content: ContentLevel::IdOnly,
            position: 1,
        };
        DeliveryDoc {
            agency: AgencyId(id(1)),
            feed: FeedId(id(2)),
            name: "records".into(),
            purpose: Purpose::CareCoordination,
            first_at: Timestamp(at),
            last_at: Timestamp(at + 1),
            events: events.iter().map(event).collect(),
            choices: vec![ChoiceDoc { provision: ProvisionId(id(3)), since: u64::try_from(at).unwrap() }],
            permits: vec![PermitDoc {
                event: id(9),
                provision: ProvisionId(id(3)),
                change: PermitChange::Began,
                content: ContentLevel::IdOnly,
            }],
        }
    }

    #[test]
    fn the_parts_of_a_day_are_one_and_each_event_is_once() {
        let (mut day, earlier) = (part(DAY + 10, &[3, 4]), part(DAY + 5, &[1, 3]));
        assert_eq!(day.delivery(), earlier.delivery());
        assert_ne!(day.delivery(), part(2 * DAY, &[]).delivery());
        day.absorb(earlier);
        assert_eq!((day.first_at, day.last_at), (Timestamp(DAY + 5), Timestamp(DAY + 11)));
        assert_eq!(day.events.iter().map(|event| event.event.as_u128()).collect::<Vec<_>>(), [3, 4, 1]);
        assert_eq!((day.choices.len(), day.permits.len()), (1, 1));
        // Delivered again, and with more said, it is that delivery.
        let mut again = part(DAY + 20, &[3]);
        (again.events[0].position, again.events[0].content) = (9, ContentLevel::Full);
        day.absorb(again);
        let said: Vec<_> = day.events.iter().map(|event| (event.position, event.content)).collect();
        assert_eq!(said, [(9, ContentLevel::Full), (1, ContentLevel::IdOnly), (1, ContentLevel::IdOnly)]);
        assert_eq!(day.choices[0].since, u64::try_from(DAY + 5).unwrap(), "the first");
    }
}
