//! What can have happened on a `query` stream.

use crate::ids::ReceiptId;

/// The person asked why somebody looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessQueried {
    pub receipt: ReceiptId,
    /// What the person asks.
    pub question: String,
}

crate::event_enum! {
    /// An event of a `query` stream.
    QueryEvent {
        AccessQueried,
    }
}
