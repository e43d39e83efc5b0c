//! "My sharing": who can see what now.

use domain::StreamKind;
use domain::ids::{AgencyId, EmergencyId, PersonId, ProvisionId, RelationshipId, StaffId};
use domain::sharing::events::SharingEvent;
use domain::vocabulary::{Terms, Timestamp};
use events::Event;
use serde::{Deserialize, Serialize};

use crate::{ApplyError, Docs, Envelope, Key, View};

/// The view's name.
pub const NAME: &str = "sharing";

/// A person's directive as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharingDoc {
    /// The version of the directive.
    pub version: u64,
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
    pub provision: ProvisionId,
    /// Whether it permits (or denies).
    pub permit: bool,
    /// What it says.
    pub terms: Terms,
}

/// A relationship or emergency through which somebody may look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenDoc {
    /// The relationship, if it is one.
    pub relationship: Option<RelationshipId>,
    /// The emergency, if it is one.
    pub emergency: Option<EmergencyId>,
    /// The agency.
    pub agency: AgencyId,
    /// The worker.
    pub staff: StaffId,
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
    fn name(&self) -> &'static str {
        NAME
    }

    fn wants(&self, kind: StreamKind) -> bool {
        kind == StreamKind::Sharing
    }

    fn keys(&self, event: &Envelope) -> Vec<Key> {
        vec![key(PersonId(event.stream))]
    }

    fn apply(&self, event: &Envelope, docs: &mut Docs) -> Result<(), ApplyError> {
        let Event::Sharing(happened) = &event.event else { return Ok(()) };
        let key = key(PersonId(event.stream));
        let mut doc: SharingDoc = docs.get(&key)?.unwrap_or_default();
        doc.version = event.version;
        take(&mut doc, happened);
        docs.put(key, event.subject(), event.position, &doc)
    }
}

fn take(doc: &mut SharingDoc, event: &SharingEvent) {
    match event {
        SharingEvent::SharingStarted(_) => {}
        SharingEvent::ProvisionGranted(e) => {
            doc.provisions.push(ProvisionDoc { provision: e.provision, permit: true, terms: e.terms.clone() });
        }
        SharingEvent::ProvisionDenied(e) => {
            doc.provisions.push(ProvisionDoc { provision: e.provision, permit: false, terms: e.terms.clone() });
        }
        SharingEvent::ProvisionNarrowed(e) => {
            for provision in doc.provisions.iter_mut().filter(|p| p.provision == e.provision) {
                provision.terms.categories.clone_from(&e.categories);
                provision.terms.level = e.level;
            }
        }
        SharingEvent::ProvisionWithdrawn(e) => doc.provisions.retain(|p| p.provision != e.provision),
        SharingEvent::AgencyBlocked(e) => doc.blocked.push(e.agency),
        SharingEvent::AgencyUnblocked(e) => doc.blocked.retain(|agency| *agency != e.agency),
        SharingEvent::RelationshipAccessOpened(e) => {
            let relationship = Some(e.relationship);
            doc.open.push(OpenDoc { relationship, emergency: None, agency: e.agency, staff: e.staff, until: None });
        }
        SharingEvent::RelationshipAccessClosed(e) => doc.open.retain(|o| o.relationship != Some(e.relationship)),
        SharingEvent::EmergencyAccessOpened(e) => {
            let (emergency, until) = (Some(e.emergency), Some(e.until));
            doc.open.push(OpenDoc { relationship: None, emergency, agency: e.agency, staff: e.staff, until });
        }
        SharingEvent::EmergencyAccessClosed(e) => doc.open.retain(|o| o.emergency != Some(e.emergency)),
    }
}
