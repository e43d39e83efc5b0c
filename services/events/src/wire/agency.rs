//! `agency` events to and from their stored form.

use domain::agency::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    AgencyEvent {
        1 => AgencyRegistered { name, kind },
        2 => RoleNamed { role },
        3 => AgencyNamed { name, kind },
        4 => StaffListingChanged { by_name },
    }
}
