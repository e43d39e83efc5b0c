//! Services asked as services: an agency puts a question to everybody whom it supports, each may answer, and what came of it goes back to them.

mod answer_survey;
pub mod events;
mod open_survey;
mod publish_survey;
mod report_survey_outcome;

pub use answer_survey::{AnswerSurvey, TakeBackSurveyAnswer, answer_survey};
pub use open_survey::OpenSurvey;
pub use publish_survey::PublishSurvey;
pub use report_survey_outcome::ReportSurveyOutcome;

use std::collections::BTreeMap;

use crate::ids::{AgencyId, PersonId, SurveyId};
use crate::issuers::Parts;
use crate::vocabulary::{Timestamp, Worker};
use crate::{Aggregate, Refusal, StreamKind};
use events::{AnswersEvent, SurveyEvent};

/// The fewest of whom something is told as of a group: fewer are "fewer than five".
pub const GROUP: u32 = 5;

/// What was asked.
#[derive(Debug, Clone)]
struct Asked {
    worker: Worker,
    options: usize,
    closes_at: Timestamp,
}

/// The agency of whoever acts for it, and which agencies are one.
#[derive(Debug, Clone)]
pub struct By {
    pub agency: AgencyId,
    pub parts: Parts,
}

/// A question to many.
#[derive(Debug, Clone, Default)]
pub struct Survey {
    asked: Option<Asked>,
    is_published: bool,
    is_reported: bool,
}

impl Survey {
    /// What was asked.
    ///
    /// # Errors
    /// When nothing was.
    fn asked(&self) -> Result<&Asked, Refusal> {
        self.asked.as_ref().ok_or_else(|| Refusal::not_found("survey"))
    }

    /// What was asked, for somebody of the agency that asked it.
    ///
    /// # Errors
    /// When that agency asked nothing here.
    fn asked_by(&self, by: &By) -> Result<&Asked, Refusal> {
        let asked = self.asked()?;
        if by.parts.are_one(asked.worker.agency(), by.agency) { Ok(asked) } else { Err(Refusal::not_found("survey")) }
    }

    /// Whether what was answered is told, to the agency that asked.
    ///
    /// # Errors
    /// When that agency asked nothing here, or what was answered is not told yet.
    pub fn is_told_to(&self, by: &By) -> Result<(), Refusal> {
        self.asked_by(by)?;
        if self.is_published {
            Ok(())
        } else {
            Err(Refusal::rule("survey_not_published", "what was answered is told first"))
        }
    }

    /// The agency that asks, and until when it is answered.
    ///
    /// # Errors
    /// When nothing was asked.
    pub fn is_of(&self) -> Result<(AgencyId, Timestamp), Refusal> {
        self.asked().map(|asked| (asked.worker.agency(), asked.closes_at))
    }
}

impl Aggregate for Survey {
    type Id = SurveyId;
    type Event = SurveyEvent;

    const KIND: StreamKind = StreamKind::Survey;

    fn evolve(&mut self, event: &SurveyEvent) {
        match event {
            SurveyEvent::SurveyOpened(e) => {
                self.asked = Some(Asked { worker: e.worker, options: e.options.len(), closes_at: e.closes_at });
            }
            SurveyEvent::SurveyPublished(_) => self.is_published = true,
            SurveyEvent::SurveyOutcomeReported(_) => self.is_reported = true,
        }
    }
}

/// What somebody answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Which option, from 1.
    pub option: u32,
    /// What they say to the agency besides.
    pub words: String,
}

/// What one person answered to all that they were asked.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    given: BTreeMap<SurveyId, Answer>,
}

impl Answers {
    /// What they answered to this, if they did and have not taken it back.
    #[must_use]
    pub fn to(&self, survey: SurveyId) -> Option<&Answer> {
        self.given.get(&survey)
    }
}

impl Aggregate for Answers {
    type Id = PersonId;
    type Event = AnswersEvent;

    const KIND: StreamKind = StreamKind::Answers;

    fn evolve(&mut self, event: &AnswersEvent) {
        match event {
            AnswersEvent::SurveyAnswered(e) => {
                self.given.insert(e.survey, Answer { option: e.option, words: e.words.clone() });
            }
            AnswersEvent::SurveyAnswerTakenBack(e) => drop(self.given.remove(&e.survey)),
        }
    }
}
