//! What can have happened on a `staff` stream.

use crate::ids::AgencyId;

/// A worker joined an agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffJoined {
    pub agency: AgencyId,
    /// The subject at the agency's identity provider.
    pub subject: String,
    pub name: String,
    pub role: String,
}

/// A worker changed role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffRoleChanged {
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
