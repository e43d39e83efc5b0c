use super::Consultation;
use super::events::{ConsultationEvent, OutcomeDisputed};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, required};
use crate::{Command, Refusal};

/// The person says that what they were told of a decision is not so: it is to be told anew, and shows as overdue until it is (rule 22).
#[derive(Debug, Clone)]
pub struct DisputeOutcome {
    pub person: PersonId,
    pub decision: EntryId,
    /// What is not so, in their words.
    pub words: String,
}

impl Command for DisputeOutcome {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("words", &self.words, PARAGRAPH)?;
        state.is_of(self.person)?;
        let known = state.decision(self.decision)?;
        if known.reports == 0 {
            return Err(Refusal::rule("outcome_told", "nothing was told of what came of this decision"));
        }
        if known.disputed {
            return Err(Refusal::rule("outcome_told", "nothing was told anew since you said that it is not so"));
        }
        Ok(vec![OutcomeDisputed { decision: self.decision, words: self.words }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{AnswerTakenBack, DecisionAgreed, OutcomeReported};
    use super::super::fixtures::{NURSE, PERSON, id, proposed, requested, viewed};
    use super::super::{Mode, Outcome};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn rule_22_the_person_says_once_that_what_they_were_told_is_not_so() {
        let (decision, words) = (id(5), || "nobody came".to_owned());
        let dispute = || DisputeOutcome { person: PERSON, decision, words: words() };
        let disputed = || ConsultationEvent::from(OutcomeDisputed { decision, words: words() });
        let (author, outcome) = (NURSE, Outcome::Done);
        let told = || ConsultationEvent::from(OutcomeReported { decision, author, outcome, words: words() });
        let agreed = || ConsultationEvent::from(DecisionAgreed { decision });
        let after = |more: &[ConsultationEvent]| {
            given([&[requested(Mode::Consult), proposed(5), viewed(), agreed()], more].concat())
        };
        after(&[]).when(dispute()).then_refused(Reason::Rule, "outcome_told");
        after(&[told()]).when(dispute()).then([disputed()]);
        after(&[told(), disputed()]).when(dispute()).then_refused(Reason::Rule, "outcome_told");
        after(&[told(), disputed(), told()]).when(dispute()).then([disputed()]);
        let taken_back = AnswerTakenBack { decision, reason: String::new(), word: None }.into();
        after(&[told(), taken_back, agreed()]).when(dispute()).then_refused(Reason::Rule, "outcome_told");
    }
}
