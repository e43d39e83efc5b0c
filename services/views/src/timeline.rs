//! The person's timeline: everything that was done about them but looks, which the access history has, newest first. It keeps what a sentence about it needs, and not the sentence: that is
//! made in the reader's language.

mod consultation;
mod looks;
mod people;
mod record;
mod sharing;

pub use looks::looked;

use std::collections::BTreeSet;

use domain::StreamKind;
use domain::access::events::AccessEvent;
use domain::consultation::events::ConsultationEvent;
use domain::ids::{AgencyId, EntryId, PersonId, ProvisionId};
use domain::person::PersonEvent;
use domain::sharing::Provision;
use domain::vocabulary::{Author, Category, OnTheirWord, Purpose, Timestamp, Worker};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::consultations::By;
use crate::deliveries::delivery;
use crate::{ApplyError, Key, Order, View};

/// What part of a life here something belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// What stands in the record, and the answers to it.
    Record,
    /// Who may see what.
    Sharing,
    /// Looks, attempts, emergencies, what agencies' systems received; and the questions about them.
    Looks,
    /// Who supports the person.
    People,
    /// Consultations.
    Consultations,
    /// Coming in, and being told.
    Place,
}

/// What a sentence says besides who and what.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// Whom it is by, where that is not whoever did it here.
    pub by: Option<Author>,
    /// Who entered it on the person's word, if the person did not themselves: then it is the person's.
    pub word: Option<OnTheirWord>,
    /// Who entered that the person takes it back, if the person did not themselves, and when and how they said it.
    pub back: Option<(By, String)>,
    /// What was said with it: the beginning, when it is long.
    pub words: String,
    /// Something that the sentence puts in its own words: an outcome, a ground.
    pub detail: String,
    /// Whom it is about.
    pub worker: Option<Worker>,
    /// Which agency it is about.
    pub agency: Option<AgencyId>,
    /// Of which headings of the record it is.
    pub categories: BTreeSet<Category>,
    /// How many, or how much out of ten.
    pub count: u32,
    /// For what.
    pub purpose: Option<Purpose>,
    /// The moment that it speaks of.
    pub moment: Option<Timestamp>,
    /// What was chosen.
    pub choice: Option<Provision>,
    /// The choice that it is about.
    pub provision: Option<ProvisionId>,
}

/// How many characters of what was said are kept: all of it stands where it was said.
const WORDS: usize = 280;

impl Facts {
    /// That it happened, and no more.
    fn none() -> Self {
        Self::default()
    }

    /// With these words.
    fn said(words: &str) -> Self {
        let mut kept: String = words.chars().take(WORDS).collect();
        if kept.len() < words.len() {
            kept.push('…');
        }
        Self { words: kept, ..Self::default() }
    }

    fn of(worker: Worker) -> Self {
        Self { worker: Some(worker), ..Self::default() }
    }

    fn counting(count: impl TryInto<u32>) -> Self {
        Self { count: count.try_into().unwrap_or(u32::MAX), ..Self::default() }
    }
}

/// What an event tells: the part and the facts, or why it tells nothing.
pub type Telling = Result<(Area, Facts), &'static str>;

/// What a finding or an answer comes to, for a sentence to choose by.
fn yes(yes: bool) -> String {
    if yes { "yes" } else { "no" }.to_owned()
}

/// What the person is told of an event. There is no event of which nothing is said here.
///
/// # Errors
/// Why it tells nothing.
pub fn told(event: &Event) -> Telling {
    match event {
        Event::Person(event) => record::told(event),
        Event::Sharing(event) => sharing::told(event),
        Event::Access(event) => looks::told(event),
        Event::Query(event) => looks::asked(event),
        Event::Relationship(event) => people::told(event),
        Event::Consultation(event) => consultation::told(event),
        Event::Invitation(event) => people::invited(event),
        Event::Notices(event) => people::noticed(event),
        Event::Answers(event) => consultation::answered(event),
        Event::Survey(_) => Err("it is asked of everybody, and stands where it is asked"),
        Event::Identity(_) => Err("what they sign in with stands in their own record"),
        Event::Emergency(_) => Err("the person's own stream tells of the same emergency"),
        Event::Agency(_) | Event::Staff(_) | Event::SignIn(_) | Event::Issuers(_) => Err("it is about an agency"),
        Event::Request(_) => Err("what was asked for tells it"),
        Event::Operations(_) => Err("what those who run the system did about somebody stands where they did it"),
    }
}

