//! `notices` events to and from their stored form.

use domain::notices::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    NoticesEvent {
        1 => AddressGiven { reference, channel, address, given_at, expires_at, quietly },
        2 => AddressConfirmed { reference, since },
        3 => NoticesChosen { emergency, first_look, proposal },
        4 => NoticesStopped { quietly },
        5 => NoticeSent { notice, kind, channel },
        6 => NoticeFailed { notice, kind, channel, why },
        7 => WordCodeAsked { reference, of, asked_at, expires_at } + worker,
        8 => WordCodeUsed { reference },
    }
}
