//! What can have happened on a `sign-in` stream.

use crate::ids::{AgencyId, StaffId};

/// The sign-in is this worker's from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInLinked {
    pub agency: AgencyId,
    pub staff: StaffId,
}

crate::event_enum! {
    /// An event of a `sign-in` stream.
    SignInEvent {
        SignInLinked,
    }
}
