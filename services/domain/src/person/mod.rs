//! A person's record: about me, strengths, what matters, conditions, goals and actions.

mod about_me;
mod agree_action;
mod condition;
pub mod events;
mod finish_action;
mod finish_goal;
mod progress_action;
mod rate_goal;
mod register_person;
mod set_goal;
mod strength;
mod what_matters;

use std::collections::BTreeMap;

pub use about_me::WriteAboutMe;
pub use agree_action::AgreeAction;
pub use condition::DescribeCondition;
pub use finish_action::{CompleteAction, DropAction};
pub use finish_goal::{AchieveGoal, SetGoalAside};
pub use progress_action::ProgressAction;
pub use rate_goal::RateGoal;
pub use register_person::RegisterPerson;
pub use set_goal::SetGoal;
pub use strength::RecordStrength;
pub use what_matters::RecordWhatMatters;

use crate::ids::EntryId;
use crate::sharing::LABELS_LIMIT;
use crate::vocabulary::{Category, Sensitivity};
use crate::{Aggregate, Refusal, StreamKind};
use events::PersonEvent;

/// The most entries that one record may hold.
pub const ENTRIES_LIMIT: usize = 20_000;

/// The most notes on one action: it is read as a whole.
const NOTES_LIMIT: usize = 50;

/// What the rules need to know of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryState {
    /// The heading it stands under.
    pub category: Category,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
    /// For a goal or an action: whether it is unfinished.
    pub open: bool,
    /// How many notes on progress an action has.
    pub notes: usize,
}

/// What the rules need to know of a record.
#[derive(Debug, Clone, Default)]
pub struct Person {
    registered: bool,
    entries: BTreeMap<EntryId, EntryState>,
}

impl Person {
    /// Whether the person is registered.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.registered
    }

    /// An entry of the record.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&EntryState> {
        self.entries.get(&id)
    }

    /// Refuses a new entry that cannot be taken.
    fn admits(&self, entry: EntryId, sensitivity: &Sensitivity) -> Result<(), Refusal> {
        if !self.registered {
            return Err(Refusal::not_found("person"));
        }
        if self.entries.contains_key(&entry) {
            return Err(Refusal::already_exists("entry"));
        }
        if self.entries.len() >= ENTRIES_LIMIT {
            return Err(Refusal::rule("entries_limit", format!("a record holds at most `{ENTRIES_LIMIT}` entries")));
        }
        if sensitivity.labels.len() > LABELS_LIMIT {
            return Err(Refusal::invalid("sensitivity.labels", format!("at most `{LABELS_LIMIT}` labels are taken")));
        }
        if !sensitivity.labels.iter().all(|l| (2..=16).contains(&l.len()) && l.bytes().all(|b| b.is_ascii_uppercase()))
        {
            return Err(Refusal::invalid("sensitivity.labels", "a label is 2 to 16 capital letters, such as `PSY`"));
        }
        Ok(())
    }

    /// The unfinished goal or action `entry`, or why there is none.
    fn open_entry(&self, entry: EntryId, category: Category, what: &'static str) -> Result<&EntryState, Refusal> {
        match self.entries.get(&entry) {
            Some(state) if state.category == category && state.open => Ok(state),
            Some(state) if state.category == category => {
                Err(Refusal::rule("still_open", format!("this {what} is finished already")))
            }
            Some(_) | None => Err(Refusal::not_found(what)),
        }
    }

    fn add(&mut self, entry: EntryId, category: Category, sensitivity: &Sensitivity) {
        self.entries.insert(entry, EntryState { category, sensitivity: sensitivity.clone(), open: true, notes: 0 });
    }

    fn finish(&mut self, entry: EntryId) {
        if let Some(state) = self.entries.get_mut(&entry) {
            state.open = false;
        }
    }
}

impl Aggregate for Person {
    type Event = PersonEvent;

    const KIND: StreamKind = StreamKind::Person;

    fn evolve(&mut self, event: &PersonEvent) {
        match event {
            PersonEvent::PersonRegistered(_) => self.registered = true,
            PersonEvent::AboutMeSectionWritten(e) => self.add(e.entry, Category::AboutMe, &e.sensitivity),
            PersonEvent::StrengthRecorded(e) => self.add(e.entry, Category::Strengths, &e.sensitivity),
            PersonEvent::WhatMattersRecorded(e) => self.add(e.entry, Category::WhatMatters, &e.sensitivity),
            PersonEvent::ConditionDescribed(e) => self.add(e.entry, Category::Health, &e.sensitivity),
            PersonEvent::GoalSet(e) => self.add(e.entry, Category::Goals, &e.sensitivity),
            PersonEvent::ActionAgreed(e) => self.add(e.entry, Category::Actions, &e.sensitivity),
            PersonEvent::GoalRated(_) => {}
            PersonEvent::ActionProgressed(e) => {
                if let Some(state) = self.entries.get_mut(&e.entry) {
                    state.notes += 1;
                }
            }
            PersonEvent::GoalAchieved(e) => self.finish(e.entry),
            PersonEvent::GoalSetAside(e) => self.finish(e.entry),
            PersonEvent::ActionCompleted(e) => self.finish(e.entry),
            PersonEvent::ActionDropped(e) => self.finish(e.entry),
        }
    }
}

#[cfg(test)]
pub(crate) mod fixtures {
    use super::events::{ActionAgreed, GoalSet, PersonEvent, PersonRegistered};
    use super::{EntryId, Sensitivity};
    use crate::vocabulary::Author;
    use uuid::Uuid;

    pub(crate) fn entry(n: u128) -> EntryId {
        EntryId(Uuid::from_u128(n))
    }

    pub(crate) fn registered() -> PersonEvent {
        PersonRegistered { name: "Ailsa".into(), birth_date: String::new() }.into()
    }

    pub(crate) fn goal(n: u128) -> PersonEvent {
        let sensitivity = Sensitivity::normal();
        GoalSet {
            entry: entry(n),
            author: Author::Person,
            text: "walk to the loch".into(),
            source: String::new(),
            sensitivity,
        }
        .into()
    }

    pub(crate) fn action(n: u128) -> PersonEvent {
        ActionAgreed {
            entry: entry(n),
            author: Author::Person,
            text: "buy boots".into(),
            goal: None,
            owner: "me".into(),
            due: String::new(),
            confidence: 7,
            source: String::new(),
            sensitivity: Sensitivity::normal(),
        }
        .into()
    }
}
