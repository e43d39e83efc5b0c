//! `access` events to and from their stored form.

use domain::access::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    AccessEvent {
        1 => RecordViewed { receipt, party, role, purpose, categories, entries, named_authors, under_emergency, directive, refused, lawful_bases, session },
        2 => RecordContributed { receipt, party, role, purpose, categories, entries, under_emergency, directive, source, file, left_out, changed },
        3 => AccessDenied { receipt, party, role, purpose, categories, rules, directive },
        4 => EmergencyReviewed { emergency, party, role, justified, finding },
        5 => EmergencyAllowedAgain { party, role, reason } + worker,
        6 => EventDelivered { receipt, agency, feed, name, door, purpose, events, choices, directive, permits },
        7 => RecallRequested { recall, agency, feed, events, deadline },
        8 => RecallAnswered { recall, agency, answer, basis },
    }
}
