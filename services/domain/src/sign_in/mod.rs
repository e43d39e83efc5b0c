//! A subject of one of an agency's identity providers, and the worker whose it is.
//!
//! It only points. Whether that worker signs in with it now, their own stream says: one that has moved on is free.

pub mod events;
mod link;

pub use link::{Holder, link};

use crate::ids::{SignInId, StaffId};
use crate::{Aggregate, StreamKind};
use events::SignInEvent;

/// A sign-in.
#[derive(Debug, Clone, Default)]
pub struct SignIn {
    staff: Option<StaffId>,
}

impl SignIn {
    /// The worker whom it was linked to last.
    #[must_use]
    pub fn staff(&self) -> Option<StaffId> {
        self.staff
    }
}

impl Aggregate for SignIn {
    type Id = SignInId;
    type Event = SignInEvent;

    const KIND: StreamKind = StreamKind::SignIn;

    fn evolve(&mut self, event: &SignInEvent) {
        match event {
            SignInEvent::SignInLinked(e) => self.staff = Some(e.staff),
        }
    }
}
