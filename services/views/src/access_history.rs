//! "Who has looked": the person's receipts, newest first.

use domain::StreamKind;
use domain::access::events::AccessEvent;
use domain::ids::{EmergencyId, LawfulBasisId, PersonId, ReceiptId};
use domain::query::QueryStage;
use domain::query::events::QueryEvent;
use domain::relationship::events::RelationshipEvent;
use domain::sharing::events::SharingEvent;
use domain::values::push_latest;
use domain::vocabulary::{Author, Category, DenialRule, Purpose, Terms, Timestamp, Worker};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::view::changed;
use crate::{ApplyError, Key, Order, View};

/// What a receipt records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReceiptKind {
    /// Somebody looked.
    Viewed,
    /// Somebody added to the record.
    Contributed,
    /// Somebody was refused.
    Denied,
    /// Somebody opened emergency access.
    Emergency,
    /// An emergency access was reviewed.
    Reviewed,
    /// An emergency access ended before its time.
    EmergencyEnded,
    /// Somebody may declare an emergency again.
    EmergencyAllowed,
    /// A privacy officer named a law under which somebody may look.
    LawfulBasis,
    /// That ended before its time.
    LawfulBasisEnded,
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptDoc {
    /// Its id.
    pub receipt: ReceiptId,
    /// What it records.
    pub kind: ReceiptKind,
    /// Who it was.
    pub party: Author,
    /// Their role at the time.
    pub role: String,
    /// When.
    pub at: Timestamp,
    /// The purpose given.
    pub purpose: Purpose,
    /// What was disclosed, added to or asked for.
    pub categories: Vec<Category>,
    /// The system whose records were imported, or nothing.
    pub source: String,
    /// The name of the file that they were in, or empty.
    pub file: String,
    /// How much of the file was left out: resources and their parts.
    pub left_out: u32,
    /// How much of it was imported before, and is otherwise at its source now.
    pub changed: u32,
    /// How many entries were disclosed.
    pub entries: u32,
    /// What was asked for by name besides, and is not shared at all.
    pub refused: Vec<Category>,
    /// Whether workers of other agencies were named as authors of what was disclosed.
    pub named_authors: bool,
    /// Whether it relied on emergency access.
    pub emergency: bool,
    /// The reason given for an emergency access, or what its review found.
    pub reason: String,
    /// The emergency access that was opened or reviewed.
    pub emergency_access: Option<EmergencyId>,
    /// Whether a review found it justified.
    pub justified: bool,
    /// When an emergency access ends by itself.
    pub until: Option<Timestamp>,
    /// Which emergency access of the agency it is; 0 when that was not counted.
    pub nth: u32,
    /// Who may declare an emergency again, or look under a law.
    pub about: Option<Worker>,
    /// The lawful bases that a look relied on, or the one that was named or ended.
    pub lawful_bases: Vec<LawfulBasisId>,
    /// Whether it is of all that somebody read in one session at their own pages.
    #[serde(default)]
    pub session: bool,
    /// The law that was named: the act, and its section.
    pub statute: String,
    /// What it lets somebody see.
    pub terms: Option<Terms>,
    /// The rules by which it was denied.
    pub rules: Vec<DenialRule>,
    /// The person's questions about it, the oldest first: the latest, when there are many.
    pub queries: Vec<QueryDoc>,
}

/// The person's question about a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryDoc {
    /// Its id.
    pub query: Uuid,
    /// The question.
    pub question: String,
    /// When it was asked.
    pub at: Timestamp,
    /// Where it stands.
    pub stage: QueryStage,
    /// By when whoever is asked now is to answer.
    pub answer_by: Option<Timestamp>,
}

impl QueryDoc {
    fn take(&mut self, happened: &QueryEvent) {
        self.stage = self.stage.after(happened);
        if let QueryEvent::QueryEscalated(e) = happened {
            self.answer_by = Some(e.answer_by);
        }
    }
}

/// How many questions are read with a receipt, at most.
const QUERIES_SHOWN: usize = 20;

/// Before all receipts of a person.
#[must_use]
pub fn of_person(person: PersonId) -> Key {
    Key::new().id(person)
}

