//! Who has looked, or tried to; and what was said of it.

use domain::access::events::{AccessEvent, RecallAnswer, RecordViewed};
use domain::agency::ContentLevel;
use domain::query::events::QueryEvent;
use domain::vocabulary::Author;

use super::{Area, Facts, Telling, yes};

/// What a look came to, for a sentence to choose by.
pub(super) fn found(e: &RecordViewed) -> &'static str {
    match (e.entries, e.under_emergency) {
        (0, _) => "nothing",
        (_, true) => "emergency",
        (_, false) => "something",
    }
}

pub(super) fn told(event: &AccessEvent) -> Telling {
    let facts = match event {
        AccessEvent::RecordViewed(e) if e.party == Author::Person => return Err("they looked themselves"),
        AccessEvent::RecordViewed(e) => Facts {
            by: Some(e.party),
            purpose: Some(e.purpose),
            categories: e.categories.iter().copied().collect(),
            detail: found(e).to_owned(),
            ..Facts::counting(1_u32)
        },
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
