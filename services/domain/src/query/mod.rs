//! The person asks why somebody looked.

pub mod events;
mod query_access;

pub use query_access::QueryAccess;

use crate::ids::QueryId;
use crate::{Aggregate, StreamKind};
use events::QueryEvent;

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
