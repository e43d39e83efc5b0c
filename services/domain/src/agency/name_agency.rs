use super::events::{AgencyEvent, AgencyNamed};
use super::{Agency, Profile};
use crate::text::{LINE, required};
use crate::{Command, Refusal};

/// A source of imported records names an organisation. Registers nobody; what is known already stays as it is.
#[derive(Debug, Clone)]
pub struct NameAgency {
    pub profile: Profile,
    /// What it does.
    pub kind: String,
}

impl Command for NameAgency {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let Self { profile, kind } = self;
        let Profile { name, place, numbers } = profile.checked()?;
        required("kind", &kind, LINE)?;
        if state.is_known() {
            return Ok(vec![]);
        }
        Ok(vec![AgencyNamed { name, kind, place, numbers }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::AgencyRegistered;
    use super::super::{NameRole, RegisterAgency};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    fn profile(name: &str) -> Profile {
        Profile { name: name.into(), ..Profile::default() }
    }

    #[test]
    fn rule_26_whom_a_source_names_is_not_registered_until_an_operator_does() {
        let name = || NameAgency { profile: profile("A"), kind: "housing".into() };
        let named = || {
            let (name, kind, place, numbers) = ("A".into(), "housing".into(), String::new(), vec![]);
            AgencyEvent::from(AgencyNamed { name, kind, place, numbers })
        };
        let registered = |name: &str| {
            AgencyEvent::from(AgencyRegistered {
                name: name.into(),
                kind: "housing".into(),
                place: String::new(),
                numbers: vec![],
            })
        };
        given([]).when(name()).then([named()]);
        given([named()]).when(name()).then_nothing();
        given([registered("B")]).when(name()).then_nothing();
        given([named()]).when(NameRole { role: "nurse".into() }).then_refused(Reason::NotFound, "agency");
        let register = RegisterAgency {
            profile: Profile { name: "B".into(), ..Profile::default() },
            kind: "housing".into(),
            is_named: true,
        };
        given([named()]).when(register.clone()).then([registered("B")]);
        let as_named = RegisterAgency { profile: Profile::default(), kind: String::new(), is_named: true };
        given([named()]).when(as_named.clone()).then([registered("A")]);
        given([registered("B")]).when(as_named).then_refused(Reason::AlreadyExists, "agency");
        given([]).when(register).then_refused(Reason::NotFound, "agency");
        given([]).when(NameAgency { profile: profile(" "), kind: "x".into() }).then_refused(Reason::Invalid, "name");
    }
}
