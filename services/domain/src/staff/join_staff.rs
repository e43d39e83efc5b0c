use super::Staff;
use super::events::{StaffEvent, StaffJoined};
use crate::agency::Agency;
use crate::ids::AgencyId;
use crate::text::{LINE, required};
use crate::{Command, Refusal};

/// A worker joins an agency.
#[derive(Debug, Clone)]
pub struct JoinStaff {
    pub agency: AgencyId,
    /// The subject (`sub`) at the agency's identity provider.
    pub subject: String,
    pub name: String,
    pub role: String,
}

impl Command for JoinStaff {
    type Aggregate = Staff;

    fn decide(self, state: &Staff) -> Result<Vec<StaffEvent>, Refusal> {
        required("subject", &self.subject, LINE)?;
        required("name", &self.name, LINE)?;
        required("role", &self.role, LINE)?;
        if state.current {
            return Err(Refusal::already_exists("staff"));
        }
        let Self { agency, subject, name, role } = self;
        Ok(vec![StaffJoined { agency, subject, name, role }.into()])
    }
}

/// Somebody joins an agency that is registered.
///
/// # Errors
/// As [`JoinStaff`], or that there is no such agency.
pub fn join_staff(staff: &Staff, agency: &Agency, command: JoinStaff) -> Result<Vec<StaffEvent>, Refusal> {
    if !agency.is_registered() {
        return Err(Refusal::not_found("agency"));
    }
    command.decide(staff)
}

#[cfg(test)]
mod tests {
    use super::super::events::StaffLeft;
    use super::*;
    use crate::Reason;
    use crate::scenario::given;
    use uuid::Uuid;

    #[test]
    fn joins_once_and_may_come_back() {
        let agency = AgencyId(Uuid::nil());
        let join = || JoinStaff { agency, subject: "s".into(), name: "N".into(), role: "nurse".into() };
        let joined =
            || StaffEvent::from(StaffJoined { agency, subject: "s".into(), name: "N".into(), role: "nurse".into() });
        given([]).when(join()).then([joined()]);
        given([joined()]).when(join()).then_refused(Reason::AlreadyExists, "staff");
        given([joined(), StaffLeft {}.into()]).when(join()).then([joined()]);
    }
}
