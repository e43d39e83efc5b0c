//! What can have happened on a `query` stream.

use crate::ids::{AgencyId, ReceiptId, StaffId};
use crate::vocabulary::{Author, Timestamp};

/// The person asked why somebody looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessQueried {
    pub receipt: ReceiptId,
    /// What the person asks.
    pub question: String,
    /// Who looked; none in what was asked before that was kept.
    pub party: Option<Author>,
    /// By when it is to be explained, if there is an agency that can.
    pub answer_by: Option<Timestamp>,
    /// Who decided that they may look, where a law let them.
    pub deciders: Vec<StaffId>,
}

/// The agency of whoever looked explained it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessExplained {
    pub receipt: ReceiptId,
    /// Who explained.
    pub author: Author,
    pub words: String,
}

/// The person accepts what they were told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExplanationAccepted {
    pub receipt: ReceiptId,
}

/// The person does not, or was told nothing in time: somebody else is to look at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryEscalated {
    pub receipt: ReceiptId,
    /// The independent agency that is to; none for the privacy officer of the one that looked.
    pub reviewer: Option<AgencyId>,
    /// Why, in the person's words.
    pub words: String,
    /// By when.
    pub answer_by: Timestamp,
    /// The question, for whoever has not read it yet.
    pub question: String,
    /// Who looked.
    pub party: Option<Author>,
    /// What they were told until then, the oldest first.
    pub told: Vec<String>,
}

/// Whoever was to look at it found something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryResolved {
    pub receipt: ReceiptId,
    /// Who found it.
    pub author: Author,
    /// Whether the look was right.
    pub justified: bool,
    /// What they found.
    pub words: String,
}

impl QueryEvent {
    /// The receipt that it is about.
    #[must_use]
    pub fn receipt(&self) -> ReceiptId {
        match self {
            Self::AccessQueried(e) => e.receipt,
            Self::AccessExplained(e) => e.receipt,
            Self::ExplanationAccepted(e) => e.receipt,
            Self::QueryEscalated(e) => e.receipt,
            Self::QueryResolved(e) => e.receipt,
        }
    }
}

crate::event_enum! {
    /// An event of a `query` stream.
    QueryEvent {
        AccessQueried,
        AccessExplained,
        ExplanationAccepted,
        QueryEscalated,
        QueryResolved,
    }
}
