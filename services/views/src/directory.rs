//! Agencies and staff by name: what turns ids into words that a person understands.

use domain::StreamKind;
use domain::agency::events::AgencyEvent;
use domain::ids::{AgencyId, StaffId};
use domain::staff::events::StaffEvent;
use events::Event;
use serde::{Deserialize, Serialize};

use crate::{ApplyError, Docs, Envelope, Key, View};

/// The view's name.
pub const NAME: &str = "directory";

/// An agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyDoc {
    /// Its id.
    pub agency: AgencyId,
    /// Its name.
    pub name: String,
    /// What it does.
    pub kind: String,
}

/// A worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffDoc {
    /// Their id.
    pub staff: StaffId,
    /// Their agency.
    pub agency: AgencyId,
    /// Their name.
    pub name: String,
    /// Their role.
    pub role: String,
    /// Whether they work there now.
    pub current: bool,
}

/// Before all agencies.
#[must_use]
pub fn agencies() -> Key {
    Key::new().byte(0)
}

/// An agency.
#[must_use]
pub fn agency_key(agency: AgencyId) -> Key {
    agencies().id(agency)
}

/// A worker.
#[must_use]
pub fn staff_key(staff: StaffId) -> Key {
    Key::new().byte(1).id(staff)
}

/// The view.
#[derive(Debug)]
pub struct Directory;

impl View for Directory {
    fn name(&self) -> &'static str {
        NAME
    }

    fn wants(&self, kind: StreamKind) -> bool {
        matches!(kind, StreamKind::Agency | StreamKind::Staff)
    }

    fn keys(&self, event: &Envelope) -> Vec<Key> {
        if event.event.kind() == StreamKind::Agency {
            vec![agency_key(AgencyId(event.stream))]
        } else {
            vec![staff_key(StaffId(event.stream))]
        }
    }

    fn apply(&self, event: &Envelope, docs: &mut Docs) -> Result<(), ApplyError> {
        let (subject, position) = (event.subject(), event.position);
        if let Event::Agency(AgencyEvent::AgencyRegistered(e)) = &event.event {
            let agency = AgencyId(event.stream);
            let doc = AgencyDoc { agency, name: e.name.clone(), kind: e.kind.clone() };
            return docs.put(agency_key(agency), subject, position, &doc);
        }
        let Event::Staff(happened) = &event.event else { return Ok(()) };
        let staff = StaffId(event.stream);
        let key = staff_key(staff);
        match happened {
            StaffEvent::StaffJoined(e) => {
                let doc =
                    StaffDoc { staff, agency: e.agency, name: e.name.clone(), role: e.role.clone(), current: true };
                docs.put(key, subject, position, &doc)
            }
            StaffEvent::StaffRoleChanged(e) => {
                docs.update(key, subject, position, |doc: &mut StaffDoc| doc.role.clone_from(&e.role))
            }
            StaffEvent::StaffLeft(_) => docs.update(key, subject, position, |doc: &mut StaffDoc| doc.current = false),
        }
    }
}
