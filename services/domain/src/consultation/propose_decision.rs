use super::events::{ConsultationEvent, DecisionProposed};
use super::{Consultation, Mode, ahead, has_room};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::{Author, Timestamp};
use crate::{Command, Refusal};

/// How many options stand on the table before a decision is proposed in `involve` (PRSB Shared Decision Making).
const OPTIONS_LEAST: usize = 2;

/// Proposes a decision.
#[derive(Debug, Clone)]
pub struct ProposeDecision {
    /// The person whose consultation it is.
    pub person: PersonId,
    pub decision: EntryId,
    /// Who proposes it.
    pub author: Author,
    /// What is proposed.
    pub text: String,
    /// By when the person is to be told what came of it, if that is said.
    pub follow_up: Option<Timestamp>,
    pub now: Timestamp,
}

impl Command for ProposeDecision {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("text", &self.text, PARAGRAPH)?;
        self.follow_up.map_or(Ok(()), |at| ahead("follow_up_by", at, self.now))?;
        match state.open_for(self.person)? {
            Mode::Inform => Err(Refusal::rule(
                "inform_decides_nothing",
                "in `inform` no decision can be proposed; ask for another consultation",
            )),
            Mode::PersonLed if self.author != Author::Person => {
                Err(Refusal::rule("person_led", "in `person-led` only the person proposes a decision"))
            }
            Mode::Involve if state.options.len() < OPTIONS_LEAST => Err(Refusal::rule(
                "options_first",
                "in `involve` people choose together: offer two options at least, one of which may be that all stays as it is",
            )),
            Mode::Consult | Mode::Involve | Mode::PersonLed => Ok(()),
        }?;
        state.has_heard_the_advocate(self.author, self.now)?;
        if state.decisions.contains_key(&self.decision) {
            return Err(Refusal::already_exists("decision"));
        }
        has_room(state.decisions.len(), self.author, "decisions")?;
        let Self { decision, author, text, follow_up, .. } = self;
        Ok(vec![DecisionProposed { decision, author, text, follow_up }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{NURSE, PERSON, id, offered, proposed, requested};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    fn propose(author: Author) -> ProposeDecision {
        let text = "a carer twice a day".into();
        ProposeDecision { person: PERSON, decision: id(5), author, text, follow_up: None, now: Timestamp(0) }
    }

    #[test]
    fn rule_18_in_inform_no_decision_can_be_proposed() {
        for author in [NURSE, Author::Person] {
            given([requested(Mode::Inform)]).when(propose(author)).then_refused(Reason::Rule, "inform_decides_nothing");
        }
    }

    #[test]
    fn rule_18_in_person_led_only_the_person_proposes() {
        given([requested(Mode::PersonLed)]).when(propose(NURSE)).then_refused(Reason::Rule, "person_led");
        let (decision, text) = (id(5), "a carer twice a day".into());
        let by_person = DecisionProposed { decision, author: Author::Person, text, follow_up: None };
        given([requested(Mode::PersonLed)]).when(propose(Author::Person)).then([by_person.into()]);
    }

    #[test]
    fn rule_18_in_consult_anybody_proposes_and_in_involve_there_is_something_to_choose_from() {
        given([requested(Mode::Consult)]).when(propose(NURSE)).then([proposed(5)]);
        let with = |options| {
            (0..options).map(offered).fold(vec![requested(Mode::Involve)], |mut all, option| {
                all.push(option);
                all
            })
        };
        for author in [NURSE, Author::Person] {
            given(with(1)).when(propose(author)).then_refused(Reason::Rule, "options_first");
        }
        given(with(2)).when(propose(NURSE)).then([proposed(5)]);
    }

    #[test]
    fn a_follow_up_is_in_the_future() {
        let by = |days| ProposeDecision { follow_up: Some(Timestamp(0).plus_days(days)), ..propose(NURSE) };
        given([requested(Mode::Consult)]).when(by(0)).then_refused(Reason::Invalid, "follow_up_by");
        given([requested(Mode::Consult)]).when(by(400)).then_refused(Reason::Invalid, "follow_up_by");
    }
}
