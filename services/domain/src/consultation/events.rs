//! What can have happened on a `consultation` stream.

use super::WithoutPersonGround;
use super::{Circle, Mode};
use crate::ids::{EntryId, PersonId};
use crate::vocabulary::{Author, Sensitivity};

/// Somebody asked for a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsultationRequested {
    pub person: PersonId,
    /// Who wrote it.
    pub author: Author,
    /// How the person takes part.
    pub mode: Mode,
    /// What it is about.
    pub topic: String,
    /// Who may see it.
    pub circle: Circle,
}

/// Something was put on the agenda.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaItemRaised {
    /// The agenda item.
    pub item: EntryId,
    /// Who wrote it.
    pub author: Author,
    pub text: String,
}

/// An item was talked about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaItemAddressed {
    /// The agenda item.
    pub item: EntryId,
    /// Who did so.
    pub author: Author,
    /// What happened; may be empty.
    pub note: String,
}

/// An item was left for another time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgendaItemDeferred {
    /// The agenda item.
    pub item: EntryId,
    /// Who did so.
    pub author: Author,
}

/// An option was offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionOffered {
    pub option: EntryId,
    /// Who wrote it.
    pub author: Author,
    pub text: String,
    /// What speaks for it.
    pub benefits: String,
    /// What speaks against it.
    pub risks: String,
    /// How sensitive it is; as the consultation when nothing is said.
    pub sensitivity: Option<Sensitivity>,
}

/// The person said what they think.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonViewRecorded {
    /// The person's words.
    pub view: String,
    /// How sensitive it is; as the consultation when nothing is said.
    pub sensitivity: Option<Sensitivity>,
}

/// A decision was proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionProposed {
    /// The decision point.
    pub decision: EntryId,
    /// Who wrote it.
    pub author: Author,
    pub text: String,
}

/// The person agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionAgreed {
    /// The decision point.
    pub decision: EntryId,
}

/// The person objected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionObjected {
    /// The decision point.
    pub decision: EntryId,
    /// Why, in their words.
    pub reason: String,
}

/// A decision was taken without the person's view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionMadeWithoutPerson {
    /// The decision point.
    pub decision: EntryId,
    /// Who did so.
    pub author: Author,
    /// Why the person's view is missing.
    pub ground: WithoutPersonGround,
    /// The evidence, the attempts or the Act.
    pub evidence: String,
}

/// It was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsultationClosed {
    /// Who did so.
    pub author: Author,
}

/// It was cancelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsultationCancelled {
    /// Who did so.
    pub author: Author,
    /// Why.
    pub reason: String,
}

/// The person took back their answer to a decision: it waits for one again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerTakenBack {
    pub decision: EntryId,
    /// Why; may be empty.
    pub reason: String,
}

/// The person shares a consultation that they kept to few with everybody whom they share consultations with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsultationShared {
    /// How sensitive it is from now on.
    pub sensitivity: Sensitivity,
}

crate::event_enum! {
    /// An event of a `consultation` stream.
    ConsultationEvent {
        ConsultationRequested,
        AgendaItemRaised,
        AgendaItemAddressed,
        AgendaItemDeferred,
        OptionOffered,
        PersonViewRecorded,
        DecisionProposed,
        DecisionAgreed,
        DecisionObjected,
        DecisionMadeWithoutPerson,
        ConsultationClosed,
        ConsultationCancelled,
        AnswerTakenBack,
        ConsultationShared,
    }
}

impl ConsultationEvent {
    /// How sensitive it is by itself, beside the consultation; none when nothing is said.
    #[must_use]
    pub fn sensitivity(&self) -> Option<&Sensitivity> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these say it")]
        match self {
            Self::OptionOffered(e) => e.sensitivity.as_ref(),
            Self::PersonViewRecorded(e) => e.sensitivity.as_ref(),
            _ => None,
        }
    }
}
