//! What can have happened on a `person` stream.

use crate::ids::EntryId;
use crate::vocabulary::{Author, Sensitivity};

/// A person was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRegistered {
    /// The person's name.
    pub name: String,
    /// `YYYY-MM-DD`, or empty.
    pub birth_date: String,
}

/// A section of About Me was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutMeSectionWritten {
    /// The entry.
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    /// Its heading.
    pub heading: String,
    /// Its text.
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// A strength, skill, resource or experience was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrengthRecorded {
    /// The entry.
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    /// Its text.
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// What matters to the person was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatMattersRecorded {
    /// The entry.
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    /// Its text.
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// A condition was described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionDescribed {
    /// The entry.
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    /// Its text.
    pub text: String,
    /// What it means for their life; may be empty.
    pub impact: String,
    /// When it began, `YYYY-MM-DD`, or empty.
    pub onset: String,
    /// The resource that it was imported from, or empty.
    pub source: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// A goal was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalSet {
    /// The entry.
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    /// Its text.
    pub text: String,
    /// The resource that it was imported from, or empty.
    pub source: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// The person said how important a goal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalRated {
    /// The entry.
    pub entry: EntryId,
    /// 1 to 10.
    pub importance: u8,
}

/// A goal was achieved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalAchieved {
    /// The entry.
    pub entry: EntryId,
    /// Who did so.
    pub author: Author,
}

/// A goal was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalSetAside {
    /// The entry.
    pub entry: EntryId,
    /// Who did so.
    pub author: Author,
    /// Why; may be empty.
    pub reason: String,
}

/// An action was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionAgreed {
    /// The entry.
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    /// Its text.
    pub text: String,
    /// The goal that it serves.
    pub goal: Option<EntryId>,
    /// Who does it, in words.
    pub owner: String,
    /// By when, `YYYY-MM-DD`, or empty.
    pub due: String,
    /// 1 to 10, or 0 when not said.
    pub confidence: u8,
    /// The resource that it was imported from, or empty.
    pub source: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// An action progressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionProgressed {
    /// The entry.
    pub entry: EntryId,
    /// Who did so.
    pub author: Author,
    /// What happened.
    pub note: String,
}

/// An action was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionCompleted {
    /// The entry.
    pub entry: EntryId,
    /// Who did so.
    pub author: Author,
}

/// An action was dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionDropped {
    /// The entry.
    pub entry: EntryId,
    /// Who did so.
    pub author: Author,
    /// Why; may be empty.
    pub reason: String,
}

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
    }
}
