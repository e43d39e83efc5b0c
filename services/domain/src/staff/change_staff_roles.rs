use super::events::{StaffEvent, StaffRolesChanged};
use super::{Roles, Staff};
use crate::agency::events::AgencyEvent;
use crate::agency::{Agency, roles_at};
use crate::{Command, Refusal};

/// A worker has these roles from now on, and no other.
#[derive(Debug, Clone)]
pub struct ChangeStaffRoles {
    pub roles: Vec<String>,
}

impl Command for ChangeStaffRoles {
    type Aggregate = Staff;

    fn decide(self, state: &Staff) -> Result<Vec<StaffEvent>, Refusal> {
        let roles = Roles::new(self.roles)?;
        if !state.current {
            return Err(Refusal::not_found("staff"));
        }
        if state.roles.are(&roles) {
            return Ok(vec![]);
        }
        Ok(vec![StaffRolesChanged { roles: roles.as_slice().to_vec() }.into()])
    }
}

/// A worker changes roles, to those that the agency has words for, or gets. Returns what happens to either.
///
/// # Errors
/// As [`ChangeStaffRoles`] and [`crate::agency::NameRole`].
pub fn change_staff_roles(
    staff: &Staff,
    agency: &Agency,
    command: ChangeStaffRoles,
) -> Result<(Vec<StaffEvent>, Vec<AgencyEvent>), Refusal> {
    let (roles, named) = roles_at(agency, command.roles)?;
    Ok((ChangeStaffRoles { roles }.decide(staff)?, named))
}

#[cfg(test)]
mod tests {
    use super::super::events::StaffLeft;
    use super::super::fixtures::joined;
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn only_current_staff_change_their_roles_and_only_to_others() {
        let joined = || joined("nurse");
        let change = |roles: &[&str]| ChangeStaffRoles { roles: roles.iter().map(ToString::to_string).collect() };
        let changed = |roles: &[&str]| {
            StaffEvent::from(StaffRolesChanged { roles: roles.iter().map(ToString::to_string).collect() })
        };
        given([joined()]).when(change(&["lead"])).then([changed(&["lead"])]);
        given([joined()]).when(change(&["nurse", "lead"])).then([changed(&["nurse", "lead"])]);
        given([joined()]).when(change(&["nurse"])).then_nothing();
        given([joined(), changed(&["nurse", "lead"])]).when(change(&["lead", "nurse"])).then_nothing();
        given([joined()]).when(change(&[])).then_refused(Reason::Invalid, "roles");
        given([joined(), StaffLeft {}.into()]).when(change(&["lead"])).then_refused(Reason::NotFound, "staff");
        given([]).when(change(&["lead"])).then_refused(Reason::NotFound, "staff");
    }
}
