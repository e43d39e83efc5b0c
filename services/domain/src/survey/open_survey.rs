use super::Survey;
use super::events::{SurveyEvent, SurveyOpened};
use crate::text::{LINE, PARAGRAPH, required};
use crate::vocabulary::{Timestamp, Worker};
use crate::{Command, Refusal};

/// How many options there are to choose from: fewer ask nothing, more leave every group small.
const OPTIONS: std::ops::RangeInclusive<usize> = 2..=10;
/// For how many days it is answered: somebody who reads their letters once a week has time.
const OPEN_DAYS: std::ops::RangeInclusive<u32> = 7..=90;
/// Within how many days after that whoever answered is told what came of it.
const FOLLOW_UP_DAYS: u32 = 90;

/// An agency puts a question to everybody whom it supports.
#[derive(Debug, Clone)]
pub struct OpenSurvey {
    /// Who puts it, for their agency.
    pub worker: Worker,
    pub question: String,
    /// What there is to choose from: two to ten, each once.
    pub options: Vec<String>,
    /// Until when it is answered.
    pub closes_at: Timestamp,
    /// By when whoever answered is told what came of it.
    pub follow_up_by: Timestamp,
    pub now: Timestamp,
}

impl Command for OpenSurvey {
    type Aggregate = Survey;

    fn decide(self, state: &Survey) -> Result<Vec<SurveyEvent>, Refusal> {
        if state.asked.is_some() {
            return Err(Refusal::already_exists("survey"));
        }
        let Self { worker, question, options, closes_at, follow_up_by, now } = self;
        required("question", &question, PARAGRAPH)?;
        if !OPTIONS.contains(&options.len()) {
            let says = format!("needs from `{}` to `{}`", OPTIONS.start(), OPTIONS.end());
            return Err(Refusal::invalid("options", says));
        }
        options.iter().try_for_each(|option| required("options", option, LINE))?;
        let mut each: Vec<_> = options.iter().map(|option| option.trim().to_lowercase()).collect();
        each.sort_unstable();
        each.dedup();
        if each.len() < options.len() {
            return Err(Refusal::invalid("options", "must have each option once"));
        }
        if closes_at < now.plus_days(*OPEN_DAYS.start()) || now.plus_days(*OPEN_DAYS.end()) < closes_at {
            let says = format!("must be from `{}` to `{}` days from now", OPEN_DAYS.start(), OPEN_DAYS.end());
            return Err(Refusal::invalid("closes_at", says));
        }
        if follow_up_by <= closes_at || closes_at.plus_days(FOLLOW_UP_DAYS) < follow_up_by {
            let says = format!("must be after `closes_at`, and at most `{FOLLOW_UP_DAYS}` days after it");
            return Err(Refusal::invalid("follow_up_by", says));
        }
        Ok(vec![SurveyOpened { worker, question, options, closes_at, follow_up_by }.into()])
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::By;
    use super::*;
    use crate::ids::AgencyId;
    use crate::issuers::Parts;
    use crate::scenario::given;
    use crate::staff::fixtures::WORKER;
    use crate::{Aggregate as _, Reason};

    pub(in super::super) const NOW: Timestamp = Timestamp(1_000_000);

    pub(in super::super) fn by(agency: AgencyId) -> By {
        By { agency, parts: Parts::default() }
    }

    pub(in super::super) fn open() -> OpenSurvey {
        OpenSurvey {
            worker: WORKER,
            question: "When should the drop-in be open?".into(),
            options: vec!["Mornings".into(), "Evenings".into(), "Weekends".into()],
            closes_at: NOW.plus_days(14),
            follow_up_by: NOW.plus_days(42),
            now: NOW,
        }
    }

    #[test]
    fn a_question_has_options_each_once_time_to_answer_and_a_day_by_which_it_is_told_what_came_of_it() {
        let opened = open().decide(&Survey::default()).unwrap();
        given([]).when(open()).then(opened.clone());
        given(opened).when(open()).then_refused(Reason::AlreadyExists, "survey");
        let refused = |field: &'static str, change: &dyn Fn(&mut OpenSurvey)| {
            let mut open = open();
            change(&mut open);
            assert_eq!(open.decide(&Survey::folded(&[])).unwrap_err().subject, field);
        };
        refused("question", &|open| open.question = " ".into());
        refused("options", &|open| open.options.truncate(1));
        refused("options", &|open| open.options.push(" mornings".into()));
        refused("options", &|open| open.options = (0..11).map(|n| format!("option {n}")).collect());
        refused("options", &|open| open.options.push(String::new()));
        refused("closes_at", &|open| open.closes_at = NOW.plus_days(6));
        refused("closes_at", &|open| open.closes_at = NOW.plus_days(91));
        refused("follow_up_by", &|open| open.follow_up_by = open.closes_at);
        refused("follow_up_by", &|open| open.follow_up_by = open.closes_at.plus_days(91));
    }
}
