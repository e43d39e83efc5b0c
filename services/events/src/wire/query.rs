//! `query` events to and from their stored form.

use domain::query::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    QueryEvent {
        1 => AccessQueried { receipt, question, party, answer_by, deciders },
        2 => AccessExplained { receipt, author, words },
        3 => ExplanationAccepted { receipt },
        4 => QueryEscalated { receipt, reviewer, words, answer_by, question, party, told },
        5 => QueryResolved { receipt, author, justified, words },
    }
}
