//! What agencies are called, and which are one.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::Register;
use super::events::{AgencyAliased, AgencyListed, AgencyUnlisted, IssuerRetired, IssuersEvent};
use crate::Refusal;
use crate::agency::Profile;
use crate::ids::AgencyId;
use crate::sharing::Sharing;
use crate::vocabulary::Author;

/// Which agencies are one: those that were merged, and the one that each is a part of now.
#[derive(Debug, Clone, Default)]
pub struct Parts(pub(super) BTreeMap<AgencyId, AgencyId>);

impl Parts {
    /// One agency that is a part of another.
    #[cfg(test)]
    pub(crate) fn of(part: AgencyId, whole: AgencyId) -> Self {
        Self(BTreeMap::from([(part, whole)]))
    }

    /// Whether two agencies are one.
    #[must_use]
    pub fn are_one(&self, one: AgencyId, other: AgencyId) -> bool {
        self.whole(one) == self.whole(other)
    }

    /// The agency that an agency is now: itself, or the one that it is a part of.
    fn whole(&self, agency: AgencyId) -> AgencyId {
        self.0.get(&agency).copied().unwrap_or(agency)
    }

    /// Whether two authors speak for the same side: workers of one agency, or both the person.
    #[must_use]
    pub fn are_one_side(&self, one: Author, other: Author) -> bool {
        match (one.worker(), other.worker()) {
            (Some(one), Some(other)) => self.are_one(one.agency(), other.agency()),
            (None, None) => one == other,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

impl Register {
    /// Which agencies are one.
    #[must_use]
    pub fn parts(&self) -> &Parts {
        &self.aliases
    }

    /// Lists an agency under a name. One that could be another that is there is refused: for certain by its number, or when people could
    /// not tell the two apart; and unless it is confirmed, when only the name is the same.
    ///
    /// # Errors
    /// Which of these it is.
    pub fn lists(&self, agency: AgencyId, profile: Profile, confirmed: bool) -> Result<Vec<IssuersEvent>, Refusal> {
        // What is no more, or a part of another, keeps its number, and its name is one to be careful about.
        let known = self.listed.iter().map(|at| (at, true)).chain(self.former.iter().map(|at| (at, false)));
        for ((_, other), is_there) in known.filter(|((other, _), _)| self.one(**other) != self.one(agency)) {
            if other.numbers.iter().any(|number| profile.numbers.contains(number)) {
                let says = "another agency has this number: it is the same one, or the number is wrong";
                return Err(Refusal::rule("agency_number_taken", says));
            }
            if !profile.is_called_like(other) {
                continue;
            }
            if is_there && !profile.is_told_from(other) {
                let says =
                    "another agency is called so, and people could not tell the two apart: give a place or a number";
                return Err(Refusal::rule("agency_told_apart", says));
            }
            if !confirmed {
                let says = "another agency is called so: if it is not the same, confirm that";
                return Err(Refusal::rule("likely_double", says));
            }
        }
        let Profile { name, place, numbers } = profile;
        Ok(vec![AgencyListed { agency, name, place, numbers }.into()])
    }

    /// Makes an agency a part of another that is there, with all that are parts of it.
    pub(crate) fn merges(&self, from: AgencyId, into: AgencyId) -> Result<Vec<IssuersEvent>, Refusal> {
        if self.one(into) != into {
            return Err(Refusal::rule("agency_is_there", "the other is itself a part of another agency"));
        }
        let parts = self.aliases.0.iter().filter(|(_, whole)| **whole == from).map(|(part, _)| *part);
        Ok([from].into_iter().chain(parts).map(|agency| AgencyAliased { agency, into }.into()).collect())
    }

    /// Takes an agency out, and its issuers.
    ///
    /// # Errors
    /// When others are parts of it: each is closed by itself first.
    pub(crate) fn closes(&self, agency: AgencyId) -> Result<Vec<IssuersEvent>, Refusal> {
        if self.aliases.0.iter().any(|(part, into)| *into == agency && !self.closed.contains(part)) {
            return Err(Refusal::rule("agency_has_parts", "other agencies are parts of it: close each of them first"));
        }
        let theirs = self.trusted.iter().filter(|(_, trust)| trust.agency == agency);
        let retired = theirs.map(|(issuer, _)| IssuerRetired { agency, issuer: issuer.clone() }.into());
        Ok([AgencyUnlisted { agency }.into()].into_iter().chain(retired).collect())
    }

    /// The agencies that are one with an agency, and itself.
    #[must_use]
    pub fn one_with(&self, agency: AgencyId) -> BTreeSet<AgencyId> {
        let whole = self.one(agency);
        let parts = self.aliases.0.iter().filter(|(_, into)| **into == whole).map(|(part, _)| *part);
        parts.chain([whole, agency]).collect()
    }

    /// Whether an agency is listed.
    #[must_use]
    pub fn is_listed(&self, agency: AgencyId) -> bool {
        self.listed.contains_key(&agency)
    }

    fn one(&self, agency: AgencyId) -> AgencyId {
        self.aliases.whole(agency)
    }

    /// A directive as it holds for agencies that are one: what it says of either it says of both, so that the stricter choice wins.
    #[must_use]
    pub fn resolve<'a>(&self, sharing: &'a Sharing) -> Cow<'a, Sharing> {
        let merged = |agency: &AgencyId| {
            self.aliases.0.contains_key(agency) || self.aliases.0.values().any(|into| into == agency)
        };
        if self.aliases.0.is_empty() || !sharing.agencies().any(|agency| merged(&agency)) {
            return Cow::Borrowed(sharing);
        }
        Cow::Owned(sharing.speaking_of(|agency| {
            let mut others = self.one_with(agency);
            others.remove(&agency);
            others
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Aggregate as _;
    use crate::access::{Ask, Decision, decide};
    use crate::ids::{ProvisionId, RelationshipId, SignInId, StaffId};
    use crate::sharing::events::{
        AgencyBlocked, ProvisionDenied, ProvisionGranted, RelationshipAccessOpened, SharingEvent,
    };
    use crate::staff::Staff;
    use crate::staff::events::StaffJoined;
    use crate::vocabulary::{
        Action, Category, DenialRule, Level, ProvisionActor, Purpose, SignedIn, Terms, Timestamp, Worker,
    };
    use uuid::Uuid;

    fn id(n: u128) -> AgencyId {
        AgencyId(Uuid::from_u128(n))
    }

    fn terms(agency: AgencyId) -> Terms {
        Terms {
            actor: ProvisionActor::Agency(agency),
            except: vec![],
            categories: vec![Category::Goals],
            level: Level::Normal,
            labels: vec![],
            purposes: vec![Purpose::Treatment],
            actions: vec![],
            from: None,
            until: None,
        }
    }

    /// What a worker of this agency may do, who is let in.
    fn of(agency: AgencyId, register: &Register, choices: &[SharingEvent]) -> Decision {
        let (worker, sign_in) = (Worker::new(agency, StaffId(Uuid::from_u128(9))), SignInId(Uuid::from_u128(8)));
        let (issuer, subject, name, role) = ("i".into(), "s".into(), "N".into(), "nurse".into());
        let staff = Staff::folded(&[StaffJoined { agency, issuer, subject, sign_in, name, role }.into()]);
        let open = RelationshipAccessOpened { relationship: RelationshipId(Uuid::nil()), worker };
        let choices: Vec<_> = choices.iter().cloned().chain([open.into()]).collect();
        let (by, now) = (SignedIn::new(worker, sign_in), Timestamp(0));
        let ask = Ask { by, purpose: Purpose::Treatment, action: Action::Read, now };
        decide(&register.resolve(&Sharing::folded(&choices)), &staff, &ask)
    }

    #[test]
    fn rule_24_choices_about_agencies_that_are_one_hold_for_both_and_the_stricter_wins() {
        // 1 has become a part of 2, and 2 of 3; 4 is another.
        let mut register = Register::default();
        for (from, into) in [(1, 2), (2, 3)] {
            register.merges(id(from), id(into)).unwrap().iter().for_each(|event| register.evolve(event));
        }
        assert!(register.merges(id(4), id(1)).is_err(), "that is a part of another itself");
        let permit = |n| {
            ProvisionGranted {
                provision: ProvisionId(Uuid::from_u128(n)),
                terms: terms(id(n)),
                without_telling: false,
                word: None,
                request: None,
            }
            .into()
        };
        let deny = |n| {
            ProvisionDenied { provision: ProvisionId(Uuid::from_u128(10 + n)), terms: terms(id(n)), word: None }.into()
        };
        let block = |n| AgencyBlocked { agency: id(n) }.into();
        for (chosen, agency) in [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (2, 3), (3, 2)] {
            let permitted = of(id(agency), &register, &[permit(chosen)]);
            assert!(matches!(permitted, Decision::Permit(_)), "{chosen} {agency}: {permitted:?}");
            let denied = of(id(agency), &register, &[permit(agency), deny(chosen)]);
            assert_eq!(denied, Decision::Deny(DenialRule::DenyBeatsPermit), "{chosen} {agency}");
            let blocked = of(id(agency), &register, &[permit(agency), block(chosen)]);
            assert_eq!(blocked, Decision::Deny(DenialRule::AgencyBlocked), "{chosen} {agency}");
        }
        assert_eq!(of(id(4), &register, &[permit(1)]), Decision::Deny(DenialRule::NothingPermits));
        assert_eq!(of(id(1), &register, &[permit(4)]), Decision::Deny(DenialRule::NothingPermits));
    }

    #[test]
    fn where_nothing_was_merged_a_directive_is_as_it_is() {
        let (mut register, blocks) =
            (Register::default(), |n| Sharing::folded(&[AgencyBlocked { agency: id(n) }.into()]));
        assert!(matches!(register.resolve(&blocks(1)), Cow::Borrowed(_)));
        register.merges(id(1), id(2)).unwrap().iter().for_each(|event| register.evolve(event));
        assert!(matches!(register.resolve(&blocks(4)), Cow::Borrowed(_)));
        assert!(matches!(register.resolve(&blocks(2)), Cow::Owned(_)));
    }
}
