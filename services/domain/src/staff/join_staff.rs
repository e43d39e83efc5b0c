use super::events::{StaffEvent, StaffJoined, StaffRolesChanged};
use super::{Identity, Roles, Staff};
use crate::agency::events::AgencyEvent;
use crate::agency::{Agency, roles_at};
use crate::ids::AgencyId;
use crate::text::{LINE, required};
use crate::{Command, Refusal};

/// A worker joins an agency. Whom an import has named keeps the name that it gave: people know them by it.
#[derive(Debug, Clone)]
pub struct JoinStaff {
    pub agency: AgencyId,
    /// What they sign in with.
    pub identity: Identity,
    /// Whether it is somebody whom an import has named.
    pub is_named: bool,
    /// May be empty for whom an import has named.
    pub name: String,
    pub roles: Vec<String>,
}

impl Command for JoinStaff {
    type Aggregate = Staff;

    fn decide(self, state: &Staff) -> Result<Vec<StaffEvent>, Refusal> {
        let Self { agency, identity, is_named, name, roles } = self;
        identity.check()?;
        if is_named && state.agency != Some(agency) {
            return Err(Refusal::not_found("staff"));
        }
        let name = match &state.named {
            Some(named) if name.is_empty() || *named == name => named.clone(),
            Some(_) => return Err(Refusal::invalid("name", "must be empty, or the name that the import gave")),
            None => name,
        };
        required("name", &name, LINE)?;
        let roles = Roles::new(roles)?;
        // Whoever comes back starts anew, under another id.
        if state.sign_in.is_some() {
            return Err(Refusal::already_exists("staff"));
        }
        let Identity { issuer, subject, sign_in } = identity;
        let role = roles.as_slice().first().cloned().unwrap_or_default();
        let joined = StaffJoined { agency, issuer, subject, sign_in, name, role }.into();
        let more = StaffRolesChanged { roles: roles.as_slice().to_vec() };
        Ok(if roles.as_slice().len() > 1 { vec![joined, more.into()] } else { vec![joined] })
    }
}

/// Somebody joins an agency that is registered, in roles as the agency writes them. Returns what happens to either.
///
/// # Errors
/// As [`JoinStaff`] and [`crate::agency::NameRole`].
pub fn join_staff(
    staff: &Staff,
    agency: &Agency,
    command: JoinStaff,
) -> Result<(Vec<StaffEvent>, Vec<AgencyEvent>), Refusal> {
    // Whoever comes to one that has become a part of another comes to that one.
    if !agency.is_registered() {
        return Err(Refusal::not_found("agency"));
    }
    // What a system signs in with is no worker's.
    if agency.account_of(command.identity.sign_in).is_some() {
        return Err(Refusal::already_exists("sign_in"));
    }
    let (roles, named) = roles_at(agency, command.roles.clone())?;
    Ok((JoinStaff { roles, ..command }.decide(staff)?, named))
}

#[cfg(test)]
mod tests {
    use super::super::events::{StaffLeft, StaffNamed};
    use super::super::fixtures::{AGENCY, identity, joined};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;
    use uuid::Uuid;

    fn join(name: &str) -> JoinStaff {
        let (identity, name, roles) = (identity(), name.into(), vec!["nurse".into()]);
        JoinStaff { agency: AGENCY, identity, is_named: false, name, roles }
    }

    #[test]
    fn rule_23_joins_once_and_nobody_takes_the_place_of_who_has_left() {
        given([]).when(join("N")).then([joined("nurse")]);
        given([]).when(join("")).then_refused(Reason::Invalid, "name");
        let both = || vec!["nurse".to_owned(), "privacy officer".to_owned()];
        let more = StaffRolesChanged { roles: both() }.into();
        given([]).when(JoinStaff { roles: both(), ..join("N") }).then([joined("nurse"), more]);
        given([joined("nurse")]).when(join("N")).then_refused(Reason::AlreadyExists, "staff");
        let left = [joined("nurse"), StaffLeft {}.into()];
        given(left).when(join("N")).then_refused(Reason::AlreadyExists, "staff");
    }

    #[test]
    fn whom_an_import_named_joins_under_that_name_and_only_at_that_agency() {
        let named = |agency| StaffEvent::from(StaffNamed { agency, name: "N".into() });
        for name in ["", "N"] {
            given([named(AGENCY)]).when(join(name)).then([joined("nurse")]);
        }
        let join = |name| JoinStaff { is_named: true, ..join(name) };
        given([named(AGENCY)]).when(join("Somebody else")).then_refused(Reason::Invalid, "name");
        given([named(AgencyId(Uuid::nil()))]).when(join("")).then_refused(Reason::NotFound, "staff");
        given([]).when(join("N")).then_refused(Reason::NotFound, "staff");
    }
}
