//! What can have happened on an `access` stream.

use crate::ids::ReceiptId;
use crate::vocabulary::{Author, Category, DenialRule, Purpose, Version};

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
    /// Whether it relied on emergency access.
    pub under_emergency: bool,
    /// The version of the sharing stream that the decision relied on.
    pub directive: Version,
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
    /// The version of the sharing stream that the decision relied on.
    pub directive: Version,
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

crate::event_enum! {
    /// An event of an `access` stream.
    AccessEvent {
        RecordViewed,
        RecordContributed,
        AccessDenied,
    }
}
