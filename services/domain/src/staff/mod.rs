//! Somebody who works for an agency in a role.

mod change_staff_role;
pub mod events;
mod join_staff;
mod remove_staff;

pub use change_staff_role::ChangeStaffRole;
pub use join_staff::{JoinStaff, join_staff};
pub use remove_staff::RemoveStaff;

use crate::ids::{AgencyId, StaffId};
use crate::{Aggregate, StreamKind};
use events::StaffEvent;

/// A worker's standing.
#[derive(Debug, Clone, Default)]
pub struct Staff {
    agency: Option<AgencyId>,
    role: String,
    current: bool,
}

impl Staff {
    /// Whether they are current staff of this agency.
    #[must_use]
    pub fn works_for(&self, agency: AgencyId) -> bool {
        self.current && self.agency == Some(agency)
    }

    /// Their role; empty before they have joined.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
    }

    /// The agency that they work, or worked, for.
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
                self.current = true;
            }
            StaffEvent::StaffRoleChanged(e) => self.role.clone_from(&e.role),
            StaffEvent::StaffLeft(_) => self.current = false,
        }
    }
}
