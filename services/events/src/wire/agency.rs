//! `agency` events to and from their stored form.

use domain::agency::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    AgencyEvent {
        1 => AgencyRegistered { name, kind, place, numbers },
        2 => RoleNamed { role },
        3 => AgencyNamed { name, kind, place, numbers },
        4 => StaffListingChanged { by_name },
        5 => AgencyRenamed { name, place, numbers },
        6 => AgencyMerged { into, name },
        7 => AgencyClosed {},
        8 => FeedOpened { feed, name, door, purpose, selection, target },
        9 => FeedChanged { feed, selection, target },
        10 => FeedClosed { feed },
        11 => ServiceAccountAdded { account, name, issuer, subject, sign_in, scopes },
        12 => ServiceAccountRemoved { account },
        13 => FeedTested { feed },
        14 => FeedSecretRotated { feed, secret, previous_until },
        15 => FeedPaused { feed, why },
        16 => FeedResumed { feed },
    }
}
