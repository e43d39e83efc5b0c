//! What can have happened on a `consultation` stream.

use super::{Circle, Mode, Outcome, WithheldGround, WithoutPersonGround};
use crate::ids::{AgencyId, EntryId, PersonId};
use crate::vocabulary::{Author, OnTheirWord, Sensitivity, Timestamp, Worker};

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
    /// The decision that it is of; none when it is of the whole.
    pub decision: Option<EntryId>,
    /// The person's words.
    pub view: String,
    /// How sensitive it is; as the consultation when nothing is said.
    pub sensitivity: Option<Sensitivity>,
    /// Its id; none in what was said before views had one.
    pub entry: Option<EntryId>,
    /// Who entered it on their word, if they did not themselves.
    pub word: Option<OnTheirWord>,
}

/// The person took back something that they said, or that was entered as if they had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewTakenBack {
    pub entry: EntryId,
    /// How sensitive it was by itself.
    pub sensitivity: Option<Sensitivity>,
    /// Who entered it on their word, if they did not themselves.
    pub word: Option<OnTheirWord>,
}

/// A decision was proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionProposed {
    /// The decision point.
    pub decision: EntryId,
    /// Who wrote it.
    pub author: Author,
    pub text: String,
    /// By when the person is to be told what came of it, if that is said.
    pub follow_up: Option<Timestamp>,
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
    /// Who entered it on their word, if they did not themselves.
    pub word: Option<OnTheirWord>,
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
    /// Who entered it on their word, if they did not themselves.
    pub word: Option<OnTheirWord>,
}

/// The person shares a consultation that they kept to few with everybody whom they share consultations with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsultationShared {
    /// How sensitive it is from now on.
    pub sensitivity: Sensitivity,
}

/// The person chose not to take part in a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipationDeclined {
    pub decision: EntryId,
    /// The person, or the worker to whom they said so.
    pub author: Author,
    /// What they said; where a worker says so, when and how they said it. May be empty when the person says it themselves.
    pub words: String,
}

/// A decision that was not settled was taken off the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionWithdrawn {
    pub decision: EntryId,
    /// Who did so.
    pub author: Author,
    /// Why.
    pub reason: String,
}

/// The person was told what came of a decision ("you said, we did").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeReported {
    pub decision: EntryId,
    /// Who says so.
    pub author: Author,
    pub outcome: Outcome,
    /// What was done, or why not.
    pub words: String,
}

/// Something was told that the conversation needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InformationShared {
    pub information: EntryId,
    /// Who told it.
    pub author: Author,
    pub text: String,
}

/// Something is kept from the person, for now: that there is something, on what ground, who decided that, and until when (rule 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InformationWithheld {
    pub information: EntryId,
    /// Who decided it.
    pub author: Author,
    pub ground: WithheldGround,
    /// What the ground is here: the Act, or whom it protects. Nothing of what is withheld.
    pub reason: String,
    /// When it is to be told, or decided again.
    pub review: Timestamp,
}

/// A time and a place were said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsultationScheduled {
    /// Who said so.
    pub author: Author,
    /// When.
    pub at: Timestamp,
    /// Where, or how: a room, a number to ring.
    pub place: String,
}

/// The person says that what they were told of a decision is not so: it is to be told anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeDisputed {
    pub decision: EntryId,
    /// What is not so, in their words.
    pub words: String,
}

/// What was withheld from the person was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InformationRevealed {
    pub information: EntryId,
    /// Who told it.
    pub author: Author,
    pub text: String,
}

/// It was decided again to withhold something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WithholdingReviewed {
    pub information: EntryId,
    /// Who decided it.
    pub author: Author,
    pub ground: WithheldGround,
    /// What the ground is now. Nothing of what is withheld.
    pub reason: String,
    /// When it is to be told, or decided again.
    pub review: Timestamp,
}

/// Somebody was invited to take part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantInvited {
    /// Whom.
    pub worker: Worker,
    /// Who invited them.
    pub author: Author,
}

/// Somebody said whether they come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParticipantResponded {
    /// Who: whoever was invited, or the person.
    pub author: Author,
    pub comes: bool,
    /// What they need, or why they do not come; may be empty.
    pub words: String,
}

/// The person took an objection of theirs to an independent advocate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectionTakenToAdvocate {
    pub decision: EntryId,
    pub agency: AgencyId,
    /// What they ask; may be empty.
    pub words: String,
    /// Until when nobody takes anything up again before the advocate is heard.
    pub answer_by: Timestamp,
}

/// The advocate answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvocateHeard {
    pub decision: EntryId,
    /// Who answered.
    pub author: Author,
    pub words: String,
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
        ParticipationDeclined,
        DecisionWithdrawn,
        OutcomeReported,
        InformationShared,
        InformationWithheld,
        ConsultationScheduled,
        OutcomeDisputed,
        InformationRevealed,
        WithholdingReviewed,
        ViewTakenBack,
        ParticipantInvited,
        ParticipantResponded,
        ObjectionTakenToAdvocate,
        AdvocateHeard,
    }
}

impl ConsultationEvent {
    /// That somebody entered it on the person's word; none when everybody said it themselves.
    #[must_use]
    pub fn on_their_word(&self) -> Option<&OnTheirWord> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these are entered so")]
        match self {
            Self::PersonViewRecorded(e) => e.word.as_ref(),
            Self::DecisionObjected(e) => e.word.as_ref(),
            Self::ViewTakenBack(e) => e.word.as_ref(),
            Self::AnswerTakenBack(e) => e.word.as_ref(),
            _ => None,
        }
    }

    /// How sensitive it is by itself, beside the consultation; none when nothing is said.
    #[must_use]
    pub fn sensitivity(&self) -> Option<&Sensitivity> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these say it")]
        match self {
            Self::OptionOffered(e) => e.sensitivity.as_ref(),
            Self::PersonViewRecorded(e) => e.sensitivity.as_ref(),
            Self::ViewTakenBack(e) => e.sensitivity.as_ref(),
            _ => None,
        }
    }
}
