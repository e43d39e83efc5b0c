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
    use super::super::fixtures::{AGENCY, SIGN_IN, joined};
    use super::*;
    use crate::ids::StaffId;
    use crate::scenario::given;
    use crate::vocabulary::{SignedIn, Worker};
    use crate::{Aggregate as _, Reason};

    #[test]
    fn who_works_there_leaves_once() {
        let joined = || joined("nurse");
        given([joined()]).when(RemoveStaff).then([StaffLeft {}.into()]);
        given([joined(), StaffLeft {}.into()]).when(RemoveStaff).then_refused(Reason::NotFound, "staff");
        let by = SignedIn::new(Worker::new(AGENCY, StaffId::from(SIGN_IN)), SIGN_IN);
        assert!(Staff::folded(&[joined()]).admits(by));
        let left = Staff::folded(&[joined(), StaffLeft {}.into()]);
        assert_eq!((left.admits(by), left.agency()), (false, Some(AGENCY)));
    }
}
