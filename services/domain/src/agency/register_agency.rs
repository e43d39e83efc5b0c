use super::Agency;
use super::events::{AgencyEvent, AgencyNamed, AgencyRegistered};
use crate::text::{LINE, required};
use crate::{Command, Refusal};

/// Registers an agency.
#[derive(Debug, Clone)]
pub struct RegisterAgency {
    /// May be empty for one that a source has named, as may its kind: it keeps what people know it by.
    pub name: String,
    /// What it does.
    pub kind: String,
    /// Whether it is one that a source of imported records has named.
    pub is_named: bool,
}

impl Command for RegisterAgency {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let Self { name, kind, is_named } = self;
        if is_named && !state.is_known() {
            return Err(Refusal::not_found("agency"));
        }
        if state.registered {
            return Err(Refusal::already_exists("agency"));
        }
        let or = |given: String, named: fn(&AgencyNamed) -> &String| match &state.named {
            Some(agency) if given.is_empty() => named(agency).clone(),
            Some(_) | None => given,
        };
        let (name, kind) = (or(name, |named| &named.name), or(kind, |named| &named.kind));
        required("name", &name, LINE)?;
        required("kind", &kind, LINE)?;
        Ok(vec![AgencyRegistered { name, kind }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn registers_once_and_with_a_name() {
        let register = |name: &str| RegisterAgency { name: name.into(), kind: "housing".into(), is_named: false };
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
