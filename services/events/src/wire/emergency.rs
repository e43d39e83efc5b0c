//! `emergency` events to and from their stored form.

use domain::emergency::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    EmergencyEvent {
        1 => EmergencyAccessDeclared { emergency, person, agency },
        2 => EmergencyAccessReviewed { emergency, justified },
        3 => EmergencyAccessAllowed { person, directive },
    }
}
