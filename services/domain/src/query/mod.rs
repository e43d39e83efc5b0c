//! The person asks why somebody looked, and holds whoever did to an answer: query, explanation, privacy officer, independent reviewer.

mod accept_explanation;
mod escalate_query;
pub mod events;
mod explain_access;
mod query_access;
mod resolve_query;

pub use accept_explanation::AcceptExplanation;
pub use escalate_query::{EscalateQuery, Reviewing, escalate_query};
pub use explain_access::ExplainAccess;
pub use query_access::QueryAccess;
pub use resolve_query::ResolveQuery;

use serde::{Deserialize, Serialize};

use crate::ids::{AgencyId, PersonId, QueryId, ReceiptId, StaffId, derived_id};
use crate::vocabulary::{Author, Timestamp};
use crate::{Aggregate, Refusal, StreamKind};
use events::QueryEvent;

/// In how many days a question is to be answered, by each who is asked.
pub const ANSWER_DAYS: u32 = 10;

/// The question that these words are about a receipt, of a person.
#[must_use]
pub fn query_id(person: PersonId, receipt: ReceiptId, question: &str) -> QueryId {
    QueryId(derived_id(receipt.0, &[b"question", person.0.as_bytes(), question.as_bytes()]))
}

/// Where a question stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueryStage {
    /// It waits for the agency of whoever looked.
    #[default]
    Asked,
    /// That agency has explained it.
    Explained,
    /// The person is content.
    Accepted,
    /// It waits for the privacy officer of that agency.
    WithOfficer,
    /// The privacy officer has found something.
    ResolvedByOfficer,
    /// It waits for an independent reviewer.
    WithReviewer,
    /// The reviewer has found something: there is nobody else to ask here.
    Closed,
}

impl QueryStage {
    /// Where it stands after an event.
    #[must_use]
    pub fn after(self, event: &QueryEvent) -> Self {
        match event {
            QueryEvent::AccessQueried(_) => Self::Asked,
            QueryEvent::AccessExplained(_) => Self::Explained,
            QueryEvent::ExplanationAccepted(_) => Self::Accepted,
            QueryEvent::QueryEscalated(e) if e.reviewer.is_some() => Self::WithReviewer,
            QueryEvent::QueryEscalated(_) => Self::WithOfficer,
            QueryEvent::QueryResolved(_) if self == Self::WithReviewer => Self::Closed,
            QueryEvent::QueryResolved(_) => Self::ResolvedByOfficer,
        }
    }

    /// Whether it waits for somebody's answer.
    #[must_use]
    pub fn waits(self) -> bool {
        matches!(self, Self::Asked | Self::WithOfficer | Self::WithReviewer)
    }

    /// By when somebody is to answer, while it waits.
    #[must_use]
    pub fn due(self, answer_by: Option<Timestamp>) -> Option<Timestamp> {
        answer_by.filter(|_| self.waits())
    }
}

/// A question about one receipt.
#[derive(Debug, Clone, Default)]
pub struct Query {
    asked: Option<(ReceiptId, String)>,
    party: Option<Author>,
    /// Who decided that they may look, where a law let them.
    deciders: Vec<StaffId>,
    stage: QueryStage,
    answer_by: Option<Timestamp>,
    reviewer: Option<AgencyId>,
    /// Whether a privacy officer has had their turn.
    resolved: bool,
    /// What the person was told, the oldest first.
    told: Vec<String>,
}

impl Query {
    /// The receipt that it is about.
    ///
    /// # Errors
    /// When nothing was asked.
    fn receipt(&self) -> Result<ReceiptId, Refusal> {
        self.asked.as_ref().map(|(receipt, _)| *receipt).ok_or_else(|| Refusal::not_found("question"))
    }

    /// Refuses unless it is this person's: its id follows from who asks what.
    ///
    /// # Errors
    /// That there is no such question.
    pub fn is_of(&self, id: QueryId, person: PersonId) -> Result<(), Refusal> {
        let asked = self.asked.as_ref().filter(|(receipt, question)| query_id(person, *receipt, question) == id);
        asked.map(|_asked| ()).ok_or_else(|| Refusal::not_found("question"))
    }

    /// Whether somebody should have answered by now, and has not.
    fn is_overdue(&self, now: Timestamp) -> bool {
        self.stage.due(self.answer_by).is_some_and(|by| by <= now)
    }
}

impl Aggregate for Query {
    type Id = QueryId;
    type Event = QueryEvent;

    const KIND: StreamKind = StreamKind::Query;

    fn evolve(&mut self, event: &QueryEvent) {
        self.stage = self.stage.after(event);
        match event {
            QueryEvent::AccessQueried(e) => {
                self.asked = Some((e.receipt, e.question.clone()));
                (self.party, self.answer_by) = (e.party, e.answer_by);
                self.deciders.clone_from(&e.deciders);
            }
            QueryEvent::AccessExplained(e) => self.told.push(e.words.clone()),
            QueryEvent::ExplanationAccepted(_) => {}
            QueryEvent::QueryEscalated(e) => {
                (self.answer_by, self.reviewer) = (Some(e.answer_by), e.reviewer.or(self.reviewer));
            }
            QueryEvent::QueryResolved(e) => {
                self.resolved = true;
                self.told.push(e.words.clone());
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod fixtures {
    use uuid::Uuid;

    use super::events::*;
    use super::{ANSWER_DAYS, QueryEvent};
    use crate::consultation::fixtures::NURSE;
    use crate::ids::{AgencyId, ReceiptId};
    use crate::vocabulary::{Author, Timestamp};

    pub(crate) const NOW: Timestamp = Timestamp(1_000);
    pub(crate) const RECEIPT: ReceiptId = ReceiptId(Uuid::from_u128(5));
    pub(crate) const REVIEWER: AgencyId = AgencyId(Uuid::from_u128(40));

    pub(crate) fn asked() -> QueryEvent {
        let (question, answer_by) = ("Why?".into(), Some(NOW.plus_days(ANSWER_DAYS)));
        AccessQueried { receipt: RECEIPT, question, party: Some(NURSE), answer_by, deciders: vec![] }.into()
    }

    pub(crate) fn explained() -> QueryEvent {
        AccessExplained { receipt: RECEIPT, author: NURSE, words: "to plan your visit".into() }.into()
    }

    pub(crate) fn escalated(reviewer: Option<AgencyId>, told: &[&str]) -> QueryEvent {
        QueryEscalated {
            receipt: RECEIPT,
            reviewer,
            words: "that is no reason".into(),
            answer_by: NOW.plus_days(ANSWER_DAYS),
            question: "Why?".into(),
            party: Some(NURSE),
            told: told.iter().map(|words| (*words).to_owned()).collect(),
        }
        .into()
    }

    pub(crate) fn resolved(author: Author) -> QueryEvent {
        QueryResolved { receipt: RECEIPT, author, justified: false, words: "it was not needed".into() }.into()
    }
}
