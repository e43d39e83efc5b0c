//! `relationship` events to and from their stored form.

use domain::relationship::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    RelationshipEvent {
        1 => SupportProposed { person, agency, staff, role, offer },
        2 => SupportAccepted { agency, staff },
        3 => SupportDeclined { agency, staff, reason },
        4 => SupportEnded { agency, staff, by, reason },
    }
}
