//! `request` events to and from their stored form.

use domain::request::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    RequestEvent {
        1 => RequestCarriedOut { asked },
    }
}
