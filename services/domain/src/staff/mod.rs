//! Somebody who works for an agency in a role.

mod change_staff_role;
pub mod events;
mod join_staff;
mod link_sign_in;
mod name_staff;
mod remove_staff;

pub use change_staff_role::ChangeStaffRole;
pub use join_staff::{JoinStaff, join_named_staff, join_staff};
pub use link_sign_in::{ChangeSignIn, change_sign_in};
pub use name_staff::NameStaff;
pub use remove_staff::RemoveStaff;

use crate::ids::{AgencyId, SignIn, StaffId};
use crate::vocabulary::SignedIn;
use crate::{Aggregate, StreamKind};
use events::StaffEvent;

/// A worker's standing.
#[derive(Debug, Clone, Default)]
pub struct Staff {
    agency: Option<AgencyId>,
    role: String,
    sign_in: Option<SignIn>,
    current: bool,
    /// Whose sign-in has the id of this stream, when they have another id.
    same_as: Option<StaffId>,
}

impl Staff {
    /// Whether this is their standing: they are current staff of the agency, and the sign-in is the one that they have now.
    #[must_use]
    pub fn admits(&self, by: SignedIn) -> bool {
        self.current && self.agency == Some(by.worker().agency()) && self.sign_in == Some(by.sign_in())
    }

    /// Whether they have joined and left: not so of whom an import has only named.
    #[must_use]
    pub fn has_left(&self) -> bool {
        self.sign_in.is_some() && !self.current
    }

    /// The worker whom the sign-in of this id stands for, when that is another than the one of the same id.
    #[must_use]
    pub fn same_as(&self) -> Option<StaffId> {
        self.same_as
    }

    /// Their role; empty before they have joined.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
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
                self.role.clone_from(&e.role);
                self.sign_in = Some(e.sign_in);
                self.current = true;
            }
            StaffEvent::StaffRoleChanged(e) => self.role.clone_from(&e.role),
            StaffEvent::StaffLeft(_) => self.current = false,
            StaffEvent::StaffNamed(e) => self.agency = Some(e.agency),
            StaffEvent::StaffSignInChanged(e) => self.sign_in = Some(e.sign_in),
            StaffEvent::SignInLinked(e) => self.same_as = Some(e.staff),
        }
    }
}

#[cfg(test)]
pub(crate) mod fixtures {
    use super::events::{StaffEvent, StaffJoined};
    use super::{AgencyId, SignIn};
    use uuid::Uuid;

    pub(crate) const AGENCY: AgencyId = AgencyId(Uuid::from_u128(2));
    pub(crate) const SIGN_IN: SignIn = SignIn(Uuid::from_u128(3));

    /// They joined in this role.
    pub(crate) fn joined(role: &str) -> StaffEvent {
        let (issuer, subject, name) = ("https://id.example".into(), "s".into(), "N".into());
        StaffJoined { agency: AGENCY, issuer, subject, sign_in: SIGN_IN, name, role: role.into() }.into()
    }
}
