//! `relationship` events to and from their stored form.

use domain::relationship::events::*;
use proto::events::v1 as pb;

use super::wire_event;

wire_event! {
    RelationshipEvent {
        1 => SupportProposed { person, role, offer, lapses_at } + worker,
        2 => SupportAccepted { word, confirmed_by, confirmation } + worker,
        3 => SupportDeclined { reason, again_from } + worker,
        4 => SupportEnded { by, reason, again_from, word } + worker,
        5 => ProposalUnheard { person, role, offer, lapses_at, worker_blocked } + worker,
        6 => ProposalWithdrawn { heard, again_from } + worker,
        7 => AskingAllowed {} + worker,
        8 => SupporterLeft { heard, left_at } + worker,
        9 => SupportSuggested { person, words, source } + worker,
        10 => SupporterInvited { person, message } + worker,
        11 => SuggestionDismissed {} + worker,
        12 => AcceptanceEntered { word } + worker,
        13 => CodeUnsent {} + worker,
    }
}
