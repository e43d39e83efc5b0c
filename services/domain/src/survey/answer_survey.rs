use std::collections::BTreeSet;

use super::events::{AnswersEvent, SurveyAnswerTakenBack, SurveyAnswered};
use super::{Answer, Answers, Survey};
use crate::Refusal;
use crate::ids::{StaffId, SurveyId};
use crate::issuers::Parts;
use crate::sharing::Sharing;
use crate::text::{PARAGRAPH, optional};
use crate::vocabulary::{Timestamp, Worker};

/// A person answers, or changes their answer.
#[derive(Debug, Clone)]
pub struct AnswerSurvey {
    pub survey: SurveyId,
    /// Which option they choose, from 1.
    pub option: u32,
    /// What they say to the agency besides; empty when they are only to be counted.
    pub words: String,
    pub now: Timestamp,
}

/// A person takes their answer back: from then on it is in no count that is still to be told, and its words are told no more.
#[derive(Debug, Clone)]
pub struct TakeBackSurveyAnswer {
    pub survey: SurveyId,
}

/// Whom a person lets in, as far as it says what they are asked.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// The directive, as it holds for agencies that are one.
    pub sharing: &'a Sharing,
    /// Which agencies are one.
    pub parts: &'a Parts,
    /// Those of their supporters who have left.
    pub left: &'a BTreeSet<StaffId>,
}

impl Asking<'_> {
    /// Whether they are asked what this worker put: their agency supports them, and they have shut out neither.
    #[must_use]
    pub fn is_asked_by(&self, worker: Worker) -> bool {
        let supports = |supporter: Worker| {
            let is_there = !self.left.contains(&supporter.staff()) && !self.sharing.shuts_out(supporter);
            is_there && self.parts.are_one(supporter.agency(), worker.agency())
        };
        !self.sharing.shuts_out(worker) && self.sharing.supporters().any(supports)
    }
}

/// Answers a question of an agency that supports the person, while it is open.
///
/// # Errors
/// That there is no such question, for whoever is not asked; that it is closed; that there is no such option; or as its words.
pub fn answer_survey(
    answers: &Answers,
    survey: &Survey,
    asking: Asking<'_>,
    command: AnswerSurvey,
) -> Result<Vec<AnswersEvent>, Refusal> {
    let AnswerSurvey { survey: id, option, words, now } = command;
    let asked = survey.asked()?;
    let agency = asked.worker.agency();
    if !asking.is_asked_by(asked.worker) {
        return Err(Refusal::not_found("survey"));
    }
    if asked.closes_at <= now || survey.is_published {
        return Err(Refusal::rule("survey_closed", "answers were taken until it closed"));
    }
    if !usize::try_from(option).is_ok_and(|option| (1..=asked.options).contains(&option)) {
        return Err(Refusal::invalid("option", format!("must be from `1` to `{}`", asked.options)));
    }
    optional("words", &words, PARAGRAPH)?;
    if answers.to(id) == Some(&Answer { option, words: words.clone() }) {
        return Ok(vec![]);
    }
    Ok(vec![SurveyAnswered { survey: id, agency, option, words }.into()])
}

impl TakeBackSurveyAnswer {
    /// What it comes to.
    ///
    /// # Errors
    /// When there is no such question.
    pub fn decide(self, answers: &Answers, survey: &Survey) -> Result<Vec<AnswersEvent>, Refusal> {
        let agency = survey.asked()?.worker.agency();
        let given = answers.to(self.survey).is_some();
        Ok(given.then(|| SurveyAnswerTakenBack { survey: self.survey, agency }.into()).into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::open_survey::tests::{NOW, open};
    use super::*;
    use crate::ids::RelationshipId;
    use crate::sharing::events::{
        AgencyBlocked, RelationshipAccessOpened, SharingEvent, SharingStarted, WorkerBlocked,
    };
    use crate::staff::fixtures::{AGENCY, WORKER};
    use crate::{Aggregate as _, Command as _};
    use uuid::Uuid;

    const SURVEY: SurveyId = SurveyId(Uuid::from_u128(9));

    fn survey() -> Survey {
        Survey::folded(&open().decide(&Survey::default()).unwrap())
    }

    fn supported() -> Vec<SharingEvent> {
        let relationship = RelationshipId(Uuid::from_u128(3));
        vec![SharingStarted {}.into(), RelationshipAccessOpened { relationship, worker: WORKER }.into()]
    }

    fn answer(
        history: &[SharingEvent],
        answers: &Answers,
        command: AnswerSurvey,
    ) -> Result<Vec<AnswersEvent>, Refusal> {
        let (sharing, left) = (Sharing::folded(history), BTreeSet::new());
        answer_survey(answers, &survey(), Asking { sharing: &sharing, parts: &Parts::default(), left: &left }, command)
    }

    fn evenings() -> AnswerSurvey {
        AnswerSurvey { survey: SURVEY, option: 2, words: String::new(), now: NOW }
    }

    #[test]
    fn whoever_is_supported_answers_once_and_may_think_again_until_it_closes() {
        let none = Answers::default();
        let given = Answers::folded(&answer(&supported(), &none, evenings()).unwrap());
        assert_eq!(given.to(SURVEY).unwrap().option, 2);
        assert_eq!(answer(&supported(), &given, evenings()), Ok(vec![]), "twice is once");
        let mornings = AnswerSurvey { option: 1, words: "before the bus leaves".into(), ..evenings() };
        assert_eq!(answer(&supported(), &given, mornings).unwrap().len(), 1);
        let late = AnswerSurvey { now: NOW.plus_days(14), ..evenings() };
        assert_eq!(answer(&supported(), &given, late).unwrap_err().subject, "survey_closed");
        for option in [0, 4, u32::MAX] {
            let refused = answer(&supported(), &none, AnswerSurvey { option, ..evenings() }).unwrap_err();
            assert_eq!(refused.subject, "option");
        }
        let back = TakeBackSurveyAnswer { survey: SURVEY };
        assert_eq!(back.clone().decide(&given, &survey()).unwrap().len(), 1);
        assert_eq!(back.clone().decide(&none, &survey()), Ok(vec![]));
        assert_eq!(back.decide(&none, &Survey::default()).unwrap_err().subject, "survey");
    }

    #[test]
    fn whoever_is_not_asked_finds_no_question() {
        let sharing = Sharing::folded(&supported());
        let left =
            |left: &BTreeSet<StaffId>| Asking { sharing: &sharing, parts: &Parts::default(), left }.is_asked_by(WORKER);
        assert_eq!([left(&BTreeSet::new()), left(&[WORKER.staff()].into())], [true, false]);
        let worker_blocked = WorkerBlocked { worker: WORKER, sign_in: None }.into();
        let worker_blocked = [supported(), vec![worker_blocked]].concat();
        let blocked = [supported(), vec![AgencyBlocked { agency: AGENCY }.into()]].concat();
        for history in [&blocked[..], &worker_blocked[..], &supported()[..1]] {
            assert_eq!(answer(history, &Answers::default(), evenings()).unwrap_err().subject, "survey");
        }
    }
}
