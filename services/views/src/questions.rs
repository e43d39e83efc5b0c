//! "What I have asked": the person's questions about looks, newest first.

use domain::StreamKind;
use domain::ids::{PersonId, QueryId, ReceiptId};
use domain::query::events::QueryEvent;
use domain::vocabulary::Timestamp;
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::{ApplyError, Key, Order, View};

/// A question that the person has asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionDoc {
    /// Its id.
    pub query: QueryId,
    /// The receipt of the look that it is about.
    pub receipt: ReceiptId,
    /// The question.
    pub question: String,
    /// When it was asked.
    pub asked_at: Timestamp,
}

/// Before all questions of a person.
#[must_use]
pub fn of_person(person: PersonId) -> Key {
    Key::new().id(person)
}

/// The view.
#[derive(Debug)]
pub struct Questions;

impl View for Questions {
    type Doc = QuestionDoc;

    const NAME: &'static str = "questions";
    const KINDS: &'static [StreamKind] = &[StreamKind::Query];
    const ORDER: Order = Order::NewestFirst;

    fn key(event: &Envelope) -> Option<Key> {
        let Event::Query(QueryEvent::AccessQueried(_)) = &event.event else { return None };
        Some(of_person(PersonId(event.subject())).id(event.stream))
    }

    fn apply(event: &Envelope, doc: Option<QuestionDoc>) -> Result<Option<QuestionDoc>, ApplyError> {
        let Event::Query(QueryEvent::AccessQueried(e)) = &event.event else { return Ok(doc) };
        let (receipt, question) = (e.receipt, e.question.clone());
        Ok(Some(QuestionDoc { query: QueryId(event.stream), receipt, question, asked_at: event.at }))
    }
}