/// A receipt.
#[must_use]
pub fn receipt_key(person: PersonId, receipt: ReceiptId) -> Key {
    of_person(person).id(receipt)
}

/// The view.
#[derive(Debug)]
pub struct AccessHistory;

impl View for AccessHistory {
    type Doc = ReceiptDoc;

    const NAME: &'static str = "access-history";
    const CODE: i32 = 4;
    const KINDS: &'static [StreamKind] =
        &[StreamKind::Access, StreamKind::Query, StreamKind::Sharing, StreamKind::Relationship];
    const ORDER: Order = Order::NewestFirst;

    fn key(event: &Envelope) -> Option<Key> {
        if let Event::Query(happened) = &event.event {
            return Some(receipt_key(PersonId(event.subject()), happened.receipt()));
        }
        let person = if let Event::Relationship(RelationshipEvent::ProposalUnheard(e)) = &event.event {
            e.person
        } else {
            PersonId(event.stream)
        };
        receipt(event).map(|doc| receipt_key(person, doc.receipt))
    }

    /// A receipt's id is the server's own, and new.
    fn begins(event: &Envelope) -> bool {
        matches!(event.event, Event::Access(_))
    }

    fn apply(event: &Envelope, doc: Option<ReceiptDoc>) -> Result<Option<ReceiptDoc>, ApplyError> {
        if let Event::Query(QueryEvent::AccessQueried(e)) = &event.event {
            let (stage, question) = (QueryStage::Asked, e.question.clone());
            let query = QueryDoc { query: event.stream, question, at: event.at, stage, answer_by: e.answer_by };
            return changed(doc, |doc| push_latest(&mut doc.queries, query, QUERIES_SHOWN));
        }
        if let Event::Query(happened) = &event.event {
            return changed(doc, |doc| {
                if let Some(query) = doc.queries.iter_mut().find(|query| query.query == event.stream) {
                    query.take(happened);
                }
            });
        }
        // A receipt has been since it was written: the same again changes nothing.
        Ok(doc.or_else(|| receipt(event)))
    }
}

/// A receipt that says no more than that something happened.
fn blank(receipt: ReceiptId, kind: ReceiptKind, party: Author, purpose: Purpose, at: Timestamp) -> ReceiptDoc {
    ReceiptDoc {
        receipt,
        kind,
        party,
        role: String::new(),
        at,
        purpose,
        categories: Vec::new(),
        entries: 0,
        refused: Vec::new(),
        named_authors: false,
        emergency: false,
        reason: String::new(),
        emergency_access: None,
        justified: false,
        until: None,
        nth: 0,
        about: None,
        lawful_bases: Vec::new(),
        session: false,
        statute: String::new(),
        terms: None,
        source: String::new(),
        file: String::new(),
        left_out: 0,
        changed: 0,
        rules: Vec::new(),
        queries: Vec::new(),
    }
}

