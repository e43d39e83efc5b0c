//! What can have happened on an `invitation` stream.

use crate::ids::{InvitationId, PersonId};
use crate::vocabulary::{Author, Timestamp, Worker};

/// A worker invited somebody who is new here, as far as anybody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewcomerInvited {
    /// Who they would be.
    pub person: PersonId,
    pub worker: Worker,
    /// A name that they use.
    pub name: String,
    /// How to reach them.
    pub reach: String,
    /// What the worker offers.
    pub offer: String,
    /// When.
    pub at: Timestamp,
    /// Until when the code is taken.
    pub expires: Timestamp,
}

/// A worker asked that somebody who is here may sign in anew: they have lost what they signed in with, or never had it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnInvited {
    pub person: PersonId,
    pub worker: Worker,
    /// Why, in words that the person reads.
    pub reason: String,
    /// Until when the code is taken.
    pub expires: Timestamp,
}

/// Somebody else confirmed that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReturnConfirmed {
    /// A worker of another agency, or whoever runs the system.
    pub author: Author,
    /// Why, in words that the person reads.
    pub reason: String,
    /// The other code, which whoever confirmed it was given: a claim needs both.
    pub second: Option<InvitationId>,
}

/// The code is taken no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeRevoked {}

/// The person gave a code to somebody whom they want to be found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeGiven {
    pub person: PersonId,
    /// What they say to them; may be empty.
    pub message: String,
    /// Until when the code is taken.
    pub expires: Timestamp,
}

/// The code was used, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeUsed {
    /// Whom it came to: the person, or the worker whom they gave it to.
    pub author: Author,
    /// Who the person is.
    pub person: PersonId,
}

crate::event_enum! {
    /// An event of an `invitation` stream.
    InvitationEvent {
        NewcomerInvited,
        ReturnInvited,
        ReturnConfirmed,
        CodeGiven,
        CodeUsed,
        CodeRevoked,
    }
}
