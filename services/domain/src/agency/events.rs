//! What can have happened on an `agency` stream.

/// An agency was registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyRegistered {
    pub name: String,
    /// What the agency does.
    pub kind: String,
}

/// Somebody at the agency was given a role that nobody had there before: people can speak of it in their choices from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleNamed {
    pub role: String,
}

/// A source of imported records named an organisation: it is not registered, and nobody signs in for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyNamed {
    pub name: String,
    /// What it does.
    pub kind: String,
}

/// How the agency lists its workers to people who look for one: by name, or by role alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffListingChanged {
    pub by_name: bool,
}

crate::event_enum! {
    /// An event of an `agency` stream.
    AgencyEvent {
        AgencyRegistered,
        RoleNamed,
        AgencyNamed,
        StaffListingChanged,
    }
}
