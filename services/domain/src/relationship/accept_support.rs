use super::events::{RelationshipEvent, SupportAccepted};
use super::{Relationship, Stage};
use crate::ids::{PersonId, RelationshipId};
use crate::sharing::events::SharingEvent;
use crate::sharing::{OpenRelationshipAccess, Sharing};
use crate::{Command, Refusal};

/// The person accepts. Access opens in the same append: see [`crate::sharing::OpenRelationshipAccess`].
#[derive(Debug, Clone)]
pub struct AcceptSupport {
    /// The person who accepts.
    pub person: PersonId,
}

impl Command for AcceptSupport {
    type Aggregate = Relationship;

    fn decide(self, state: &Relationship) -> Result<Vec<RelationshipEvent>, Refusal> {
        let parties = state.of(self.person)?;
        if state.stage != Stage::Proposed {
            return Err(Refusal::rule(
                "waiting_for_the_person",
                "only a proposal that waits for an answer can be accepted",
            ));
        }
        Ok(vec![SupportAccepted { worker: parties.worker }.into()])
    }
}

/// Accepts a proposal and opens its access: what must commit as one append.
///
/// # Errors
/// As [`AcceptSupport`].
pub fn accept_support(
    id: RelationshipId,
    relationship: &Relationship,
    sharing: &Sharing,
    command: AcceptSupport,
) -> Result<(Vec<RelationshipEvent>, Vec<SharingEvent>), Refusal> {
    let worker = relationship.of(command.person)?.worker;
    let accepted = command.decide(relationship)?;
    Ok((accepted, OpenRelationshipAccess { relationship: id, worker }.decide(sharing)?))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{PERSON, WORKER, accepted, proposed};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;
    use crate::sharing::events::{RelationshipAccessOpened, SharingStarted};
    use uuid::Uuid;

    #[test]
    fn rule_11_starts_only_when_the_person_accepts() {
        given([proposed()]).when(AcceptSupport { person: PERSON }).then([accepted()]);
        let somebody_else = AcceptSupport { person: PersonId(Uuid::from_u128(99)) };
        given([proposed()]).when(somebody_else).then_refused(Reason::NotFound, "relationship");
        given([]).when(AcceptSupport { person: PERSON }).then_refused(Reason::NotFound, "relationship");
        given([proposed(), accepted()])
            .when(AcceptSupport { person: PERSON })
            .then_refused(Reason::Rule, "waiting_for_the_person");
    }

    #[test]
    fn accepting_opens_the_access_of_the_one_who_proposed() {
        let id = RelationshipId(Uuid::from_u128(7));
        let relationship = <Relationship as crate::Aggregate>::folded(&[proposed()]);
        let sharing = <Sharing as crate::Aggregate>::folded(&[SharingStarted {}.into()]);
        assert_eq!(relationship.parties().map(|parties| parties.worker), Some(WORKER));
        let (agreed, opened) = accept_support(id, &relationship, &sharing, AcceptSupport { person: PERSON }).unwrap();
        let open = RelationshipAccessOpened { relationship: id, worker: WORKER };
        assert_eq!((agreed, opened), (vec![accepted()], vec![open.clone().into()]));
        // Open already: there is nothing left to open.
        let again = OpenRelationshipAccess { relationship: id, worker: WORKER };
        given([SharingStarted {}.into(), open.into()]).when(again).then_nothing();
    }
}
