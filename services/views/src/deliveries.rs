//! What agencies' systems received of a person: one document for each feed and day, so that a feed does not drown the looks of people.

use domain::StreamKind;
use domain::access::events::AccessEvent;
use domain::agency::ContentLevel;
use domain::ids::{AgencyId, EntryId, FeedId, PersonId, ProvisionId};
use domain::vocabulary::{Category, Purpose, Timestamp};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{ApplyError, Key, Order, View};

/// What one feed delivered on one day, by UTC.
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
    pub choices: Vec<ProvisionId>,
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

impl DeliveryDoc {
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

/// The microseconds of a day.
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// The view.
#[derive(Debug)]
pub struct Deliveries;

impl View for Deliveries {
    type Doc = DeliveryDoc;

    const NAME: &'static str = "deliveries";
    const KINDS: &'static [StreamKind] = &[StreamKind::Access];
    const ORDER: Order = Order::NewestFirst;

    fn key(event: &Envelope) -> Option<Key> {
        let Event::Access(AccessEvent::EventDelivered(e)) = &event.event else { return None };
        let mut key = of_person(PersonId(event.stream)).id(e.feed);
        key.0.extend(event.at.0.div_euclid(DAY).to_be_bytes());
        Some(key)
    }

    fn list(event: &Envelope, _: &Key) -> Key {
        of_person(PersonId(event.stream))
    }

    fn apply(event: &Envelope, doc: Option<DeliveryDoc>) -> Result<Option<DeliveryDoc>, ApplyError> {
        let Event::Access(AccessEvent::EventDelivered(e)) = &event.event else { return Ok(doc) };
        let mut doc = doc.unwrap_or_else(|| DeliveryDoc {
            agency: e.agency,
            feed: e.feed,
            name: e.name.clone(),
            purpose: e.purpose,
            first_at: event.at,
            last_at: event.at,
            events: Vec::new(),
            choices: Vec::new(),
        });
        doc.last_at = doc.last_at.max(event.at);
        // The same event again, after the feed was begun again, is the same disclosure to the person's eyes.
        let known: std::collections::HashMap<_, _> =
            (0..).zip(&doc.events).map(|(nth, known)| (known.event, nth)).collect();
        let position = event.position.0;
        for delivered in &e.events {
            match known.get(&delivered.event).and_then(|nth| doc.events.get_mut(*nth)) {
                Some(known) => {
                    known.position = position;
                    known.content = known.content.max(delivered.content);
                }
                None => doc.events.push(DeliveredDoc {
                    event: delivered.event,
                    entry: delivered.entry,
                    category: delivered.category,
                    content: delivered.content,
                    position,
                }),
            }
        }
        let new = e.choices.iter().filter(|choice| !doc.choices.contains(choice)).copied().collect::<Vec<_>>();
        doc.choices.extend(new);
        Ok(Some(doc))
    }
}
