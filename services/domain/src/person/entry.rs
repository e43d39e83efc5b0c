//! What every entry of a record has in common.

use serde::{Deserialize, Serialize};

use super::events::{EntryCorrected, ReplyAnswered, ReplyAttached};
use super::{BarrierKind, Content, Owner, Person};
use crate::Refusal;
use crate::ids::{AgencyId, EntryId};
use crate::values::{Date, Link, Rating, Source, or_empty, or_zero, push_latest};
use crate::vocabulary::{Author, Category, Sensitivity, Worker};

/// What an event does to an entry.
#[derive(Clone, Copy)]
pub struct EntryChange<'a> {
    /// The heading that the entry stands under.
    pub category: Category,
    pub entry: EntryId,
    /// What it does.
    pub what: Change<'a>,
}

/// What can be done to an entry.
#[derive(Clone, Copy)]
pub enum Change<'a> {
    /// It is written.
    Written(&'a dyn NewEntry),
    /// The person says how important it is.
    Rated(Rating),
    /// Progress is noted.
    Noted(Author, &'a str),
    /// It is finished, or is not after all: by whom, how, and why.
    Finished(Author, Progress, &'a str),
    /// The person adds their side to it.
    Replied(&'a ReplyAttached),
    /// Whoever wrote it answers that.
    Answered(&'a ReplyAnswered),
    /// The person takes a reply back.
    ReplyTakenBack(EntryId),
    /// The person says how confident they are.
    Confident(Rating),
    /// The person takes a goal that was proposed into their words.
    Adopted(&'a str),
    /// An agency takes a barrier on: who says so, and what it is going to do.
    Owned(Author, AgencyId, &'a str),
    /// It is corrected.
    Corrected(&'a EntryCorrected),
}

/// An event that writes a new entry.
pub trait NewEntry: Sync {
    /// The heading that it stands under.
    fn category(&self) -> Category;
    /// The entry.
    fn entry(&self) -> EntryId;
    /// Who wrote it.
    fn author(&self) -> Author;
    /// How sensitive it is.
    fn sensitivity(&self) -> &Sensitivity;
    /// What it says.
    fn content(&self) -> Content;
    /// The resource that it was imported from, if it was, and when its source recorded it, if that is said.
    fn origin(&self) -> Option<(&Source, Option<&Date>)> {
        None
    }
    /// A digest of what its source said, if it was imported; 0 otherwise.
    fn fingerprint(&self) -> u64 {
        0
    }
    /// Whether it is words, which can be corrected.
    fn has_text(&self) -> bool {
        true
    }
    /// Where it lies, if it is a barrier.
    fn barrier(&self) -> Option<BarrierKind> {
        None
    }
    /// Where it stands from the beginning.
    fn progress(&self) -> Progress {
        Progress::Open
    }
    /// Whether it is that the plan holds.
    fn is_plan(&self) -> bool {
        false
    }
}

impl<'a> EntryChange<'a> {
    pub(super) fn written(event: &'a dyn NewEntry) -> Self {
        Self { category: event.category(), entry: event.entry(), what: Change::Written(event) }
    }

    pub(super) fn of(category: Category, entry: EntryId, what: Change<'a>) -> Self {
        Self { category, entry, what }
    }
}

/// Where a goal or an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// Not finished.
    Open,
    /// Achieved or done.
    Done,
    /// Set aside, dropped or not taken up.
    Ended,
    /// A goal that somebody proposed, and the person has not taken up.
    Proposed,
}

/// An action, as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedAction {
    /// What will be done.
    pub text: String,
    /// The goal it serves.
    pub goal: Option<EntryId>,
    /// Who does it, in words.
    pub owner: String,
    /// Who does it, if it is somebody who is known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub party: Option<Owner>,
    /// Where it is found in the community, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Link>,
    /// By when.
    #[serde(with = "or_empty")]
    pub due: Option<Date>,
    /// How confident the person is.
    #[serde(with = "or_zero")]
    pub confidence: Option<Rating>,
    /// Where it stands.
    pub progress: Progress,
    /// Notes on progress, oldest first: the latest, when there are many.
    pub notes: Vec<String>,
}

/// How many notes of an action are read with it, at most: the latest. The log keeps all.
pub const NOTES_SHOWN: usize = 100;

impl Content {
    /// The words that can be corrected, if it has any.
    fn text_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::AboutMe { text, .. }
            | Self::Strength { text, .. }
            | Self::WhatMatters { text }
            | Self::ContingencyPlan { text }
            | Self::Condition { text, .. }
            | Self::Goal { text, .. }
            | Self::Barrier { text, .. } => Some(text),
            Self::Action(action) => Some(&mut action.text),
            Self::Contact { .. } | Self::CheckIn { .. } | Self::Communication { .. } | Self::NotSaid | Self::Plan => {
                None
            }
        }
    }

    /// The agency to which it falls, if it is one that is known here.
    #[must_use]
    pub fn owner(&self) -> Option<AgencyId> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these fall to somebody")]
        match self {
            Self::Barrier { owner, .. } => *owner,
            Self::Action(PlannedAction { party: Some(Owner::Agency(agency)), .. }) => Some(*agency),
            _ => None,
        }
    }

    /// The worker who does it, if it is an action of one who is known here.
    #[must_use]
    pub fn doer(&self) -> Option<Worker> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these are done by somebody")]
        match self {
            Self::Action(PlannedAction { party: Some(Owner::Worker(worker)), .. }) => Some(*worker),
            _ => None,
        }
    }

    /// The words that can be corrected, if it has any.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::AboutMe { text, .. }
            | Self::Strength { text, .. }
            | Self::WhatMatters { text }
            | Self::ContingencyPlan { text }
            | Self::Condition { text, .. }
            | Self::Goal { text, .. }
            | Self::Barrier { text, .. } => Some(text),
            Self::Action(action) => Some(&action.text),
            Self::Contact { .. } | Self::CheckIn { .. } | Self::Communication { .. } | Self::NotSaid | Self::Plan => {
                None
            }
        }
    }

    /// Takes in a change of the entry. What does not fit its kind changes nothing.
    pub fn take(&mut self, change: Change<'_>) {
        match (self, change) {
            (Self::Goal { importance, .. }, Change::Rated(rating)) => *importance = Some(rating),
            (Self::Goal { progress, .. }, Change::Finished(_, now, _)) => *progress = now,
            (Self::Action(action), Change::Noted(_, note)) => {
                push_latest(&mut action.notes, note.to_owned(), NOTES_SHOWN);
            }
            (Self::Action(action), Change::Finished(_, now, _)) => action.progress = now,
            (Self::Action(action), Change::Confident(rating)) => action.confidence = Some(rating),
            (Self::Goal { text, progress, .. }, Change::Adopted(words)) => {
                words.clone_into(text);
                *progress = Progress::Open;
            }
            (Self::Barrier { owner, .. }, Change::Owned(_, agency, _)) => *owner = Some(agency),
            (Self::Barrier { progress, .. }, Change::Finished(_, now, _)) => *progress = now,
            (content, Change::Corrected(e)) => {
                if let Some(text) = content.text_mut() {
                    e.text.clone_into(text);
                }
            }
            _ => {}
        }
    }
}

