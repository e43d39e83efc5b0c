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
        6 => PersonViewRecorded { view, sensitivity },
        7 => DecisionProposed { decision, author, text },
        8 => DecisionAgreed { decision },
        9 => DecisionObjected { decision, reason },
        10 => DecisionMadeWithoutPerson { decision, author, ground, evidence },
        11 => ConsultationClosed { author },
        12 => ConsultationCancelled { author, reason },
        13 => AnswerTakenBack { decision, reason },
        14 => ConsultationShared { sensitivity },
    }
}
