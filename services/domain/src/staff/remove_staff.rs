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
    use super::super::events::StaffJoined;
    use super::*;
    use crate::ids::AgencyId;
    use crate::scenario::given;
    use crate::{Aggregate as _, Reason};
    use uuid::Uuid;

    #[test]
    fn who_works_there_leaves_once() {
        let agency = AgencyId(Uuid::nil());
        let joined =
            || StaffEvent::from(StaffJoined { agency, subject: "s".into(), name: "N".into(), role: "nurse".into() });
        given([joined()]).when(RemoveStaff).then([StaffLeft {}.into()]);
        given([joined(), StaffLeft {}.into()]).when(RemoveStaff).then_refused(Reason::NotFound, "staff");
        let left = Staff::folded(&[joined(), StaffLeft {}.into()]);
        assert_eq!((left.works_for(agency), left.agency()), (false, Some(agency)));
    }
}
