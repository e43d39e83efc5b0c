//! Who has looked, or tried to; and what was said of it.

use domain::access::events::{AccessEvent, RecallAnswer};
use domain::agency::ContentLevel;
use domain::query::events::QueryEvent;
use domain::vocabulary::Author;

use super::{Area, Facts, Telling, TimelineDoc, yes};
use crate::access_history::ReceiptDoc;
use crate::consultations::By;

/// A look as an item of the timeline: it stands in the access history, and nowhere twice.
#[must_use]
pub fn looked(doc: &ReceiptDoc) -> TimelineDoc {
    let detail = match (doc.entries, doc.emergency, doc.lawful_bases.is_empty()) {
        (0, _, true) => "nothing",
        (0, _, false) => "nothing-by-law",
        (_, true, _) => "emergency",
        (_, false, false) => "law",
        (_, false, true) => "something",
    };
    let facts = Facts {
        purpose: Some(doc.purpose),
        categories: doc.categories.iter().copied().collect(),
        detail: detail.to_owned(),
        ..Facts::none()
    };
    let by = By { author: doc.party, role: doc.role.clone(), at: doc.at };
    TimelineDoc { event: "RecordViewed".to_owned(), area: Area::Looks, by, version: 0, facts }
}

pub(super) fn told(event: &AccessEvent) -> Telling {
    let facts = match event {
        AccessEvent::RecordViewed(_) => return Err("the access history has each look, and is read with the rest"),
        AccessEvent::RecordContributed(e) if e.party != Author::System => {
            return Err("what was added tells it");
        }
        AccessEvent::RecordContributed(e) => {
            Facts { categories: e.categories.iter().copied().collect(), ..Facts::said(&e.source) }
        }
        AccessEvent::AccessDenied(e) => {
            Facts { by: Some(e.party), categories: e.categories.iter().copied().collect(), ..Facts::none() }
        }
        AccessEvent::EmergencyReviewed(e) => {
            Facts { by: Some(e.party), detail: yes(e.justified), ..Facts::said(&e.finding) }
        }
        AccessEvent::EmergencyAllowedAgain(e) => {
            Facts { by: Some(e.party), worker: Some(e.worker), ..Facts::said(&e.reason) }
        }
        AccessEvent::EventDelivered(e) => {
            // Of the rest it was told no more than that something had happened.
            let told: Vec<_> = e.events.iter().filter(|event| event.content > ContentLevel::Empty).collect();
            Facts {
                agency: Some(e.agency),
                purpose: Some(e.purpose),
                categories: told.iter().map(|event| event.category).collect(),
                ..Facts::counting(told.len())
            }
        }
        AccessEvent::RecallRequested(e) => Facts {
            agency: Some(e.agency),
            moment: Some(e.deadline),
            categories: e.events.iter().map(|event| event.category).collect(),
            ..Facts::counting(e.events.len())
        },
        AccessEvent::RecallAnswered(e) => {
            Facts { agency: Some(e.agency), detail: yes(e.answer == RecallAnswer::Erased), ..Facts::said(&e.basis) }
        }
    };
    Ok((Area::Looks, facts))
}

pub(super) fn asked(event: &QueryEvent) -> Telling {
    let facts = match event {
        QueryEvent::AccessQueried(e) => Facts::said(&e.question),
        QueryEvent::AccessExplained(e) => Facts::said(&e.words),
        QueryEvent::ExplanationAccepted(_) => Facts::none(),
        QueryEvent::QueryEscalated(e) => {
            Facts { agency: e.reviewer, moment: Some(e.answer_by), ..Facts::said(&e.words) }
        }
        QueryEvent::QueryResolved(e) => Facts { detail: yes(e.justified), ..Facts::said(&e.words) },
    };
    Ok((Area::Looks, facts))
}
