//! Somebody who works for an agency in a role.

mod administers;
mod change_sign_in;
mod change_staff_roles;
mod correct_staff_name;
pub mod events;
mod join_staff;
mod name_staff;
mod remove_staff;
mod roles;

pub use administers::{ADMINISTRATOR, administers};
pub use change_sign_in::ChangeSignIn;
pub use change_staff_roles::{ChangeStaffRoles, change_staff_roles};
pub use correct_staff_name::CorrectStaffName;
pub use join_staff::{JoinStaff, join_staff};
pub use name_staff::NameStaff;
pub use remove_staff::{RemoveStaff, SettleDeparture};
pub use roles::Roles;

use crate::ids::{AgencyId, SignInId, StaffId};
use crate::text::{LINE, required};
use crate::vocabulary::SignedIn;
use crate::{Aggregate, Refusal, StreamKind};
use events::StaffEvent;

/// What somebody signs in with: `sub` is unique within its issuer only (OpenID Connect Core, section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The agency's identity provider (`iss`).
    pub issuer: String,
    /// The subject there (`sub`).
    pub subject: String,
    /// The agency and the two as a pseudonym.
    pub sign_in: SignInId,
}

impl Identity {
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        required("subject", &self.subject, LINE)?;
        required("issuer", &self.issuer, LINE)
    }
}

/// A worker's standing.
#[derive(Debug, Clone, Default)]
pub struct Staff {
    agency: Option<AgencyId>,
    roles: Roles,
    sign_in: Option<SignInId>,
    current: bool,
    /// The name that an import gave.
    named: Option<String>,
    /// What they were called first, by whoever entered them.
    first_name: String,
    /// What they are called now.
    name: String,
    /// Whether nothing hangs on them any more, once they have left.
    settled: bool,
}

impl Staff {
    /// Whether this is their standing: they are current staff of the agency, and the sign-in is the one that they have now.
    #[must_use]
    pub fn admits(&self, by: SignedIn) -> bool {
        self.current && self.signs_in(by)
    }

    /// Whether the sign-in is the one that they have, or had when they left: what others had before them, or they themselves,
    /// does nothing in their name any more.
    #[must_use]
    pub fn signs_in(&self, by: SignedIn) -> bool {
        self.agency == Some(by.worker().agency()) && self.sign_in == Some(by.sign_in())
    }

    /// What they sign in with, or did when they left; none before they have joined.
    #[must_use]
    pub fn sign_in(&self) -> Option<SignInId> {
        self.sign_in
    }

    /// Whether they are current staff and this is what they sign in with.
    #[must_use]
    pub fn holds(&self, sign_in: SignInId) -> bool {
        self.current && self.sign_in == Some(sign_in)
    }

    /// Whether they are current staff of this agency, whatever they sign in with.
    #[must_use]
    pub fn works_for(&self, agency: AgencyId) -> bool {
        self.current && self.agency == Some(agency)
    }

    /// Whether they have joined and left: not so of whom an import has only named.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.sign_in.is_some() && !self.current
    }

    fn is_called(&mut self, name: &str) {
        if self.first_name.is_empty() {
            name.clone_into(&mut self.first_name);
            name.clone_into(&mut self.name);
        }
    }

    /// Their roles; none before they have joined.
    #[must_use]
    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// Their roles in words; empty before they have joined.
    #[must_use]
    pub fn role(&self) -> &str {
        self.roles.words()
    }

    /// The agency that they work, or worked, for, or that an import named them at.
    #[must_use]
    pub fn agency(&self) -> Option<AgencyId> {
        self.agency
    }
}

impl Aggregate for Staff {
    type Id = StaffId;
    type Event = StaffEvent;

    const KIND: StreamKind = StreamKind::Staff;

    fn evolve(&mut self, event: &StaffEvent) {
        match event {
            StaffEvent::StaffJoined(e) => {
                self.agency = Some(e.agency);
                self.roles = Roles::stored(vec![e.role.clone()]);
                self.sign_in = Some(e.sign_in);
                self.current = true;
                self.is_called(&e.name);
            }
            StaffEvent::StaffRoleChanged(e) => self.roles = Roles::stored(vec![e.role.clone()]),
            StaffEvent::StaffRolesChanged(e) => self.roles = Roles::stored(e.roles.clone()),
            StaffEvent::StaffLeft(_) => self.current = false,
            StaffEvent::StaffNamed(e) => {
                self.agency = Some(e.agency);
                self.named = Some(e.name.clone());
                self.is_called(&e.name);
            }
            StaffEvent::StaffSignInChanged(e) => self.sign_in = Some(e.sign_in),
            StaffEvent::StaffNameCorrected(e) => self.name.clone_from(&e.name),
            StaffEvent::DepartureSettled(_) => self.settled = true,
        }
    }
}

#[cfg(test)]
pub(crate) mod fixtures {
    use super::events::{StaffEvent, StaffJoined};
    use super::{AgencyId, Identity, SignInId, StaffId};
    use crate::vocabulary::{SignedIn, Worker};
    use uuid::Uuid;

    pub(crate) const AGENCY: AgencyId = AgencyId(Uuid::from_u128(2));
    pub(crate) const SIGN_IN: SignInId = SignInId(Uuid::from_u128(4));
    pub(crate) const WORKER: Worker = Worker::new(AGENCY, StaffId(Uuid::from_u128(3)));
    /// The worker, with the sign-in that they joined with.
    pub(crate) const BY: SignedIn = SignedIn::new(WORKER, SIGN_IN);

    /// What they joined with.
    pub(crate) fn identity() -> Identity {
        Identity { issuer: "https://id.example".into(), subject: "s".into(), sign_in: SIGN_IN }
    }

    /// They joined in this role.
    pub(crate) fn joined(role: &str) -> StaffEvent {
        let Identity { issuer, subject, sign_in } = identity();
        StaffJoined { agency: AGENCY, issuer, subject, sign_in, name: "N".into(), role: role.into() }.into()
    }
}