fn receipt(event: &Envelope) -> Option<ReceiptDoc> {
    let blank = |receipt, kind, party, role: &str, purpose, categories: &[Category]| ReceiptDoc {
        role: role.to_owned(),
        categories: categories.to_vec(),
        ..blank(receipt, kind, party, purpose, event.at)
    };
    #[allow(clippy::wildcard_enum_match_arm, reason = "only these events are receipts")]
    match &event.event {
        Event::Access(AccessEvent::RecordViewed(e)) => Some(ReceiptDoc {
            entries: e.entries,
            refused: e.refused.clone(),
            named_authors: e.named_authors,
            emergency: e.under_emergency,
            lawful_bases: e.lawful_bases.clone(),
            session: e.session,
            ..blank(e.receipt, ReceiptKind::Viewed, e.party, &e.role, e.purpose, &e.categories)
        }),
        Event::Access(AccessEvent::RecordContributed(e)) => {
            let doc = blank(e.receipt, ReceiptKind::Contributed, e.party, &e.role, e.purpose, &e.categories);
            Some(ReceiptDoc {
                entries: e.entries,
                emergency: e.under_emergency,
                source: e.source.clone(),
                file: e.file.clone(),
                left_out: e.left_out,
                changed: e.changed,
                ..doc
            })
        }
        Event::Access(AccessEvent::AccessDenied(e)) => Some(ReceiptDoc {
            rules: e.rules.clone(),
            ..blank(e.receipt, ReceiptKind::Denied, e.party, &e.role, e.purpose, &e.categories)
        }),
        Event::Sharing(happened) => let_in(event, happened),
        Event::Access(AccessEvent::EmergencyAllowedAgain(e)) => {
            let receipt = ReceiptId(event.header.event_id);
            let doc = blank(receipt, ReceiptKind::EmergencyAllowed, e.party, &e.role, Purpose::BreakGlass, &[]);
            Some(ReceiptDoc { emergency: true, reason: e.reason.clone(), about: Some(e.worker), ..doc })
        }
        Event::Access(AccessEvent::EmergencyReviewed(e)) => {
            let receipt = ReceiptId(event.header.event_id);
            let doc = blank(receipt, ReceiptKind::Reviewed, e.party, &e.role, Purpose::BreakGlass, &[]);
            let (emergency_access, justified) = (Some(e.emergency), e.justified);
            Some(ReceiptDoc { emergency: true, reason: e.finding.clone(), emergency_access, justified, ..doc })
        }
        // Sealed for the person only if there is one: then they have blocked the agency, and find that somebody tried.
        Event::Relationship(RelationshipEvent::ProposalUnheard(e)) if event.subject() == e.person.0 => {
            let (receipt, party) = (ReceiptId(event.header.event_id), Author::Worker(e.worker));
            let purpose = Purpose::SupportNetwork;
            let doc = blank(receipt, ReceiptKind::Denied, party, &e.role, purpose, &[Category::SupportNetwork]);
            let rule = if e.worker_blocked { DenialRule::WorkerBlocked } else { DenialRule::AgencyBlocked };
            Some(ReceiptDoc { rules: vec![rule], ..doc })
        }
        _ => None,
    }
}

/// That somebody was let in whatever the person shares, or that this ended.
fn let_in(event: &Envelope, happened: &SharingEvent) -> Option<ReceiptDoc> {
    let (receipt, by) = (ReceiptId(event.header.event_id), &event.header.actor);
    let blank =
        |kind, purpose| ReceiptDoc { role: by.role.clone(), ..blank(receipt, kind, by.author(), purpose, event.at) };
    #[allow(clippy::wildcard_enum_match_arm, reason = "only these events are receipts")]
    match happened {
        SharingEvent::EmergencyAccessOpened(e) => {
            let (emergency_access, until, nth) = (Some(e.emergency), Some(e.until), e.nth);
            let (party, reason) = (Author::Worker(e.worker), e.reason.clone());
            let doc = blank(ReceiptKind::Emergency, Purpose::BreakGlass);
            Some(ReceiptDoc { party, emergency: true, reason, emergency_access, until, nth, ..doc })
        }
        SharingEvent::EmergencyAccessClosed(e) => {
            let doc = blank(ReceiptKind::EmergencyEnded, Purpose::BreakGlass);
            Some(ReceiptDoc { emergency: true, emergency_access: Some(e.emergency), ..doc })
        }
        SharingEvent::LawfulBasisInvoked(e) => {
            let purpose = e.terms.purposes.first().copied().unwrap_or(Purpose::Legal);
            let (reason, statute, categories) = (e.reason.clone(), e.statute.clone(), e.terms.categories.clone());
            let (lawful_bases, terms) = (vec![e.basis], Some(e.terms.clone()));
            let (about, until, doc) = (Some(e.worker), e.terms.until, blank(ReceiptKind::LawfulBasis, purpose));
            Some(ReceiptDoc { reason, statute, categories, about, lawful_bases, terms, until, ..doc })
        }
        SharingEvent::LawfulBasisEnded(e) => {
            Some(ReceiptDoc { lawful_bases: vec![e.basis], ..blank(ReceiptKind::LawfulBasisEnded, Purpose::Legal) })
        }
        _ => None,
    }
}
