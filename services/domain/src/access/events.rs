//! What can have happened on an `access` stream.

use uuid::Uuid;

use crate::agency::{ContentLevel, Door};
use crate::ids::{AgencyId, EmergencyId, EntryId, FeedId, LawfulBasisId, ProvisionId, RecallId, ReceiptId};
use crate::vocabulary::{Author, Category, DenialRule, Purpose, Timestamp, Version, Worker, coded};

/// Somebody looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordViewed {
    pub receipt: ReceiptId,
    /// Who it was.
    pub party: Author,
    pub role: String,
    /// The purpose given.
    pub purpose: Purpose,
    /// The record categories.
    pub categories: Vec<Category>,
    /// How many entries were disclosed.
    pub entries: u32,
    /// Whether workers of other agencies were named as their authors.
    pub named_authors: bool,
    /// Whether only emergency access made it possible.
    pub under_emergency: bool,
    /// The version of the sharing stream that the decision relied on.
    pub directive: Version,
    /// What was asked for by name besides, and is not shared at all.
    pub refused: Vec<Category>,
    /// The lawful bases that the decision relied on, if it did.
    pub lawful_bases: Vec<LawfulBasisId>,
    /// Whether it is the first look of one session at their own pages: what they read there after it has no receipt of its own (rule 5).
    pub session: bool,
}

/// Somebody added to the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordContributed {
    pub receipt: ReceiptId,
    /// Who it was.
    pub party: Author,
    pub role: String,
    /// The purpose given.
    pub purpose: Purpose,
    /// The record categories.
    pub categories: Vec<Category>,
    /// How many changes were made.
    pub entries: u32,
    /// Whether only emergency access made it possible.
    pub under_emergency: bool,
    /// The version of the sharing stream that the decision relied on.
    pub directive: Version,
    /// The URI of the system whose records were imported, or empty.
    pub source: String,
    /// The name of the file that they were in, or empty.
    pub file: String,
    /// How much of the file was left out, and how much was imported before and is otherwise at its source now: resources and their parts.
    pub left_out: u32,
    pub changed: u32,
}

/// Somebody was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessDenied {
    pub receipt: ReceiptId,
    /// Who it was.
    pub party: Author,
    pub role: String,
    /// The purpose given.
    pub purpose: Purpose,
    /// The record categories.
    pub categories: Vec<Category>,
    /// The rules that denied it.
    pub rules: Vec<DenialRule>,
    /// The version of the sharing stream that the decision relied on.
    pub directive: Version,
}

/// An emergency access was reviewed, and this was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyReviewed {
    pub emergency: EmergencyId,
    /// Who reviewed it.
    pub party: Author,
    pub role: String,
    /// Whether it was justified.
    pub justified: bool,
    /// What the review found.
    pub finding: String,
}

/// After one emergency access that was found unjustified, a worker may declare one again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmergencyAllowedAgain {
    /// The privacy officer who allows it.
    pub party: Author,
    pub role: String,
    /// Why, in words that the person reads.
    pub reason: String,
    /// Who may.
    pub worker: Worker,
}

/// One event that an agency's system received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivered {
    /// The event's id in the log.
    pub event: Uuid,
    /// The entry that it is about.
    pub entry: EntryId,
    /// The heading that the entry stands under.
    pub category: Category,
    /// How much was said of it.
    pub content: ContentLevel,
}

coded! {
    /// What becomes of a permit, worded to follow "your permit".
    PermitChange {
        /// It was given.
        Began = 1 "began",
        /// Something was taken out of it.
        Narrowed = 2 "was narrowed",
        /// It was withdrawn.
        Ended = 3 "ended",
    }
}

/// What an agency's system was told of a permit to its agency as a whole or to everybody. The agency may keep that: it shows what it was permitted, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PermitTold {
    /// The event's id in the log.
    pub event: Uuid,
    /// The permit.
    pub provision: ProvisionId,
    /// What became of it.
    pub change: PermitChange,
    /// How much was said of it: `Empty` says no more than that something has happened.
    pub content: ContentLevel,
}

/// An agency's system received what has happened, as a feed of the agency tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventDelivered {
    pub receipt: ReceiptId,
    pub agency: AgencyId,
    pub feed: FeedId,
    /// What the agency called the feed then.
    pub name: String,
    pub door: Door,
    /// The purpose that the feed declares.
    pub purpose: Purpose,
    /// What was received.
    pub events: Vec<Delivered>,
    /// The person's choices that let it be received.
    pub choices: Vec<ProvisionId>,
    /// The version of the sharing stream that the decision relied on.
    pub directive: Version,
    /// What the system was told of permits.
    pub permits: Vec<PermitTold>,
}

/// What was delivered is not covered any more: the agency is asked to give it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallRequested {
    pub recall: RecallId,
    pub agency: AgencyId,
    pub feed: FeedId,
    /// What was delivered and is not covered any more.
    pub events: Vec<Delivered>,
    /// By when it is to be answered.
    pub deadline: Timestamp,
}

coded! {
    /// What has become of what a recall names.
    RecallAnswer {
        /// It is erased.
        Erased = 1 "erased it",
        /// It is kept, on a legal ground.
        Retained = 2 "kept it",
    }
}

/// The agency answered a recall.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecallAnswered {
    pub recall: RecallId,
    pub agency: AgencyId,
    pub answer: RecallAnswer,
    /// The legal basis on which it is kept, in words that the person reads; else empty.
    pub basis: String,
}

crate::event_enum! {
    /// An event of an `access` stream.
    AccessEvent {
        RecordViewed,
        RecordContributed,
        AccessDenied,
        EmergencyReviewed,
        EmergencyAllowedAgain,
        EventDelivered,
        RecallRequested,
        RecallAnswered,
    }
}
