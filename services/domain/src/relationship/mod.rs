//! A support relationship: consented, purposeful, dated.

mod accept_support;
mod allow_asking;
mod decline_support;
mod end_support;
pub mod events;
mod on_their_word;
mod propose_support;
mod suggestion;
mod supporter_left;
mod withdraw_proposal;

pub use accept_support::{AcceptSupport, accept_support};
pub use allow_asking::AllowAsking;
pub use decline_support::DeclineSupport;
pub use end_support::{EndSupport, Ending, end_support};
pub use on_their_word::{
    Accepting, ConfirmAcceptance, EnterAcceptance, EnterEnd, confirm_acceptance, enter_acceptance, enter_end,
};
pub use propose_support::{Offer, ProposeSupport, Proposing, propose_support};
pub use suggestion::{DismissSuggestion, InviteSupporter, SuggestSupport, Suggestion, be_found, invite_supporter};
pub use supporter_left::{Departure, supporter_left};
pub use withdraw_proposal::WithdrawProposal;

use crate::ids::{PersonId, RelationshipId, derived_id};
use crate::vocabulary::{OnTheirWord, Timestamp, Worker};
use crate::{Aggregate, Refusal, StreamKind};
use events::{
    ProposalUnheard, ProposalWithdrawn, RelationshipEvent, SupportDeclined, SupportEnded, SupportProposed,
    SupportSuggested, SupporterInvited,
};

/// Where a relationship stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// Not proposed.
    #[default]
    None,
    /// Waiting for the person.
    Proposed,
    /// Waiting, as the worker is told, for somebody who does not hear of it.
    Unheard,
    /// Accepted.
    Active,
    /// Declined, withdrawn or ended.
    Over,
}

/// The two ends of a relationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parties {
    /// The one supported.
    pub person: PersonId,
    /// The supporter.
    pub worker: Worker,
}

/// A relationship.
#[derive(Debug, Clone, Default)]
pub struct Relationship {
    stage: Stage,
    /// Whether the person has ever heard of a proposal.
    heard: bool,
    /// What became of the suggestion that they come to be in touch, if there was one.
    suggestion: Suggestion,
    parties: Option<Parties>,
    /// When what waits for an answer can no longer be accepted.
    lapses_at: Option<Timestamp>,
    /// What somebody entered on the person's word, and nobody has confirmed yet: that they accept.
    entered: Option<OnTheirWord>,
    /// After an end: from when the worker may propose again.
    again_from: Option<Timestamp>,
}

/// For how many days a proposal waits for an answer, unless the configuration says otherwise.
pub const LAPSES_AFTER_DAYS: u32 = 90;
/// For how long a worker does not ask somebody again who has declined, or has ended their support: they were heard.
const WAIT_DAYS: u32 = 30;

/// The relationship of a person and a worker: there is one, so that a worker asks once at a time.
#[must_use]
pub fn relationship_id(Parties { person, worker }: Parties) -> RelationshipId {
    RelationshipId(derived_id(person.0, &[b"relationship", worker.agency().0.as_bytes(), worker.staff().0.as_bytes()]))
}

impl Relationship {
    /// The parties, if it is this person's; otherwise it does not exist for them, nor does what they have never heard of.
    fn of(&self, person: PersonId) -> Result<Parties, Refusal> {
        let theirs = self.parties.filter(|p| p.person == person && self.heard);
        theirs.ok_or_else(|| Refusal::not_found("relationship"))
    }

    /// Whether it waits for the person's answer.
    #[must_use]
    pub fn waits_for_the_person(&self) -> bool {
        self.stage == Stage::Proposed
    }

    /// The supporter, once they have proposed it to this person: also of what the person does not hear of.
    #[must_use]
    pub fn proposed_to(&self, person: PersonId) -> Option<Worker> {
        let proposed = self.parties.filter(|parties| parties.person == person && self.stage != Stage::None);
        proposed.map(|parties| parties.worker)
    }

    /// Whether a proposal of this worker's waits for the person, and whether they hear of it; none where none waits.
    #[must_use]
    pub fn waiting(&self, Parties { person, worker }: Parties, now: Timestamp) -> Option<bool> {
        self.proposed_to(person).filter(|proposed| *proposed == worker && !self.has_lapsed(now))?;
        match self.stage {
            Stage::Proposed => Some(true),
            Stage::Unheard => Some(false),
            Stage::None | Stage::Active | Stage::Over => None,
        }
    }

    /// Refused unless it waits for an answer in one of these stages, and has not waited too long.
    fn waits(&self, stages: &[Stage], now: Timestamp) -> Result<(), Refusal> {
        if self.has_lapsed(now) {
            return Err(Refusal::rule("proposal_lapsed", "the proposal has lapsed; the supporter may propose again"));
        }
        let problem = "only a proposal that waits for an answer can be accepted";
        let waits = stages.contains(&self.stage);
        if waits { Ok(()) } else { Err(Refusal::rule("waiting_for_the_person", problem)) }
    }

