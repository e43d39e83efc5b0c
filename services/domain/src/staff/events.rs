//! What can have happened on a `staff` stream.

use crate::ids::{AgencyId, SignInId};

/// A worker joined an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffJoined {
    pub agency: AgencyId,
    /// The agency's identity provider (`iss`).
    pub issuer: String,
    /// The subject there (`sub`).
    pub subject: String,
    /// The two as a pseudonym.
    pub sign_in: SignInId,
    pub name: String,
    pub role: String,
}

/// A worker changed role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffRoleChanged {
    pub role: String,
}

/// A worker has these roles from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffRolesChanged {
    pub roles: Vec<String>,
}

/// A worker left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffLeft {}

/// An import named somebody as a worker of an agency: they have no standing there and no sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffNamed {
    pub agency: AgencyId,
    pub name: String,
}

/// A worker signs in with another subject from now on, and with the one before no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffSignInChanged {
    /// The identity provider (`iss`).
    pub issuer: String,
    /// The subject there (`sub`).
    pub subject: String,
    /// The two as a pseudonym.
    pub sign_in: SignInId,
}

/// A worker's name was misspelt, and is this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffNameCorrected {
    pub name: String,
}

/// All that hung on a worker who has left is over in its own words, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepartureSettled {}

crate::event_enum! {
    /// An event of a `staff` stream.
    StaffEvent {
        StaffJoined,
        StaffRoleChanged,
        StaffLeft,
        StaffNamed,
        StaffSignInChanged,
        StaffNameCorrected,
        DepartureSettled,
        StaffRolesChanged,
    }
}
