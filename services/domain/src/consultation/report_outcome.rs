use super::events::{ConsultationEvent, OutcomeReported};
use super::{Consultation, Outcome};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::Author;
use crate::{Command, Refusal};

/// How many outcomes of one decision are told.
const REPORTS_LIMIT: usize = 20;

/// Tells the person what came of a decision that is settled (rule 22), also once the consultation is over. As often as there is something to tell.
#[derive(Debug, Clone)]
pub struct ReportOutcome {
    pub person: PersonId,
    pub decision: EntryId,
    /// Who tells it.
    pub author: Author,
    pub outcome: Outcome,
    /// What was done, or why not.
    pub words: String,
}

impl Command for ReportOutcome {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("words", &self.words, PARAGRAPH)?;
        state.is_of(self.person)?;
        let known = state.decision(self.decision)?;
        if !known.is_settled() {
            return Err(Refusal::rule("settled_decision", "of a decision that is not settled nothing can have come"));
        }
        if known.reports >= REPORTS_LIMIT {
            let problem = format!("of a decision at most `{REPORTS_LIMIT}` outcomes are told");
            return Err(Refusal::rule("items_limit", problem));
        }
        let Self { decision, author, outcome, words, .. } = self;
        Ok(vec![OutcomeReported { decision, author, outcome, words }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::super::events::{ConsultationClosed, DecisionAgreed};
    use super::super::fixtures::{NURSE, PERSON, id, proposed, requested, viewed};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn rule_22_what_came_of_a_settled_decision_is_told_also_once_it_is_over() {
        let words = || "the carer comes at eight and at six".to_owned();
        let (decision, author, outcome) = (id(5), NURSE, Outcome::Done);
        let report = || ReportOutcome { person: PERSON, decision, author, outcome, words: words() };
        let reported = || ConsultationEvent::from(OutcomeReported { decision, author, outcome, words: words() });
        let before = vec![requested(Mode::Consult), proposed(5), viewed()];
        given(before.clone()).when(report()).then_refused(Reason::Rule, "settled_decision");
        let settled = [before, vec![DecisionAgreed { decision }.into()]].concat();
        given(settled.clone()).when(report()).then([reported()]);
        let closed = [settled, vec![ConsultationClosed { author }.into()]].concat();
        given(closed.clone()).when(report()).then([reported()]);
        let other = ReportOutcome { person: PersonId(uuid::Uuid::from_u128(99)), ..report() };
        given(closed.clone()).when(other).then_refused(Reason::NotFound, "consultation");
        let told = std::iter::repeat_with(reported).take(REPORTS_LIMIT);
        given(closed.into_iter().chain(told)).when(report()).then_refused(Reason::Rule, "items_limit");
    }
}
