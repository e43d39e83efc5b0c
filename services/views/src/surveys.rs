//! Questions to many, and what was answered to them.

use domain::StreamKind;
use domain::ids::{AgencyId, PersonId, SurveyId};
use domain::survey::events::{AnswersEvent, SurveyEvent};
use domain::vocabulary::Timestamp;
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::consultations::By;
use crate::view::changed;
use crate::{ApplyError, Key, Order, View};

/// A question that an agency put to everybody whom it supports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SurveyDoc {
    /// Its id.
    pub survey: SurveyId,
    /// The agency.
    pub agency: AgencyId,
    /// Who put it, and when.
    pub by: By,
    /// The question.
    pub question: String,
    /// What there is to choose from.
    pub options: Vec<String>,
    /// Until when it is answered.
    pub closes_at: Timestamp,
    /// By when whoever answered is told what came of it.
    pub follow_up_by: Timestamp,
    /// For each option about how many chose it, in fives, 0 for fewer than five; none until it is told.
    pub counts: Option<Vec<u32>>,
    /// Whether some answers may not have been counted, because something could not be read.
    pub incomplete: bool,
    /// What came of it, who told it, and when.
    pub outcome: Option<(By, String)>,
}

impl SurveyDoc {
    /// Whether it is answered at this moment.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        now < self.closes_at
    }

    /// Whether whoever answered should have been told by now what came of it.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.outcome.is_none() && self.follow_up_by <= now
    }
}

/// Before all questions: they are few, and each is read by many.
#[must_use]
pub fn all() -> Key {
    Key::new().byte(0)
}

/// A question.
#[must_use]
pub fn survey_key(survey: SurveyId) -> Key {
    all().id(survey)
}

/// The questions of all agencies, newest first.
#[derive(Debug)]
pub struct Surveys;

impl View for Surveys {
    type Doc = SurveyDoc;

    const NAME: &'static str = "surveys";
    const KINDS: &'static [StreamKind] = &[StreamKind::Survey];
    const ORDER: Order = Order::NewestFirst;

    fn key(event: &Envelope) -> Option<Key> {
        Some(survey_key(SurveyId(event.stream)))
    }

    fn list(_: &Envelope, _: &Key) -> Key {
        all()
    }

    fn apply(event: &Envelope, doc: Option<SurveyDoc>) -> Result<Option<SurveyDoc>, ApplyError> {
        let Event::Survey(happened) = &event.event else { return Ok(doc) };
        match happened {
            SurveyEvent::SurveyOpened(e) => Ok(Some(SurveyDoc {
                survey: SurveyId(event.stream),
                agency: e.worker.agency(),
                by: By::of(event),
                question: e.question.clone(),
                options: e.options.clone(),
                closes_at: e.closes_at,
                follow_up_by: e.follow_up_by,
                counts: None,
                incomplete: false,
                outcome: None,
            })),
            SurveyEvent::SurveyPublished(e) => changed(doc, |doc| {
                (doc.counts, doc.incomplete) = (Some(e.counts.clone()), e.incomplete);
            }),
            SurveyEvent::SurveyOutcomeReported(e) => {
                changed(doc, |doc| doc.outcome = Some((By::of(event), e.words.clone())))
            }
        }
    }
}

/// What somebody answered. It stands under the question, and says who it was to nobody who reads it there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerDoc {
    /// Which option they chose, from 1; none once they have taken it back.
    pub option: Option<u32>,
    /// What they say to the agency besides; may be empty.
    pub words: String,
}

/// Before all answers to a question.
#[must_use]
pub fn answers_to(survey: SurveyId) -> Key {
    Key::new().id(survey)
}

/// The answers to each question.
#[derive(Debug)]
pub struct SurveyAnswers;

impl View for SurveyAnswers {
    type Doc = AnswerDoc;

    const NAME: &'static str = "survey-answers";
    const KINDS: &'static [StreamKind] = &[StreamKind::Answers];

    fn key(event: &Envelope) -> Option<Key> {
        let Event::Answers(happened) = &event.event else { return None };
        let survey = match happened {
            AnswersEvent::SurveyAnswered(e) => e.survey,
            AnswersEvent::SurveyAnswerTakenBack(e) => e.survey,
        };
        Some(answers_to(survey).id(PersonId(event.stream)))
    }

    /// A list of answers is about everybody who gave one.
    fn about(_: &Key) -> Option<uuid::Uuid> {
        None
    }

    fn apply(event: &Envelope, doc: Option<AnswerDoc>) -> Result<Option<AnswerDoc>, ApplyError> {
        let Event::Answers(happened) = &event.event else { return Ok(doc) };
        Ok(Some(match happened {
            AnswersEvent::SurveyAnswered(e) => AnswerDoc { option: Some(e.option), words: e.words.clone() },
            AnswersEvent::SurveyAnswerTakenBack(_) => AnswerDoc { option: None, words: String::new() },
        }))
    }
}
