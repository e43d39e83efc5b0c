//! What can have happened on an `emergency` stream.

use crate::ids::{AgencyId, EmergencyId, PersonId};
use crate::vocabulary::Version;

/// A worker declared an emergency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyAccessDeclared {
    pub emergency: EmergencyId,
    pub person: PersonId,
    pub agency: AgencyId,
}

/// The privacy officer reviewed it. What they found is about the person, and kept with them: see
/// [`crate::access::events::EmergencyReviewed`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyAccessReviewed {
    pub emergency: EmergencyId,
    /// Whether it was justified.
    pub justified: bool,
}

/// After one that was found unjustified, the worker may declare an emergency for this person again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyAccessAllowed {
    pub person: PersonId,
    /// The version of the person's directive at which it was allowed: a block that came later is not meant.
    pub directive: Version,
}

crate::event_enum! {
    /// An event of an `emergency` stream.
    EmergencyEvent {
        EmergencyAccessDeclared,
        EmergencyAccessReviewed,
        EmergencyAccessAllowed,
    }
}
