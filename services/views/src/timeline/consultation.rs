//! Consultations: what the person was asked, what they said, and what was decided.

use domain::consultation::Outcome;
use domain::consultation::events::ConsultationEvent;
use domain::survey::events::AnswersEvent;

use super::{Area, Facts, Telling, yes};

pub(super) fn told(event: &ConsultationEvent) -> Telling {
    let word = event.on_their_word().cloned();
    let facts = match event {
        ConsultationEvent::ConsultationRequested(e) => Facts::said(&e.topic),
        ConsultationEvent::AgendaItemRaised(e) => Facts::said(&e.text),
        ConsultationEvent::AgendaItemAddressed(e) => Facts::said(&e.note),
        ConsultationEvent::OptionOffered(e) => Facts::said(&e.text),
        ConsultationEvent::PersonViewRecorded(e) => Facts::said(&e.view),
        ConsultationEvent::DecisionProposed(e) => Facts::said(&e.text),
        ConsultationEvent::DecisionObjected(e) => Facts::said(&e.reason),
        ConsultationEvent::DecisionMadeWithoutPerson(e) => {
            Facts { detail: e.ground.word().to_owned(), ..Facts::said(&e.evidence) }
        }
        ConsultationEvent::ConsultationCancelled(e) => Facts::said(&e.reason),
        ConsultationEvent::AnswerTakenBack(e) => Facts::said(&e.reason),
        ConsultationEvent::ParticipationDeclined(e) => Facts::said(&e.words),
        ConsultationEvent::DecisionWithdrawn(e) => Facts::said(&e.reason),
        ConsultationEvent::OutcomeReported(e) => {
            let detail = match e.outcome {
                Outcome::Done => "done",
                Outcome::Partly => "partly",
                Outcome::NotDone => "not",
            };
            Facts { detail: detail.to_owned(), ..Facts::said(&e.words) }
        }
        ConsultationEvent::InformationShared(e) => Facts::said(&e.text),
        ConsultationEvent::InformationWithheld(e) => Facts { moment: Some(e.review), ..Facts::said(&e.reason) },
        ConsultationEvent::ConsultationScheduled(e) => Facts { moment: Some(e.at), ..Facts::said(&e.place) },
        ConsultationEvent::OutcomeDisputed(e) => Facts::said(&e.words),
        ConsultationEvent::InformationRevealed(e) => Facts::said(&e.text),
        ConsultationEvent::WithholdingReviewed(e) => Facts { moment: Some(e.review), ..Facts::said(&e.reason) },
        ConsultationEvent::ParticipantInvited(e) => Facts::of(e.worker),
        ConsultationEvent::ParticipantResponded(e) => Facts { detail: yes(e.comes), ..Facts::said(&e.words) },
        ConsultationEvent::ObjectionTakenToAdvocate(e) => {
            Facts { agency: Some(e.agency), moment: Some(e.answer_by), ..Facts::said(&e.words) }
        }
        ConsultationEvent::AdvocateHeard(e) => Facts::said(&e.words),
        ConsultationEvent::AgendaItemDeferred(_)
        | ConsultationEvent::DecisionAgreed(_)
        | ConsultationEvent::ConsultationClosed(_)
        | ConsultationEvent::ConsultationShared(_) => Facts::none(),
        ConsultationEvent::ViewTakenBack(_) => return Err("the view says that it was taken back"),
    };
    Ok((Area::Consultations, Facts { word, ..facts }))
}

/// What they said to a question to many stands with the question, theirs to take back.
pub(super) fn answered(event: &AnswersEvent) -> Telling {
    let agency = match event {
        AnswersEvent::SurveyAnswered(e) => e.agency,
        AnswersEvent::SurveyAnswerTakenBack(e) => e.agency,
    };
    Ok((Area::Consultations, Facts { agency: Some(agency), ..Facts::none() }))
}
