//! An accountable organisation.

pub mod events;
mod register_agency;

pub use register_agency::RegisterAgency;

use crate::ids::AgencyId;
use crate::{Aggregate, StreamKind};
use events::AgencyEvent;

/// An agency.
#[derive(Debug, Clone, Default)]
pub struct Agency {
    registered: bool,
}

impl Agency {
    /// Whether it is registered.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.registered
    }
}

impl Aggregate for Agency {
    type Id = AgencyId;
    type Event = AgencyEvent;

    const KIND: StreamKind = StreamKind::Agency;

    fn evolve(&mut self, event: &AgencyEvent) {
        match event {
            AgencyEvent::AgencyRegistered(_) => self.registered = true,
        }
    }
}
