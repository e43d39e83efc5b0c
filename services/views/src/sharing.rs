//! "My sharing": who can see what now.

use domain::StreamKind;
use domain::ids::{AgencyId, EmergencyId, PersonId, ProvisionId, RelationshipId};
use domain::sharing::Provision;
use domain::sharing::events::SharingEvent;
use domain::vocabulary::{Timestamp, Version, Worker};
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::{ApplyError, Key, View};

/// A person's directive as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharingDoc {
    /// The version of the directive.
    pub version: Version,
    /// The provisions in force, oldest first.
    pub provisions: Vec<ProvisionDoc>,
    /// The blocked agencies.
    pub blocked: Vec<AgencyId>,
    /// Relationships and emergencies through which somebody may look.
    pub open: Vec<OpenDoc>,
}

/// A provision in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProvisionDoc {
    /// Its id.
    #[serde(rename = "provision")]
    pub id: ProvisionId,
    /// What it says.
    #[serde(flatten)]
    pub provision: Provision,
}

/// A relationship or emergency through which somebody may look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDoc {
    /// The relationship, if it is one.
    pub relationship: Option<RelationshipId>,
    /// The emergency, if it is one.
    pub emergency: Option<EmergencyId>,
    /// The worker.
    #[serde(flatten)]
    pub worker: Worker,
    /// When an emergency ends by itself.
    pub until: Option<Timestamp>,
}

/// A person's directive.
#[must_use]
pub fn key(person: PersonId) -> Key {
    Key::new().id(person)
}

/// The view.
#[derive(Debug)]
pub struct MySharing;

impl View for MySharing {
    type Doc = SharingDoc;

    const NAME: &'static str = "sharing";
    const KINDS: &'static [StreamKind] = &[StreamKind::Sharing];

    fn key(event: &Envelope) -> Option<Key> {
        Some(key(PersonId(event.stream)))
    }

    fn apply(event: &Envelope, doc: Option<SharingDoc>) -> Result<Option<SharingDoc>, ApplyError> {
        let Event::Sharing(happened) = &event.event else { return Ok(doc) };
        let mut doc = doc.unwrap_or_default();
        doc.version = event.version;
        take(&mut doc, happened);
        Ok(Some(doc))
    }
}

fn take(doc: &mut SharingDoc, event: &SharingEvent) {
    match event {
        SharingEvent::SharingStarted(_) => {}
        SharingEvent::ProvisionGranted(e) => {
            doc.provisions.push(ProvisionDoc { id: e.provision, provision: Provision::Permit(e.terms.clone()) });
        }
        SharingEvent::ProvisionDenied(e) => {
            doc.provisions.push(ProvisionDoc { id: e.provision, provision: Provision::Deny(e.terms.clone()) });
        }
        SharingEvent::ProvisionNarrowed(e) => {
            for known in doc.provisions.iter_mut().filter(|p| p.id == e.provision) {
                known.provision.narrow(&e.categories, e.level);
            }
        }
        SharingEvent::ProvisionWithdrawn(e) => doc.provisions.retain(|p| p.id != e.provision),
        SharingEvent::AgencyBlocked(e) => doc.blocked.push(e.agency),
        SharingEvent::AgencyUnblocked(e) => doc.blocked.retain(|agency| *agency != e.agency),
        SharingEvent::RelationshipAccessOpened(e) => {
            let relationship = Some(e.relationship);
            doc.open.push(OpenDoc { relationship, emergency: None, worker: e.worker, until: None });
        }
        SharingEvent::RelationshipAccessClosed(e) => doc.open.retain(|o| o.relationship != Some(e.relationship)),
        SharingEvent::EmergencyAccessOpened(e) => {
            let (emergency, until) = (Some(e.emergency), Some(e.until));
            doc.open.push(OpenDoc { relationship: None, emergency, worker: e.worker, until });
        }
        SharingEvent::EmergencyAccessClosed(e) => doc.open.retain(|o| o.emergency != Some(e.emergency)),
    }
}
