//! The emergencies that one worker has declared: the second waits for the review of the first.

mod allow_emergency;
mod declare_emergency;
pub mod events;
mod review_emergency;

use std::collections::{BTreeMap, BTreeSet};

pub use allow_emergency::{AllowEmergency, Allowing, allow_emergency};
pub use declare_emergency::{ALLOWED_FIRST, DeclareEmergency, REVIEW_FIRST, declare_emergency};
pub use review_emergency::{ReviewEmergency, Reviewed, Reviewing, review_emergency};

use crate::ids::{AgencyId, EmergencyId, PersonId, StaffId};
use crate::staff::{Roles, Staff};
use crate::vocabulary::{SignedIn, Version};
use crate::{Aggregate, Refusal, StreamKind};
use events::EmergencyEvent;

/// The role that reviews emergency access.
pub(crate) const PRIVACY_OFFICER: &str = "privacy officer";

/// An emergency that was declared.
#[derive(Debug, Clone)]
struct Declared {
    agency: AgencyId,
    person: PersonId,
    /// What its review came to: whether it was justified; none while it waits for one.
    justified: Option<bool>,
}

/// The emergencies of one worker.
#[derive(Debug, Clone, Default)]
pub struct Emergency {
    declared: BTreeMap<EmergencyId, Declared>,
    /// For whom a privacy officer has allowed one that has not been declared since.
    allowed: BTreeMap<PersonId, Version>,
    /// Those found unjustified after which a privacy officer has not allowed another yet.
    barred: BTreeSet<EmergencyId>,
}

impl Emergency {
    /// The person whom an emergency was declared for.
    #[must_use]
    pub fn person(&self, emergency: EmergencyId) -> Option<PersonId> {
        self.declared.get(&emergency).map(|declared| declared.person)
    }

    /// Whether the worker declares no emergency for this person until a privacy officer allows it again.
    fn is_barred_from(&self, person: PersonId) -> bool {
        self.barred.iter().any(|emergency| self.person(*emergency) == Some(person))
    }

    /// Whether a privacy officer has allowed the worker one for this person, which they have not declared yet, since the person has blocked
    /// them.
    fn is_allowed_for(&self, person: PersonId, blocked_since: Version) -> bool {
        self.allowed.get(&person).is_some_and(|directive| blocked_since <= *directive)
    }

    /// Everybody whom the worker has ever declared one for.
    #[must_use]
    pub fn persons(&self) -> BTreeSet<PersonId> {
        self.declared.values().map(|declared| declared.person).collect()
    }
}

impl Aggregate for Emergency {
    type Id = StaffId;
    type Event = EmergencyEvent;

    const KIND: StreamKind = StreamKind::Emergency;

    fn evolve(&mut self, event: &EmergencyEvent) {
        match event {
            EmergencyEvent::EmergencyAccessDeclared(e) => {
                self.allowed.remove(&e.person);
                let declared = Declared { agency: e.agency, person: e.person, justified: None };
                self.declared.insert(e.emergency, declared);
            }
            EmergencyEvent::EmergencyAccessReviewed(e) => {
                if let Some(declared) = self.declared.get_mut(&e.emergency) {
                    declared.justified = Some(e.justified);
                }
                if e.justified {
                    self.barred.remove(&e.emergency);
                } else {
                    self.barred.insert(e.emergency);
                }
            }
            EmergencyEvent::EmergencyAccessAllowed(e) => {
                self.allowed.insert(e.person, e.directive);
                let declared = &self.declared;
                self.barred.retain(|emergency| declared.get(emergency).is_none_or(|d| d.person != e.person));
            }
        }
    }
}

/// Whether this is somebody who works as privacy officer of their agency now, and not the worker whose emergencies are concerned.
///
/// # Errors
/// That nothing is disclosed to somebody who does not work there; otherwise which of the two it is.
fn officer(by: SignedIn, officer: &Staff, declared_by: StaffId) -> Result<(), Refusal> {
    if !officer.admits(by) {
        return Err(Refusal::undisclosed());
    }
    if by.worker().staff() == declared_by {
        return Err(Refusal::denied(
            "no_review_of_ones_own",
            "nobody reviews their own emergency access; ask a colleague",
        ));
    }
    is_officer(officer.roles())
}

fn is_officer(roles: &Roles) -> Result<(), Refusal> {
    if roles.has(PRIVACY_OFFICER) {
        return Ok(());
    }
    Err(Refusal::denied("privacy_officer_reviews", "only a privacy officer reviews emergency access"))
}

/// Whether they work as privacy officer of their agency now.
#[must_use]
pub fn is_privacy_officer(by: SignedIn, staff: &Staff) -> bool {
    staff.admits(by) && is_officer(staff.roles()).is_ok()
}
