use super::Agency;
use super::events::{AgencyEvent, StaffListingChanged};
use crate::{Command, Refusal};

/// The agency lists its workers to people by name, or by role alone: a refuge does not tell who works there.
#[derive(Debug, Clone)]
pub struct ChangeStaffListing {
    pub by_name: bool,
}

impl Command for ChangeStaffListing {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        if !state.is_there() {
            return Err(Refusal::not_found("agency"));
        }
        if state.lists_names() == self.by_name {
            return Ok(vec![]);
        }
        Ok(vec![StaffListingChanged { by_name: self.by_name }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::AgencyRegistered;
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn workers_are_listed_by_name_until_their_agency_says_otherwise() {
        let registered = || {
            AgencyEvent::from(AgencyRegistered {
                name: "A".into(),
                kind: "refuge".into(),
                place: String::new(),
                numbers: vec![],
            })
        };
        let (change, changed) = (|by_name| ChangeStaffListing { by_name }, |by_name| StaffListingChanged { by_name });
        given([registered()]).when(change(true)).then_nothing();
        given([registered()]).when(change(false)).then([changed(false).into()]);
        given([registered(), changed(false).into()]).when(change(true)).then([changed(true).into()]);
        given([]).when(change(false)).then_refused(Reason::NotFound, "agency");
    }
}
