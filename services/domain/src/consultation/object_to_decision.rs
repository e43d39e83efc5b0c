use super::events::{ConsultationEvent, DecisionObjected};
use super::{Consultation, DecisionStage};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::OnTheirWord;
use crate::{Command, Refusal};

/// The person objects to a decision: it is not agreed. To one that was taken without them, too, also once the consultation is over: they may hear of it
/// later than that.
#[derive(Debug, Clone)]
pub struct ObjectToDecision {
    pub person: PersonId,
    pub decision: EntryId,
    /// Why, in their words.
    pub reason: String,
    /// Who enters it on their word, if they do not themselves.
    pub word: Option<OnTheirWord>,
}

impl Command for ObjectToDecision {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("reason", &self.reason, PARAGRAPH)?;
        self.word.as_ref().map_or(Ok(()), OnTheirWord::check)?;
        state.is_of(self.person)?;
        let known = state.decision(self.decision)?;
        if known.stage != DecisionStage::WithoutPerson {
            state.open_for(self.person)?;
        }
        // What somebody entered for them they say themselves: then it is theirs alone to take back.
        let entered = known.objected && known.objection_entered && known.stage != DecisionStage::Withdrawn;
        let makes_it_theirs = entered && self.word.is_none();
        if !makes_it_theirs && (known.stage != DecisionStage::WithoutPerson || known.objected) {
            state.proposed(self.decision)?;
        }
        let Self { decision, reason, word, .. } = self;
        Ok(vec![DecisionObjected { decision, reason, word }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{ConsultationClosed, DecisionMadeWithoutPerson};
    use super::super::fixtures::{NURSE, PERSON, id, proposed, requested};
    use super::super::{Mode, WithoutPersonGround};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn rule_21_objects_in_their_words_once() {
        let object =
            |reason: &str| ObjectToDecision { person: PERSON, decision: id(5), reason: reason.into(), word: None };
        let objected =
            || ConsultationEvent::from(DecisionObjected { decision: id(5), reason: "no".into(), word: None });
        given([requested(Mode::Involve), proposed(5)]).when(object("no")).then([objected()]);
        let (ground, evidence) = (WithoutPersonGround::Unreachable, "rang four times".into());
        let without = DecisionMadeWithoutPerson { decision: id(5), author: NURSE, ground, evidence }.into();
        let over = [requested(Mode::Consult), proposed(5), without, ConsultationClosed { author: NURSE }.into()];
        given(over.clone()).when(object("no")).then([objected()]);
        let word = Some(OnTheirWord::new(NURSE.worker().unwrap(), "told me on 3 March, in her kitchen"));
        let entered = || DecisionObjected { decision: id(5), reason: "no".into(), word: word.clone() }.into();
        let open = [requested(Mode::Involve), proposed(5), entered()];
        given(open.clone()).when(object("no")).then([objected()]);
        let entered_again = ObjectToDecision { word: word.clone(), ..object("no") };
        given(open).when(entered_again).then_refused(Reason::Rule, "objection_stands");
        given(over.iter().cloned().chain([entered()])).when(object("no")).then([objected()]);
        let again = given(over.into_iter().chain([objected()]));
        again.when(object("no")).then_refused(Reason::Rule, "objection_stands");
        given([requested(Mode::Involve), proposed(5)]).when(object(" ")).then_refused(Reason::Invalid, "reason");
        let again = given([requested(Mode::Involve), proposed(5), objected()]);
        again.when(object("no")).then_refused(Reason::Rule, "objection_stands");
    }
}
