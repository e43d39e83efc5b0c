use super::events::{AgencyEvent, AgencyNamed, AgencyRegistered};
use super::{Agency, Profile};
use crate::ids::AgencyId;
use crate::issuers::Register;
use crate::issuers::events::IssuersEvent;
use crate::text::{LINE, required};
use crate::{Command, Refusal};

/// Registers an agency.
#[derive(Debug, Clone)]
pub struct RegisterAgency {
    /// The name may be empty for one that a source has named, as may its kind: it keeps what people know it by.
    pub profile: Profile,
    /// What it does.
    pub kind: String,
    /// Whether it is one that a source of imported records has named.
    pub is_named: bool,
}

impl Command for RegisterAgency {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let Self { mut profile, kind, is_named } = self;
        if is_named && !state.is_known() {
            return Err(Refusal::not_found("agency"));
        }
        if state.registered {
            return Err(Refusal::already_exists("agency"));
        }
        if state.merged_into.is_some() {
            return Err(Refusal::rule("agency_merged", "it is a part of another agency"));
        }
        let or = |given: String, named: fn(&AgencyNamed) -> &String| match &state.named {
            Some(agency) if given.is_empty() => named(agency).clone(),
            Some(_) | None => given,
        };
        if let Some(named) = state.named.as_ref().filter(|_| profile == Profile::default()) {
            profile = Profile::of("", &named.place, &named.numbers);
        }
        profile.name = or(profile.name, |named| &named.name);
        let kind = or(kind, |named| &named.kind);
        let Profile { name, place, numbers } = profile.checked()?;
        required("kind", &kind, LINE)?;
        Ok(vec![AgencyRegistered { name, kind, place, numbers }.into()])
    }
}

/// Registers an agency that people can tell from every other: what must commit as one append.
///
/// # Errors
/// As [`RegisterAgency`]; or that it is, or may be, one that there is already.
pub fn register_agency(
    id: AgencyId,
    agency: &Agency,
    register: &Register,
    command: RegisterAgency,
    confirmed: bool,
) -> Result<(Vec<AgencyEvent>, Vec<IssuersEvent>), Refusal> {
    let registered = command.decide(agency)?;
    let mut listed = Vec::new();
    for event in &registered {
        if let AgencyEvent::AgencyRegistered(e) = event {
            let profile = Profile::of(&e.name, &e.place, &e.numbers);
            listed.extend(register.lists(id, profile, confirmed)?);
        }
    }
    Ok((registered, listed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn registers_once_and_with_a_name() {
        let register = |name: &str| {
            let profile = Profile { name: name.into(), ..Profile::default() };
            RegisterAgency { profile, kind: "housing".into(), is_named: false }
        };
        let registered = || {
            let (name, kind, place, numbers) = ("A".into(), "housing".into(), String::new(), vec![]);
            AgencyEvent::from(AgencyRegistered { name, kind, place, numbers })
        };
        given([]).when(register("A")).then([registered()]);
        given([registered()]).when(register("A")).then_refused(Reason::AlreadyExists, "agency");
        given([]).when(register(&"x".repeat(201))).then_refused(Reason::Invalid, "name");
        assert!(!Agency::default().is_registered());
        assert!(<Agency as crate::Aggregate>::folded(&[registered()]).is_registered());
    }
}
