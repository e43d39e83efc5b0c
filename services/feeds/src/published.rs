//! The published language: what a domain event is called outside. Renaming a domain event changes nothing here.

use domain::access::events::AccessEvent;
use domain::agency::events::AgencyEvent;
use domain::person::events::PersonEvent;
use events::Event;

/// What becomes of a domain event outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Published {
    /// It is published under this type.
    As(&'static str),
    /// It is never fed, and why.
    Never(&'static str),
    /// It is to be told, and is not yet: what is missing.
    NotYet(&'static str),
}

use Published::{As, Never, NotYet};

/// That something delivered is to be given back.
pub(crate) const RECALLED: &str = "alongside.recall.requested.v1";
/// That events stood in a feed's stream for too long, and do not any more.
pub(crate) const MISSED: &str = "alongside.feed.missed.v1";
/// A test of a feed: about nobody.
pub(crate) const TESTED: &str = "alongside.feed.tested.v1";
/// What an event of a feed without content is called: it tells nothing but that something has happened.
pub(crate) const SOMETHING: &str = "alongside.something.happened.v1";

/// Every published type of a record's entry, with what it means.
pub(crate) const ENTRY_TYPES: [(&str, &str); 16] = [
    ("alongside.record.contact.recorded.v1", "a person is registered, with a name"),
    ("alongside.record.about-me.written.v1", "a section of About Me is written"),
    ("alongside.record.strength.recorded.v1", "a strength is recorded"),
    ("alongside.record.what-matters.recorded.v1", "what matters to the person is recorded"),
    ("alongside.record.condition.described.v1", "a condition is described"),
    ("alongside.record.contingency-plan.written.v1", "what to do when things go wrong is written"),
    ("alongside.record.goal.set.v1", "a goal is set"),
    ("alongside.record.goal.rated.v1", "the person says how important a goal is"),
    ("alongside.record.goal.achieved.v1", "a goal is achieved"),
    ("alongside.record.goal.set-aside.v1", "a goal is set aside"),
    ("alongside.record.goal.reopened.v1", "a goal is taken up again"),
    ("alongside.record.action.agreed.v1", "an action is agreed"),
    ("alongside.record.action.progressed.v1", "progress of an action is noted"),
    ("alongside.record.action.completed.v1", "an action is done"),
    ("alongside.record.action.dropped.v1", "an action is dropped"),
    ("alongside.record.action.reopened.v1", "an action is taken up again"),
];

/// What a domain event is called outside. An event without a line here does not compile.
pub(crate) fn published(event: &Event) -> Published {
    match event {
        Event::Person(event) => As(entry_type(event)),
        Event::Access(event) => access(event),
        Event::Sharing(_) => NotYet("that a permit to an agency as a whole began or ended"),
        Event::Query(_) => {
            Never("what a person asks about a look is for the agency's privacy officer, and not for its systems")
        }
        Event::Emergency(_) => Never("an emergency is a worker's, and opens nothing to a system"),
        Event::Relationship(_) => NotYet("the relationships of the agency's own workers"),
        Event::Consultation(_) => NotYet("the consultations that the agency takes part in"),
        Event::Agency(AgencyEvent::FeedTested(_)) => As(TESTED),
        Event::Agency(_) | Event::Staff(_) | Event::SignIn(_) | Event::Issuers(_) => {
            Never("it is about agencies and those who work there, and about nobody whom they support")
        }
        Event::Notices(_) => Never("where and of what a person is told is theirs alone"),
        Event::Request(_) | Event::Operations(_) => Never("it is the system's own"),
    }
}

fn access(event: &AccessEvent) -> Published {
    match event {
        AccessEvent::RecallRequested(_) => As(RECALLED),
        AccessEvent::RecordViewed(_)
        | AccessEvent::RecordContributed(_)
        | AccessEvent::AccessDenied(_)
        | AccessEvent::EmergencyReviewed(_)
        | AccessEvent::EmergencyAllowedAgain(_)
        | AccessEvent::EventDelivered(_)
        | AccessEvent::RecallAnswered(_) => Never("receipts are the person's: other people's looks are never fed"),
    }
}

fn entry_type(event: &PersonEvent) -> &'static str {
    match event {
        PersonEvent::PersonRegistered(_) => "alongside.record.contact.recorded.v1",
        PersonEvent::AboutMeSectionWritten(_) => "alongside.record.about-me.written.v1",
        PersonEvent::StrengthRecorded(_) => "alongside.record.strength.recorded.v1",
        PersonEvent::WhatMattersRecorded(_) => "alongside.record.what-matters.recorded.v1",
        PersonEvent::ConditionDescribed(_) => "alongside.record.condition.described.v1",
        PersonEvent::ContingencyPlanWritten(_) => "alongside.record.contingency-plan.written.v1",
        PersonEvent::GoalSet(_) => "alongside.record.goal.set.v1",
        PersonEvent::GoalRated(_) => "alongside.record.goal.rated.v1",
        PersonEvent::GoalAchieved(_) => "alongside.record.goal.achieved.v1",
        PersonEvent::GoalSetAside(_) => "alongside.record.goal.set-aside.v1",
        PersonEvent::GoalReopened(_) => "alongside.record.goal.reopened.v1",
        PersonEvent::ActionAgreed(_) => "alongside.record.action.agreed.v1",
        PersonEvent::ActionProgressed(_) => "alongside.record.action.progressed.v1",
        PersonEvent::ActionCompleted(_) => "alongside.record.action.completed.v1",
        PersonEvent::ActionDropped(_) => "alongside.record.action.dropped.v1",
        PersonEvent::ActionReopened(_) => "alongside.record.action.reopened.v1",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_event_has_a_published_type_or_a_reason_and_every_type_an_event() {
        let mut types = BTreeSet::new();
        for event in Event::samples() {
            match published(&event) {
                As(published) => {
                    assert!(published.starts_with("alongside.") && published.ends_with(".v1"), "{published}");
                    assert!(types.insert(published), "{published} is called twice");
                }
                Never(why) | NotYet(why) => assert!(why.len() > 20, "{}", event.name()),
            }
        }
        let known: BTreeSet<_> = ENTRY_TYPES.iter().map(|(name, _)| *name).chain([RECALLED, TESTED]).collect();
        assert_eq!(types, known);
    }
}
