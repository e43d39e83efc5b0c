//! What can have happened on a `agency` stream.

/// An agency was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyRegistered {
    /// The name.
    pub name: String,
    /// What the agency does.
    pub kind: String,
}

crate::event_enum! {
    /// An event of a `agency` stream.
    AgencyEvent {
        AgencyRegistered,
    }
}
