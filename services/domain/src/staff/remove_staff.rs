use super::Staff;
use super::events::{DepartureSettled, StaffEvent, StaffLeft};
use crate::{Command, Refusal};

/// A worker leaves. From that moment nothing is disclosed to them.
#[derive(Debug, Clone)]
pub struct RemoveStaff;

impl Command for RemoveStaff {
    type Aggregate = Staff;

    fn decide(self, state: &Staff) -> Result<Vec<StaffEvent>, Refusal> {
        if state.has_left() {
            return Ok(vec![]);
        }
        if state.current { Ok(vec![StaffLeft {}.into()]) } else { Err(Refusal::not_found("staff")) }
    }
}

/// All that hung on a worker who has left has been ended.
#[derive(Debug, Clone)]
pub struct SettleDeparture;

impl Command for SettleDeparture {
    type Aggregate = Staff;

    fn decide(self, state: &Staff) -> Result<Vec<StaffEvent>, Refusal> {
        if !state.has_left() {
            return Err(Refusal::rule("has_left", "they work there still"));
        }
        if state.settled { Ok(vec![]) } else { Ok(vec![DepartureSettled {}.into()]) }
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
        given([joined(), StaffLeft {}.into()]).when(RemoveStaff).then_nothing();
        given([]).when(RemoveStaff).then_refused(Reason::NotFound, "staff");
        given([joined(), StaffLeft {}.into()]).when(SettleDeparture).then([DepartureSettled {}.into()]);
        given([joined(), StaffLeft {}.into(), DepartureSettled {}.into()]).when(SettleDeparture).then_nothing();
        given([joined()]).when(SettleDeparture).then_refused(Reason::Rule, "has_left");
        assert!(Staff::folded(&[joined()]).admits(BY));
        let left = Staff::folded(&[joined(), StaffLeft {}.into()]);
        assert_eq!((left.admits(BY), left.signs_in(BY), left.agency()), (false, true, Some(AGENCY)));
    }
}
