use super::events::{AgencyEvent, RoleNamed};
use super::{Agency, same_role};
use crate::emergency::PRIVACY_OFFICER;
use crate::staff::ADMINISTRATOR;
use crate::text;
use crate::{Aggregate as _, Command, Refusal};

/// The most roles that an agency has words for.
pub const ROLES_LIMIT: usize = 200;

/// The roles that the rules speak of, as they write them.
const RESERVED: [&str; 2] = [ADMINISTRATOR, PRIVACY_OFFICER];

/// Somebody is to have a role: the agency has a word for it from then on.
#[derive(Debug, Clone)]
pub struct NameRole {
    pub role: String,
}

impl Command for NameRole {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        text::role("role", &self.role)?;
        if !state.is_there() {
            return Err(Refusal::not_found("agency"));
        }
        if state.role(&self.role).is_some() {
            return Ok(vec![]);
        }
        // What the rules themselves speak of has its word, and always has room.
        if let Some(reserved) = RESERVED.iter().find(|reserved| same_role(reserved, &self.role)) {
            return Ok(vec![RoleNamed { role: (*reserved).to_owned() }.into()]);
        }
        if state.roles.len() >= ROLES_LIMIT {
            let problem = format!("the agency has `{ROLES_LIMIT}` roles already; must be one of them");
            return Err(Refusal::invalid("role", problem));
        }
        Ok(vec![RoleNamed { role: self.role }.into()])
    }
}

/// Roles for somebody of the agency, as the agency writes them, and what happens to the agency when nobody has had one of them yet.
///
/// # Errors
/// As [`NameRole`].
pub(crate) fn roles_at(agency: &Agency, roles: Vec<String>) -> Result<(Vec<String>, Vec<AgencyEvent>), Refusal> {
    let (mut agency, mut written, mut events) = (agency.clone(), Vec::new(), Vec::new());
    for role in roles {
        let named = NameRole { role: role.clone() }.decide(&agency)?;
        named.iter().for_each(|event| agency.evolve(event));
        events.extend(named);
        written.push(agency.role(&role).map_or(role.clone(), str::to_owned));
    }
    Ok((written, events))
}

#[cfg(test)]
mod tests {
    use super::super::events::AgencyRegistered;
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    fn registered() -> AgencyEvent {
        AgencyRegistered { name: "A".into(), kind: "housing".into(), place: String::new(), numbers: vec![] }.into()
    }

    fn named(role: &str) -> AgencyEvent {
        RoleNamed { role: role.into() }.into()
    }

    #[test]
    fn a_role_is_named_once_however_it_is_written() {
        let name = |role: &str| NameRole { role: role.into() };
        given([registered()]).when(name("Infirmière")).then([named("Infirmière")]);
        given([registered(), named("Infirmière")]).when(name("INFIRMIÈRE")).then_nothing();
        given([registered()]).when(name("nurse ")).then_refused(Reason::Invalid, "role");
        given([]).when(name("nurse")).then_refused(Reason::NotFound, "agency");
        let agency = Agency::folded(&[registered(), named("Infirmière")]);
        assert_eq!((agency.role("infirmière"), agency.role("nurse")), (Some("Infirmière"), None));
    }

    #[test]
    fn an_agency_has_words_for_so_many_roles() {
        let full: Vec<_> = (1..=ROLES_LIMIT).map(|n| named(&n.to_string())).collect();
        let with = |most| std::iter::once(registered()).chain(full.iter().take(most).cloned()).collect::<Vec<_>>();
        given(with(ROLES_LIMIT)).when(NameRole { role: "one more".into() }).then_refused(Reason::Invalid, "role");
        given(with(ROLES_LIMIT)).when(NameRole { role: "7".into() }).then_nothing();
        // But for those without which nobody could run it, or review an emergency.
        for (given_as, word) in [("Administrator", "administrator"), ("PRIVACY OFFICER", "privacy officer")] {
            given(with(ROLES_LIMIT)).when(NameRole { role: given_as.into() }).then([named(word)]);
        }
        given(with(ROLES_LIMIT - 1)).when(NameRole { role: "one more".into() }).then([named("one more")]);
    }
}
