//! What became of each resource.

/// What became of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It became this.
    Became(&'static str),
    /// It was imported before, or says nothing that is not known.
    AlreadyThere,
    /// It was left out, for this reason.
    LeftOut(String),
}

/// One resource of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportLine {
    /// Its type and id, as in `Condition/123`.
    pub resource: String,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The file.
    pub file: String,
    /// The person's id.
    pub person: domain::ids::PersonId,
    /// How many events were appended: 0 when the bundle changes nothing.
    pub events: usize,
    /// One line for each resource, in the bundle's order.
    pub lines: Vec<ReportLine>,
}
