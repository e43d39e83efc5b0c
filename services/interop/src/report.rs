//! What became of each resource.

use domain::ids::{AgencyId, PersonId};
use domain::vocabulary::Worker;

/// What became of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It became this.
    Became(&'static str),
    /// It was imported before, or says nothing that is not known.
    AlreadyThere,
    /// It was imported before, and its source says something else now, or has retracted it: what was imported is left as it is.
    Changed,
    /// It was left out, for this reason.
    LeftOut(String),
}

/// One resource of a bundle, or one activity or member of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportLine {
    /// Its type and id, as in `Condition/123`; or its URL, when it is another server's; and the part, as in `CarePlan/1 activity[0]`.
    pub resource: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// Somebody whom a bundle names as a worker. They have no standing and no sign-in until their agency, once it is registered, adds them to its staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedWorker {
    /// The resource that names them, as in `Practitioner/123`.
    pub resource: String,
    /// The worker, as authors and supporters are known.
    pub worker: Worker,
    /// Whether the person is told that they may invite them.
    pub supports: bool,
}

/// What became of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The file.
    pub file: String,
    /// The person's id.
    pub person: PersonId,
    /// The agencies that it names.
    pub agencies: Vec<AgencyId>,
    /// The workers whom it names.
    pub workers: Vec<NamedWorker>,
    /// How many events were appended: 0 when the bundle changes nothing.
    pub events: usize,
    /// One line for each resource, activity and member, in the bundle's order.
    pub lines: Vec<ReportLine>,
}
