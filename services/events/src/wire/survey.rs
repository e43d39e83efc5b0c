//! `survey` events, and those of one person's answers, to and from their stored form.

use domain::survey::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    SurveyEvent {
        1 => SurveyOpened { question, options, closes_at, follow_up_by } + worker,
        2 => SurveyPublished { counts, incomplete },
        3 => SurveyOutcomeReported { words },
    }
}

wire_event! {
    AnswersEvent {
        1 => SurveyAnswered { survey, agency, option, words },
        2 => SurveyAnswerTakenBack { survey, agency },
    }
}
