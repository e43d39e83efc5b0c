//! The record, entry by entry, in PRSB order. "My record" reads all of it; "shared plan" what the directive covers.

use domain::StreamKind;
use domain::ids::{EntryId, PersonId};
use domain::person::events::{EntryCorrected, PersonEvent};
use domain::person::{Change, Content, EntryChange, Progress, ReplyKind};
use domain::values::{Date, Rating, push_latest};
use domain::vocabulary::{Author, Category, Sensitivity, Timestamp};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::view::{Classed, changed};
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
    /// The role that they had then, if it was a worker and they said so themselves.
    pub role: String,
    /// When it was recorded.
    pub at: Timestamp,
    /// Where it was imported from, if it was.
    pub imported: Option<ImportedDoc>,
    /// What it is.
    pub content: Content,
    /// What has been said of it since, the oldest first: the latest, when there is much.
    pub changes: Vec<ChangeDoc>,
    /// The person's side of it, the oldest first: it goes wherever the entry goes (rule 16).
    pub replies: Vec<ReplyDoc>,
}

impl EntryDoc {
    /// When it was written, changed, replied to, or a reply to it was answered or taken back last.
    #[must_use]
    pub fn changed_at(&self) -> Timestamp {
        let answers = self.replies.iter().filter_map(|reply| Some(reply.answer.as_ref()?.at));
        let replied = self.replies.iter().map(|reply| reply.taken_back_at.unwrap_or(reply.at));
        let said = self.changes.iter().map(|change| change.at).chain(replied);
        said.chain(answers).fold(self.at, Timestamp::max)
    }
}

/// What the person says of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyDoc {
    /// Its id.
    pub reply: EntryId,
    /// What it is.
    pub kind: ReplyKind,
    /// Their words; empty once they were taken back.
    pub words: String,
    /// When they said it.
    pub at: Timestamp,
    /// By when the agency that wrote the entry is to answer, if one did.
    pub answer_by: Option<Timestamp>,
    /// What it answered.
    pub answer: Option<AnswerDoc>,
    /// Whether the person has taken it back.
    pub taken_back: bool,
    /// When they did.
    pub taken_back_at: Option<Timestamp>,
}

impl ReplyDoc {
    /// Whether it should have been answered by now, and was not.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.answer.is_none() && !self.taken_back && self.answer_by.is_some_and(|by| by <= now)
    }
}

/// What was answered to a reply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerDoc {
    /// Who answered.
    pub author: Author,
    /// The role that they had then.
    pub role: String,
    /// When.
    pub at: Timestamp,
    /// What they said.
    pub words: String,
}

/// Where an entry was imported from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedDoc {
    /// The resource of its source, as in `Condition/123`.
    pub from: String,
    /// When its source recorded it, if that is said.
    pub recorded: Option<Date>,
}

/// What somebody said of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeDoc {
    /// What it came to, or that progress was noted, or how important it is.
    pub what: Said,
    /// Who said so.
    pub author: Author,
    /// The role that they had then, as an entry's.
    pub role: String,
    /// When.
    pub at: Timestamp,
    /// Their words; may be empty.
    pub words: String,
    /// What the entry said until then, if it was corrected: for the person alone.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub before: String,
}

/// What somebody says of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// Where it stands.
    Stands(Progress),
    /// How it goes.
    Noted,
    /// How important it is to the person.
    Important(Rating),
    /// How confident they are.
    Confident(Rating),
    /// That their agency takes it on.
    Owned,
    /// What it says from then on.
    Corrected,
}

