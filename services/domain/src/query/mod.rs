//! The person asks why somebody looked.

pub mod events;
mod query_access;

pub use query_access::QueryAccess;

use crate::ids::{PersonId, QueryId, ReceiptId, derived_id};
use crate::{Aggregate, StreamKind};
use events::QueryEvent;

/// The question that these words are about a receipt, of a person.
#[must_use]
pub fn query_id(person: PersonId, receipt: ReceiptId, question: &str) -> QueryId {
    QueryId(derived_id(receipt.0, &[b"question", person.0.as_bytes(), question.as_bytes()]))
}

/// A question about one receipt.
#[derive(Debug, Clone, Default)]
pub struct Query {
    asked: bool,
}

impl Aggregate for Query {
    type Id = QueryId;
    type Event = QueryEvent;

    const KIND: StreamKind = StreamKind::Query;

    fn evolve(&mut self, event: &QueryEvent) {
        match event {
            QueryEvent::AccessQueried(_) => self.asked = true,
        }
    }
}
