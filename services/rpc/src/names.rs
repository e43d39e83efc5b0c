use std::collections::{HashMap, HashSet};

use domain::ids::{AgencyId, StaffId};
use domain::vocabulary::{Author, Timestamp, Worker};
use views::directory::{self, AgencyDoc, DirectoryDoc, StaffDoc};
use views::{Key, Views};

use crate::Error;
use crate::words::Names;

/// Whose names a page needs.
#[derive(Debug, Default)]
pub struct Named {
    agencies: HashSet<AgencyId>,
    staff: HashSet<StaffId>,
}

impl Named {
    /// An agency.
    pub fn agency(&mut self, agency: AgencyId) {
        self.agencies.insert(agency);
    }

    /// Somebody who works for an agency.
    pub fn staff(&mut self, staff: StaffId) {
        self.staff.insert(staff);
    }

    /// A worker, and their agency.
    pub fn worker(&mut self, worker: Worker) {
        self.agency(worker.agency());
        self.staff(worker.staff());
    }
}

impl FromIterator<Author> for Named {
    fn from_iter<I: IntoIterator<Item = Author>>(authors: I) -> Self {
        let mut named = Self::default();
        authors.into_iter().filter_map(Author::worker).for_each(|worker| named.worker(worker));
        named
    }
}

/// The names of a page's parties, read at once.
#[derive(Debug, Default)]
pub struct Directory {
    agencies: HashMap<AgencyId, AgencyDoc>,
    staff: HashMap<StaffId, StaffDoc>,
}

impl Directory {
    /// Reads these names.
    ///
    /// # Errors
    /// When the view is unreadable.
    pub async fn of(views: &Views, named: Named) -> Result<Self, Error> {
        let agencies = named.agencies.into_iter().map(directory::agency_key);
        let keys: Vec<_> = agencies.chain(named.staff.into_iter().map(directory::staff_key)).collect();
        let mut found = Self::default();
        found.take(views, &keys).await?;
        Ok(found)
    }

    async fn take(&mut self, views: &Views, keys: &[Key]) -> Result<(), Error> {
        for doc in views.get::<directory::Directory>(keys, 0).await?.into_values() {
            match doc {
                DirectoryDoc::Agency(doc) => drop(self.agencies.insert(doc.agency, doc)),
                DirectoryDoc::Staff(doc) => drop(self.staff.insert(doc.staff, doc)),
            }
        }
        Ok(())
    }

    /// The agencies of the workers whom it knows.
    #[must_use]
    pub fn their_agencies(&self) -> HashSet<AgencyId> {
        self.staff.values().map(|doc| doc.agency).collect()
    }

    /// A worker as their agency lists them to people whom they have not met, and their present role; empty when not known. `by_name`
    /// tells whether an agency tells names.
    #[must_use]
    pub fn listed(&self, staff: StaffId, by_name: impl Fn(AgencyId) -> bool) -> (String, String) {
        self.staff.get(&staff).map(|doc| (doc.listed(by_name(doc.agency)), doc.role())).unwrap_or_default()
    }

    /// When a worker left, if the directory knows of it.
    #[must_use]
    pub fn left_at(&self, staff: StaffId) -> Option<Timestamp> {
        self.staff.get(&staff).and_then(|doc| doc.left_at)
    }
}

impl Names for Directory {
    fn agency(&self, agency: AgencyId) -> String {
        self.agencies.get(&agency).map(|doc| doc.name.clone()).unwrap_or_default()
    }

    fn agency_then(&self, agency: AgencyId, at: Timestamp) -> String {
        self.agencies.get(&agency).map(|doc| doc.name_at(at).to_owned()).unwrap_or_default()
    }

    fn staff(&self, staff: StaffId) -> (String, String) {
        self.staff.get(&staff).map(|doc| (doc.name.clone(), doc.role())).unwrap_or_default()
    }
}
