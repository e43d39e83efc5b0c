//! What can have happened on a `request` stream.

use uuid::Uuid;

/// A caller's request was carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestCarriedOut {
    /// What was asked: a digest of the method and the message.
    pub asked: Uuid,
}

crate::event_enum! {
    /// An event of a `request` stream.
    RequestEvent {
        RequestCarriedOut,
    }
}
