use super::events::{ConsultationEvent, DecisionWithdrawn};
use super::{Consultation, DecisionStage};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::Author;
use crate::{Command, Refusal};

/// Takes a decision off the table that is not settled: one that was objected to, too (rule 21). Whoever works for the agency that proposed it may, and
/// the person one of their own.
#[derive(Debug, Clone)]
pub struct WithdrawDecision {
    pub person: PersonId,
    pub decision: EntryId,
    /// Who withdraws it.
    pub author: Author,
    /// Why.
    pub reason: String,
}

impl Command for WithdrawDecision {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("reason", &self.reason, PARAGRAPH)?;
        state.is_of(self.person)?;
        let known = state.decision(self.decision)?;
        match known.stage {
            DecisionStage::Withdrawn => return Ok(vec![]),
            // What the person objects to once it is over is withdrawn then.
            DecisionStage::Objected => {}
            DecisionStage::Proposed | DecisionStage::Agreed | DecisionStage::WithoutPerson => {
                state.open_for(self.person)?;
            }
        }
        let agency = |author: Author| author.worker().map(|worker| worker.agency());
        if agency(known.author) != agency(self.author) {
            return Err(Refusal::rule("the_proposers", "a decision is withdrawn by whoever proposed it"));
        }
        if matches!(known.stage, DecisionStage::Agreed | DecisionStage::WithoutPerson) {
            return Err(Refusal::rule("waiting_decision", "this decision is settled already"));
        }
        let Self { decision, author, reason, .. } = self;
        Ok(vec![DecisionWithdrawn { decision, author, reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::super::events::{DecisionAgreed, DecisionObjected};
    use super::super::fixtures::{NURSE, PERSON, id, proposed, requested};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn rule_21_what_was_objected_to_is_withdrawn_by_whoever_proposed_it() {
        let withdraw =
            |author| WithdrawDecision { person: PERSON, decision: id(5), author, reason: "we heard you".into() };
        let withdrawn = || {
            let reason = "we heard you".into();
            ConsultationEvent::from(DecisionWithdrawn { decision: id(5), author: NURSE, reason })
        };
        let objected = DecisionObjected { decision: id(5), reason: "no".into() }.into();
        let before = [requested(Mode::Consult), proposed(5), objected];
        given(before.clone()).when(withdraw(NURSE)).then([withdrawn()]);
        given(before.clone()).when(withdraw(Author::Person)).then_refused(Reason::Rule, "the_proposers");
        given(before.into_iter().chain([withdrawn()])).when(withdraw(NURSE)).then_nothing();
        let agreed = DecisionAgreed { decision: id(5) }.into();
        let settled = given([requested(Mode::Consult), proposed(5), agreed]);
        settled.when(withdraw(NURSE)).then_refused(Reason::Rule, "waiting_decision");
    }
}