impl Person {
    /// How sensitive an existing entry is.
    pub(super) fn sensitivity_of(
        &self,
        entry: EntryId,
        category: Category,
        what: &'static str,
    ) -> Result<&Sensitivity, Refusal> {
        let known = self.entry(entry).filter(|state| state.category == category);
        known.map(|state| &state.sensitivity).ok_or_else(|| Refusal::not_found(what))
    }
}

/// Ties a command that writes a new entry to the event that it becomes, and to the heading that consent is asked for.
macro_rules! new_entry {
    ($command:ident $(serving $goal:ident)? => $event:ident in $category:ident, $e:ident => $content:expr $(, from $source:expr, $recorded:expr, $fingerprint:expr)? $(, with { $($more:item)* })?) => {
        impl crate::access::Contribute for $command {
            const HEADINGS: &'static [crate::vocabulary::Category] = &[crate::vocabulary::Category::$category];

            fn category(&self, _: &Person) -> Result<crate::vocabulary::Category, Refusal> {
                Ok(crate::vocabulary::Category::$category)
            }

            fn sensitivity<'a>(&'a self, _: &'a Person) -> Result<&'a Sensitivity, Refusal> {
                Ok(&self.sensitivity)
            }

            $(fn goal<'a>(&self, state: &'a Person) -> Result<Option<&'a Sensitivity>, Refusal> {
                let goals = crate::vocabulary::Category::Goals;
                self.$goal.map(|goal| state.sensitivity_of(goal, goals, "goal")).transpose()
            })?
        }

        impl super::entry::NewEntry for $event {
            fn category(&self) -> crate::vocabulary::Category {
                crate::vocabulary::Category::$category
            }

            fn entry(&self) -> EntryId {
                self.entry
            }

            fn author(&self) -> Author {
                self.author
            }

            fn sensitivity(&self) -> &Sensitivity {
                &self.sensitivity
            }

            fn content(&self) -> Content {
                let $e = self;
                $content
            }

            $(fn origin(&self) -> Option<(&crate::values::Source, Option<&crate::values::Date>)> {
                let $e = self;
                $source.as_ref().map(|source| (source, $recorded))
            }

            fn fingerprint(&self) -> u64 {
                let $e = self;
                $fingerprint
            })?

            $($($more)*)?
        }
    };
}
pub(super) use new_entry;

