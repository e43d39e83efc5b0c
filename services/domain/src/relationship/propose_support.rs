use super::events::{ProposalUnheard, RelationshipEvent, SupportProposed};
use super::{Parties, Relationship, Stage};
use crate::ids::PersonId;
use crate::person::Person;
use crate::sharing::Sharing;
use crate::staff::Staff;
use crate::text::{LINE, PARAGRAPH, required};
use crate::vocabulary::{SignedIn, Timestamp};
use crate::{Command, Refusal};

/// A worker proposes to support a person. Opens nothing.
#[derive(Debug, Clone)]
pub struct ProposeSupport {
    /// The two ends.
    pub parties: Parties,
    /// The worker's role.
    pub role: String,
    /// What the support would be.
    pub offer: String,
    pub now: Timestamp,
    /// When it can no longer be accepted.
    pub lapses_at: Timestamp,
}

impl Command for ProposeSupport {
    type Aggregate = Relationship;

    fn decide(self, state: &Relationship) -> Result<Vec<RelationshipEvent>, Refusal> {
        self.may_be_made(state)?;
        let Self { parties: Parties { person, worker }, role, offer, lapses_at, .. } = self;
        Ok(vec![SupportProposed { person, worker, role, offer, lapses_at: Some(lapses_at) }.into()])
    }
}

impl ProposeSupport {
    /// Whether it may be made while the relationship is as it is.
    fn may_be_made(&self, state: &Relationship) -> Result<(), Refusal> {
        required("offer", &self.offer, PARAGRAPH)?;
        required("role", &self.role, LINE)?;
        if !matches!(state.stage, Stage::None | Stage::Over) && !state.has_lapsed(self.now) {
            return Err(Refusal::already_exists("relationship"));
        }
        if state.again_from.is_some_and(|again_from| self.now < again_from) {
            return Err(Refusal::rule(
                "the_answer_stands",
                "the last proposal was answered or withdrawn; they are not asked again so soon",
            ));
        }
        Ok(())
    }
}

/// What a proposal depends on.
#[derive(Debug, Clone, Copy)]
pub struct Proposing<'a> {
    /// The relationship, which must be new.
    pub relationship: &'a Relationship,
    /// The person's record.
    pub person: &'a Person,
    /// The person's directive.
    pub sharing: &'a Sharing,
    /// The worker's standing.
    pub staff: &'a Staff,
}

/// A worker who works there proposes support, in the role that they name, else in all that they have now. Whether somebody is registered under that id, or has blocked
/// the agency, is not told: then the proposal waits, unheard, for nobody.
///
/// # Errors
/// As [`ProposeSupport`], or that nothing is disclosed.
pub fn propose_support(
    on: Proposing<'_>,
    person: PersonId,
    by: SignedIn,
    wish: Offer,
) -> Result<Vec<RelationshipEvent>, Refusal> {
    if !on.staff.admits(by) {
        return Err(Refusal::undisclosed());
    }
    let Offer { offer, role, now, lapses_after_days } = wish;
    let (parties, role) = (Parties { person, worker: by.worker() }, on.staff.roles().called(&role));
    let lapses_at = now.plus_days(lapses_after_days);
    let command = ProposeSupport { parties, role, offer, now, lapses_at };
    if is_heard(on, by) {
        return command.decide(on.relationship);
    }
    command.may_be_made(on.relationship)?;
    let ProposeSupport { parties: Parties { person, worker }, role, offer, lapses_at, .. } = command;
    let worker_blocked = !on.sharing.is_blocked(worker.agency()) && on.sharing.blocked_since(by).is_some();
    Ok(vec![ProposalUnheard { person, worker, role, offer, lapses_at: Some(lapses_at), worker_blocked }.into()])
}

/// What a worker offers.
#[derive(Debug, Clone)]
pub struct Offer {
    /// What the support would be.
    pub offer: String,
    /// The role in which they offer it; empty for all that they have.
    pub role: String,
    pub now: Timestamp,
    /// For how many days it waits for an answer.
    pub lapses_after_days: u32,
}

