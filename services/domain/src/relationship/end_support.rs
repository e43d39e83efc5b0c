use super::events::{RelationshipEvent, SupportEnded};
use super::{Relationship, Stage};
use crate::ids::{PersonId, RelationshipId};
use crate::sharing::events::SharingEvent;
use crate::sharing::{CloseRelationshipAccess, Sharing};
use crate::text::{PARAGRAPH, optional};
use crate::vocabulary::Author;
use crate::{Command, Refusal};

/// The person or the supporter ends a relationship.
#[derive(Debug, Clone)]
pub struct EndSupport {
    pub person: PersonId,
    /// Who ends it.
    pub by: Author,
    /// Why; may be empty.
    pub reason: String,
}

impl Command for EndSupport {
    type Aggregate = Relationship;

    fn decide(self, state: &Relationship) -> Result<Vec<RelationshipEvent>, Refusal> {
        optional("reason", &self.reason, PARAGRAPH)?;
        let parties = state.of(self.person)?;
        let supporter = Author::Worker(parties.worker);
        if self.by != Author::Person && self.by != supporter {
            return Err(Refusal::not_found("relationship"));
        }
        if state.stage != Stage::Active {
            return Err(Refusal::rule("active_relationship", "only an accepted relationship can be ended"));
        }
        Ok(vec![SupportEnded { worker: parties.worker, by: self.by, reason: self.reason }.into()])
    }
}

/// Ends a relationship and closes its access (rule 10): what must commit as one append.
///
/// # Errors
/// As [`EndSupport`].
pub fn end_support(
    id: RelationshipId,
    relationship: &Relationship,
    sharing: &Sharing,
    command: EndSupport,
) -> Result<(Vec<RelationshipEvent>, Vec<SharingEvent>), Refusal> {
    let ended = command.decide(relationship)?;
    let closed = CloseRelationshipAccess { relationship: id }.decide(sharing)?;
    Ok((ended, closed))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{PERSON, WORKER, accepted, proposed};
    use super::*;
    use crate::ids::StaffId;
    use crate::scenario::given;
    use crate::sharing::events::{RelationshipAccessClosed, RelationshipAccessOpened};
    use crate::vocabulary::Worker;
    use crate::{Aggregate, Reason};
    use uuid::Uuid;

    fn end(by: Author) -> EndSupport {
        EndSupport { person: PERSON, by, reason: String::new() }
    }

    #[test]
    fn rule_10_ending_closes_the_access_in_the_same_append() {
        let id = RelationshipId(Uuid::from_u128(7));
        let opened = RelationshipAccessOpened { relationship: id, worker: WORKER };
        let sharing = Sharing::folded(&[opened.into()]);
        let relationship = Relationship::folded(&[proposed(), accepted()]);
        let (ended, closed) = end_support(id, &relationship, &sharing, end(Author::Person)).unwrap();
        assert_eq!(ended.len(), 1);
        assert_eq!(closed, [RelationshipAccessClosed { relationship: id }.into()]);
    }

    #[test]
    fn only_its_two_ends_end_it() {
        let stranger = Author::Worker(Worker::new(WORKER.agency(), StaffId(Uuid::from_u128(9))));
        given([proposed(), accepted()]).when(end(stranger)).then_refused(Reason::NotFound, "relationship");
        given([proposed()]).when(end(Author::Person)).then_refused(Reason::Rule, "active_relationship");
    }
}