/// Says which entry a command changes: it must be covered as it is, and is absent when it is not.
macro_rules! changes_entry {
    ($command:ident, $entry:ident in $category:ident $(, knowing $parts:ident)?) => {
        impl crate::access::Contribute for $command {
            const HEADINGS: &'static [Category] = &[Category::$category];

            fn category(&self, _: &Person) -> Result<Category, Refusal> {
                Ok(Category::$category)
            }

            fn sensitivity<'a>(&'a self, state: &'a Person) -> Result<&'a crate::vocabulary::Sensitivity, Refusal> {
                state.sensitivity_of(self.$entry, Category::$category, stringify!($entry))
            }

            fn withheld(&self) -> Refusal {
                Refusal::not_found(stringify!($entry))
            }

            $(fn knowing(self, $parts: &crate::issuers::Parts) -> Self {
                Self { $parts: $parts.clone(), ..self }
            })?
        }
    };
}
pub(super) use changes_entry;

#[cfg(test)]
mod tests {
    use super::*;

    fn action() -> PlannedAction {
        let (text, owner) = ("buy boots".into(), "me".into());
        let (goal, party, link, due, confidence, notes) = (None, None, None, None, None, Vec::new());
        PlannedAction { text, goal, owner, party, link, due, confidence, progress: Progress::Open, notes }
    }

    fn goal() -> Content {
        Content::Goal { text: "walk".into(), importance: None, progress: Progress::Open }
    }

    #[test]
    fn a_change_is_taken_by_the_content_that_it_fits() {
        let nine = Rating::stored(9).unwrap();
        let after = |mut content: Content, change| {
            content.take(change);
            content
        };
        let Content::Goal { importance, .. } = after(goal(), Change::Rated(nine)) else { panic!("a goal") };
        assert_eq!(importance, Some(nine));
        let Content::Goal { progress, .. } = after(goal(), Change::Finished(Author::Person, Progress::Done, "")) else {
            panic!("a goal")
        };
        assert_eq!(progress, Progress::Done);
        let noted = PlannedAction { notes: vec!["red ones".into()], ..action() };
        assert_eq!(after(Content::Action(action()), Change::Noted(Author::Person, "red ones")), Content::Action(noted));
        let dropped = PlannedAction { progress: Progress::Ended, ..action() };
        assert_eq!(
            after(Content::Action(action()), Change::Finished(Author::Person, Progress::Ended, "")),
            Content::Action(dropped)
        );
        assert_eq!(after(goal(), Change::Noted(Author::Person, "x")), goal());
    }

    #[test]
    fn a_document_says_nothing_as_empty_text_and_zero() {
        let day = || Date::optional("due", "2026-03-03").unwrap();
        let condition = |onset| Content::Condition { text: "asthma".into(), impact: String::new(), onset };
        let said = PlannedAction { due: day(), confidence: Rating::stored(7), ..action() };
        for (content, json) in [
            (condition(None), r#"{"condition":{"text":"asthma","impact":"","onset":""}}"#),
            (condition(day()), r#"{"condition":{"text":"asthma","impact":"","onset":"2026-03-03"}}"#),
            (goal(), r#"{"goal":{"text":"walk","importance":0,"progress":"open"}}"#),
            (
                Content::Action(said),
                r#"{"action":{"text":"buy boots","goal":null,"owner":"me","due":"2026-03-03","confidence":7,"progress":"open","notes":[]}}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&content).unwrap(), json);
            assert_eq!(serde_json::from_str::<Content>(json).unwrap(), content);
        }
    }
}
