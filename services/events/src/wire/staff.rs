//! `staff` events to and from their stored form.

use domain::staff::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    StaffEvent {
        1 => StaffJoined { agency, issuer, subject, sign_in, name, role },
        2 => StaffRoleChanged { role },
        3 => StaffLeft {},
        4 => StaffNamed { agency, name },
        5 => StaffSignInChanged { issuer, subject, sign_in },
        6 => StaffNameCorrected { name },
        7 => DepartureSettled {},
        8 => StaffRolesChanged { roles },
    }
}
