//! What is written in the record.

use domain::person::PersonEvent;
use domain::vocabulary::Author;

use super::{Area, Facts, Telling};

pub(super) fn told(event: &PersonEvent) -> Telling {
    let facts = match event {
        PersonEvent::PersonRegistered(_)
        | PersonEvent::GoalAchieved(_)
        | PersonEvent::ActionCompleted(_)
        | PersonEvent::PlanActivated(_) => Facts::none(),
        PersonEvent::AboutMeSectionWritten(e) => Facts::said(&e.text),
        PersonEvent::StrengthRecorded(e) => Facts::said(&e.text),
        PersonEvent::WhatMattersRecorded(e) => Facts::said(&e.text),
        PersonEvent::ConditionDescribed(e) => Facts::said(&e.text),
        PersonEvent::GoalSet(e) => Facts::said(&e.text),
        PersonEvent::GoalProposed(e) => Facts::said(&e.text),
        PersonEvent::GoalAdopted(e) => Facts::said(&e.text),
        PersonEvent::GoalDeclined(e) => Facts::said(&e.reason),
        PersonEvent::GoalRated(e) => Facts::counting(e.importance.value()),
        PersonEvent::GoalSetAside(e) => Facts::said(&e.reason),
        PersonEvent::GoalReopened(e) => Facts::said(&e.reason),
        PersonEvent::ActionAgreed(e) => Facts::said(&e.text),
        PersonEvent::ActionRated(e) => Facts::counting(e.confidence.value()),
        PersonEvent::ActionProgressed(e) => Facts::said(&e.note),
        PersonEvent::ActionDropped(e) => Facts::said(&e.reason),
        PersonEvent::ActionReopened(e) => Facts::said(&e.reason),
        PersonEvent::ContingencyPlanWritten(e) => Facts::said(&e.text),
        PersonEvent::BarrierIdentified(e) => Facts::said(&e.text),
        PersonEvent::BarrierOwned(e) => Facts { agency: Some(e.agency), ..Facts::said(&e.words) },
        PersonEvent::BarrierLifted(e) => Facts::said(&e.words),
        PersonEvent::WellbeingCheckedIn(e) => Facts { count: u32::from(e.wellbeing.value()), ..Facts::said(&e.words) },
        PersonEvent::ContactPreferencesSet(e) => Facts::said(&e.text),
        PersonEvent::ChoseNotToSay(_) => Facts::none(),
        PersonEvent::EntryCorrected(e) => Facts::said(&e.text),
        PersonEvent::ReplyAttached(e) => Facts::said(&e.words),
        PersonEvent::ReplyAnswered(e) => Facts::said(&e.words),
        PersonEvent::ReplyTakenBack(_) => return Err("the reply says that it was taken back"),
        PersonEvent::PersonInvited(e) => {
            let by = Some(Author::Worker(e.worker));
            return Ok((Area::Place, Facts { by, ..Facts::said(&e.offer) }));
        }
        PersonEvent::IdentityLinked(_) => return Ok((Area::Place, Facts::none())),
        PersonEvent::IdentityUnlinked(e) => return Ok((Area::Place, Facts::said(&e.reason))),
    };
    // The heading that the entry stands under.
    let heading = event.entry().map(|change| change.category);
    Ok((Area::Record, Facts { categories: heading.into_iter().collect(), ..facts }))
}
