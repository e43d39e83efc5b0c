use super::events::{AnswerTakenBack, ConsultationEvent};
use super::{Consultation, DecisionStage};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, optional};
use crate::{Command, Refusal};

/// The person takes back an answer that they gave in haste, or that they chose not to take part, whoever said so: the decision waits for one again. That they gave it stays to be read.
#[derive(Debug, Clone)]
pub struct TakeBackAnswer {
    pub person: PersonId,
    pub decision: EntryId,
    /// Why; may be empty.
    pub reason: String,
}

impl Command for TakeBackAnswer {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        optional("reason", &self.reason, PARAGRAPH)?;
        state.is_of(self.person)?;
        let known = state.decision(self.decision)?;
        match known.stage {
            // Which is objected to also once it is over.
            DecisionStage::WithoutPerson if known.objected => {}
            DecisionStage::WithoutPerson => {
                return Err(Refusal::rule("the_persons_answer", "this decision was made without an answer of theirs"));
            }
            DecisionStage::Withdrawn => {
                return Err(Refusal::rule("the_persons_answer", "this decision was withdrawn"));
            }
            DecisionStage::Proposed | DecisionStage::Agreed => {
                state.open_for(self.person)?;
                if known.waits() && known.declined.is_empty() {
                    return Ok(vec![]);
                }
            }
        }
        Ok(vec![AnswerTakenBack { decision: self.decision, reason: self.reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::AgreeDecision;
    use super::super::Mode;
    use super::super::WithoutPersonGround;
    use super::super::events::{
        ConsultationClosed, DecisionAgreed, DecisionMadeWithoutPerson, DecisionObjected, ParticipationDeclined,
    };
    use super::super::fixtures::{NURSE, PERSON, id, proposed, requested, viewed};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn an_answer_given_in_haste_is_taken_back_and_given_again() {
        let take_back = || TakeBackAnswer { person: PERSON, decision: id(5), reason: "too fast".into() };
        let taken_back = || ConsultationEvent::from(AnswerTakenBack { decision: id(5), reason: "too fast".into() });
        let before = [requested(Mode::Involve), proposed(5), viewed()];
        let after = |answer: ConsultationEvent| before.iter().cloned().chain([answer]).collect::<Vec<_>>();
        let agreed = || ConsultationEvent::from(DecisionAgreed { decision: id(5) });
        for answer in [agreed(), DecisionObjected { decision: id(5), reason: "no".into(), word: None }.into()] {
            given(after(answer.clone())).when(take_back()).then([taken_back()]);
            let again = AgreeDecision { person: PERSON, decision: id(5) };
            given(after(answer).into_iter().chain([taken_back()])).when(again).then([agreed()]);
        }
        // That they chose not to take part, too, whoever said so.
        let declined = ParticipationDeclined { decision: id(5), author: NURSE, words: "told me in her kitchen".into() };
        given(after(declined.into())).when(take_back()).then([taken_back()]);
        given(before.clone()).when(take_back()).then_nothing();
        let (ground, evidence) = (WithoutPersonGround::Unreachable, "rang four times".into());
        let without = DecisionMadeWithoutPerson { decision: id(5), author: NURSE, ground, evidence };
        given(after(without.clone().into())).when(take_back()).then_refused(Reason::Rule, "the_persons_answer");
        // Their objection to it they can take back, also once it is over; it stands as it was decided.
        let objected = DecisionObjected { decision: id(5), reason: "no".into(), word: None }.into();
        let over = [after(without.into()), vec![objected, ConsultationClosed { author: NURSE }.into()]].concat();
        given(over.clone()).when(take_back()).then([taken_back()]);
        given([over, vec![taken_back()]].concat()).when(take_back()).then_refused(Reason::Rule, "the_persons_answer");
        given(before[..1].to_vec()).when(take_back()).then_refused(Reason::NotFound, "decision");
    }
}
