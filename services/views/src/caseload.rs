//! "Caseload": the people whom a worker supports now.

use domain::StreamKind;
use domain::ids::{PersonId, RelationshipId, StaffId};
use domain::relationship::events::{ProposalUnheard, RelationshipEvent, SupportProposed};
use domain::vocabulary::Timestamp;
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::view::changed;
use crate::{ApplyError, Key, View};

/// A person whom a worker supports, or has offered to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SupportDoc {
    /// The relationship.
    pub relationship: RelationshipId,
    /// The person.
    pub person: PersonId,
    /// What the support is.
    pub offer: String,
    /// When it was proposed.
    pub proposed_at: Timestamp,
    /// When the person accepted; none while the proposal waits.
    pub since: Option<Timestamp>,
    /// When a proposal that waits can no longer be accepted.
    pub lapses_at: Option<Timestamp>,
    /// Whether the person has invited the worker, who has not proposed yet: the offer is what the person writes to them.
    pub invited: bool,
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
    type Doc = SupportDoc;

    const NAME: &'static str = "caseload";
    const KINDS: &'static [StreamKind] = &[StreamKind::Relationship];

    fn key(event: &Envelope) -> Option<Key> {
        let Event::Relationship(happened) = &event.event else { return None };
        Some(of_staff(happened.worker().staff()).id(event.stream))
    }

    /// A worker's list is about whom they support.
    fn about(_: &Key) -> Option<Uuid> {
        None
    }

    fn apply(event: &Envelope, doc: Option<SupportDoc>) -> Result<Option<SupportDoc>, ApplyError> {
        let Event::Relationship(happened) = &event.event else { return Ok(doc) };
        match happened {
            RelationshipEvent::SupportProposed(SupportProposed { person, offer, lapses_at, .. })
            | RelationshipEvent::ProposalUnheard(ProposalUnheard { person, offer, lapses_at, .. }) => {
                let (relationship, person, offer) = (RelationshipId(event.stream), *person, offer.clone());
                let (proposed_at, since, lapses_at) = (event.at, None, *lapses_at);
                Ok(Some(SupportDoc { relationship, person, offer, proposed_at, since, lapses_at, invited: false }))
            }
            RelationshipEvent::SupporterInvited(e) => Ok(Some(SupportDoc {
                relationship: RelationshipId(event.stream),
                person: e.person,
                offer: e.message.clone(),
                proposed_at: event.at,
                since: None,
                lapses_at: None,
                invited: true,
            })),
            // What was only suggested to the person is not the worker's to know.
            RelationshipEvent::AskingAllowed(_)
            | RelationshipEvent::CodeUnsent(_)
            | RelationshipEvent::SupportSuggested(_)
            | RelationshipEvent::AcceptanceEntered(_) => Ok(doc),
            RelationshipEvent::SupportAccepted(_) => changed(doc, |doc| doc.since = Some(event.at)),
            RelationshipEvent::SupportDeclined(_)
            | RelationshipEvent::SupportEnded(_)
            | RelationshipEvent::SupporterLeft(_)
            | RelationshipEvent::ProposalWithdrawn(_) => Ok(None),
            // What the worker proposed, and nobody heard of, waits as they are told.
            RelationshipEvent::SuggestionDismissed(_) => Ok(doc.filter(|doc| !doc.invited)),
        }
    }
}
