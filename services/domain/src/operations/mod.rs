//! What those who run the system do: they leave traces, too.

pub mod events;

use crate::ids::AgencyId;
use crate::issuers::Only;
use crate::vocabulary::coded;
use crate::{Aggregate, StreamKind};

/// Whose key seals these events: those who run the system, who are no agency and no person. Not nil: that is the system itself, whose
/// key makes pseudonyms.
pub const OPERATORS: AgencyId = AgencyId(uuid::Uuid::from_u128(0x4f50_4552_4154_8f52_8053_0000_0000_0001));

coded! {
    /// What only those who run the system may do.
    Act {
        /// A new agency.
        RegisteredAgency = 1 "registered an agency",
        /// Whose tokens speak for an agency's staff.
        ChangedIssuer = 2 "changed an agency's identity provider",
        /// In place of its administrator.
        ChangedStaff = 3 "changed an agency's staff",
        /// Records of another system.
        Imported = 4 "imported records",
        /// The views.
        Rebuilt = 5 "rebuilt views",
        /// A new person.
        RegisteredPerson = 6 "registered a person",
        /// An agency's name, or that it is a part of another, or is no more.
        ChangedAgency = 7 "changed an agency",
        /// The log, from a backup.
        Restored = 8 "restored a backup",
        /// That a person may sign in anew.
        ConfirmedReturn = 9 "confirmed that a person may sign in anew",
        /// That a person accepts somebody's support, on their word.
        ConfirmedAcceptance = 10 "confirmed that a person accepts somebody's support",
        /// What a person signs in with: somebody else may have it.
        ShutSignIns = 11 "shut what a person signs in with",
    }
}

/// Everything that those who run the system have done. Append-only and never folded: it has no state.
#[derive(Debug, Clone, Default)]
pub struct Operations;

impl Aggregate for Operations {
    type Id = Only;
    type Event = events::OperationsEvent;

    const KIND: StreamKind = StreamKind::Operations;

    fn evolve(&mut self, _: &Self::Event) {}
}
