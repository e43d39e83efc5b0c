//! A person's record: about me, strengths, what matters, conditions, goals and actions.
//!
//! A command and its event stand in one file. What consent is decided on, what the fold needs and what the views show of
//! an entry all come from [`PersonEvent::entry`] and [`crate::access::Contribute`].

mod about_me;
mod activate_plan;
mod adopt_goal;
mod agree_action;
mod barrier;
mod check_in;
mod communication;
mod condition;
mod contingency;
mod correct_entry;
mod entry;
mod finish_action;
mod finish_goal;
mod identity;
mod progress_action;
mod rate_action;
mod rate_goal;
mod record;
mod register_person;
mod reply;
mod set_goal;
mod strength;
mod what_matters;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use about_me::WriteAboutMe;
pub use activate_plan::{ActivatePlan, ChooseNotToSay};
pub use adopt_goal::{AdoptGoal, DeclineGoal};
pub use agree_action::{AgreeAction, Owner};
pub use barrier::{BarrierKind, IdentifyBarrier, LiftBarrier, OwnBarrier};
pub use check_in::CheckInWellbeing;
pub use communication::{CommunicationNeed, SetContactPreferences};
pub use condition::DescribeCondition;
pub use contingency::WriteContingencyPlan;
pub use correct_entry::CorrectEntry;
pub use entry::{Change, EntryChange, NOTES_SHOWN, NewEntry, PlannedAction, Progress};
pub use finish_action::{CompleteAction, DropAction, ReopenAction};
pub use finish_goal::{AchieveGoal, ReopenGoal, SetGoalAside};
pub use identity::{IDENTITIES_LIMIT, UnlinkAll, UnlinkIdentity};
pub use progress_action::ProgressAction;
pub use rate_action::RateAction;
pub use rate_goal::RateGoal;
pub use record::{ENTRIES_LIMIT, EntryState};
pub use register_person::{RegisterPerson, register_person};
pub use reply::{AnswerReply, AttachReply, ReplyKind, TakeBackReply};
pub use set_goal::SetGoal;
pub use strength::{RecordStrength, StrengthKind};
pub use what_matters::RecordWhatMatters;

use crate::ids::{AgencyId, EntryId, IdentityId};
use crate::values::{Date, Link, Rating, or_empty, or_zero};
use crate::vocabulary::{Author, Category, Timestamp};

/// What can have happened on a `person` stream.
pub mod events {
    pub use super::PersonEvent;
    pub use super::about_me::AboutMeSectionWritten;
    pub use super::activate_plan::{ChoseNotToSay, PlanActivated};
    pub use super::adopt_goal::{GoalAdopted, GoalDeclined};
    pub use super::agree_action::ActionAgreed;
    pub use super::barrier::{BarrierIdentified, BarrierLifted, BarrierOwned};
    pub use super::check_in::WellbeingCheckedIn;
    pub use super::communication::ContactPreferencesSet;
    pub use super::condition::ConditionDescribed;
    pub use super::contingency::ContingencyPlanWritten;
    pub use super::correct_entry::EntryCorrected;
    pub use super::finish_action::{ActionCompleted, ActionDropped, ActionReopened};
    pub use super::finish_goal::{GoalAchieved, GoalReopened, GoalSetAside};
    pub use super::identity::{IdentityLinked, IdentityUnlinked, PersonInvited};
    pub use super::progress_action::ActionProgressed;
    pub use super::rate_action::ActionRated;
    pub use super::rate_goal::GoalRated;
    pub use super::register_person::PersonRegistered;
    pub use super::reply::{ReplyAnswered, ReplyAttached, ReplyTakenBack};
    pub use super::set_goal::{GoalProposed, GoalSet};
    pub use super::strength::StrengthRecorded;
    pub use super::what_matters::WhatMattersRecorded;
}
use events::*;

