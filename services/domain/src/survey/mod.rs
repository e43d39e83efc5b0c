//! Services asked as services: an agency puts a question to everybody whom it supports, each may answer, and what came of it goes back to them.

mod answer_survey;
pub mod events;
mod open_survey;
mod publish_survey;
mod report_survey_outcome;

pub use answer_survey::{AnswerSurvey, Asking, TakeBackSurveyAnswer, answer_survey};
pub use open_survey::OpenSurvey;
pub use publish_survey::PublishSurvey;
pub use report_survey_outcome::ReportSurveyOutcome;

use std::collections::BTreeMap;

use crate::ids::{AgencyId, PersonId, SurveyId};
use crate::issuers::Parts;
use crate::staff::Staff;
use crate::vocabulary::{SignedIn, Timestamp, Worker};
use crate::{Aggregate, Refusal, StreamKind};
use events::{AnswersEvent, SurveyEvent};

/// For how many minutes after its end nothing is counted yet: what was taken in the last moment is seen by then.
const SETTLES_MINUTES: u32 = 1;

/// The role that puts questions for an agency, and reads what is said to it.
const MANAGER: &str = "manager";

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
    outcome: Option<String>,
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

    /// What an agency asked, once it has closed by the log's clock.
    ///
    /// # Errors
    /// When that agency asked nothing here, or it is answered still.
    pub fn has_closed(&self, by: &By, now: Timestamp) -> Result<usize, Refusal> {
        let asked = self.asked_by(by)?;
        if now < asked.closes_at.plus_minutes(SETTLES_MINUTES) {
            return Err(Refusal::rule("survey_open", "answers are told once it has closed"));
        }
        Ok(asked.options)
    }

    /// Until when it is answered, if anything was asked.
    #[must_use]
    pub fn closes_at(&self) -> Option<Timestamp> {
        self.asked.as_ref().map(|asked| asked.closes_at)
    }
}

/// Whether somebody acts for their agency in what it asks those whom it supports: a manager, who works there now.
///
/// # Errors
/// That nothing is disclosed to whoever does not work there; otherwise that a manager does.
pub fn manages(by: SignedIn, staff: &Staff) -> Result<(), Refusal> {
    if !staff.admits(by) {
        return Err(Refusal::undisclosed());
    }
    if staff.roles().has(MANAGER) {
        return Ok(());
    }
    Err(Refusal::denied("manager_asks", "a manager of the agency does this, in the role `manager`"))
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
            SurveyEvent::SurveyOutcomeReported(e) => self.outcome = Some(e.words.clone()),
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
