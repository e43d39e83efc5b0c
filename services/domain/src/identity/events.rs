//! What can have happened on an `identity` stream.

use crate::ids::PersonId;

/// It is this person's from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonLinked {
    pub person: PersonId,
}

/// It is nobody's any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonUnlinked {}

crate::event_enum! {
    /// An event of an `identity` stream.
    IdentityEvent {
        PersonLinked,
        PersonUnlinked,
    }
}
