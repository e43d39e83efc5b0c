use super::events::{RelationshipEvent, SupportAccepted};
use super::{Relationship, Stage};
use crate::ids::{PersonId, RelationshipId};
use crate::sharing::events::SharingEvent;
use crate::sharing::{OpenRelationshipAccess, Sharing};
use crate::staff::Staff;
use crate::vocabulary::Timestamp;
use crate::{Command, Refusal};

/// The person accepts. Access opens in the same append: see [`crate::sharing::OpenRelationshipAccess`].
#[derive(Debug, Clone)]
pub struct AcceptSupport {
    /// The person who accepts.
    pub person: PersonId,
    pub now: Timestamp,
}

impl Command for AcceptSupport {
    type Aggregate = Relationship;

    fn decide(self, state: &Relationship) -> Result<Vec<RelationshipEvent>, Refusal> {
        let parties = state.of(self.person)?;
        if state.stage == Stage::Active {
            return Ok(vec![]);
        }
        state.waits(&[Stage::Proposed], self.now)?;
        Ok(vec![SupportAccepted::themselves(parties.worker).into()])
    }
}

/// Accepts a proposal of somebody who has not left since, and opens its access: what must commit as one append.
///
/// # Errors
/// As [`AcceptSupport`], or that the supporter has left.
pub fn accept_support(
    id: RelationshipId,
    relationship: &Relationship,
    sharing: &Sharing,
    supporter: &Staff,
    command: AcceptSupport,
) -> Result<(Vec<RelationshipEvent>, Vec<SharingEvent>), Refusal> {
    let worker = relationship.of(command.person)?.worker;
    let accepted = command.decide(relationship)?;
    has_not_left(supporter)?;
    if accepted.is_empty() {
        return Ok((vec![], vec![]));
    }
    Ok((accepted, OpenRelationshipAccess { relationship: id, worker }.decide(sharing)?))
}

/// Refuses what is about a supporter who has left.
pub(super) fn has_not_left(supporter: &Staff) -> Result<(), Refusal> {
    if supporter.has_left() {
        return Err(Refusal::rule("supporter_left", "the supporter has left their agency since"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::events::SupportDeclined;
    use super::super::fixtures::{LAPSES_AT, PERSON, WORKER, accepted, proposed};
    use super::*;
    use crate::scenario::given;
    use crate::sharing::events::{RelationshipAccessOpened, SharingStarted};
    use crate::staff::events::StaffLeft;
    use crate::staff::fixtures::joined;
    use crate::{Aggregate as _, Reason};
    use uuid::Uuid;

    #[test]
    fn rule_11_starts_only_when_the_person_accepts() {
        given([proposed()]).when(AcceptSupport { person: PERSON, now: Timestamp(0) }).then([accepted()]);
        let somebody_else = AcceptSupport { person: PersonId(Uuid::from_u128(99)), now: Timestamp(0) };
        given([proposed()]).when(somebody_else).then_refused(Reason::NotFound, "relationship");
        given([])
            .when(AcceptSupport { person: PERSON, now: Timestamp(0) })
            .then_refused(Reason::NotFound, "relationship");
        let declined = SupportDeclined { worker: WORKER, reason: String::new(), again_from: Timestamp(9) };
        given([proposed(), declined.into()])
            .when(AcceptSupport { person: PERSON, now: Timestamp(0) })
            .then_refused(Reason::Rule, "waiting_for_the_person");
    }

    #[test]
    fn rule_23_a_proposal_that_has_lapsed_is_not_accepted() {
        let accept = |now| AcceptSupport { person: PERSON, now };
        given([proposed()]).when(accept(LAPSES_AT)).then_refused(Reason::Rule, "proposal_lapsed");
        given([proposed()]).when(accept(Timestamp(LAPSES_AT.0 - 1))).then([accepted()]);
        // What was accepted in time stays so.
        given([proposed(), accepted()]).when(accept(LAPSES_AT)).then_nothing();
    }

    #[test]
    fn accepting_opens_the_access_of_the_one_who_proposed() {
        let id = RelationshipId(Uuid::from_u128(7));
        let relationship = Relationship::folded(&[proposed()]);
        let sharing = Sharing::folded(&[SharingStarted {}.into()]);
        assert_eq!(relationship.parties().map(|parties| parties.worker), Some(WORKER));
        let accept = |relationship, staff: &[_]| {
            let command = AcceptSupport { person: PERSON, now: Timestamp(0) };
            accept_support(id, relationship, &sharing, &Staff::folded(staff), command)
        };
        let (agreed, opened) = accept(&relationship, &[joined("nurse")]).unwrap();
        let open = RelationshipAccessOpened { relationship: id, worker: WORKER };
        assert_eq!((agreed, opened), (vec![accepted()], vec![open.clone().into()]));
        let left = accept(&relationship, &[joined("nurse"), StaffLeft {}.into()]).unwrap_err();
        assert_eq!((left.reason, left.subject), (Reason::Rule, "supporter_left"));
        // The same wish again is fulfilled.
        let active = Relationship::folded(&[proposed(), accepted()]);
        assert_eq!(accept(&active, &[joined("nurse")]), Ok((vec![], vec![])));
        // Open already: there is nothing left to open.
        let again = OpenRelationshipAccess { relationship: id, worker: WORKER };
        given([SharingStarted {}.into(), open.into()]).when(again).then_nothing();
    }
}
