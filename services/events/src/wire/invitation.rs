//! `invitation` events to and from their stored form.

use domain::invitation::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    InvitationEvent {
        1 => NewcomerInvited { person, name, reach, offer, expires, at } + worker,
        2 => ReturnInvited { person, reason, expires } + worker,
        3 => ReturnConfirmed { author, reason, second },
        4 => CodeGiven { person, message, expires },
        5 => CodeUsed { author, person },
        6 => CodeRevoked {},
    }
}
