use super::Agency;
use super::events::{AgencyEvent, AgencyNamed};
use crate::text::{LINE, required};
use crate::{Command, Refusal};

/// A source of imported records names an organisation. Registers nobody; what is known already stays as it is.
#[derive(Debug, Clone)]
pub struct NameAgency {
    pub name: String,
    /// What it does.
    pub kind: String,
}

impl Command for NameAgency {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        required("name", &self.name, LINE)?;
        required("kind", &self.kind, LINE)?;
        if state.is_known() {
            return Ok(vec![]);
        }
        Ok(vec![AgencyNamed { name: self.name, kind: self.kind }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::AgencyRegistered;
    use super::super::{NameRole, RegisterAgency};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn rule_26_whom_a_source_names_is_not_registered_until_an_operator_does() {
        let name = || NameAgency { name: "A".into(), kind: "housing".into() };
        let named = || AgencyEvent::from(AgencyNamed { name: "A".into(), kind: "housing".into() });
        let registered = |name: &str| AgencyEvent::from(AgencyRegistered { name: name.into(), kind: "housing".into() });
        given([]).when(name()).then([named()]);
        given([named()]).when(name()).then_nothing();
        given([registered("B")]).when(name()).then_nothing();
        given([named()]).when(NameRole { role: "nurse".into() }).then_refused(Reason::NotFound, "agency");
        let register = RegisterAgency { name: "B".into(), kind: "housing".into(), is_named: true };
        given([named()]).when(register.clone()).then([registered("B")]);
        let as_named = RegisterAgency { name: String::new(), kind: String::new(), is_named: true };
        given([named()]).when(as_named.clone()).then([registered("A")]);
        given([registered("B")]).when(as_named).then_refused(Reason::AlreadyExists, "agency");
        given([]).when(register).then_refused(Reason::NotFound, "agency");
        given([]).when(NameAgency { name: " ".into(), kind: "x".into() }).then_refused(Reason::Invalid, "name");
    }
}
