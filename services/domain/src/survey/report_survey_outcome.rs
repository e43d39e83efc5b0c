use super::events::{SurveyEvent, SurveyOutcomeReported};
use super::{By, Survey};
use crate::text::{PARAGRAPH, required};
use crate::{Command, Refusal};

/// "You said, we did": what the agency did, told to whoever answered, after what they said was told.
#[derive(Debug, Clone)]
pub struct ReportSurveyOutcome {
    /// Who tells it.
    pub by: By,
    pub words: String,
}

impl Command for ReportSurveyOutcome {
    type Aggregate = Survey;

    fn decide(self, state: &Survey) -> Result<Vec<SurveyEvent>, Refusal> {
        state.is_told_to(&self.by)?;
        required("words", &self.words, PARAGRAPH)?;
        match &state.outcome {
            Some(told) if *told == self.words => return Ok(vec![]),
            Some(_) => return Err(Refusal::already_exists("outcome")),
            None => {}
        }
        Ok(vec![SurveyOutcomeReported { words: self.words }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::SurveyPublished;
    use super::super::open_survey::tests::{by, open};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;
    use crate::staff::fixtures::AGENCY;

    #[test]
    fn rule_22_what_came_of_a_question_is_told_once_and_after_what_was_answered() {
        let report = || ReportSurveyOutcome { by: by(AGENCY), words: "It is open on Saturdays now.".into() };
        let opened = open().decide(&Survey::default()).unwrap();
        given(opened.clone()).when(report()).then_refused(Reason::Rule, "survey_not_published");
        let published = [&opened[..], &[SurveyPublished { counts: vec![0, 5, 10], incomplete: false }.into()]].concat();
        let reported = report().decide(&crate::Aggregate::folded(&published)).unwrap();
        given(published.clone()).when(report()).then(reported.clone());
        let told = [published, reported].concat();
        given(told.clone()).when(report()).then_nothing();
        let other = ReportSurveyOutcome { words: "We did nothing.".into(), ..report() };
        given(told).when(other).then_refused(Reason::AlreadyExists, "outcome");
    }
}
