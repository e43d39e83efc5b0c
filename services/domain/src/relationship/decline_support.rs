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
        if state.stage != Stage::Proposed {
            return Err(Refusal::rule(
                "waiting_for_the_person",
                "only a proposal that waits for an answer can be declined",
            ));
        }
        let again_from = if self.not_again { Timestamp::NEVER } else { self.now.plus_days(WAIT_DAYS) };
        Ok(vec![SupportDeclined { worker: parties.worker, reason: self.reason, again_from }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{PERSON, accepted, proposed};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn an_accepted_relationship_is_ended_not_declined() {
        let decline = DeclineSupport { person: PERSON, reason: String::new(), not_again: false, now: Timestamp(0) };
        given([proposed(), accepted()]).when(decline).then_refused(Reason::Rule, "waiting_for_the_person");
    }
}
