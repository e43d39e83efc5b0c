//! What can have happened on an `agency` stream.

use super::AgencyNumber;
use crate::ids::AgencyId;

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
    }
}
