//! What can have happened on a `survey` stream, and on the stream of one person's answers.

use crate::ids::{AgencyId, SurveyId};
use crate::vocabulary::{Timestamp, Worker};

/// An agency put a question to everybody whom it supports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyOpened {
    /// Who put it, for their agency.
    pub worker: Worker,
    pub question: String,
    /// What there is to choose from.
    pub options: Vec<String>,
    /// Until when it is answered.
    pub closes_at: Timestamp,
    /// By when whoever answered is told what came of it.
    pub follow_up_by: Timestamp,
}

/// What the answers came to, once: no number ever changes, so that nobody finds out by what one answer more makes of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyPublished {
    /// For each option about how many chose it, in fives; 0 where fewer than five did.
    pub counts: Vec<u32>,
    /// Whether some answers may not have been counted, because something could not be read.
    pub incomplete: bool,
}

/// "You said, we did."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyOutcomeReported {
    /// What the agency did, in words that whoever answered reads.
    pub words: String,
}

crate::event_enum! {
    /// An event of a `survey` stream.
    SurveyEvent {
        SurveyOpened,
        SurveyPublished,
        SurveyOutcomeReported,
    }
}

/// A person answered, or changed their answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyAnswered {
    pub survey: SurveyId,
    /// Who asked.
    pub agency: AgencyId,
    /// Which option they chose, from 1.
    pub option: u32,
    /// What they say to the agency besides; empty when they are only to be counted.
    pub words: String,
}

/// A person took their answer back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SurveyAnswerTakenBack {
    pub survey: SurveyId,
    /// Who asked.
    pub agency: AgencyId,
}

crate::event_enum! {
    /// An event of the stream of one person's answers.
    AnswersEvent {
        SurveyAnswered,
        SurveyAnswerTakenBack,
    }
}
