//! `consultation` events to and from their stored form.

use domain::consultation::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    ConsultationEvent {
        1 => ConsultationRequested { person, author, mode, topic, circle },
        2 => AgendaItemRaised { item, author, text },
        3 => AgendaItemAddressed { item, author, note },
        4 => AgendaItemDeferred { item, author },
        5 => OptionOffered { option, author, text, benefits, risks, sensitivity },
        6 => PersonViewRecorded { view, sensitivity, decision, entry, word },
        7 => DecisionProposed { decision, author, text, follow_up },
        8 => DecisionAgreed { decision },
        9 => DecisionObjected { decision, reason, word },
        10 => DecisionMadeWithoutPerson { decision, author, ground, evidence },
        11 => ConsultationClosed { author },
        12 => ConsultationCancelled { author, reason },
        13 => AnswerTakenBack { decision, reason, word },
        14 => ConsultationShared { sensitivity },
        15 => ParticipationDeclined { decision, author, words },
        16 => DecisionWithdrawn { decision, author, reason },
        17 => OutcomeReported { decision, author, outcome, words },
        18 => InformationShared { information, author, text },
        19 => InformationWithheld { information, author, ground, reason, review },
        20 => ConsultationScheduled { author, at, place },
        21 => OutcomeDisputed { decision, words },
        22 => InformationRevealed { information, author, text },
        23 => WithholdingReviewed { information, author, ground, reason, review },
        24 => ViewTakenBack { entry, sensitivity, word },
        25 => ParticipantInvited { author } + worker,
        26 => ParticipantResponded { author, comes, words },
        27 => ObjectionTakenToAdvocate { decision, agency, words, answer_by },
        28 => AdvocateHeard { decision, author, words },
    }
}
