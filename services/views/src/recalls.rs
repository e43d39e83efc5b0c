//! What agencies were asked to give back, and what they answered.

use domain::StreamKind;
use domain::access::events::{AccessEvent, Delivered, RecallAnswer};
use domain::agency::ContentLevel;
use domain::ids::{AgencyId, EntryId, FeedId, PersonId, RecallId};
use domain::vocabulary::{Category, Timestamp};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::view::changed;
use crate::{ApplyError, Key, Order, View};

/// A recall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecallDoc {
    /// Its id.
    pub recall: RecallId,
    /// About whom.
    pub person: PersonId,
    /// Who was asked.
    pub agency: AgencyId,
    /// Of which feed.
    pub feed: FeedId,
    /// What is to be given back.
    pub events: Vec<RecalledDoc>,
    /// When they were asked.
    pub requested_at: Timestamp,
    /// By when they are to answer.
    pub deadline: Timestamp,
    /// The position of the request: what was delivered after it is another matter.
    pub position: u64,
    /// What they answered, the first first.
    pub answers: Vec<AnswerDoc>,
}

/// An event that is to be given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecalledDoc {
    /// The event's id in the log.
    pub event: Uuid,
    /// The entry that it is about.
    pub entry: EntryId,
    /// The heading that the entry stands under.
    pub category: Category,
    /// How much was said of it.
    pub content: ContentLevel,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerDoc {
    /// What has become of it.
    pub answer: RecallAnswer,
    /// The legal basis on which it is kept; else empty.
    pub basis: String,
    /// When.
    pub at: Timestamp,
}

/// Before all recalls of a person.
#[must_use]
pub fn of_person(person: PersonId) -> Key {
    Key::new().id(person)
}

/// Before all recalls of an agency.
#[must_use]
pub fn of_agency(agency: AgencyId) -> Key {
    Key::new().id(agency)
}

/// A recall.
#[must_use]
pub fn recall_key(recall: RecallId) -> Key {
    Key::new().id(recall)
}

/// The recall that an event is about.
fn recall_of(event: &Envelope) -> Option<RecallId> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "only these events are about a recall")]
    match &event.event {
        Event::Access(AccessEvent::RecallRequested(e)) => Some(e.recall),
        Event::Access(AccessEvent::RecallAnswered(e)) => Some(e.recall),
        _ => None,
    }
}

/// The view.
#[derive(Debug)]
pub struct Recalls;

impl View for Recalls {
    type Doc = RecallDoc;

    const NAME: &'static str = "recalls";
    const KINDS: &'static [StreamKind] = &[StreamKind::Access];
    const ORDER: Order = Order::NewestFirst;

    fn key(event: &Envelope) -> Option<Key> {
        recall_of(event).map(recall_key)
    }

    fn list(event: &Envelope, _: &Key) -> Key {
        of_person(PersonId(event.stream))
    }

    fn apply(event: &Envelope, doc: Option<RecallDoc>) -> Result<Option<RecallDoc>, ApplyError> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these events are about a recall")]
        match &event.event {
            // The same request again, of two who led for a moment, is one.
            Event::Access(AccessEvent::RecallRequested(e)) => Ok(doc.or_else(|| {
                let recalled = |d: &Delivered| {
                    let Delivered { event, entry, category, content } = *d;
                    RecalledDoc { event, entry, category, content }
                };
                Some(RecallDoc {
                    recall: e.recall,
                    agency: e.agency,
                    feed: e.feed,
                    person: PersonId(event.stream),
                    events: e.events.iter().map(recalled).collect(),
                    requested_at: event.at,
                    deadline: e.deadline,
                    position: event.position.0,
                    answers: Vec::new(),
                })
            })),
            Event::Access(AccessEvent::RecallAnswered(e)) => changed(doc, |doc| {
                doc.answers.push(AnswerDoc { answer: e.answer, basis: e.basis.clone(), at: event.at });
            }),
            _ => Ok(doc),
        }
    }
}

/// The same recalls, as each agency's systems list them.
#[derive(Debug)]
pub struct AgencyRecalls;

impl View for AgencyRecalls {
    type Doc = RecallDoc;

    const NAME: &'static str = "agency-recalls";
    const KINDS: &'static [StreamKind] = Recalls::KINDS;

    fn key(event: &Envelope) -> Option<Key> {
        Recalls::key(event)
    }

    fn list(event: &Envelope, key: &Key) -> Key {
        let Event::Access(AccessEvent::RecallRequested(e)) = &event.event else { return key.list() };
        of_agency(e.agency)
    }

    /// An agency's list is about whoever something was delivered of.
    fn about(_: &Key) -> Option<Uuid> {
        None
    }

    fn apply(event: &Envelope, doc: Option<RecallDoc>) -> Result<Option<RecallDoc>, ApplyError> {
        Recalls::apply(event, doc)
    }
}
