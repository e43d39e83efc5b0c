use std::sync::Arc;

use crate::View;
use crate::access_history::AccessHistory;
use crate::caseload::Caseload;
use crate::consultations::Consultations;
use crate::directory::Directory;
use crate::record::Record;
use crate::relationships::Relationships;
use crate::sharing::MySharing;

/// Every view.
#[must_use]
pub fn all() -> Vec<Arc<dyn View>> {
    vec![
        Arc::new(Directory),
        Arc::new(Record),
        Arc::new(AccessHistory),
        Arc::new(MySharing),
        Arc::new(Relationships),
        Arc::new(Caseload),
        Arc::new(Consultations),
    ]
}
