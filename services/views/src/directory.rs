//! Agencies and staff by name: what turns ids into words that a person understands.

use domain::StreamKind;
use domain::agency::events::AgencyEvent;
use domain::agency::same_role;
use domain::ids::{AgencyId, StaffId};
use domain::staff::events::StaffEvent;
use domain::vocabulary::Timestamp;
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};

use crate::view::changed;
use crate::{ApplyError, Key, View};

/// An agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyDoc {
    /// Its id.
    pub agency: AgencyId,
    /// Its name.
    pub name: String,
    /// What it does.
    pub kind: String,
    /// Whether it is registered; otherwise a source of imported records has named it.
    pub registered: bool,
    /// Whether it lists its workers to people by name; otherwise by role alone.
    #[serde(default = "yes")]
    pub lists_names: bool,
    /// The roles that its workers have, or have had.
    #[serde(default)]
    pub roles: Vec<String>,
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
    /// Their role; empty when an import named them and they have not joined.
    pub role: String,
    /// Whether they work there now.
    pub current: bool,
    /// What they sign in with; empty when an import named them and they have not joined.
    pub issuer: String,
    /// Their subject there.
    pub subject: String,
    /// When they left.
    pub left_at: Option<Timestamp>,
}

/// A document of the directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum DirectoryDoc {
    /// A worker. First, because only a worker is current: an agency's fields may come to be among a worker's.
    Staff(StaffDoc),
    /// An agency.
    Agency(AgencyDoc),
}

/// What was written before agencies could choose.
fn yes() -> bool {
    true
}

impl StaffDoc {
    /// What a worker is called to people whom they have not met: their name, or a code where the agency does not tell names.
    #[must_use]
    pub fn listed(&self, by_name: bool) -> String {
        if by_name {
            return self.name.clone();
        }
        let code: String = self.staff.to_string().chars().rev().take(4).collect();
        format!("worker {}", code.to_uppercase())
    }
}

impl DirectoryDoc {
    /// The agency, if it is one.
    #[must_use]
    pub fn agency(self) -> Option<AgencyDoc> {
        if let Self::Agency(agency) = self { Some(agency) } else { None }
    }

    /// Whether it is an agency that has a word for this role, or a worker who has it.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        match self {
            Self::Agency(agency) => agency.roles.iter().any(|known| same_role(known, role)),
            Self::Staff(staff) => staff.current && same_role(&staff.role, role),
        }
    }

    /// The worker, if it is one.
    #[must_use]
    pub fn staff(self) -> Option<StaffDoc> {
        if let Self::Staff(staff) = self { Some(staff) } else { None }
    }
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

/// Before all workers.
#[must_use]
pub fn workers() -> Key {
    Key::new().byte(1)
}

/// A worker.
#[must_use]
pub fn staff_key(staff: StaffId) -> Key {
    workers().id(staff)
}

/// Before all workers of an agency.
#[must_use]
pub fn staff_of(agency: AgencyId) -> Key {
    workers().id(agency)
}

/// The view.
#[derive(Debug)]
pub struct Directory;

impl View for Directory {
    type Doc = DirectoryDoc;

    const NAME: &'static str = "directory";
    const KINDS: &'static [StreamKind] = &[StreamKind::Agency, StreamKind::Staff];
    const SHELVED: bool = true;

    fn key(event: &Envelope) -> Option<Key> {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these kinds are wanted")]
        match &event.event {
            Event::Agency(_) => Some(agency_key(AgencyId(event.stream))),
            Event::Staff(_) => Some(staff_key(StaffId(event.stream))),
            _ => None,
        }
    }

    /// Workers stand in the list of their agency.
    fn list(event: &Envelope, key: &Key) -> Key {
        #[allow(clippy::wildcard_enum_match_arm, reason = "only these events begin a worker's document")]
        match &event.event {
            Event::Staff(StaffEvent::StaffJoined(e)) => staff_of(e.agency),
            Event::Staff(StaffEvent::StaffNamed(e)) => staff_of(e.agency),
            _ => key.list(),
        }
    }

    fn apply(event: &Envelope, doc: Option<DirectoryDoc>) -> Result<Option<DirectoryDoc>, ApplyError> {
        if let Event::Agency(happened) = &event.event {
            let doc = match happened {
                AgencyEvent::AgencyRegistered(e) => {
                    let (name, kind, roles) = (e.name.clone(), e.kind.clone(), vec![]);
                    Some(AgencyDoc {
                        agency: AgencyId(event.stream),
                        name,
                        kind,
                        registered: true,
                        lists_names: true,
                        roles,
                    })
                }
                AgencyEvent::AgencyNamed(e) => {
                    let (name, kind, roles) = (e.name.clone(), e.kind.clone(), vec![]);
                    Some(AgencyDoc {
                        agency: AgencyId(event.stream),
                        name,
                        kind,
                        registered: false,
                        lists_names: true,
                        roles,
                    })
                }
                AgencyEvent::StaffListingChanged(e) => {
                    changed(doc.and_then(DirectoryDoc::agency), |doc| doc.lists_names = e.by_name)?
                }
                AgencyEvent::RoleNamed(e) => {
                    changed(doc.and_then(DirectoryDoc::agency), |doc| doc.roles.push(e.role.clone()))?
                }
            };
            return Ok(doc.map(DirectoryDoc::Agency));
        }
        let Event::Staff(happened) = &event.event else { return Ok(doc) };
        let staff = StaffId(event.stream);
        let doc = doc.and_then(DirectoryDoc::staff);
        let doc = match happened {
            StaffEvent::StaffJoined(e) => {
                // Whom an import has named is called what it said, or what that was corrected to.
                let (name, role) = (doc.map_or_else(|| e.name.clone(), |doc| doc.name), e.role.clone());
                let (issuer, subject) = (e.issuer.clone(), e.subject.clone());
                Some(StaffDoc { staff, agency: e.agency, name, role, current: true, issuer, subject, left_at: None })
            }
            StaffEvent::StaffRoleChanged(e) => changed(doc, |doc| doc.role.clone_from(&e.role))?,
            StaffEvent::StaffLeft(_) => changed(doc, |doc| (doc.current, doc.left_at) = (false, Some(event.at)))?,
            StaffEvent::StaffNameCorrected(e) => changed(doc, |doc| doc.name.clone_from(&e.name))?,
            StaffEvent::DepartureSettled(_) => doc,
            StaffEvent::StaffNamed(e) => {
                let (name, role) = (e.name.clone(), String::new());
                let (issuer, subject) = (String::new(), String::new());
                Some(StaffDoc { staff, agency: e.agency, name, role, current: false, issuer, subject, left_at: None })
            }
            StaffEvent::StaffSignInChanged(e) => changed(doc, |doc| {
                doc.issuer.clone_from(&e.issuer);
                doc.subject.clone_from(&e.subject);
            })?,
        };
        Ok(doc.map(DirectoryDoc::Staff))
    }
}
