//! The emergencies that one worker has declared: the second waits for the review of the first.

mod declare_emergency;
pub mod events;
mod review_emergency;

use std::collections::BTreeMap;

pub use declare_emergency::{DeclareEmergency, REVIEW_FIRST, declare_emergency};
pub use review_emergency::{ReviewEmergency, Reviewing, review_emergency};

use crate::ids::{AgencyId, EmergencyId, PersonId, StaffId};
use crate::{Aggregate, StreamKind};
use events::EmergencyEvent;

/// The emergencies of one worker that wait for a review: the agency that each was declared for, and the person.
#[derive(Debug, Clone, Default)]
pub struct Emergency {
    unreviewed: BTreeMap<EmergencyId, (AgencyId, PersonId)>,
}

impl Aggregate for Emergency {
    type Id = StaffId;
    type Event = EmergencyEvent;

    const KIND: StreamKind = StreamKind::Emergency;

    fn evolve(&mut self, event: &EmergencyEvent) {
        match event {
            EmergencyEvent::EmergencyAccessDeclared(e) => {
                self.unreviewed.insert(e.emergency, (e.agency, e.person));
            }
            EmergencyEvent::EmergencyAccessReviewed(e) => {
                self.unreviewed.remove(&e.emergency);
            }
        }
    }
}
