use super::events::{ConsultationEvent, DecisionAgreed};
use super::{Consultation, DecisionStage};
use crate::ids::{EntryId, PersonId};
use crate::{Command, Refusal};

/// The person agrees to a decision.
#[derive(Debug, Clone)]
pub struct AgreeDecision {
    pub person: PersonId,
    pub decision: EntryId,
}

impl Command for AgreeDecision {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        state.open_for(self.person)?;
        if state.decision(self.decision)?.stage == DecisionStage::Agreed {
            return Ok(vec![]);
        }
        let decision = state.proposed(self.decision)?;
        if !state.has_view_of(self.decision, decision) {
            return Err(Refusal::rule(
                "the_persons_view",
                "a decision is valid only with the person's view of it recorded, as open as the consultation; record it first",
            ));
        }
        Ok(vec![DecisionAgreed { decision: self.decision }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::super::events::DecisionObjected;
    use super::super::fixtures::{PERSON, id, proposed, requested, viewed, viewed_of};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    fn agree() -> AgreeDecision {
        AgreeDecision { person: PERSON, decision: id(5) }
    }

    #[test]
    fn rule_20_refuses_a_decision_without_the_persons_view() {
        given([requested(Mode::Involve), proposed(5)]).when(agree()).then_refused(Reason::Rule, "the_persons_view");
        let before = given([requested(Mode::Involve), viewed(), proposed(5)]);
        before.when(agree()).then_refused(Reason::Rule, "the_persons_view");
        let of = |n| viewed_of(n);
        let another = given([requested(Mode::Involve), proposed(5), proposed(6), of(6)]);
        another.when(agree()).then_refused(Reason::Rule, "the_persons_view");
        let of_this = given([requested(Mode::Involve), proposed(5), proposed(6), of(5)]);
        of_this.when(agree()).then([DecisionAgreed { decision: id(5) }.into()]);
        let with_view = given([requested(Mode::Involve), proposed(5), viewed()]);
        with_view.when(agree()).then([DecisionAgreed { decision: id(5) }.into()]);
    }

    #[test]
    fn an_objection_blocks_agreement() {
        let objected = DecisionObjected { decision: id(5), reason: "too often".into(), word: None }.into();
        let given = given([requested(Mode::Involve), proposed(5), viewed(), objected]);
        given.when(agree()).then_refused(Reason::Rule, "objection_stands");
    }
}
