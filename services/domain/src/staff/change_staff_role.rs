use super::Staff;
use super::events::{StaffEvent, StaffRoleChanged};
use crate::agency::events::AgencyEvent;
use crate::agency::{Agency, role_at};
use crate::text;
use crate::{Command, Refusal};

/// A worker changes role.
#[derive(Debug, Clone)]
pub struct ChangeStaffRole {
    pub role: String,
}

impl Command for ChangeStaffRole {
    type Aggregate = Staff;

    fn decide(self, state: &Staff) -> Result<Vec<StaffEvent>, Refusal> {
        text::role("role", &self.role)?;
        if !state.current {
            return Err(Refusal::not_found("staff"));
        }
        if state.role == self.role { Ok(vec![]) } else { Ok(vec![StaffRoleChanged { role: self.role }.into()]) }
    }
}

/// A worker changes role, to one as the agency writes it. Returns what happens to either.
///
/// # Errors
/// As [`ChangeStaffRole`] and [`crate::agency::NameRole`].
pub fn change_staff_role(
    staff: &Staff,
    agency: &Agency,
    command: ChangeStaffRole,
) -> Result<(Vec<StaffEvent>, Vec<AgencyEvent>), Refusal> {
    let (role, named) = role_at(agency, command.role)?;
    Ok((ChangeStaffRole { role }.decide(staff)?, named))
}

#[cfg(test)]
mod tests {
    use super::super::events::StaffLeft;
    use super::super::fixtures::joined;
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn only_current_staff_change_their_role_and_only_to_another() {
        let joined = || joined("nurse");
        let change = |role: &str| ChangeStaffRole { role: role.into() };
        given([joined()]).when(change("lead")).then([StaffRoleChanged { role: "lead".into() }.into()]);
        given([joined()]).when(change("nurse")).then_nothing();
        given([joined()]).when(change("lead ")).then_refused(Reason::Invalid, "role");
        given([]).when(change("lead")).then_refused(Reason::NotFound, "staff");
        given([joined(), StaffLeft {}.into()]).when(change("lead")).then_refused(Reason::NotFound, "staff");
    }
}
