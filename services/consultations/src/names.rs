//! What workers are called to a person: in full whom they know, everybody else as their agency tells.

use std::collections::BTreeSet;

use domain::agency::Agency;
use domain::ids::{AgencyId, StaffId};
use domain::sharing::Sharing;
use engine::Freshness;
use rpc::words::Names;
use rpc::{Directory, Error, Named};

use crate::Consultations;

/// The names that a person is told.
pub(crate) struct Listed<'a> {
    directory: Directory,
    /// The agencies that tell names.
    by_name: BTreeSet<AgencyId>,
    sharing: &'a Sharing,
    /// Whoever has said something to the person.
    heard: BTreeSet<StaffId>,
}

impl Names for Listed<'_> {
    fn agency(&self, agency: AgencyId) -> String {
        self.directory.agency(agency)
    }

    fn agency_then(&self, agency: AgencyId, at: domain::vocabulary::Timestamp) -> String {
        self.directory.agency_then(agency, at)
    }

    fn staff(&self, staff: StaffId) -> (String, String) {
        if self.sharing.has_met(staff) || self.heard.contains(&staff) {
            return self.directory.staff(staff);
        }
        self.directory.listed(staff, |agency| self.by_name.contains(&agency))
    }
}

impl Consultations {
    /// These names, as the person with this directive is told them who has heard from these workers.
    pub(crate) async fn listed<'a>(
        &self,
        named: Named,
        sharing: &'a Sharing,
        heard: BTreeSet<StaffId>,
    ) -> Result<Listed<'a>, Error> {
        let directory = Directory::of(&self.views, named).await?;
        let agencies = Vec::from_iter(directory.their_agencies());
        // As the log has it: a view may lag, and this keeps somebody safe.
        let known = self.gate.engine().load_each::<Agency>(&agencies, Freshness::Latest).await?;
        let by_name = known.into_iter().filter(|agency| agency.lists_names()).map(|agency| agency.id).collect();
        Ok(Listed { directory, by_name, sharing, heard })
    }
}
