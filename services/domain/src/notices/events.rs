//! What can have happened on a `notices` stream.

use uuid::Uuid;

use super::{Channel, NoticeKind, When, WordCodeFor};
use crate::vocabulary::{Timestamp, Worker};

/// The person gave an address, which is theirs once they have said what was sent there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressGiven {
    /// What the code that is sent there follows from.
    pub reference: Uuid,
    pub channel: Channel,
    /// The mailbox, number or place.
    pub address: String,
    pub given_at: Timestamp,
    /// Until when it can be confirmed.
    pub expires_at: Timestamp,
    /// Whether the address before is told nothing when this one takes its place.
    pub quietly: bool,
}

/// The person has the address that was given: notices go there from now on, and to none that they had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressConfirmed {
    pub reference: Uuid,
    /// Of what happened before, nothing is told.
    pub since: Timestamp,
}

/// Of what the person wants to be told, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticesChosen {
    pub emergency: When,
    pub first_look: When,
    pub proposal: When,
}

/// The person is told nothing more, and no address is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticesStopped {
    /// Whether the address is told nothing, not even this.
    pub quietly: bool,
}

/// A notice went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeSent {
    /// What it is of, once: an event, or that an agency looked for the first time.
    pub notice: Uuid,
    pub kind: NoticeKind,
    pub channel: Channel,
}

/// A notice could not be sent, and is not tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeFailed {
    /// What it is of, once: an event, or that an agency looked for the first time.
    pub notice: Uuid,
    pub kind: NoticeKind,
    pub channel: Channel,
    /// Why, in words that the person reads.
    pub why: String,
}

/// A worker asked for a code that is sent to the person, who reads it out to them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordCodeAsked {
    /// What the code follows from.
    pub reference: Uuid,
    /// Who asked, and may use it.
    pub worker: Worker,
    /// What for.
    pub of: WordCodeFor,
    pub asked_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

/// The person read it out, and something was entered by it: it is good for nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WordCodeUsed {
    pub reference: Uuid,
}

crate::event_enum! {
    /// An event of a `notices` stream.
    NoticesEvent {
        AddressGiven,
        AddressConfirmed,
        NoticesChosen,
        NoticesStopped,
        NoticeSent,
        NoticeFailed,
        WordCodeAsked,
        WordCodeUsed,
    }
}
