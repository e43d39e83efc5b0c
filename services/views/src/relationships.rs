//! "My people": who supports the person, and proposals that wait for an answer.

use domain::StreamKind;
use domain::ids::{AgencyId, PersonId, RelationshipId, StaffId};
use domain::relationship::events::RelationshipEvent;
use domain::vocabulary::Timestamp;
use events::Event;
use serde::{Deserialize, Serialize};

use crate::{ApplyError, Docs, Envelope, Key, View};

/// The view's name.
pub const NAME: &str = "relationships";

/// Where a relationship stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RelationshipStage {
    /// Waiting for the person.
    Proposed,
    /// Accepted.
    Active,
    /// Declined by the person.
    Declined,
    /// Ended.
    Ended,
}

/// A relationship.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationshipDoc {
    /// Its id.
    pub relationship: RelationshipId,
    /// The supporter's agency.
    pub agency: AgencyId,
    /// The supporter.
    pub staff: StaffId,
    /// Their role when they proposed it.
    pub role: String,
    /// What the support is.
    pub offer: String,
    /// Where it stands.
    pub stage: RelationshipStage,
    /// When it was proposed.
    pub proposed_at: Timestamp,
}

/// Before all relationships of a person.
#[must_use]
pub fn of_person(person: PersonId) -> Key {
    Key::new().id(person)
}

/// The view.
#[derive(Debug)]
pub struct Relationships;

impl View for Relationships {
    fn name(&self) -> &'static str {
        NAME
    }

    fn wants(&self, kind: StreamKind) -> bool {
        kind == StreamKind::Relationship
    }

    fn keys(&self, event: &Envelope) -> Vec<Key> {
        vec![of_person(PersonId(event.subject())).id(event.stream)]
    }

    fn apply(&self, event: &Envelope, docs: &mut Docs) -> Result<(), ApplyError> {
        let Event::Relationship(happened) = &event.event else { return Ok(()) };
        let key = of_person(PersonId(event.subject())).id(event.stream);
        let stage = match happened {
            RelationshipEvent::SupportProposed(e) => {
                let doc = RelationshipDoc {
                    relationship: RelationshipId(event.stream),
                    agency: e.agency,
                    staff: e.staff,
                    role: e.role.clone(),
                    offer: e.offer.clone(),
                    stage: RelationshipStage::Proposed,
                    proposed_at: event.at,
                };
                return docs.put(key, event.subject(), event.position, &doc);
            }
            RelationshipEvent::SupportAccepted(_) => RelationshipStage::Active,
            RelationshipEvent::SupportDeclined(_) => RelationshipStage::Declined,
            RelationshipEvent::SupportEnded(_) => RelationshipStage::Ended,
        };
        docs.update(key, event.subject(), event.position, |doc: &mut RelationshipDoc| doc.stage = stage)
    }
}
