//! Views: what each role sees, built from the log.
//!
//! A view is a pure function over documents. The runner applies a batch of events and writes the changed documents and
//! the checkpoint in one transaction. Bodies are sealed with the subject's key, so whoever reads the database around the
//! gate reads nothing, and shredding reaches the views at once.

pub mod access_history;
mod arriving;
pub mod caseload;
pub mod consultations;
#[cfg(feature = "contract")]
pub mod contract;
pub mod deliveries;
pub mod departures;
pub mod directory;
mod docs;
pub mod feeds;
mod follower;
mod history;
pub mod invitations;
mod key;
mod metrics;
pub mod notices;
pub mod operations;
mod page;
mod query;
pub mod questions;
mod rebuild;
pub mod recalls;
pub mod receivers;
pub mod record;
pub mod relationships;
mod runner;
mod shelf;
mod store;
pub mod surveys;
pub mod timeline;
mod unpark;
mod view;

pub use follower::Follower;
pub use key::{Key, Order};
pub use metrics::ViewMetrics;
pub use page::{Page, Pages};
pub use query::{Views, ViewsError, watched};
pub use rebuild::{Rebuild, Rebuilt};
pub use runner::{Runner, Tail};
pub use shelf::Shelf;
pub use store::{
    Advance, DocumentStore, Found, Generation, History, PostgresDocuments, SqliteDocuments, StoreError, StoredDocument,
    Upsert, Wanted,
};
pub use unpark::Unparked;
pub use view::{AnyView, ApplyError, Classed, View};

use std::sync::Arc;

use domain::StreamKind;

use view::erased;

/// The kinds of streams whose events the shelf follows.
pub(crate) const SHELVED: &[StreamKind] = &[StreamKind::Person, StreamKind::Agency, StreamKind::Staff];

/// Every view.
#[must_use]
pub fn all() -> Vec<Arc<dyn AnyView>> {
    vec![
        erased::<directory::Directory>(),
        erased::<record::Record>(),
        erased::<access_history::AccessHistory>(),
        erased::<relationships::Relationships>(),
        erased::<caseload::Caseload>(),
        erased::<consultations::Consultations>(),
        erased::<questions::Questions>(),
        erased::<questions::AgencyQuestions>(),
        erased::<questions::ReviewerQuestions>(),
        erased::<invitations::Invitations>(),
        erased::<operations::Operations>(),
        erased::<departures::Departures>(),
        erased::<deliveries::Deliveries>(),
        erased::<timeline::Timeline>(),
        erased::<surveys::Surveys>(),
        erased::<surveys::SurveyAnswers>(),
        erased::<recalls::Recalls>(),
        erased::<recalls::AgencyRecalls>(),
        erased::<receivers::Receivers>(),
        erased::<feeds::CarriedFeeds>(),
        erased::<notices::NoticePeople>(),
        erased::<notices::DoneNotices>(),
    ]
}
