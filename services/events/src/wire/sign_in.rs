//! `sign-in` events to and from their stored form.

use domain::sign_in::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    SignInEvent {
        1 => SignInLinked { agency, staff },
    }
}
