//! "My people": who supports the person, and proposals that wait for an answer.

use domain::StreamKind;
use domain::ids::{PersonId, RelationshipId};
use domain::relationship::events::{ProposalWithdrawn, RelationshipEvent};
use domain::vocabulary::{Timestamp, Worker};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::view::changed;
use crate::{ApplyError, Key, View};

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
    /// Withdrawn by the supporter before the person answered.
    Withdrawn,
}

/// A relationship.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelationshipDoc {
    /// Its id.
    pub relationship: RelationshipId,
    /// The supporter.
    #[serde(flatten)]
    pub worker: Worker,
    /// Their role when they proposed it.
    pub role: String,
    /// What the support is.
    pub offer: String,
    /// Where it stands.
    pub stage: RelationshipStage,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// Once it is over: from when the supporter may propose again; none when they may.
    pub again_from: Option<Timestamp>,
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
    type Doc = RelationshipDoc;

    const NAME: &'static str = "relationships";
    const KINDS: &'static [StreamKind] = &[StreamKind::Relationship];

    fn key(event: &Envelope) -> Option<Key> {
        // What the person has not heard of is not theirs.
        let unheard = matches!(
            event.event,
            Event::Relationship(
                RelationshipEvent::ProposalUnheard(_)
                    | RelationshipEvent::ProposalWithdrawn(ProposalWithdrawn { heard: false, .. })
            )
        );
        (!unheard).then(|| of_person(PersonId(event.subject())).id(event.stream))
    }

    fn apply(event: &Envelope, doc: Option<RelationshipDoc>) -> Result<Option<RelationshipDoc>, ApplyError> {
        let Event::Relationship(happened) = &event.event else { return Ok(doc) };
        let (stage, again_from) = match happened {
            RelationshipEvent::SupportProposed(e) => {
                return Ok(Some(RelationshipDoc {
                    relationship: RelationshipId(event.stream),
                    worker: e.worker,
                    role: e.role.clone(),
                    offer: e.offer.clone(),
                    stage: RelationshipStage::Proposed,
                    proposed_at: event.at,
                    again_from: None,
                }));
            }
            RelationshipEvent::SupportAccepted(_) => (RelationshipStage::Active, None),
            RelationshipEvent::SupportDeclined(e) => (RelationshipStage::Declined, Some(e.again_from)),
            RelationshipEvent::SupportEnded(e) => (RelationshipStage::Ended, Some(e.again_from)),
            RelationshipEvent::ProposalWithdrawn(e) => (RelationshipStage::Withdrawn, Some(e.again_from)),
            RelationshipEvent::AskingAllowed(_) => return changed(doc, |doc| doc.again_from = None),
            RelationshipEvent::ProposalUnheard(_) => return Ok(doc),
        };
        changed(doc, |doc| (doc.stage, doc.again_from) = (stage, again_from))
    }
}