/// Something in a person's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineDoc {
    /// What happened: the event's name in the domain language.
    pub event: String,
    /// The part that it belongs to.
    pub area: Area,
    /// Who did it, and when; of what a feed delivers on a day, the first of it.
    pub by: By,
    /// The version of the stream that it was: of a choice, the directive's.
    pub version: u64,
    /// What its sentence says.
    pub facts: Facts,
}

impl TimelineDoc {
    /// The workers who did it, whom it is about, and who entered it.
    pub fn workers(&self) -> impl Iterator<Item = Worker> {
        let entered = self.facts.word.as_ref().map(|word| word.worker);
        let back = self.facts.back.as_ref().and_then(|(by, _)| by.author.worker());
        [self.by.author.worker(), self.facts.worker, entered, back].into_iter().flatten()
    }

    /// That it was said, and taken back, is told; what was said is not.
    fn taken_back(mut self, event: &Envelope) -> Self {
        self.facts.words.clear();
        self.facts.word = self.facts.word.map(|word| OnTheirWord { account: String::new(), ..word });
        self.facts.detail = "taken-back".to_owned();
        if let Event::Consultation(happened) = &event.event {
            self.facts.back = happened.on_their_word().map(|word| (By::of(event), word.account.clone()));
        }
        self
    }
}

/// What the person says and may take back: its id, and whether this takes it back.
fn said(event: &Event) -> Option<(EntryId, bool)> {
    #[allow(clippy::wildcard_enum_match_arm, reason = "only these are said and taken back")]
    match event {
        Event::Consultation(ConsultationEvent::PersonViewRecorded(e)) => e.entry.map(|entry| (entry, false)),
        Event::Consultation(ConsultationEvent::ViewTakenBack(e)) => Some((e.entry, true)),
        Event::Person(PersonEvent::ReplyAttached(e)) => Some((e.reply, false)),
        Event::Person(PersonEvent::ReplyTakenBack(e)) => Some((e.reply, true)),
        _ => None,
    }
}

/// What an agency's computer received on a day: one thing to read, however often it was sent.
fn of_a_day(event: &Envelope) -> Option<Uuid> {
    let Event::Access(AccessEvent::EventDelivered(e)) = &event.event else { return None };
    Some(delivery(e.feed, event.at).0)
}

/// Before all that happened to a person.
#[must_use]
pub fn of_person(person: PersonId) -> Key {
    Key::new().id(person)
}

/// The view.
#[derive(Debug)]
pub struct Timeline;

impl View for Timeline {
    type Doc = TimelineDoc;

    const NAME: &'static str = "timeline";
    const KINDS: &'static [StreamKind] = &[
        StreamKind::Person,
        StreamKind::Sharing,
        StreamKind::Access,
        StreamKind::Query,
        StreamKind::Relationship,
        StreamKind::Consultation,
        StreamKind::Invitation,
        StreamKind::Notices,
        StreamKind::Answers,
    ];
    const ORDER: Order = Order::NewestFirst;

    fn key(event: &Envelope) -> Option<Key> {
        // What the person takes back is told no more, where it stood: that they said it and took it back is.
        let said = said(&event.event);
        if said.is_none() {
            told(&event.event).ok()?;
        }
        let id = said.map(|(entry, _)| entry.0).or_else(|| of_a_day(event)).unwrap_or(event.header.event_id);
        Some(of_person(PersonId(event.subject())).id(id))
    }

    fn begins(event: &Envelope) -> bool {
        let is_again = said(&event.event).is_some_and(|(_, taken_back)| taken_back);
        !is_again && of_a_day(event).is_none()
    }

    fn apply(event: &Envelope, doc: Option<TimelineDoc>) -> Result<Option<TimelineDoc>, ApplyError> {
        if let Some((_, true)) = said(&event.event) {
            return Ok(doc.map(|doc| doc.taken_back(event)));
        }
        let Ok((area, facts)) = told(&event.event) else { return Ok(doc) };
        if let Some(mut doc) = doc {
            doc.facts.count = doc.facts.count.saturating_add(facts.count);
            doc.facts.categories.extend(facts.categories);
            return Ok(Some(doc));
        }
        let mut by = By::of(event);
        by.author = facts.by.unwrap_or(by.author);
        Ok(Some(TimelineDoc { event: event.event.name().to_owned(), area, by, version: event.version.0, facts }))
    }
}
