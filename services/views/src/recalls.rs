//! What agencies were asked to give back, and what they answered.

use domain::StreamKind;
use domain::access::events::{AccessEvent, RecallAnswer};
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

/// A recall.
#[must_use]
pub fn recall_key(person: PersonId, recall: RecallId) -> Key {
    of_person(person).id(recall)
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
        let person = PersonId(event.stream);
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these events are about a recall")]
        match &event.event {
            Event::Access(AccessEvent::RecallRequested(e)) => Some(recall_key(person, e.recall)),
            Event::Access(AccessEvent::RecallAnswered(e)) => Some(recall_key(person, e.recall)),
            _ => None,
        }
    }

    fn apply(event: &Envelope, doc: Option<RecallDoc>) -> Result<Option<RecallDoc>, ApplyError> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these events are about a recall")]
        match &event.event {
            // The same request again, of two who led for a moment, is one.
            Event::Access(AccessEvent::RecallRequested(e)) => Ok(doc.or_else(|| {
                let recalled =
                    e.events.iter().map(|d| RecalledDoc { event: d.event, entry: d.entry, category: d.category });
                Some(RecallDoc {
                    recall: e.recall,
                    agency: e.agency,
                    feed: e.feed,
                    events: recalled.collect(),
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
