//! Workers who have left, and of whom something may hang on yet: a proposal, support, an emergency access.

use domain::StreamKind;
use domain::ids::{AgencyId, StaffId};
use domain::staff::events::StaffEvent;
use domain::vocabulary::Timestamp;
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::{ApplyError, Key, View};

/// Somebody who has left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DepartureDoc {
    /// Who.
    pub staff: StaffId,
    /// From where.
    pub agency: AgencyId,
    /// When.
    pub left_at: Timestamp,
    /// The position of their leaving: nothing new hangs on them after it.
    pub position: u64,
}

/// Before everybody who has left.
#[must_use]
pub fn all() -> Key {
    Key::new().byte(0)
}

/// The view.
#[derive(Debug)]
pub struct Departures;

impl View for Departures {
    type Doc = DepartureDoc;

    const NAME: &'static str = "departures";
    const KINDS: &'static [StreamKind] = &[StreamKind::Staff];

    fn key(event: &Envelope) -> Option<Key> {
        let Event::Staff(StaffEvent::StaffLeft(_) | StaffEvent::DepartureSettled(_)) = &event.event else {
            return None;
        };
        Some(all().id(event.stream))
    }

    fn apply(event: &Envelope, _: Option<DepartureDoc>) -> Result<Option<DepartureDoc>, ApplyError> {
        let Event::Staff(StaffEvent::StaffLeft(_)) = &event.event else { return Ok(None) };
        // Its words are the agency's: that is whose key seals them.
        let (staff, agency) = (StaffId(event.stream), AgencyId(event.subject()));
        Ok(Some(DepartureDoc { staff, agency, left_at: event.at, position: event.position.0 }))
    }
}
