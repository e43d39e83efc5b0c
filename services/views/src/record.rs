//! The record, entry by entry, in PRSB order. "My record" reads all of it; "shared plan" what the directive covers.

use domain::StreamKind;
use domain::ids::{EntryId, PersonId};
use domain::person::events::PersonEvent;
use domain::person::{Change, Content, EntryChange};
use domain::vocabulary::{Author, Category, Sensitivity, Timestamp};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::view::changed;
use crate::{ApplyError, Key, View};

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
    type Doc = EntryDoc;

    const NAME: &'static str = "record";
    const KINDS: &'static [StreamKind] = &[StreamKind::Person];
    const SHELVED: bool = true;

    fn key(event: &Envelope) -> Option<Key> {
        let Event::Person(happened) = &event.event else { return None };
        let person = PersonId(event.stream);
        Some(happened.entry().map_or_else(|| contact_key(person), |e| entry_key(person, e.category, e.entry)))
    }

    fn apply(event: &Envelope, doc: Option<EntryDoc>) -> Result<Option<EntryDoc>, ApplyError> {
        let Event::Person(happened) = &event.event else { return Ok(doc) };
        if let PersonEvent::PersonRegistered(e) = happened {
            let (entry, category, author) = (EntryId(event.stream), Category::Contact, Author::System);
            let content = Content::Contact { name: e.name.clone(), birth_date: e.birth_date.clone() };
            let sensitivity = Sensitivity::normal();
            return Ok(Some(EntryDoc { entry, category, sensitivity, author, at: event.at, content }));
        }
        let Some(EntryChange { category, entry, what }) = happened.entry() else { return Ok(doc) };
        if let Change::Written(new) = what {
            let (author, sensitivity, content) = (new.author(), new.sensitivity().clone(), new.content());
            return Ok(Some(EntryDoc { entry, category, sensitivity, author, at: event.at, content }));
        }
        changed(doc, |doc| doc.content.take(what))
    }
}
