//! Agencies and staff by name: what turns ids into words that a person understands.

use domain::StreamKind;
use domain::agency::events::AgencyEvent;
use domain::agency::{AgencyNumber, same_role};
use domain::ids::{AgencyId, StaffId};
use domain::staff::events::StaffEvent;
use domain::values::push_latest;
use domain::vocabulary::Timestamp;
use events::{Envelope, Event};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::view::changed;
use crate::{ApplyError, Key, View};

/// An agency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgencyDoc {
    /// Its id.
    pub agency: AgencyId,
    /// Its name.
    pub name: String,
    /// What it was called before, and until when, the oldest first.
    pub former: Vec<FormerName>,
    /// The town or district where it works; may be empty.
    pub place: String,
    /// Its numbers in registers.
    pub numbers: Vec<AgencyNumber>,
    /// The one that it is a part of.
    pub merged_into: Option<AgencyId>,
    /// Whether it is no more.
    pub closed: bool,
    /// What it does.
    pub kind: String,
    /// Whether it is registered; otherwise a source of imported records has named it.
    pub registered: bool,
    /// Whether it lists its workers to people by name; otherwise by role alone.
    pub lists_names: bool,
    /// The roles that its workers have, or have had.
    pub roles: Vec<String>,
}

/// What an agency was called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerName {
    /// Its name.
    pub name: String,
    /// Until when.
    pub until: Timestamp,
}

/// How many former names of an agency are kept.
const FORMER: usize = 50;

impl AgencyDoc {
    fn new(agency: AgencyId, name: String, kind: String, registered: bool) -> Self {
        Self {
            agency,
            name,
            former: vec![],
            place: String::new(),
            numbers: vec![],
            merged_into: None,
            closed: false,
            kind,
            registered,
            lists_names: true,
            roles: vec![],
        }
    }

    /// Whether it is registered, and neither closed nor a part of another since.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.registered && !self.closed && self.merged_into.is_none()
    }

    /// What it was called at a moment.
    #[must_use]
    pub fn name_at(&self, at: Timestamp) -> &str {
        self.former.iter().find(|former| at < former.until).map_or(&self.name, |former| &former.name)
    }

    fn is_called(&mut self, name: String, from: Timestamp) {
        if self.name != name {
            let name = std::mem::replace(&mut self.name, name);
            push_latest(&mut self.former, FormerName { name, until: from }, FORMER);
        }
    }

    /// What happened to it since it was first heard of.
    fn take(&mut self, event: &AgencyEvent, at: Timestamp) {
        match event {
            AgencyEvent::AgencyRegistered(e) => {
                self.is_called(e.name.clone(), at);
                (self.kind, self.place, self.numbers) = (e.kind.clone(), e.place.clone(), e.numbers.clone());
                self.registered = true;
            }
            AgencyEvent::AgencyRenamed(e) => {
                self.is_called(e.name.clone(), at);
                (self.place, self.numbers) = (e.place.clone(), e.numbers.clone());
            }
            AgencyEvent::AgencyMerged(e) => {
                self.is_called(format!("{}, now {}", self.name, e.name), at);
                self.merged_into = Some(e.into);
            }
            AgencyEvent::AgencyClosed(_) => self.closed = true,
            AgencyEvent::StaffListingChanged(e) => self.lists_names = e.by_name,
            AgencyEvent::RoleNamed(e) => self.roles.push(e.role.clone()),
            AgencyEvent::AgencyNamed(_)
            | AgencyEvent::FeedOpened(_)
            | AgencyEvent::FeedChanged(_)
            | AgencyEvent::FeedClosed(_)
            | AgencyEvent::FeedTested(_)
            | AgencyEvent::FeedSecretRotated(_)
            | AgencyEvent::FeedPaused(_)
            | AgencyEvent::FeedResumed(_)
            | AgencyEvent::ServiceAccountAdded(_)
            | AgencyEvent::ServiceAccountRemoved(_) => {}
        }
    }
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
    /// Their roles; none when an import named them and they have not joined.
    pub roles: Vec<String>,
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

impl StaffDoc {
    /// Their roles in words.
    #[must_use]
    pub fn role(&self) -> String {
        self.roles.join(", ")
    }

    /// By what people whom they have not met find them: their name, or their roles where the agency does not tell names.
    #[must_use]
    pub fn sought(&self, by_name: bool) -> String {
        if by_name { self.name.clone() } else { self.role() }
    }

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
            Self::Staff(staff) => staff.current && staff.roles.iter().any(|known| same_role(known, role)),
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

    /// The workers of one agency are about that agency; agencies among one another are about all.
    fn about(list: &Key) -> Option<Uuid> {
        list.0.strip_prefix(workers().0.as_slice()).and_then(|agency| Uuid::from_slice(agency).ok())
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
            let agency = AgencyId(event.stream);
            let doc = match (doc.and_then(DirectoryDoc::agency), happened) {
                (None, AgencyEvent::AgencyRegistered(e)) => {
                    let mut doc = AgencyDoc::new(agency, e.name.clone(), e.kind.clone(), true);
                    doc.take(happened, event.at);
                    Some(doc)
                }
                (None, AgencyEvent::AgencyNamed(e)) => {
                    let (place, numbers) = (e.place.clone(), e.numbers.clone());
                    Some(AgencyDoc { place, numbers, ..AgencyDoc::new(agency, e.name.clone(), e.kind.clone(), false) })
                }
                (doc, _) => changed(doc, |doc| doc.take(happened, event.at))?,
            };
            return Ok(doc.map(DirectoryDoc::Agency));
        }
        let Event::Staff(happened) = &event.event else { return Ok(doc) };
        let staff = StaffId(event.stream);
        let doc = doc.and_then(DirectoryDoc::staff);
        let doc = match happened {
            StaffEvent::StaffJoined(e) => {
                // Whom an import has named is called what it said, or what that was corrected to.
                let (name, roles) = (doc.map_or_else(|| e.name.clone(), |doc| doc.name), vec![e.role.clone()]);
                let (issuer, subject) = (e.issuer.clone(), e.subject.clone());
                Some(StaffDoc { staff, agency: e.agency, name, roles, current: true, issuer, subject, left_at: None })
            }
            StaffEvent::StaffRoleChanged(e) => changed(doc, |doc| doc.roles = vec![e.role.clone()])?,
            StaffEvent::StaffRolesChanged(e) => changed(doc, |doc| doc.roles.clone_from(&e.roles))?,
            StaffEvent::StaffLeft(_) => changed(doc, |doc| (doc.current, doc.left_at) = (false, Some(event.at)))?,
            StaffEvent::StaffNameCorrected(e) => changed(doc, |doc| doc.name.clone_from(&e.name))?,
            StaffEvent::DepartureSettled(_) => doc,
            StaffEvent::StaffNamed(e) => {
                let (name, roles) = (e.name.clone(), vec![]);
                let (issuer, subject) = (String::new(), String::new());
                Some(StaffDoc { staff, agency: e.agency, name, roles, current: false, issuer, subject, left_at: None })
            }
            StaffEvent::StaffSignInChanged(e) => changed(doc, |doc| {
                doc.issuer.clone_from(&e.issuer);
                doc.subject.clone_from(&e.subject);
            })?,
        };
        Ok(doc.map(DirectoryDoc::Staff))
    }
}
