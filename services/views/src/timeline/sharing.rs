//! Who may see what.

use domain::sharing::Provision;
use domain::sharing::events::SharingEvent;

use super::{Area, Facts, Telling};

pub(super) fn told(event: &SharingEvent) -> Telling {
    let chosen = |choice| Facts { choice: Some(choice), word: event.on_their_word().cloned(), ..Facts::none() };
    let about = |provision| Facts { provision: Some(provision), word: event.on_their_word().cloned(), ..Facts::none() };
    let facts = match event {
        SharingEvent::SharingStarted(_) => Facts::none(),
        SharingEvent::ProvisionGranted(e) => chosen(Provision::Permit(e.terms.clone())),
        SharingEvent::ProvisionDenied(e) => chosen(Provision::Deny(e.terms.clone())),
        SharingEvent::ProvisionNarrowed(e) => {
            Facts { categories: e.categories.iter().copied().collect(), ..about(e.provision) }
        }
        SharingEvent::ProvisionWithdrawn(e) => about(e.provision),
        SharingEvent::AgencyBlocked(e) => Facts { agency: Some(e.agency), ..Facts::none() },
        SharingEvent::AgencyUnblocked(e) => Facts { agency: Some(e.agency), ..Facts::none() },
        SharingEvent::WorkerBlocked(e) => Facts::of(e.worker),
        SharingEvent::WorkerUnblocked(e) => Facts::of(e.worker),
        SharingEvent::AccessRequested(e) => {
            Facts { choice: Some(Provision::Permit(e.terms.clone())), ..Facts::said(&e.reason) }
        }
        SharingEvent::AccessRequestGranted(e) => about(e.provision),
        SharingEvent::AccessRequestRefused(e) => Facts { word: e.word.clone(), ..Facts::none() },
        SharingEvent::EmergencyAccessOpened(e) => {
            return Ok((Area::Looks, Facts { moment: Some(e.until), ..Facts::said(&e.reason) }));
        }
        SharingEvent::EmergencyAccessClosed(_) | SharingEvent::LawfulBasisEnded(_) => {
            return Ok((Area::Looks, Facts::none()));
        }
        SharingEvent::LawfulBasisInvoked(e) => {
            let choice = Some(Provision::Permit(e.terms.clone()));
            return Ok((Area::Looks, Facts { choice, detail: e.statute.clone(), ..Facts::said(&e.reason) }));
        }
        SharingEvent::RelationshipAccessOpened(_) => return Err("that support began tells it"),
        SharingEvent::RelationshipAccessClosed(_) => return Err("that support ended tells it"),
        SharingEvent::ObjectionRaised(_) | SharingEvent::ObjectionSettled(_) => {
            return Err("the consultation tells it");
        }
        SharingEvent::EntryRestricted(_) => return Err("the correction tells it"),
    };
    Ok((Area::Sharing, facts))
}