    /// Whether what waits for an answer has waited too long to be accepted.
    fn has_lapsed(&self, now: Timestamp) -> bool {
        matches!(self.stage, Stage::Proposed | Stage::Unheard)
            && self.lapses_at.is_some_and(|lapses_at| lapses_at <= now)
    }

    /// The two ends, once it is proposed.
    #[must_use]
    pub fn parties(&self) -> Option<Parties> {
        self.parties
    }
}

impl Aggregate for Relationship {
    type Id = RelationshipId;
    type Event = RelationshipEvent;

    const KIND: StreamKind = StreamKind::Relationship;

    fn evolve(&mut self, event: &RelationshipEvent) {
        match event {
            RelationshipEvent::SupportProposed(SupportProposed { person, worker, lapses_at, .. }) => {
                (self.stage, self.heard, self.lapses_at) = (Stage::Proposed, true, *lapses_at);
                self.entered = None;
                self.parties = Some(Parties { person: *person, worker: *worker });
                self.suggestion.is_taken_up();
            }
            RelationshipEvent::ProposalUnheard(ProposalUnheard { person, worker, lapses_at, .. }) => {
                (self.stage, self.lapses_at) = (Stage::Unheard, *lapses_at);
                self.parties = Some(Parties { person: *person, worker: *worker });
                self.suggestion.is_taken_up();
            }
            RelationshipEvent::SupportSuggested(SupportSuggested { person, worker, .. }) => {
                self.suggestion = Suggestion::Waiting;
                self.parties = Some(Parties { person: *person, worker: *worker });
            }
            RelationshipEvent::SupporterInvited(SupporterInvited { person, worker, .. }) => {
                self.parties.get_or_insert(Parties { person: *person, worker: *worker });
                (self.suggestion, self.again_from) = (Suggestion::Invited, None);
                if self.stage == Stage::Unheard {
                    self.stage = Stage::Over;
                }
            }
            RelationshipEvent::SuggestionDismissed(_) => self.suggestion = Suggestion::Dismissed,
            RelationshipEvent::SupporterLeft(_) => {
                (self.stage, self.again_from) = (Stage::Over, Some(Timestamp::NEVER))
            }
            RelationshipEvent::SupportAccepted(_) => self.stage = Stage::Active,
            RelationshipEvent::AcceptanceEntered(e) => self.entered = Some(e.word.clone()),
            RelationshipEvent::AskingAllowed(_) => self.again_from = None,
            RelationshipEvent::CodeUnsent(_) => {}
            RelationshipEvent::ProposalWithdrawn(ProposalWithdrawn { again_from, .. })
            | RelationshipEvent::SupportDeclined(SupportDeclined { again_from, .. })
            | RelationshipEvent::SupportEnded(SupportEnded { again_from, .. }) => {
                (self.stage, self.entered) = (Stage::Over, None);
                self.again_from = Some(*again_from);
                // Whoever is not to ask again is not invited.
                self.suggestion.is_taken_up();
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod fixtures {
    use super::events::{ProposalUnheard, RelationshipEvent, SupportAccepted, SupportProposed};
    use super::{Parties, PersonId, ProposeSupport, Timestamp, Worker};
    use crate::ids::{AgencyId, StaffId};
    use uuid::Uuid;

    pub(crate) const PERSON: PersonId = PersonId(Uuid::from_u128(1));
    pub(crate) const WORKER: Worker = Worker::new(AgencyId(Uuid::from_u128(2)), StaffId(Uuid::from_u128(3)));
    /// When what was proposed at 0 lapses.
    pub(crate) const LAPSES_AT: Timestamp = Timestamp(1_000);

    pub(crate) fn proposed() -> RelationshipEvent {
        let (role, offer) = ("nurse".into(), "visits".into());
        SupportProposed { person: PERSON, worker: WORKER, role, offer, lapses_at: Some(LAPSES_AT) }.into()
    }

    /// The wish for this offer.
    pub(crate) fn propose(offer: &str, now: Timestamp) -> ProposeSupport {
        let parties = Parties { person: PERSON, worker: WORKER };
        ProposeSupport { parties, role: "nurse".into(), offer: offer.into(), now, lapses_at: LAPSES_AT }
    }

    /// What was proposed, as nobody has heard of it.
    pub(crate) fn unheard() -> RelationshipEvent {
        let (role, offer) = ("nurse".into(), "visits".into());
        let (lapses_at, worker_blocked) = (Some(LAPSES_AT), false);
        ProposalUnheard { person: PERSON, worker: WORKER, role, offer, lapses_at, worker_blocked }.into()
    }

    pub(crate) fn accepted() -> RelationshipEvent {
        SupportAccepted::themselves(WORKER).into()
    }
}
