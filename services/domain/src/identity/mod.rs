//! A subject of an identity provider of people, and the person whose it is.

pub mod events;

use crate::ids::{IdentityId, PersonId};
use crate::{Aggregate, StreamKind};
use events::IdentityEvent;

/// Such a subject.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    person: Option<PersonId>,
}

impl Identity {
    /// The person who signs in with it now.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        self.person
    }
}

impl Aggregate for Identity {
    type Id = IdentityId;
    type Event = IdentityEvent;

    const KIND: StreamKind = StreamKind::Identity;

    fn evolve(&mut self, event: &IdentityEvent) {
        match event {
            IdentityEvent::PersonLinked(e) => self.person = Some(e.person),
            IdentityEvent::PersonUnlinked(_) => self.person = None,
        }
    }
}
