use std::collections::{BTreeSet, HashMap, HashSet};

use domain::agency::Agency;
use domain::ids::{AgencyId, StaffId};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::vocabulary::{Author, Timestamp, Worker};
use engine::{Engine, EngineError, Freshness};
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

/// What workers are called to a person: in full whom they have met or heard from, everybody else as their agency tells, so that nothing
/// tells them who works at an agency that keeps names to itself.
#[derive(Debug)]
pub struct Listed<'a> {
    /// All names.
    pub directory: Directory,
    /// The person's directive, by which it is known whom they have met.
    pub sharing: &'a Sharing,
    /// The agencies that tell names.
    by_name: BTreeSet<AgencyId>,
    /// Whoever has said something to the person.
    heard: BTreeSet<StaffId>,
}

impl<'a> Listed<'a> {
    /// Of nobody but whom the person has met.
    #[must_use]
    pub fn none(sharing: &'a Sharing) -> Self {
        Self { directory: Directory::default(), sharing, by_name: BTreeSet::new(), heard: BTreeSet::new() }
    }

    /// These names, to the person with this directive. Which agencies tell names is as the log has it: a view may lag, and this keeps
    /// somebody safe.
    ///
    /// # Errors
    /// When the view or the log is unreadable.
    pub async fn of(views: &Views, engine: &Engine, named: Named, sharing: &'a Sharing) -> Result<Self, Error> {
        let directory = Directory::of(views, named).await?;
        let agencies = Vec::from_iter(directory.their_agencies());
        let known = engine.load_each::<Agency>(&agencies, Freshness::Latest).await?;
        let by_name = known.into_iter().filter(|agency| agency.lists_names()).map(|agency| agency.id).collect();
        Ok(Self { directory, by_name, ..Self::none(sharing) })
    }

    /// The same, once these have said something to the person.
    #[must_use]
    pub fn having_heard(self, heard: BTreeSet<StaffId>) -> Self {
        Self { heard, ..self }
    }
}

impl Names for Listed<'_> {
    fn agency(&self, agency: AgencyId) -> String {
        self.directory.agency(agency)
    }

    fn agency_then(&self, agency: AgencyId, at: Timestamp) -> String {
        self.directory.agency_then(agency, at)
    }

    fn staff(&self, staff: StaffId) -> (String, String) {
        if self.sharing.has_met(staff) || self.heard.contains(&staff) {
            return self.directory.staff(staff);
        }
        self.directory.listed(staff, |agency| self.by_name.contains(&agency))
    }
}

/// Who of these workers has left, as the log has it: whatever hung on them is over, though it may not be told yet.
///
/// # Errors
/// When the log is unreadable.
pub async fn who_left(
    engine: &Engine,
    workers: impl IntoIterator<Item = Worker>,
) -> Result<BTreeSet<StaffId>, EngineError> {
    let workers: BTreeSet<_> = workers.into_iter().map(Worker::staff).collect();
    let standings = engine.load_each::<Staff>(&Vec::from_iter(workers), Freshness::Latest).await?;
    Ok(standings.iter().filter(|staff| staff.has_left()).map(|staff| staff.id).collect())
}
