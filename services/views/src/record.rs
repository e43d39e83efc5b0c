//! The record, entry by entry, in PRSB order. "My record" reads all of it; "shared plan" what the directive covers.

use domain::StreamKind;
use domain::ids::{EntryId, PersonId};
use domain::person::events::PersonEvent;
use domain::vocabulary::{Author, Category, Sensitivity, Timestamp};
use events::Event;
use serde::{Deserialize, Serialize};

use crate::{ApplyError, Docs, Envelope, Key, View};

/// The view's name.
pub const NAME: &str = "record";

/// An entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryDoc {
    /// Its id.
    pub entry: EntryId,
    /// The heading it stands under.
    pub category: Category,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
    /// Who wrote it.
    pub author: Author,
    /// When it was recorded.
    pub at: Timestamp,
    /// What it is.
    pub content: Content,
}

/// Where a goal or an action stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Progress {
    /// Not finished.
    Open,
    /// Achieved or done.
    Done,
    /// Set aside or dropped.
    Ended,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs, reason = "the fields are those of the events that they come from")]
pub enum Content {
    /// A section of About Me.
    AboutMe { heading: String, text: String },
    /// A strength.
    Strength { text: String },
    /// What matters.
    WhatMatters { text: String },
    /// A condition.
    Condition { text: String, impact: String, onset: String },
    /// A goal.
    Goal { text: String, importance: u8, progress: Progress },
    /// An action.
    Action(ActionDoc),
    /// Name and date of birth.
    Contact { name: String, birth_date: String },
}

/// An action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionDoc {
    /// What will be done.
    pub text: String,
    /// The goal it serves.
    pub goal: Option<EntryId>,
    /// Who does it.
    pub owner: String,
    /// By when.
    pub due: String,
    /// How confident the person is, or 0.
    pub confidence: u8,
    /// Where it stands.
    pub progress: Progress,
    /// Notes on progress, oldest first.
    pub notes: Vec<String>,
}

/// Before all entries of a person.
#[must_use]
pub fn of_person(person: PersonId) -> Key {
    Key::new().id(person)
}

/// An entry.
#[must_use]
pub fn entry_key(person: PersonId, category: Category, entry: EntryId) -> Key {
    of_person(person).byte(category.code()).id(entry)
}

/// The entry with the person's name.
#[must_use]
pub fn contact_key(person: PersonId) -> Key {
    entry_key(person, Category::Contact, EntryId(person.0))
}

/// The view.
#[derive(Debug)]
pub struct Record;

impl View for Record {
    fn name(&self) -> &'static str {
        NAME
    }

    fn wants(&self, kind: StreamKind) -> bool {
        kind == StreamKind::Person
    }

    fn keys(&self, event: &Envelope) -> Vec<Key> {
        let Event::Person(happened) = &event.event else { return vec![] };
        let person = PersonId(event.stream);
        let (category, entry) = place(person, happened);
        vec![entry_key(person, category, entry)]
    }

    fn apply(&self, event: &Envelope, docs: &mut Docs) -> Result<(), ApplyError> {
        let Event::Person(happened) = &event.event else { return Ok(()) };
        let person = PersonId(event.stream);
        let (category, entry) = place(person, happened);
        let key = entry_key(person, category, entry);
        match written(happened) {
            Some((author, sensitivity, content)) => {
                let doc = EntryDoc { entry, category, sensitivity, author, at: event.at, content };
                docs.put(key, event.subject(), event.position, &doc)
            }
            None => docs
                .update(key, event.subject(), event.position, |doc: &mut EntryDoc| change(&mut doc.content, happened)),
        }
    }
}

/// The heading and id of the entry that an event is about.
fn place(person: PersonId, event: &PersonEvent) -> (Category, EntryId) {
    match event {
        PersonEvent::PersonRegistered(_) => (Category::Contact, EntryId(person.0)),
        PersonEvent::AboutMeSectionWritten(e) => (Category::AboutMe, e.entry),
        PersonEvent::StrengthRecorded(e) => (Category::Strengths, e.entry),
        PersonEvent::WhatMattersRecorded(e) => (Category::WhatMatters, e.entry),
        PersonEvent::ConditionDescribed(e) => (Category::Health, e.entry),
        PersonEvent::GoalSet(e) => (Category::Goals, e.entry),
        PersonEvent::GoalRated(e) => (Category::Goals, e.entry),
        PersonEvent::GoalAchieved(e) => (Category::Goals, e.entry),
        PersonEvent::GoalSetAside(e) => (Category::Goals, e.entry),
        PersonEvent::ActionAgreed(e) => (Category::Actions, e.entry),
        PersonEvent::ActionProgressed(e) => (Category::Actions, e.entry),
        PersonEvent::ActionCompleted(e) => (Category::Actions, e.entry),
        PersonEvent::ActionDropped(e) => (Category::Actions, e.entry),
    }
}

/// The entry that an event writes; none when it changes one.
fn written(event: &PersonEvent) -> Option<(Author, Sensitivity, Content)> {
    let (author, sensitivity, content) = match event {
        PersonEvent::PersonRegistered(e) => {
            let content = Content::Contact { name: e.name.clone(), birth_date: e.birth_date.clone() };
            return Some((Author::System, Sensitivity::normal(), content));
        }
        PersonEvent::AboutMeSectionWritten(e) => {
            (e.author, &e.sensitivity, Content::AboutMe { heading: e.heading.clone(), text: e.text.clone() })
        }
        PersonEvent::StrengthRecorded(e) => (e.author, &e.sensitivity, Content::Strength { text: e.text.clone() }),
        PersonEvent::WhatMattersRecorded(e) => {
            (e.author, &e.sensitivity, Content::WhatMatters { text: e.text.clone() })
        }
        PersonEvent::ConditionDescribed(e) => {
            let content = Content::Condition { text: e.text.clone(), impact: e.impact.clone(), onset: e.onset.clone() };
            (e.author, &e.sensitivity, content)
        }
        PersonEvent::GoalSet(e) => {
            (e.author, &e.sensitivity, Content::Goal { text: e.text.clone(), importance: 0, progress: Progress::Open })
        }
        PersonEvent::ActionAgreed(e) => {
            let action = ActionDoc {
                text: e.text.clone(),
                goal: e.goal,
                owner: e.owner.clone(),
                due: e.due.clone(),
                confidence: e.confidence,
                progress: Progress::Open,
                notes: Vec::new(),
            };
            (e.author, &e.sensitivity, Content::Action(action))
        }
        PersonEvent::GoalRated(_)
        | PersonEvent::GoalAchieved(_)
        | PersonEvent::GoalSetAside(_)
        | PersonEvent::ActionProgressed(_)
        | PersonEvent::ActionCompleted(_)
        | PersonEvent::ActionDropped(_) => return None,
    };
    Some((author, sensitivity.clone(), content))
}

fn change(content: &mut Content, event: &PersonEvent) {
    match (content, event) {
        (Content::Goal { importance, .. }, PersonEvent::GoalRated(e)) => *importance = e.importance,
        (Content::Goal { progress, .. }, PersonEvent::GoalAchieved(_)) => *progress = Progress::Done,
        (Content::Goal { progress, .. }, PersonEvent::GoalSetAside(_)) => *progress = Progress::Ended,
        (Content::Action(action), PersonEvent::ActionProgressed(e)) => action.notes.push(e.note.clone()),
        (Content::Action(action), PersonEvent::ActionCompleted(_)) => action.progress = Progress::Done,
        (Content::Action(action), PersonEvent::ActionDropped(_)) => action.progress = Progress::Ended,
        _ => {}
    }
}
