//! A caller's request, by its id: carried out once, and for nothing but what was asked.

pub mod events;

use uuid::Uuid;

use crate::ids::RequestId;
use crate::{Aggregate, StreamKind};
use events::RequestEvent;

/// A request.
#[derive(Debug, Clone, Default)]
pub struct Request {
    asked: Option<Uuid>,
}

impl Request {
    /// What was asked under its id, once it was carried out.
    #[must_use]
    pub fn asked(&self) -> Option<Uuid> {
        self.asked
    }
}

impl Aggregate for Request {
    type Id = RequestId;
    type Event = RequestEvent;

    const KIND: StreamKind = StreamKind::Request;

    fn evolve(&mut self, event: &RequestEvent) {
        match event {
            RequestEvent::RequestCarriedOut(e) => self.asked = Some(e.asked),
        }
    }
}
