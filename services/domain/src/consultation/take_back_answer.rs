use super::events::{AnswerTakenBack, ConsultationEvent};
use super::record_person_view::only_what_was_entered;
use super::{Consultation, Decision, DecisionStage};
use crate::ids::{EntryId, PersonId};
use crate::issuers::Parts;
use crate::text::{PARAGRAPH, optional};
use crate::vocabulary::{Author, OnTheirWord};
use crate::{Command, Refusal};

/// The person takes back an answer that they gave in haste, or that they chose not to take part, whoever said so: the decision waits for one again. That they gave it stays to be read.
/// A worker enters it on their word, of what was entered: an objection only if neither their agency nor one that is one with it proposed or decided.
#[derive(Debug, Clone)]
pub struct TakeBackAnswer {
    pub person: PersonId,
    pub decision: EntryId,
    /// Why; may be empty.
    pub reason: String,
    /// Who enters it on their word, if they do not themselves.
    pub word: Option<OnTheirWord>,
    /// Which agencies are one.
    pub parts: Parts,
}

impl TakeBackAnswer {
    /// What a worker may take back on the person's word.
    fn is_heard_by_who_gains_nothing(&self, known: &Decision) -> Result<(), Refusal> {
        let Some(word) = &self.word else { return Ok(()) };
        let is_their_own = if known.objected { !known.objection_entered } else { known.declined.is_empty() };
        let is_theirs = known.stage == DecisionStage::Agreed || known.declined.contains(&Author::Person);
        if is_their_own || is_theirs {
            return Err(only_what_was_entered());
        }
        let gains = |side| self.parts.are_one_side(side, Author::Worker(word.worker));
        if known.objected && [Some(known.author), known.decider].into_iter().flatten().any(gains) {
            let says = "an objection is taken back by the person, or on their word by somebody of another agency than the one that proposed or decided";
            return Err(Refusal::rule("another_agency", says));
        }
        Ok(())
    }
}

impl Command for TakeBackAnswer {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        optional("reason", &self.reason, PARAGRAPH)?;
        self.word.as_ref().map_or(Ok(()), OnTheirWord::check)?;
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
        self.is_heard_by_who_gains_nothing(known)?;
        let Self { decision, reason, word, .. } = self;
        Ok(vec![AnswerTakenBack { decision, reason, word }.into()])
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
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;
    use crate::vocabulary::Worker;
    use uuid::Uuid;

    #[test]
    fn an_answer_given_in_haste_is_taken_back_and_given_again() {
        let take_back = || TakeBackAnswer {
            person: PERSON,
            decision: id(5),
            reason: "too fast".into(),
            word: None,
            parts: Parts::default(),
        };
        let taken_back =
            || ConsultationEvent::from(AnswerTakenBack { decision: id(5), reason: "too fast".into(), word: None });
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

    #[test]
    fn rule_21_an_objection_is_taken_back_on_their_word_only_if_entered_so_and_by_who_gains_nothing() {
        let other = Worker::new(AgencyId(Uuid::from_u128(50)), StaffId(Uuid::from_u128(51)));
        let nurse = NURSE.worker().unwrap();
        let word = |worker| Some(OnTheirWord::new(worker, "rang me on 4 March, from her kitchen"));
        let take_back = |worker| TakeBackAnswer {
            person: PERSON,
            decision: id(5),
            reason: String::new(),
            word: word(worker),
            parts: Parts::default(),
        };
        let taken_back = |worker| {
            let (decision, reason) = (id(5), String::new());
            ConsultationEvent::from(AnswerTakenBack { decision, reason, word: word(worker) })
        };
        let objected = |word| DecisionObjected { decision: id(5), reason: "no".into(), word }.into();
        let before = [requested(Mode::Involve), proposed(5), viewed()];
        let after = |answer: ConsultationEvent| before.iter().cloned().chain([answer]).collect::<Vec<_>>();
        let (entered, theirs) = (after(objected(word(nurse))), after(objected(None)));
        given(entered.clone()).when(take_back(other)).then([taken_back(other)]);
        given(entered.clone()).when(take_back(nurse)).then_refused(Reason::Rule, "another_agency");
        given(theirs).when(take_back(other)).then_refused(Reason::Rule, "the_persons_own");
        let one = TakeBackAnswer { parts: Parts::of(other.agency(), nurse.agency()), ..take_back(other) };
        given(entered.clone()).when(one).then_refused(Reason::Rule, "another_agency");
        let vague = TakeBackAnswer { word: Some(OnTheirWord::new(other, "she said so")), ..take_back(other) };
        given(entered).when(vague).then_refused(Reason::Invalid, "on_their_word");
        // That they chose not to take part anybody takes back who heard it, as it lets nobody decide; but not what they said or agreed to themselves.
        let declined = |author| ParticipationDeclined { decision: id(5), author, words: "told me so".into() }.into();
        given(after(declined(NURSE))).when(take_back(nurse)).then([taken_back(nurse)]);
        given(after(declined(Author::Person))).when(take_back(other)).then_refused(Reason::Rule, "the_persons_own");
        let agreed = [after(declined(NURSE)), vec![DecisionAgreed { decision: id(5) }.into()]].concat();
        given(agreed).when(take_back(other)).then_refused(Reason::Rule, "the_persons_own");
    }
}