crate::event_enum! {
    /// An event of a `person` stream.
    PersonEvent {
        PersonRegistered,
        AboutMeSectionWritten,
        StrengthRecorded,
        WhatMattersRecorded,
        ConditionDescribed,
        GoalSet,
        GoalRated,
        GoalAchieved,
        GoalSetAside,
        ActionAgreed,
        ActionProgressed,
        ActionCompleted,
        ActionDropped,
        ContingencyPlanWritten,
        GoalReopened,
        ActionReopened,
        ReplyAttached,
        ReplyAnswered,
        ReplyTakenBack,
        BarrierIdentified,
        BarrierOwned,
        BarrierLifted,
        GoalProposed,
        GoalAdopted,
        GoalDeclined,
        ActionRated,
        WellbeingCheckedIn,
        ContactPreferencesSet,
        ChoseNotToSay,
        PlanActivated,
        EntryCorrected,
        PersonInvited,
        IdentityLinked,
        IdentityUnlinked,
    }
}

impl PersonEvent {
    /// What it does to an entry; none when it is about the person themselves.
    #[must_use]
    pub fn entry(&self) -> Option<EntryChange<'_>> {
        let goal = |entry, change| EntryChange::of(Category::Goals, entry, change);
        let action = |entry, change| EntryChange::of(Category::Actions, entry, change);
        let barrier = |entry, change| EntryChange::of(Category::Barriers, entry, change);
        Some(match self {
            Self::PersonRegistered(_)
            | Self::PersonInvited(_)
            | Self::IdentityLinked(_)
            | Self::IdentityUnlinked(_) => {
                return None;
            }
            Self::AboutMeSectionWritten(e) => EntryChange::written(e),
            Self::StrengthRecorded(e) => EntryChange::written(e),
            Self::WhatMattersRecorded(e) => EntryChange::written(e),
            Self::ConditionDescribed(e) => EntryChange::written(e),
            Self::GoalSet(e) => EntryChange::written(e),
            Self::ActionAgreed(e) => EntryChange::written(e),
            Self::ContingencyPlanWritten(e) => EntryChange::written(e),
            Self::GoalRated(e) => goal(e.entry, Change::Rated(e.importance)),
            Self::GoalAchieved(e) => goal(e.entry, Change::Finished(e.author, Progress::Done, "")),
            Self::GoalSetAside(e) => goal(e.entry, Change::Finished(e.author, Progress::Ended, &e.reason)),
            Self::GoalReopened(e) => goal(e.entry, Change::Finished(e.author, Progress::Open, &e.reason)),
            Self::ActionProgressed(e) => action(e.entry, Change::Noted(e.author, &e.note)),
            Self::ActionCompleted(e) => action(e.entry, Change::Finished(e.author, Progress::Done, "")),
            Self::ActionDropped(e) => action(e.entry, Change::Finished(e.author, Progress::Ended, &e.reason)),
            Self::ActionReopened(e) => action(e.entry, Change::Finished(e.author, Progress::Open, &e.reason)),
            Self::ReplyAttached(e) => EntryChange::of(e.category, e.entry, Change::Replied(e)),
            Self::ReplyAnswered(e) => EntryChange::of(e.category, e.entry, Change::Answered(e)),
            Self::ReplyTakenBack(e) => EntryChange::of(e.category, e.entry, Change::ReplyTakenBack(e.reply)),
            Self::BarrierIdentified(e) => EntryChange::written(e),
            Self::BarrierOwned(e) => barrier(e.entry, e.change()),
            Self::BarrierLifted(e) => barrier(e.entry, Change::Finished(e.author, Progress::Done, &e.words)),
            Self::GoalProposed(e) => EntryChange::written(e),
            Self::GoalAdopted(e) => goal(e.entry, Change::Adopted(&e.text)),
            Self::GoalDeclined(e) => goal(e.entry, Change::Finished(Author::Person, Progress::Ended, &e.reason)),
            Self::ActionRated(e) => action(e.entry, Change::Confident(e.confidence)),
            Self::WellbeingCheckedIn(e) => EntryChange::written(e),
            Self::ContactPreferencesSet(e) => EntryChange::written(e),
            Self::ChoseNotToSay(e) => EntryChange::written(e),
            Self::PlanActivated(e) => EntryChange::written(e),
            Self::EntryCorrected(e) => EntryChange::of(e.category, e.entry, e.change()),
        })
    }
}

