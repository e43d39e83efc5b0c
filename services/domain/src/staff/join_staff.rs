use super::Staff;
use super::events::{StaffEvent, StaffJoined};
use super::link_sign_in::link_sign_in;
use crate::agency::Agency;
use crate::ids::{AgencyId, SignIn, StaffId};
use crate::text::{LINE, required};
use crate::{Command, Refusal};

/// A worker joins an agency.
#[derive(Debug, Clone)]
pub struct JoinStaff {
    pub agency: AgencyId,
    /// The agency's identity provider (`iss`).
    pub issuer: String,
    /// The subject there (`sub`).
    pub subject: String,
    /// The two as a pseudonym.
    pub sign_in: SignIn,
    pub name: String,
    pub role: String,
}

impl Command for JoinStaff {
    type Aggregate = Staff;

    fn decide(self, state: &Staff) -> Result<Vec<StaffEvent>, Refusal> {
        required("subject", &self.subject, LINE)?;
        required("issuer", &self.issuer, LINE)?;
        required("name", &self.name, LINE)?;
        required("role", &self.role, LINE)?;
        if state.current {
            return Err(Refusal::already_exists("staff"));
        }
        if state.same_as.is_some() {
            return Err(Refusal::rule(
                "linked_sign_in",
                "this sign-in belongs to a worker with another id; give that id as `staff_id`",
            ));
        }
        let Self { agency, issuer, subject, sign_in, name, role } = self;
        Ok(vec![StaffJoined { agency, issuer, subject, sign_in, name, role }.into()])
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

/// Somebody joins as the worker `named`, whom an import has named or who has been there before: what must commit as one
/// append, on the stream of the sign-in and on that of the worker.
///
/// # Errors
/// As [`join_staff`], that the agency has no such worker, or that the sign-in is somebody else's.
pub fn join_named_staff(
    sign_in: &Staff,
    (named, staff): (StaffId, &Staff),
    agency: &Agency,
    command: JoinStaff,
) -> Result<(Vec<StaffEvent>, Vec<StaffEvent>), Refusal> {
    if staff.agency != Some(command.agency) {
        return Err(Refusal::not_found("staff"));
    }
    let linked = link_sign_in(sign_in, command.agency, named)?;
    Ok((linked, join_staff(staff, agency, command)?))
}

#[cfg(test)]
mod tests {
    use super::super::events::{SignInLinked, StaffLeft, StaffNamed};
    use super::super::fixtures::{AGENCY, SIGN_IN, joined};
    use super::*;
    use crate::agency::events::AgencyRegistered;
    use crate::scenario::given;
    use crate::{Aggregate as _, Reason};
    use uuid::Uuid;

    fn join() -> JoinStaff {
        JoinStaff {
            agency: AGENCY,
            issuer: "https://id.example".into(),
            subject: "s".into(),
            sign_in: SIGN_IN,
            name: "N".into(),
            role: "nurse".into(),
        }
    }

    #[test]
    fn joins_once_and_may_come_back() {
        given([]).when(join()).then([joined("nurse")]);
        given([joined("nurse")]).when(join()).then_refused(Reason::AlreadyExists, "staff");
        given([joined("nurse"), StaffLeft {}.into()]).when(join()).then([joined("nurse")]);
    }

    #[test]
    fn whom_an_import_named_joins_under_the_id_that_it_gave_them_and_only_at_that_agency() {
        let named = StaffId(Uuid::from_u128(50));
        let agency = |id| StaffNamed { agency: id, name: "N".into() }.into();
        let registered = Agency::folded(&[AgencyRegistered { name: "A".into(), kind: "k".into() }.into()]);
        let (here, elsewhere) =
            (Staff::folded(&[agency(AGENCY)]), Staff::folded(&[agency(AgencyId(Uuid::from_u128(9)))]));
        let joins = |sign_in: &Staff, staff: &Staff| join_named_staff(sign_in, (named, staff), &registered, join());
        let link: StaffEvent = SignInLinked { agency: AGENCY, staff: named }.into();
        let free = Staff::default();
        assert_eq!(joins(&free, &here), Ok((vec![link.clone()], vec![joined("nurse")])));
        assert_eq!(joins(&Staff::folded(std::slice::from_ref(&link)), &here), Ok((vec![], vec![joined("nurse")])));
        assert_eq!(joins(&free, &elsewhere), Err(Refusal::not_found("staff")));
        assert_eq!(joins(&free, &free), Err(Refusal::not_found("staff")));
        // A sign-in is one worker's.
        assert_eq!(joins(&Staff::folded(&[joined("nurse")]), &here), Err(Refusal::already_exists("sign_in")));
        given([link]).when(join()).then_refused(Reason::Rule, "linked_sign_in");
    }
}
