//! What can have happened on a `staff` stream.

use crate::ids::AgencyId;

/// A worker joined an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffJoined {
    /// The agency.
    pub agency: AgencyId,
    /// The subject at the agency's identity provider.
    pub subject: String,
    /// The name.
    pub name: String,
    /// The role.
    pub role: String,
}

/// A worker changed role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffRoleChanged {
    /// The role.
    pub role: String,
}

/// A worker left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffLeft {}

crate::event_enum! {
    /// An event of a `staff` stream.
    StaffEvent {
        StaffJoined,
        StaffRoleChanged,
        StaffLeft,
    }
}
