use super::events::{RelationshipEvent, SupportAccepted};
use super::{Relationship, Stage};
use crate::ids::PersonId;
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
        Ok(vec![SupportAccepted { agency: parties.agency, staff: parties.staff }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{PERSON, accepted, proposed};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;
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
}
