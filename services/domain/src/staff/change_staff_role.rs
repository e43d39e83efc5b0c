use super::Staff;
use super::events::{StaffEvent, StaffRoleChanged};
use crate::text::{LINE, required};
use crate::{Command, Refusal};

/// A worker changes role.
#[derive(Debug, Clone)]
pub struct ChangeStaffRole {
    /// The new role.
    pub role: String,
}

impl Command for ChangeStaffRole {
    type Aggregate = Staff;

    fn decide(self, state: &Staff) -> Result<Vec<StaffEvent>, Refusal> {
        required("role", &self.role, LINE)?;
        if !state.current {
            return Err(Refusal::not_found("staff"));
        }
        if state.role == self.role { Ok(vec![]) } else { Ok(vec![StaffRoleChanged { role: self.role }.into()]) }
    }
}
