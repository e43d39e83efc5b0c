//! "Caseload": the people whom a worker supports now.

use domain::StreamKind;
use domain::ids::{PersonId, RelationshipId, StaffId};
use domain::relationship::events::RelationshipEvent;
use domain::vocabulary::Timestamp;
use events::Event;
use serde::{Deserialize, Serialize};

use crate::{ApplyError, Docs, Envelope, Key, View};

/// The view's name.
pub const NAME: &str = "caseload";

/// A person whom a worker supports, or has offered to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseDoc {
    /// The relationship.
    pub relationship: RelationshipId,
    /// The person.
    pub person: PersonId,
    /// What the support is.
    pub offer: String,
    /// When the person accepted; none while the proposal waits.
    pub since: Option<Timestamp>,
}

/// Before everybody whom a worker supports.
#[must_use]
pub fn of_staff(staff: StaffId) -> Key {
    Key::new().id(staff)
}

/// The view.
#[derive(Debug)]
pub struct Caseload;

impl View for Caseload {
    fn name(&self) -> &'static str {
        NAME
    }

    fn wants(&self, kind: StreamKind) -> bool {
        kind == StreamKind::Relationship
    }

    fn keys(&self, event: &Envelope) -> Vec<Key> {
        let Event::Relationship(happened) = &event.event else { return vec![] };
        vec![of_staff(supporter(happened)).id(event.stream)]
    }

    fn apply(&self, event: &Envelope, docs: &mut Docs) -> Result<(), ApplyError> {
        let Event::Relationship(happened) = &event.event else { return Ok(()) };
        let key = of_staff(supporter(happened)).id(event.stream);
        match happened {
            RelationshipEvent::SupportProposed(e) => {
                let relationship = RelationshipId(event.stream);
                let doc = CaseDoc { relationship, person: e.person, offer: e.offer.clone(), since: None };
                docs.put(key, event.subject(), event.position, &doc)
            }
            RelationshipEvent::SupportAccepted(_) => {
                docs.update(key, event.subject(), event.position, |doc: &mut CaseDoc| doc.since = Some(event.at))
            }
            RelationshipEvent::SupportDeclined(_) | RelationshipEvent::SupportEnded(_) => {
                docs.remove(key);
                Ok(())
            }
        }
    }
}

fn supporter(event: &RelationshipEvent) -> StaffId {
    match event {
        RelationshipEvent::SupportProposed(e) => e.staff,
        RelationshipEvent::SupportAccepted(e) => e.staff,
        RelationshipEvent::SupportDeclined(e) => e.staff,
        RelationshipEvent::SupportEnded(e) => e.staff,
    }
}
