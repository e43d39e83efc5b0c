//! What can have happened on an `agency` stream.

use super::{AgencyNumber, Door, Scope, Selection};
use crate::ids::{AccountId, AgencyId, FeedId, SignInId};
use crate::vocabulary::{Purpose, Timestamp};

/// An agency was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyRegistered {
    pub name: String,
    /// What the agency does.
    pub kind: String,
    /// The town or district where it works; may be empty.
    pub place: String,
    /// Its numbers in registers.
    pub numbers: Vec<AgencyNumber>,
}

/// An agency has another name, place or number from now on. What happened before keeps the name of its day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyRenamed {
    pub name: String,
    /// As in [`AgencyRegistered`].
    pub place: String,
    /// As in [`AgencyRegistered`].
    pub numbers: Vec<AgencyNumber>,
}

/// An agency is a part of another from now on: choices about either hold for both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyMerged {
    pub into: AgencyId,
    /// What that one is called.
    pub name: String,
}

/// An agency is no more: nobody signs in for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyClosed {}

/// Somebody at the agency was given a role that nobody had there before: people can speak of it in their choices from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleNamed {
    pub role: String,
}

/// A source of imported records named an organisation: it is not registered, and nobody signs in for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyNamed {
    pub name: String,
    /// What it does.
    pub kind: String,
    /// The town or district where it works, as the source says; may be empty.
    pub place: String,
    /// Its numbers in registers, as the source says.
    pub numbers: Vec<AgencyNumber>,
}

/// How the agency lists its workers to people who look for one: by name, or by role alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffListingChanged {
    pub by_name: bool,
}

/// The agency's systems are told of what people let them receive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedOpened {
    pub feed: FeedId,
    pub name: String,
    pub door: Door,
    pub purpose: Purpose,
    /// What it carries.
    pub selection: Selection,
    /// The URL that a webhook calls; empty at other doors.
    pub target: String,
}

/// A feed carries something else from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedChanged {
    pub feed: FeedId,
    /// What it carries.
    pub selection: Selection,
    /// The URL that a webhook calls; empty at other doors.
    pub target: String,
}

/// A webhook signs with another secret from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedSecretRotated {
    pub feed: FeedId,
    /// The secret's number.
    pub secret: u32,
    /// Until when it signs with the one before, too.
    pub previous_until: Option<Timestamp>,
}

/// A feed tells nothing until somebody of the agency wants it to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedPaused {
    pub feed: FeedId,
    /// Why.
    pub why: String,
}

/// A feed that was paused goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedResumed {
    pub feed: FeedId,
}

/// A feed is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedClosed {
    pub feed: FeedId,
}

/// A feed tells a test event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FeedTested {
    pub feed: FeedId,
}

/// A system of the agency signs in as itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccountAdded {
    pub account: AccountId,
    pub name: String,
    /// The agency's identity provider.
    pub issuer: String,
    /// The subject there.
    pub subject: String,
    /// The two as a pseudonym.
    pub sign_in: SignInId,
    /// What it may do; of an account that was added before there were scopes none, and it may do all.
    pub scopes: Vec<Scope>,
}

/// A system does not sign in any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccountRemoved {
    pub account: AccountId,
}

crate::event_enum! {
    /// An event of an `agency` stream.
    AgencyEvent {
        AgencyRegistered,
        RoleNamed,
        AgencyNamed,
        StaffListingChanged,
        AgencyRenamed,
        AgencyMerged,
        AgencyClosed,
        FeedOpened,
        FeedChanged,
        FeedClosed,
        ServiceAccountAdded,
        ServiceAccountRemoved,
        FeedTested,
        FeedSecretRotated,
        FeedPaused,
        FeedResumed,
    }
}
