use super::events::{AgencyClosed, AgencyEvent, AgencyMerged, AgencyRenamed};
use super::{Agency, Profile};
use crate::ids::AgencyId;
use crate::issuers::Register;
use crate::issuers::events::IssuersEvent;
use crate::{Command, Refusal};

/// An agency has another name, place or number from now on.
#[derive(Debug, Clone)]
pub struct RenameAgency {
    pub profile: Profile,
}

impl Command for RenameAgency {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let profile = self.profile.checked()?;
        if !state.is_registered() {
            return Err(Refusal::not_found("agency"));
        }
        if *state.profile() == profile {
            return Ok(vec![]);
        }
        let Profile { name, place, numbers } = profile;
        Ok(vec![AgencyRenamed { name, place, numbers }.into()])
    }
}

/// Renames an agency so that people can tell it from every other: what must commit as one append.
///
/// # Errors
/// As [`RenameAgency`]; or that another is called so.
pub fn rename_agency(
    id: AgencyId,
    agency: &Agency,
    register: &Register,
    command: RenameAgency,
    confirmed: bool,
) -> Result<(Vec<AgencyEvent>, Vec<IssuersEvent>), Refusal> {
    let profile = command.profile.clone().checked()?;
    let renamed = command.decide(agency)?;
    // One that was registered before there was a register comes to stand in it.
    let is_listed = renamed.is_empty() && register.is_listed(id);
    let listed = if is_listed { vec![] } else { register.lists(id, profile, confirmed)? };
    Ok((renamed, listed))
}

/// An agency, or one that a source of imported records has named, is a part of another from now on.
#[derive(Debug, Clone)]
pub struct MergeAgencies {
    /// The other.
    pub into: AgencyId,
    /// What that one is called.
    pub name: String,
}

impl Command for MergeAgencies {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        let Self { into, name } = self;
        if !state.is_known() {
            return Err(Refusal::not_found("agency"));
        }
        if state.merged_into == Some(into) {
            return Ok(vec![]);
        }
        if state.merged_into.is_some() || state.closed {
            return Err(Refusal::rule("agency_is_there", "it is closed, or a part of another agency"));
        }
        Ok(vec![AgencyMerged { into, name }.into()])
    }
}

/// Merges two agencies, of which the other is there: what must commit as one append. No directive is rewritten: what a person has chosen
/// about either is resolved when it is decided on (`Register::resolve`).
///
/// # Errors
/// As [`MergeAgencies`]; or that they are one already, or the other is not registered.
pub fn merge_agencies(
    (from, agency): (AgencyId, &Agency),
    (into, other): (AgencyId, &Agency),
    register: &Register,
) -> Result<(Vec<AgencyEvent>, Vec<IssuersEvent>), Refusal> {
    if from == into {
        return Err(Refusal::invalid("into_agency_id", "must be another agency"));
    }
    if !other.is_registered() {
        return Err(Refusal::not_found("agency"));
    }
    let merged = MergeAgencies { into, name: other.profile().name.clone() }.decide(agency)?;
    let aliased = if merged.is_empty() { vec![] } else { register.merges(from, into)? };
    Ok((merged, aliased))
}

/// An agency is no more.
#[derive(Debug, Clone)]
pub struct CloseAgency;

impl Command for CloseAgency {
    type Aggregate = Agency;

    fn decide(self, state: &Agency) -> Result<Vec<AgencyEvent>, Refusal> {
        if state.closed {
            return Ok(vec![]);
        }
        if !state.registered {
            return Err(Refusal::not_found("agency"));
        }
        Ok(vec![AgencyClosed {}.into()])
    }
}

/// Closes an agency; tokens of its issuer speak for nobody any more.
///
/// # Errors
/// As [`CloseAgency`], or that others are parts of it.
pub fn close_agency(
    id: AgencyId,
    agency: &Agency,
    register: &Register,
) -> Result<(Vec<AgencyEvent>, Vec<IssuersEvent>), Refusal> {
    let closed = CloseAgency.decide(agency)?;
    let unlisted = if closed.is_empty() { vec![] } else { register.closes(id)? };
    Ok((closed, unlisted))
}

