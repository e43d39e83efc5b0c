use super::Staff;
use super::events::{StaffEvent, StaffLeft};
use crate::{Command, Refusal};

/// A worker leaves. From that moment nothing is disclosed to them.
#[derive(Debug, Clone)]
pub struct RemoveStaff;

impl Command for RemoveStaff {
    type Aggregate = Staff;

    fn decide(self, state: &Staff) -> Result<Vec<StaffEvent>, Refusal> {
        if state.current { Ok(vec![StaffLeft {}.into()]) } else { Err(Refusal::not_found("staff")) }
    }
}
