//! What can have happened on a `relationship` stream.

use crate::ids::{AgencyId, PersonId, StaffId};
use crate::vocabulary::Author;

/// A worker proposed support.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportProposed {
    /// The person.
    pub person: PersonId,
    /// The agency.
    pub agency: AgencyId,
    /// The worker.
    pub staff: StaffId,
    /// The role.
    pub role: String,
    /// What the support is.
    pub offer: String,
}

/// The person accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportAccepted {
    /// The agency.
    pub agency: AgencyId,
    /// The worker.
    pub staff: StaffId,
}

/// The person declined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportDeclined {
    /// The agency.
    pub agency: AgencyId,
    /// The worker.
    pub staff: StaffId,
    /// Why; may be empty.
    pub reason: String,
}

/// The support ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupportEnded {
    /// The agency.
    pub agency: AgencyId,
    /// The worker.
    pub staff: StaffId,
    /// Who ended it.
    pub by: Author,
    /// Why; may be empty.
    pub reason: String,
}

crate::event_enum! {
    /// An event of a `relationship` stream.
    RelationshipEvent {
        SupportProposed,
        SupportAccepted,
        SupportDeclined,
        SupportEnded,
    }
}