/// What an entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are those of the events that they come from")]
pub enum Content {
    /// A section of About Me.
    AboutMe { heading: String, text: String },
    /// A strength.
    Strength { kind: StrengthKind, text: String, link: Option<Link> },
    /// What matters.
    WhatMatters { text: String },
    /// What to do when things go wrong.
    ContingencyPlan { text: String },
    /// A condition.
    Condition {
        text: String,
        impact: String,
        #[serde(with = "or_empty")]
        onset: Option<Date>,
    },
    /// A goal.
    Goal {
        text: String,
        #[serde(with = "or_zero")]
        importance: Option<Rating>,
        progress: Progress,
    },
    /// An action.
    Action(PlannedAction),
    /// What stands in the way.
    Barrier { kind: BarrierKind, text: String, owner: Option<AgencyId>, progress: Progress },
    /// How the person is.
    CheckIn { wellbeing: Rating, words: String },
    /// How to communicate with the person.
    Communication { needs: Vec<CommunicationNeed>, language: String, text: String },
    /// That the person chose not to say something.
    NotSaid,
    /// That the plan holds.
    Plan,
    /// Name and date of birth.
    Contact {
        name: String,
        #[serde(with = "or_empty")]
        birth_date: Option<Date>,
    },
}

/// What the rules need to know of a record.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// As they were registered, if they are.
    registered: Option<PersonRegistered>,
    entries: BTreeMap<EntryId, EntryState>,
    /// Whether the plan holds.
    active: bool,
    /// What they sign in with: the issuer of each, and since when.
    identities: BTreeMap<IdentityId, (String, Timestamp)>,
}

#[cfg(test)]
pub(crate) mod fixtures {
    use super::EntryId;
    use super::events::{ActionAgreed, GoalSet, PersonEvent, PersonRegistered};
    use crate::scenario::given;
    use crate::values::Rating;
    use crate::vocabulary::{Author, Sensitivity};
    use crate::{Command, Reason};
    use uuid::Uuid;

    pub(crate) fn entry(n: u128) -> EntryId {
        EntryId(Uuid::from_u128(n))
    }

    pub(crate) fn registered() -> PersonEvent {
        PersonRegistered { name: "Ailsa".into(), birth_date: None, sensitivity: None }.into()
    }

    pub(crate) fn goal(n: u128) -> PersonEvent {
        let sensitivity = Sensitivity::normal();
        let (author, text, source) = (Author::Person, "walk to the loch".into(), None);
        GoalSet { entry: entry(n), author, text, source, sensitivity, fingerprint: 0 }.into()
    }

    pub(crate) fn action(n: u128) -> PersonEvent {
        ActionAgreed {
            entry: entry(n),
            author: Author::Person,
            text: "buy boots".into(),
            goal: None,
            owner: "me".into(),
            party: None,
            link: None,
            due: None,
            confidence: Rating::stored(7),
            source: None,
            sensitivity: Sensitivity::normal(),
            fingerprint: 0,
        }
        .into()
    }

    /// What holds for every command that writes a new entry from a text and a sensitivity: it is recorded once, needs words
    /// and a person, and takes labels in their one form only.
    pub(crate) fn writes_a_new_entry<C>(command: impl Fn(&str, Sensitivity) -> C)
    where
        C: Command<Aggregate = super::Person>,
    {
        let plain = |text: &str| command(text, Sensitivity::normal());
        let recorded = plain("x").decide(&crate::Aggregate::folded(&[registered()])).unwrap();
        assert_eq!(recorded.len(), 1);
        let again = given([registered()].into_iter().chain(recorded));
        again.when(plain("x")).then_refused(Reason::AlreadyExists, "entry");
        given([registered()]).when(plain(" ")).then_refused(Reason::Invalid, "text");
        given([]).when(plain("x")).then_refused(Reason::NotFound, "person");
        let labelled = Sensitivity { labels: vec!["psy".into()], ..Sensitivity::normal() };
        given([registered()]).when(command("x", labelled)).then_refused(Reason::Invalid, "sensitivity.labels");
    }
}
