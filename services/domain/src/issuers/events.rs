//! What can have happened on the `issuers` stream.

use crate::ids::AgencyId;

/// Tokens of this issuer speak for staff of this agency from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerTrusted {
    pub agency: AgencyId,
    /// Its `iss`, where its keys are found.
    pub issuer: String,
    /// The `aud` that its tokens carry for this system.
    pub audience: String,
}

/// Tokens of this issuer speak for nobody any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerRetired {
    pub agency: AgencyId,
    pub issuer: String,
}

crate::event_enum! {
    /// An event of the `issuers` stream.
    IssuersEvent {
        IssuerTrusted,
        IssuerRetired,
    }
}
