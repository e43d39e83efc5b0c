//! `identity` events to and from their stored form.

use domain::identity::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    IdentityEvent {
        1 => PersonLinked { person },
        2 => PersonUnlinked {},
    }
}
