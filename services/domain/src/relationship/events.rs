//! What can have happened on a `relationship` stream.

use crate::ids::PersonId;
use crate::vocabulary::{Author, OnTheirWord, Timestamp, Worker};

/// A worker proposed support.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportProposed {
    pub person: PersonId,
    pub worker: Worker,
    pub role: String,
    /// What the support is.
    pub offer: String,
    /// When it can no longer be accepted; proposals of before this was kept wait for ever.
    pub lapses_at: Option<Timestamp>,
}

/// A worker proposed support to somebody who does not hear of it: nobody is registered under that id, or they have blocked the
/// agency. The worker is told the same as of any proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalUnheard {
    pub person: PersonId,
    pub worker: Worker,
    pub role: String,
    /// What the support would be.
    pub offer: String,
    /// When it can no longer be accepted; proposals of before this was kept wait for ever.
    pub lapses_at: Option<Timestamp>,
    /// Whether it is the worker whom the person has blocked, and not their agency.
    pub worker_blocked: bool,
}

/// The worker withdrew their proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalWithdrawn {
    pub worker: Worker,
    /// Whether the person had heard of it.
    pub heard: bool,
    /// From when the worker may propose again.
    pub again_from: Timestamp,
}

/// The person took back that the worker is not to ask again, or not yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskingAllowed {
    pub worker: Worker,
}

/// The person accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportAccepted {
    pub worker: Worker,
    /// Who entered it on their word, if they did not themselves.
    pub word: Option<OnTheirWord>,
    /// Who confirmed it then, if it needed that.
    pub confirmed_by: Option<Author>,
    /// How they know; empty when nobody had to confirm it.
    pub confirmation: String,
}

/// Somebody entered on the person's word that they accept; it waits to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptanceEntered {
    /// The supporter.
    pub worker: Worker,
    /// Who entered it.
    pub word: OnTheirWord,
}

/// The worker asked for a code that the person would read out, and none was sent: whoever only proposes is not told so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeUnsent {
    pub worker: Worker,
}

/// The person declined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportDeclined {
    pub worker: Worker,
    /// Why; may be empty.
    pub reason: String,
    /// From when the worker may propose again.
    pub again_from: Timestamp,
}

/// The support ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportEnded {
    pub worker: Worker,
    /// Who ended it.
    pub by: Author,
    /// Why; may be empty.
    pub reason: String,
    /// From when the worker may propose again.
    pub again_from: Timestamp,
    /// Who entered it on their word, if they did not themselves.
    pub word: Option<OnTheirWord>,
}

/// The supporter has left their agency: whatever hung on them, a proposal or the support, is over since then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupporterLeft {
    pub worker: Worker,
    /// Whether the person had heard of it.
    pub heard: bool,
    /// When the worker left.
    pub left_at: Timestamp,
}

/// A source of imported records says that somebody has seen the person: they may be invited. Nobody else hears of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportSuggested {
    pub person: PersonId,
    pub worker: Worker,
    /// What the source says of them.
    pub words: String,
    /// The URI of the system that says so.
    pub source: String,
}

/// The person invited somebody to propose their support. Opens nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupporterInvited {
    pub person: PersonId,
    pub worker: Worker,
    /// What the person writes to them; may be empty.
    pub message: String,
}

/// The person wants nothing to come of a suggestion, or took back their invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuggestionDismissed {
    pub worker: Worker,
}

impl SupportAccepted {
    /// The person accepted themselves.
    #[must_use]
    pub fn themselves(worker: Worker) -> Self {
        Self { worker, word: None, confirmed_by: None, confirmation: String::new() }
    }
}

crate::event_enum! {
    /// An event of a `relationship` stream.
    RelationshipEvent {
        SupportProposed,
        SupportAccepted,
        SupportDeclined,
        SupportEnded,
        ProposalUnheard,
        ProposalWithdrawn,
        AskingAllowed,
        SupporterLeft,
        SupportSuggested,
        SupporterInvited,
        SuggestionDismissed,
        AcceptanceEntered,
        CodeUnsent,
    }
}

impl RelationshipEvent {
    /// The worker whose relationship it is.
    #[must_use]
    pub fn worker(&self) -> Worker {
        match self {
            Self::SupportProposed(e) => e.worker,
            Self::SupportAccepted(e) => e.worker,
            Self::AcceptanceEntered(e) => e.worker,
            Self::SupportDeclined(e) => e.worker,
            Self::SupportEnded(e) => e.worker,
            Self::ProposalUnheard(e) => e.worker,
            Self::ProposalWithdrawn(e) => e.worker,
            Self::AskingAllowed(e) => e.worker,
            Self::SupporterLeft(e) => e.worker,
            Self::SupportSuggested(e) => e.worker,
            Self::SupporterInvited(e) => e.worker,
            Self::SuggestionDismissed(e) => e.worker,
            Self::CodeUnsent(e) => e.worker,
        }
    }
}

impl RelationshipEvent {
    /// Who entered it on the person's word, if somebody did.
    #[must_use]
    pub fn on_their_word(&self) -> Option<&OnTheirWord> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these are entered so")]
        match self {
            Self::SupportAccepted(e) => e.word.as_ref(),
            Self::AcceptanceEntered(e) => Some(&e.word),
            Self::SupportEnded(e) => e.word.as_ref(),
            _ => None,
        }
    }
}