#[cfg(test)]
mod tests {
    use super::super::events::{AgencyNamed, AgencyRegistered};
    use super::super::{AgencyNumber, Registry};
    use super::*;
    use crate::scenario::given;
    use crate::{Aggregate as _, Reason};
    use uuid::Uuid;

    fn registered(name: &str) -> AgencyEvent {
        let (name, kind, place, numbers) = (name.into(), "health".into(), String::new(), vec![]);
        AgencyRegistered { name, kind, place, numbers }.into()
    }

    fn id(n: u128) -> AgencyId {
        AgencyId(Uuid::from_u128(n))
    }

    fn profile(name: &str, place: &str) -> Profile {
        Profile { name: name.into(), place: place.into(), numbers: vec![] }
    }

    /// A register in which these are.
    fn register(listed: &[(u128, Profile)]) -> Register {
        let events =
            listed.iter().flat_map(|(n, profile)| Register::default().lists(id(*n), profile.clone(), true).unwrap());
        Register::folded(&events.collect::<Vec<_>>())
    }

    #[test]
    fn rule_24_an_agency_that_nobody_could_tell_from_another_is_not_registered() {
        let known = register(&[(1, profile("North Health", "Leith"))]);
        let lists = |profile: Profile, confirmed| {
            known.lists(id(2), profile, confirmed).map(|listed| listed.len()).map_err(|refused| refused.subject)
        };
        assert_eq!(lists(profile("South Health", "Leith"), false), Ok(1));
        assert_eq!(lists(profile("north  HEALTH", "leith"), true), Err("agency_told_apart"));
        assert_eq!(lists(profile("North Health", "Perth"), false), Err("likely_double"));
        assert_eq!(lists(profile("North Health", "Perth"), true), Ok(1));
        // A number is one organisation's.
        let number = || AgencyNumber { registry: Registry::Ods, number: "RR8".into() };
        let numbered = |name: &str| Profile { numbers: vec![number()], ..profile(name, "") };
        let known = register(&[(1, numbered("North Health"))]);
        let double = known.lists(id(2), numbered("Something else"), true).unwrap_err();
        assert_eq!((double.reason, double.subject), (Reason::Rule, "agency_number_taken"));
        assert!(known.lists(id(1), numbered("North Health Trust"), false).is_ok(), "its own");
    }

    #[test]
    fn renames_what_is_there_and_merges_and_closes_once() {
        let rename = |name: &str| RenameAgency { profile: profile(name, "") };
        let renamed = AgencyRenamed { name: "B".into(), place: String::new(), numbers: vec![] };
        given([registered("A")]).when(rename("B")).then([renamed.into()]);
        given([registered("A")]).when(rename("A")).then_nothing();
        given([]).when(rename("A")).then_refused(Reason::NotFound, "agency");
        let merge = |into| MergeAgencies { into: id(into), name: "B".into() };
        let merged = |into| AgencyEvent::from(AgencyMerged { into: id(into), name: "B".into() });
        given([registered("A")]).when(merge(2)).then([merged(2)]);
        let (name, kind, place, numbers) = ("A".into(), "x".into(), String::new(), vec![]);
        let named = AgencyNamed { name, kind, place, numbers };
        given([named.into()]).when(merge(2)).then([merged(2)]);
        given([registered("A"), merged(2)]).when(merge(2)).then_nothing();
        given([registered("A"), merged(2)]).when(merge(3)).then_refused(Reason::Rule, "agency_is_there");
        given([registered("A"), merged(2)]).when(rename("C")).then_refused(Reason::NotFound, "agency");
        let closed = || AgencyEvent::from(AgencyClosed {});
        given([registered("A")]).when(CloseAgency).then([closed()]);
        given([registered("A"), closed()]).when(CloseAgency).then_nothing();
        given([]).when(CloseAgency).then_refused(Reason::NotFound, "agency");
        let (a, b) = (Agency::folded(&[registered("A")]), Agency::folded(&[registered("B"), closed()]));
        let register = Register::default();
        assert!(merge_agencies((id(1), &a), (id(1), &a), &register).is_err());
        assert!(merge_agencies((id(1), &a), (id(2), &b), &register).is_err(), "it is closed");
    }
}
