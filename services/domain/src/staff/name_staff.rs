use super::Staff;
use super::events::{StaffEvent, StaffNamed};
use crate::ids::AgencyId;
use crate::text::{LINE, required};
use crate::{Command, Refusal};

/// An import names somebody as a worker of an agency. Enrols nobody.
#[derive(Debug, Clone)]
pub struct NameStaff {
    pub agency: AgencyId,
    pub name: String,
}

impl Command for NameStaff {
    type Aggregate = Staff;

    fn decide(self, state: &Staff) -> Result<Vec<StaffEvent>, Refusal> {
        required("name", &self.name, LINE)?;
        if state.agency.is_some() {
            return Err(Refusal::already_exists("staff"));
        }
        Ok(vec![StaffNamed { agency: self.agency, name: self.name }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{AGENCY, BY, joined};
    use super::*;
    use crate::scenario::given;
    use crate::{Aggregate as _, Reason};

    #[test]
    fn whom_an_import_names_has_no_standing() {
        let name = || NameStaff { agency: AGENCY, name: "N".into() };
        let named = || StaffEvent::from(StaffNamed { agency: AGENCY, name: "N".into() });
        given([]).when(name()).then([named()]);
        given([named()]).when(name()).then_refused(Reason::AlreadyExists, "staff");
        given([joined("nurse")]).when(name()).then_refused(Reason::AlreadyExists, "staff");
        let state = Staff::folded(&[named()]);
        assert_eq!((state.admits(BY), state.agency(), state.role()), (false, Some(AGENCY), ""));
    }
}