/// How many changes are read with an entry, at most.
const CHANGES_SHOWN: usize = 100;

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
    const CODE: i32 = 4;
    const KINDS: &'static [StreamKind] = &[StreamKind::Person];
    const SHELVED: bool = true;

    fn key(event: &Envelope) -> Option<Key> {
        let Event::Person(happened) = &event.event else { return None };
        let person = PersonId(event.stream);
        Some(happened.entry().map_or_else(|| contact_key(person), |e| entry_key(person, e.category, e.entry)))
    }

    fn apply(event: &Envelope, doc: Option<EntryDoc>) -> Result<Option<EntryDoc>, ApplyError> {
        let Event::Person(happened) = &event.event else { return Ok(doc) };
        let new = |category, entry, author, sensitivity: &Sensitivity, content| {
            let (sensitivity, role) = (sensitivity.clone(), role_then(event, author));
            let (imported, changes, replies) = (None, Vec::new(), Vec::new());
            EntryDoc { entry, category, sensitivity, author, role, at: event.at, imported, content, changes, replies }
        };
        if let PersonEvent::PersonRegistered(e) = happened {
            let content = Content::Contact { name: e.name.clone(), birth_date: e.birth_date.clone() };
            let (entry, sensitivity) = (EntryId(event.stream), e.sensitivity.clone().unwrap_or(Sensitivity::NORMAL));
            return Ok(Some(new(Category::Contact, entry, Author::System, &sensitivity, content)));
        }
        let Some(EntryChange { category, entry, what }) = happened.entry() else { return Ok(doc) };
        let (said, author, words) = match what {
            Change::Written(written) => {
                let doc = new(category, entry, written.author(), written.sensitivity(), written.content());
                let imported = written.origin().map(|(source, recorded)| ImportedDoc {
                    from: source.as_str().to_owned(),
                    recorded: recorded.cloned(),
                });
                return Ok(Some(EntryDoc { imported, ..doc }));
            }
            Change::Rated(importance) => (Said::Important(importance), Author::Person, ""),
            Change::Noted(author, note) => (Said::Noted, author, note),
            Change::Finished(author, progress, reason) => (Said::Stands(progress), author, reason),
            Change::Confident(confidence) => (Said::Confident(confidence), Author::Person, ""),
            Change::Adopted(_) => (Said::Stands(Progress::Open), Author::Person, ""),
            Change::Owned(author, _, words) => (Said::Owned, author, words),
            Change::Corrected(e) => (Said::Corrected, e.author, e.reason.as_str()),
            Change::Replied(e) => {
                let (reply, kind, words, at, answer_by) = (e.reply, e.kind, e.words.clone(), event.at, e.answer_by);
                let replied = ReplyDoc {
                    reply,
                    kind,
                    words,
                    at,
                    answer_by,
                    answer: None,
                    taken_back: false,
                    taken_back_at: None,
                };
                return changed(doc, |doc| doc.replies.push(replied));
            }
            Change::Answered(e) => {
                let (author, role, words) = (e.author, role_then(event, e.author), e.words.clone());
                let answer = AnswerDoc { author, role, at: event.at, words };
                return changed(doc, |doc| doc.reply(e.reply, |known| known.answer = Some(answer)));
            }
            Change::ReplyTakenBack(reply) => {
                return changed(doc, |doc| {
                    doc.reply(reply, |known| {
                        (known.taken_back, known.taken_back_at) = (true, Some(event.at));
                        known.words.clear();
                    });
                });
            }
        };
        let (role, at, words) = (role_then(event, author), event.at, words.to_owned());
        changed(doc, |doc| {
            let rewritten = matches!(what, Change::Corrected(_) | Change::Adopted(_));
            let before = doc.content.text().filter(|_| rewritten).unwrap_or_default().to_owned();
            doc.content.take(what);
            if let Change::Corrected(EntryCorrected { sensitivity: Some(now), .. }) = what {
                doc.sensitivity = now.clone();
            }
            push_latest(&mut doc.changes, ChangeDoc { what: said, author, role, at, words, before }, CHANGES_SHOWN);
        })
    }
}

impl Classed for Record {
    type Class = (Category, Sensitivity);

    fn class(doc: &EntryDoc) -> (Category, Sensitivity) {
        (doc.category, doc.sensitivity.clone())
    }
}

impl EntryDoc {
    fn reply(&mut self, reply: EntryId, change: impl FnOnce(&mut ReplyDoc)) {
        if let Some(known) = self.replies.iter_mut().find(|known| known.reply == reply) {
            change(known);
        }
    }
}

/// The role in which an author spoke: nobody said one of those whom an import names.
fn role_then(event: &Envelope, author: Author) -> String {
    let actor = &event.header.actor;
    if actor.author() == author { actor.role.clone() } else { String::new() }
}
