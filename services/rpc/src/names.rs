use std::collections::{HashMap, HashSet};

use domain::ids::{AgencyId, StaffId};
use domain::vocabulary::Author;
use views::Views;
use views::directory::{self, AgencyDoc, StaffDoc};

use crate::Error;
use crate::words::Names;

/// The names of a page's parties, read at once.
#[derive(Debug, Default)]
pub struct Directory {
    agencies: HashMap<AgencyId, String>,
    staff: HashMap<StaffId, (String, String)>,
}

impl Directory {
    /// Reads the names of these parties.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub async fn of(views: &Views, parties: impl IntoIterator<Item = Author>) -> Result<Self, Error> {
        let mut agencies = HashSet::new();
        let mut workers = HashSet::new();
        for party in parties {
            if let Author::Staff { agency, staff } = party {
                agencies.insert(directory::agency_key(agency));
                workers.insert(directory::staff_key(staff));
            }
        }
        let agencies: Vec<_> = agencies.into_iter().collect();
        let workers: Vec<_> = workers.into_iter().collect();
        let (agencies, workers) = tokio::try_join!(
            views.get::<AgencyDoc>(directory::NAME, &agencies),
            views.get::<StaffDoc>(directory::NAME, &workers),
        )?;
        Ok(Self {
            agencies: agencies.into_values().map(|doc| (doc.agency, doc.name)).collect(),
            staff: workers.into_values().map(|doc| (doc.staff, (doc.name, doc.role))).collect(),
        })
    }
}

impl Names for Directory {
    fn agency(&self, agency: AgencyId) -> String {
        self.agencies.get(&agency).cloned().unwrap_or_default()
    }

    fn staff(&self, staff: StaffId) -> (String, String) {
        self.staff.get(&staff).cloned().unwrap_or_default()
    }
}
