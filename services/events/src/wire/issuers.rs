//! `issuers` events to and from their stored form.

use domain::issuers::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    IssuersEvent {
        1 => IssuerTrusted { agency, issuer, audience },
        2 => IssuerRetired { agency, issuer },
        3 => AgencyListed { agency, name, place, numbers },
        4 => AgencyAliased { agency, into },
        5 => AgencyUnlisted { agency },
    }
}
