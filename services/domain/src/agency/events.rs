//! What can have happened on an `agency` stream.

/// An agency was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyRegistered {
    pub name: String,
    /// What the agency does.
    pub kind: String,
}

crate::event_enum! {
    /// An event of an `agency` stream.
    AgencyEvent {
        AgencyRegistered,
    }
}
