//! Who supports the person; how they come in, and how they are told.

use domain::invitation::events::InvitationEvent;
use domain::notices::events::NoticesEvent;
use domain::relationship::events::RelationshipEvent;
use domain::vocabulary::Author;

use super::{Area, Facts, Telling, yes};

/// What nobody told the person then they are not told later.
const UNHEARD: &str = "they did not hear of it";

pub(super) fn told(event: &RelationshipEvent) -> Telling {
    let worker = event.worker();
    let with = |words: &str| Facts { worker: Some(worker), ..Facts::said(words) };
    let facts = match event {
        RelationshipEvent::SupportProposed(e) => with(&e.offer),
        // Who entered it, and their account, stand in the item before it.
        RelationshipEvent::SupportAccepted(e) if e.confirmed_by.is_some_and(|by| by != Author::Person) => {
            Facts { detail: "confirmed".to_owned(), ..with(&e.confirmation) }
        }
        RelationshipEvent::SupportAccepted(e) => Facts { word: e.word.clone(), ..Facts::of(worker) },
        RelationshipEvent::AcceptanceEntered(e) => Facts { word: Some(e.word.clone()), ..Facts::of(worker) },
        RelationshipEvent::SupportDeclined(e) => with(&e.reason),
        RelationshipEvent::SupportEnded(e) => {
            // What is entered on their word is theirs, and is told with whoever entered it.
            let by = Some(e.by).filter(|_| e.word.is_none());
            Facts { by, word: e.word.clone(), detail: yes(e.by == Author::Worker(worker)), ..with(&e.reason) }
        }
        RelationshipEvent::ProposalUnheard(_) | RelationshipEvent::CodeUnsent(_) => return Err(UNHEARD),
        RelationshipEvent::ProposalWithdrawn(e) if !e.heard => return Err(UNHEARD),
        RelationshipEvent::SupporterLeft(e) if !e.heard => return Err(UNHEARD),
        RelationshipEvent::ProposalWithdrawn(_)
        | RelationshipEvent::SupporterLeft(_)
        | RelationshipEvent::AskingAllowed(_)
        | RelationshipEvent::SuggestionDismissed(_) => Facts::of(worker),
        RelationshipEvent::SupportSuggested(e) => with(&e.words),
        RelationshipEvent::SupporterInvited(e) => with(&e.message),
    };
    Ok((Area::People, facts))
}

pub(super) fn invited(event: &InvitationEvent) -> Telling {
    let facts = match event {
        InvitationEvent::NewcomerInvited(_) => return Err("their own record tells it once they have come in"),
        InvitationEvent::ReturnInvited(e) => Facts { by: Some(Author::Worker(e.worker)), ..Facts::said(&e.reason) },
        InvitationEvent::ReturnConfirmed(e) => Facts { by: Some(e.author), ..Facts::said(&e.reason) },
        InvitationEvent::CodeGiven(e) => Facts { moment: Some(e.expires), ..Facts::said(&e.message) },
        InvitationEvent::CodeUsed(e) => Facts { by: Some(e.author), ..Facts::none() },
        InvitationEvent::CodeRevoked(_) => Facts::none(),
    };
    Ok((Area::Place, facts))
}

pub(super) fn noticed(event: &NoticesEvent) -> Telling {
    let facts = match event {
        NoticesEvent::WordCodeAsked(e) => Facts::of(e.worker),
        NoticesEvent::WordCodeUsed(_) => return Err("what was entered by it says so"),
        NoticesEvent::AddressGiven(_)
        | NoticesEvent::AddressConfirmed(_)
        | NoticesEvent::NoticesChosen(_)
        | NoticesEvent::NoticesStopped(_)
        | NoticesEvent::NoticeSent(_)
        | NoticesEvent::NoticeFailed(_) => Facts::none(),
    };
    Ok((Area::Place, facts))
}
