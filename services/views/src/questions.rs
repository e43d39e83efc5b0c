//! "What I have asked": the person's questions about looks, newest first; and the same for the agency that is asked, and for whoever reviews it.

use domain::StreamKind;
use domain::ids::{AgencyId, PersonId, QueryId, ReceiptId};
use domain::query::QueryStage;
use domain::query::events::QueryEvent;
use domain::vocabulary::{Author, Timestamp};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::consultations::By;
use crate::view::changed;
use crate::{ApplyError, Key, Order, View};

/// A question that the person has asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuestionDoc {
    /// Its id.
    pub query: QueryId,
    /// Who asks.
    pub person: PersonId,
    /// The receipt of the look that it is about.
    pub receipt: ReceiptId,
    /// The question.
    pub question: String,
    /// When it was asked; of whoever reviews it, when they were.
    pub asked_at: Timestamp,
    /// Who looked, if that was kept.
    pub party: Option<Author>,
    /// Where it stands.
    pub stage: QueryStage,
    /// By when whoever is asked now is to answer.
    pub answer_by: Option<Timestamp>,
    /// What was said since, the oldest first.
    pub said: Vec<SaidDoc>,
}

/// What was said of a question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidDoc {
    /// Where it stood from then on.
    pub stage: QueryStage,
    /// Who said it; none of what the person was told before somebody reviewed it.
    pub by: Option<By>,
    /// Whether the look was right, of a finding.
    pub justified: Option<bool>,
    /// The words; may be empty.
    pub words: String,
}

impl QuestionDoc {
    /// Whether somebody should have answered by now, and has not.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.stage.due(self.answer_by).is_some_and(|by| by <= now)
    }

    fn take(&mut self, event: &Envelope, happened: &QueryEvent) {
        self.stage = self.stage.after(happened);
        let (words, justified) = match happened {
            QueryEvent::AccessQueried(_) => return,
            QueryEvent::AccessExplained(e) => (e.words.clone(), None),
            QueryEvent::ExplanationAccepted(_) => (String::new(), None),
            QueryEvent::QueryEscalated(e) => {
                self.answer_by = Some(e.answer_by);
                (e.words.clone(), None)
            }
            QueryEvent::QueryResolved(e) => (e.words.clone(), Some(e.justified)),
        };
        self.said.push(SaidDoc { stage: self.stage, by: Some(By::of(event)), justified, words });
    }
}

fn key(event: &Envelope) -> Key {
    of_person(PersonId(event.subject())).id(event.stream)
}

/// The question as it is asked first.
fn asked(event: &Envelope, happened: &QueryEvent) -> Option<QuestionDoc> {
    let QueryEvent::AccessQueried(e) = happened else { return None };
    Some(QuestionDoc {
        query: QueryId(event.stream),
        person: PersonId(event.subject()),
        receipt: e.receipt,
        question: e.question.clone(),
        asked_at: event.at,
        party: e.party,
        stage: QueryStage::Asked,
        answer_by: e.answer_by,
        said: Vec::new(),
    })
}

fn applied(event: &Envelope, doc: Option<QuestionDoc>) -> Result<Option<QuestionDoc>, ApplyError> {
    let Event::Query(happened) = &event.event else { return Ok(doc) };
    match asked(event, happened) {
        Some(asked) => Ok(Some(asked)),
        None => changed(doc, |doc| doc.take(event, happened)),
    }
}

/// Before all questions of a person.
#[must_use]
pub fn of_person(person: PersonId) -> Key {
    Key::new().id(person)
}

/// Before all questions that an agency is asked.
#[must_use]
pub fn of_agency(agency: AgencyId) -> Key {
    Key::new().id(agency)
}

/// The view.
#[derive(Debug)]
pub struct Questions;

impl View for Questions {
    type Doc = QuestionDoc;

    const NAME: &'static str = "questions";
    const CODE: i32 = 2;
    const KINDS: &'static [StreamKind] = &[StreamKind::Query];
    const ORDER: Order = Order::NewestFirst;

    fn key(event: &Envelope) -> Option<Key> {
        matches!(event.event, Event::Query(_)).then(|| key(event))
    }

    fn apply(event: &Envelope, doc: Option<QuestionDoc>) -> Result<Option<QuestionDoc>, ApplyError> {
        applied(event, doc)
    }
}

/// The same, by the agency of whoever looked.
#[derive(Debug)]
pub struct AgencyQuestions;

impl View for AgencyQuestions {
    type Doc = QuestionDoc;

    const NAME: &'static str = "agency-questions";
    const KINDS: &'static [StreamKind] = Questions::KINDS;

    fn key(event: &Envelope) -> Option<Key> {
        Questions::key(event)
    }

    fn list(event: &Envelope, key: &Key) -> Key {
        let Event::Query(QueryEvent::AccessQueried(e)) = &event.event else { return key.list() };
        let agency = e.party.and_then(Author::worker).map(|worker| worker.agency());
        agency.map_or_else(|| key.list(), of_agency)
    }

    /// An agency's list is about whoever asks.
    fn about(_: &Key) -> Option<Uuid> {
        None
    }

    fn apply(event: &Envelope, doc: Option<QuestionDoc>) -> Result<Option<QuestionDoc>, ApplyError> {
        applied(event, doc)
    }
}

/// Those that an independent agency is asked to review.
#[derive(Debug)]
pub struct ReviewerQuestions;

impl View for ReviewerQuestions {
    type Doc = QuestionDoc;

    const NAME: &'static str = "reviewer-questions";
    const KINDS: &'static [StreamKind] = Questions::KINDS;

    fn key(event: &Envelope) -> Option<Key> {
        Questions::key(event)
    }

    fn list(event: &Envelope, key: &Key) -> Key {
        let Event::Query(QueryEvent::QueryEscalated(e)) = &event.event else { return key.list() };
        e.reviewer.map_or_else(|| key.list(), of_agency)
    }

    fn about(_: &Key) -> Option<Uuid> {
        None
    }

    fn apply(event: &Envelope, doc: Option<QuestionDoc>) -> Result<Option<QuestionDoc>, ApplyError> {
        let Event::Query(happened) = &event.event else { return Ok(doc) };
        let QueryEvent::QueryEscalated(e) = happened else {
            return Ok(doc.map(|mut doc| {
                doc.take(event, happened);
                doc
            }));
        };
        if e.reviewer.is_none() {
            return Ok(doc);
        }
        let told =
            |words: &String| SaidDoc { stage: QueryStage::Explained, by: None, justified: None, words: words.clone() };
        let mut begun = QuestionDoc {
            query: QueryId(event.stream),
            person: PersonId(event.subject()),
            receipt: e.receipt,
            question: e.question.clone(),
            asked_at: event.at,
            party: e.party,
            stage: QueryStage::ResolvedByOfficer,
            answer_by: Some(e.answer_by),
            said: e.told.iter().map(told).collect(),
        };
        begun.take(event, happened);
        Ok(Some(begun))
    }
}
