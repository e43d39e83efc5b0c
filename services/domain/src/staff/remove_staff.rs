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

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AGENCY, BY, joined};
    use super::*;
    use crate::scenario::given;
    use crate::{Aggregate as _, Reason};

    #[test]
    fn who_works_there_leaves_once() {
        let joined = || joined("nurse");
        given([joined()]).when(RemoveStaff).then([StaffLeft {}.into()]);
        given([joined(), StaffLeft {}.into()]).when(RemoveStaff).then_refused(Reason::NotFound, "staff");
        assert!(Staff::folded(&[joined()]).admits(BY));
        let left = Staff::folded(&[joined(), StaffLeft {}.into()]);
        assert_eq!((left.admits(BY), left.signs_in(BY), left.agency()), (false, true, Some(AGENCY)));
    }
}
