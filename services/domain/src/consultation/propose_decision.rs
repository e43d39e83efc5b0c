use super::events::{ConsultationEvent, DecisionProposed};
use super::{Consultation, ITEMS_LIMIT, Mode};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::Author;
use crate::{Command, Refusal};

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
}

impl Command for ProposeDecision {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("text", &self.text, PARAGRAPH)?;
        match state.open_for(self.person)? {
            Mode::Inform => Err(Refusal::rule(
                "inform_decides_nothing",
                "in `inform` no decision can be proposed; ask for another consultation",
            )),
            Mode::PersonLed if self.author != Author::Person => {
                Err(Refusal::rule("person_led", "in `person-led` only the person proposes a decision"))
            }
            Mode::Consult | Mode::Involve | Mode::PersonLed => Ok(()),
        }?;
        if state.decisions.contains_key(&self.decision) {
            return Err(Refusal::already_exists("decision"));
        }
        if state.decisions.len() >= ITEMS_LIMIT {
            return Err(Refusal::rule(
                "items_limit",
                format!("a consultation holds at most `{ITEMS_LIMIT}` decisions"),
            ));
        }
        Ok(vec![DecisionProposed { decision: self.decision, author: self.author, text: self.text }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{NURSE, PERSON, id, proposed, requested};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    fn propose(author: Author) -> ProposeDecision {
        ProposeDecision { person: PERSON, decision: id(5), author, text: "a carer twice a day".into() }
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
        let by_person =
            DecisionProposed { decision: id(5), author: Author::Person, text: "a carer twice a day".into() };
        given([requested(Mode::PersonLed)]).when(propose(Author::Person)).then([by_person.into()]);
    }

    #[test]
    fn in_consult_and_involve_anybody_proposes() {
        for mode in [Mode::Consult, Mode::Involve] {
            given([requested(mode)]).when(propose(NURSE)).then([proposed(5)]);
        }
    }
}
