use super::events::{RelationshipEvent, SupportDeclined};
use super::{Relationship, Stage, WAIT_DAYS};
use crate::ids::PersonId;
use crate::text::{PARAGRAPH, optional};
use crate::vocabulary::Timestamp;
use crate::{Command, Refusal};

/// The person declines.
#[derive(Debug, Clone)]
pub struct DeclineSupport {
    /// The person who declines.
    pub person: PersonId,
    /// Why; may be empty.
    pub reason: String,
    /// Whether they do not want to be asked by this worker again.
    pub not_again: bool,
    pub now: Timestamp,
}

impl Command for DeclineSupport {
    type Aggregate = Relationship;

    fn decide(self, state: &Relationship) -> Result<Vec<RelationshipEvent>, Refusal> {
        optional("reason", &self.reason, PARAGRAPH)?;
        let parties = state.of(self.person)?;
        let again_from = if self.not_again { Timestamp::NEVER } else { self.now.plus_days(WAIT_DAYS) };
        match state.stage {
            // It is over already: only that they are not asked again can be new.
            Stage::Over if !self.not_again || state.again_from == Some(again_from) => return Ok(vec![]),
            Stage::Proposed | Stage::Over => {}
            Stage::None | Stage::Unheard | Stage::Active => {
                return Err(Refusal::rule(
                    "waiting_for_the_person",
                    "only a proposal that waits for an answer can be declined",
                ));
            }
        }
        Ok(vec![SupportDeclined { worker: parties.worker, reason: self.reason, again_from }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{PERSON, WORKER, accepted, proposed};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn an_accepted_relationship_is_ended_not_declined() {
        let decline = DeclineSupport { person: PERSON, reason: String::new(), not_again: false, now: Timestamp(0) };
        given([proposed(), accepted()]).when(decline).then_refused(Reason::Rule, "waiting_for_the_person");
    }

    #[test]
    fn rule_24_declining_again_is_nothing_but_not_again_can_be_added() {
        let decline =
            |not_again| DeclineSupport { person: PERSON, reason: String::new(), not_again, now: Timestamp(0) };
        let declined =
            |again_from| RelationshipEvent::from(SupportDeclined { worker: WORKER, reason: String::new(), again_from });
        let (later, never) = (Timestamp(0).plus_days(WAIT_DAYS), Timestamp::NEVER);
        given([proposed()]).when(decline(false)).then([declined(later)]);
        given([proposed(), declined(later)]).when(decline(false)).then_nothing();
        given([proposed(), declined(later)]).when(decline(true)).then([declined(never)]);
        given([proposed(), declined(never)]).when(decline(true)).then_nothing();
        // Nor does a lapse take the answer away from them.
        let late = DeclineSupport { now: Timestamp(i64::MAX), ..decline(true) };
        given([proposed()]).when(late).then([declined(never)]);
    }
}
