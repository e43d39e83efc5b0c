//! `sharing` events to and from their stored form.

use domain::sharing::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    SharingEvent {
        1 => SharingStarted {},
        2 => ProvisionGranted { provision, terms, without_telling, word, request },
        3 => ProvisionDenied { provision, terms, word },
        4 => ProvisionNarrowed { provision, categories, level, without_telling },
        5 => ProvisionWithdrawn { provision, without_telling, word },
        6 => AgencyBlocked { agency },
        7 => AgencyUnblocked { agency },
        8 => RelationshipAccessOpened { relationship } + worker,
        9 => RelationshipAccessClosed { relationship },
        10 => EmergencyAccessOpened { emergency, reason, until, nth } + worker,
        11 => EmergencyAccessClosed { emergency },
        12 => WorkerBlocked { sign_in } + worker,
        13 => WorkerUnblocked {} + worker,
        14 => EntryRestricted { entry },
        15 => AccessRequested { request, terms, reason, lapses_at } + worker,
        16 => AccessRequestRefused { request, again_from, word },
        17 => ObjectionRaised { consultation, decision, against, decider, circle },
        18 => ObjectionSettled { consultation, decision },
        19 => AccessRequestGranted { request, provision, word },
        20 => LawfulBasisInvoked { basis, decider, statute, reason, terms } + worker,
        21 => LawfulBasisEnded { basis },
    }
}
