//! A person's sharing directive: the one authority on who may see what now.

mod agency_access;
mod close_relationship_access;
mod emergency_access;
pub mod events;
mod narrow_provision;
mod open_relationship_access;
mod provision;
mod set_provision;
mod start_sharing;
mod withdraw_provision;

use std::collections::{BTreeMap, BTreeSet};

pub use agency_access::{BlockAgency, UnblockAgency, block_agency};
pub use close_relationship_access::CloseRelationshipAccess;
pub use emergency_access::{CloseEmergencyAccess, OpenEmergencyAccess, close_emergency_access};
pub use narrow_provision::NarrowProvision;
pub use open_relationship_access::OpenRelationshipAccess;
pub use provision::Provision;
pub use set_provision::{DenyProvision, GrantProvision};
pub use start_sharing::StartSharing;
pub use withdraw_provision::WithdrawProvision;

use crate::ids::{AgencyId, EmergencyId, PersonId, ProvisionId, RelationshipId};
use crate::vocabulary::{Timestamp, Worker};
use crate::{Aggregate, Refusal, StreamKind};
use events::SharingEvent;

/// An emergency access that has not been closed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct OpenEmergency {
    worker: Worker,
    until: Timestamp,
}

/// The directive as it stands.
#[derive(Debug, Clone, Default)]
pub struct Sharing {
    started: bool,
    provisions: BTreeMap<ProvisionId, Provision>,
    blocked: BTreeSet<AgencyId>,
    relationships: BTreeMap<RelationshipId, Worker>,
    emergencies: BTreeMap<EmergencyId, OpenEmergency>,
}

/// The most provisions that a directive may hold: more cannot be understood, or evaluated on every read.
pub const PROVISIONS_LIMIT: usize = 500;

impl Sharing {
    /// The provisions in force.
    pub fn provisions(&self) -> impl Iterator<Item = &Provision> {
        self.provisions.values()
    }

    /// Whether the person has blocked this agency.
    #[must_use]
    pub fn is_blocked(&self, agency: AgencyId) -> bool {
        self.blocked.contains(&agency)
    }

    /// Whether a support relationship with this worker is open.
    #[must_use]
    pub fn relationship_open(&self, worker: Worker) -> bool {
        self.relationships.values().any(|open| *open == worker)
    }

    /// Whether this worker has emergency access at this moment.
    #[must_use]
    pub fn emergency_open(&self, worker: Worker, now: Timestamp) -> bool {
        self.emergencies.values().any(|open| open.worker == worker && now < open.until)
    }

    /// Whoever is registered has a directive: what a person does themselves relies on it.
    ///
    /// # Errors
    /// When nobody is registered under this id.
    pub fn registered(&self) -> Result<(), Refusal> {
        if self.started { Ok(()) } else { Err(Refusal::not_found("person")) }
    }

    fn provision(&self, id: ProvisionId) -> Result<&Provision, Refusal> {
        self.provisions.get(&id).ok_or_else(|| Refusal::not_found("provision"))
    }
}

impl Aggregate for Sharing {
    type Id = PersonId;
    type Event = SharingEvent;

    const KIND: StreamKind = StreamKind::Sharing;

    fn evolve(&mut self, event: &SharingEvent) {
        match event {
            SharingEvent::SharingStarted(_) => self.started = true,
            SharingEvent::ProvisionGranted(e) => {
                self.provisions.insert(e.provision, Provision::Permit(e.terms.clone()));
            }
            SharingEvent::ProvisionDenied(e) => {
                self.provisions.insert(e.provision, Provision::Deny(e.terms.clone()));
            }
            SharingEvent::ProvisionNarrowed(e) => {
                if let Some(provision) = self.provisions.get_mut(&e.provision) {
                    provision.narrow(&e.categories, e.level);
                }
            }
            SharingEvent::ProvisionWithdrawn(e) => {
                self.provisions.remove(&e.provision);
            }
            SharingEvent::AgencyBlocked(e) => {
                self.blocked.insert(e.agency);
            }
            SharingEvent::AgencyUnblocked(e) => {
                self.blocked.remove(&e.agency);
            }
            SharingEvent::RelationshipAccessOpened(e) => {
                self.relationships.insert(e.relationship, e.worker);
            }
            SharingEvent::RelationshipAccessClosed(e) => {
                self.relationships.remove(&e.relationship);
            }
            SharingEvent::EmergencyAccessOpened(e) => {
                let open = OpenEmergency { worker: e.worker, until: e.until };
                self.emergencies.insert(e.emergency, open);
            }
            SharingEvent::EmergencyAccessClosed(e) => {
                self.emergencies.remove(&e.emergency);
            }
        }
    }
}
