use super::Agency;
use super::events::{AgencyEvent, AgencyRegistered};
use crate::text::{LINE, required};
use crate::{Command, Refusal};

/// Registers an agency.
#[derive(Debug, Clone)]
pub struct RegisterAgency {
    pub name: String,
    /// What it does.
    pub kind: String,
}

impl Command for RegisterAgency {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        required("name", &self.name, LINE)?;
        required("kind", &self.kind, LINE)?;
        if state.registered {
            return Err(Refusal::already_exists("agency"));
        }
        Ok(vec![AgencyRegistered { name: self.name, kind: self.kind }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn registers_once_and_with_a_name() {
        let register = |name: &str| RegisterAgency { name: name.into(), kind: "housing".into() };
        let registered = || AgencyEvent::from(AgencyRegistered { name: "A".into(), kind: "housing".into() });
        given([]).when(register("A")).then([registered()]);
        given([registered()]).when(register("A")).then_refused(Reason::AlreadyExists, "agency");
        given([]).when(register(&"x".repeat(201))).then_refused(Reason::Invalid, "name");
    }

    #[test]
    fn an_agency_is_registered_once_it_was() {
        assert!(!Agency::default().is_registered());
        let registered = AgencyRegistered { name: "A".into(), kind: "housing".into() };
        assert!(<Agency as crate::Aggregate>::folded(&[registered.into()]).is_registered());
    }
}
