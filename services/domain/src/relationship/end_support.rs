use super::events::{RelationshipEvent, SupportEnded};
use super::{Relationship, Stage, WAIT_DAYS};
use crate::ids::{PersonId, RelationshipId};
use crate::sharing::events::SharingEvent;
use crate::sharing::{CloseRelationshipAccess, Sharing};
use crate::staff::Staff;
use crate::text::{PARAGRAPH, optional};
use crate::vocabulary::{Author, SignedIn, Timestamp};
use crate::{Command, Refusal};

/// The person or the supporter ends a relationship.
#[derive(Debug, Clone)]
pub struct EndSupport {
    pub person: PersonId,
    /// Who ends it.
    pub by: Author,
    /// Why; may be empty.
    pub reason: String,
    pub now: Timestamp,
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
        if state.stage == Stage::Over {
            return Ok(vec![]);
        }
        if state.stage != Stage::Active {
            return Err(Refusal::rule("active_relationship", "only an accepted relationship can be ended"));
        }
        let again_from = if self.by == Author::Person { self.now.plus_days(WAIT_DAYS) } else { self.now };
        Ok(vec![
            SupportEnded { worker: parties.worker, by: self.by, reason: self.reason, again_from, word: None }.into(),
        ])
    }
}

/// What the end of a relationship depends on.
#[derive(Debug, Clone, Copy)]
pub struct Ending<'a> {
    /// The relationship.
    pub relationship: &'a Relationship,
    /// The person's directive.
    pub sharing: &'a Sharing,
    /// The worker who ends it, and their standing; none when the person does.
    pub by: Option<(SignedIn, &'a Staff)>,
}

/// Ends a relationship and closes its access (rule 10): what must commit as one append. A worker who has left, or whose
/// agency the person has blocked, ends it without words: the person does not hear from them any more. Whoever has only a
/// sign-in that the worker had before ends nothing.
///
/// # Errors
/// As [`EndSupport`], or that nothing is disclosed to whoever may say nothing.
pub fn end_support(
    id: RelationshipId,
    on: Ending<'_>,
    command: EndSupport,
) -> Result<(Vec<RelationshipEvent>, Vec<SharingEvent>), Refusal> {
    let Ending { relationship, sharing, by } = on;
    let (author, words) = (command.by, !command.reason.is_empty());
    let ended = command.decide(relationship)?;
    if let Author::Worker(worker) = author {
        let theirs = by.filter(|(by, staff)| by.worker() == worker && staff.signs_in(*by));
        let (by, staff) = theirs.ok_or_else(Refusal::undisclosed)?;
        let heard = staff.admits(by) && sharing.hears(by);
        if words && !heard {
            return Err(Refusal::undisclosed());
        }
    }
    let closed = CloseRelationshipAccess { relationship: id }.decide(sharing)?;
    Ok((ended, closed))
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{PERSON, WORKER, accepted, proposed};
    use super::*;
    use crate::ids::StaffId;
    use crate::scenario::given;
    use crate::sharing::events::{AgencyBlocked, RelationshipAccessClosed, RelationshipAccessOpened};
    use crate::staff::events::StaffLeft;
    use crate::staff::fixtures::{SIGN_IN, joined};
    use crate::vocabulary::Worker;
    use crate::{Aggregate, Reason};
    use uuid::Uuid;

    fn end(by: Author) -> EndSupport {
        EndSupport { person: PERSON, by, reason: String::new(), now: Timestamp(0) }
    }

    #[test]
    fn rule_10_ending_closes_the_access_in_the_same_append() {
        let id = RelationshipId(Uuid::from_u128(7));
        let opened = RelationshipAccessOpened { relationship: id, worker: WORKER };
        let sharing = Sharing::folded(&[opened.into()]);
        let relationship = Relationship::folded(&[proposed(), accepted()]);
        let (ended, closed) = end_support(id, ending(&relationship, &sharing, None), end(Author::Person)).unwrap();
        assert_eq!(ended.len(), 1);
        assert_eq!(closed, [RelationshipAccessClosed { relationship: id }.into()]);
    }

    fn ending<'a>(relationship: &'a Relationship, sharing: &'a Sharing, staff: Option<&'a Staff>) -> Ending<'a> {
        Ending { relationship, sharing, by: staff.map(|staff| (SignedIn::new(WORKER, SIGN_IN), staff)) }
    }

    #[test]
    fn the_departed_and_the_blocked_end_without_words() {
        let (id, relationship) = (RelationshipId(Uuid::nil()), Relationship::folded(&[proposed(), accepted()]));
        let agency = WORKER.agency();
        let left = Staff::folded(&[joined("nurse"), StaffLeft {}.into()]);
        let here = Staff::folded(&[joined("nurse")]);
        let (open, blocked) = (Sharing::default(), Sharing::folded(&[AgencyBlocked { agency }.into()]));
        let ends = |sharing, staff, reason: &str| {
            let end = EndSupport { reason: reason.into(), ..end(Author::Worker(WORKER)) };
            end_support(id, ending(&relationship, sharing, staff), end).map(|(ended, _)| ended.len())
        };
        assert_eq!(ends(&open, Some(&here), "I retire"), Ok(1));
        for (sharing, staff) in [(&blocked, Some(&here)), (&open, Some(&left))] {
            assert_eq!(ends(sharing, staff, "you will hear from me"), Err(Refusal::undisclosed()));
            assert_eq!(ends(sharing, staff, ""), Ok(1));
        }
        for nobody in [Some(&Staff::default()), None] {
            assert_eq!(ends(&open, nobody, ""), Err(Refusal::undisclosed()));
        }
    }

    #[test]
    fn only_its_two_ends_end_it() {
        let stranger = Author::Worker(Worker::new(WORKER.agency(), StaffId(Uuid::from_u128(9))));
        given([proposed(), accepted()]).when(end(stranger)).then_refused(Reason::NotFound, "relationship");
        given([proposed()]).when(end(Author::Person)).then_refused(Reason::Rule, "active_relationship");
    }

    #[test]
    fn rule_24_ending_again_is_nothing() {
        let relationship = Relationship::folded(&[proposed(), accepted()]);
        for (first, again) in [(Author::Person, Author::Worker(WORKER)), (Author::Worker(WORKER), Author::Person)] {
            let ended = end(first).decide(&relationship).unwrap();
            given([proposed(), accepted()].into_iter().chain(ended)).when(end(again)).then_nothing();
        }
    }
}