/// Only whoever is registered, and has blocked neither the agency nor the worker, hears of a proposal.
fn is_heard(on: Proposing<'_>, by: SignedIn) -> bool {
    on.person.is_registered() && on.sharing.hears(by)
}

#[cfg(test)]
mod tests {
    use super::super::DeclineSupport;
    use super::super::fixtures::{self, LAPSES_AT, PERSON, WORKER, accepted, proposed, unheard};
    use super::*;
    use crate::person::fixtures::registered;
    use crate::scenario::given;
    use crate::sharing::events::AgencyBlocked;
    use crate::staff::fixtures::{SIGN_IN, joined};
    use crate::{Aggregate as _, Reason};

    #[test]
    fn only_current_staff_propose_and_are_told_the_same_whoever_hears_of_it() {
        let (registered, here) = (Person::folded(&[registered()]), Staff::folded(&[joined("nurse")]));
        let (nobody, stranger) = (Person::default(), Staff::default());
        let (open, blocked) = (Sharing::default(), AgencyBlocked { agency: WORKER.agency() });
        let blocked = Sharing::folded(&[blocked.into()]);
        let propose = |person, sharing, staff, offer: &str| {
            let relationship = &Relationship::default();
            let (on, by) = (Proposing { relationship, person, sharing, staff }, SignedIn::new(WORKER, SIGN_IN));
            let offer = Offer {
                offer: offer.into(),
                role: String::new(),
                now: Timestamp(LAPSES_AT.0 - Timestamp(0).plus_days(1).0),
                lapses_after_days: 1,
            };
            propose_support(on, PERSON, by, offer)
        };
        assert_eq!(propose(&registered, &open, &here, "visits"), Ok(vec![proposed()]));
        assert_eq!(propose(&registered, &open, &stranger, "visits"), Err(Refusal::undisclosed()));
        for (person, sharing) in [(&registered, &blocked), (&nobody, &open)] {
            assert_eq!(propose(person, sharing, &here, "visits"), Ok(vec![unheard()]));
        }
        // And unheard ones are one at a time, too.
        let waiting = Relationship::folded(&[unheard()]);
        let again = fixtures::propose("visits", Timestamp(0));
        assert_eq!(again.decide(&waiting).unwrap_err().reason, Reason::AlreadyExists);
        // What is wrong with the offer is told whoever it is for.
        let told = |person, sharing| propose(person, sharing, &here, "").unwrap_err().subject;
        assert_eq!((told(&registered, &blocked), told(&nobody, &open)), ("offer", "offer"));
    }

    #[test]
    fn proposes_once_and_says_what() {
        let propose = |offer: &str| fixtures::propose(offer, Timestamp(0));
        given([]).when(propose("visits")).then([proposed()]);
        given([]).when(propose("")).then_refused(Reason::Invalid, "offer");
        given([proposed()]).when(propose("visits")).then_refused(Reason::AlreadyExists, "relationship");
        given([proposed(), accepted()]).when(propose("visits")).then_refused(Reason::AlreadyExists, "relationship");
        // What has lapsed waits for nobody.
        given([proposed()]).when(fixtures::propose("visits", LAPSES_AT)).then([proposed()]);
        // After a "no" they wait, and after "not again" for good.
        let declined = |not_again| {
            let decline = DeclineSupport { person: PERSON, reason: String::new(), not_again, now: Timestamp(0) };
            let declined = decline.decide(&Relationship::folded(&[proposed()])).unwrap();
            [proposed()].into_iter().chain(declined).collect::<Vec<_>>()
        };
        let (before, after) = (Timestamp(0).plus_days(29), Timestamp(0).plus_days(31));
        given(declined(false))
            .when(fixtures::propose("visits", before))
            .then_refused(Reason::Rule, "the_answer_stands");
        given(declined(false)).when(fixtures::propose("visits", after)).then([proposed()]);
        given(declined(true)).when(fixtures::propose("visits", after)).then_refused(Reason::Rule, "the_answer_stands");
    }
}
