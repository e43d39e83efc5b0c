//! What can have happened on the `issuers` stream.

use crate::agency::AgencyNumber;
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

/// An agency is called so, and told from others by this.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyListed {
    pub agency: AgencyId,
    pub name: String,
    /// The town or district where it works; may be empty.
    pub place: String,
    /// Its numbers in registers.
    pub numbers: Vec<AgencyNumber>,
}

/// An agency is a part of another: choices about either hold for both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyAliased {
    pub agency: AgencyId,
    pub into: AgencyId,
}

/// An agency is no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyUnlisted {
    pub agency: AgencyId,
}

crate::event_enum! {
    /// An event of the `issuers` stream.
    IssuersEvent {
        IssuerTrusted,
        IssuerRetired,
        AgencyListed,
        AgencyAliased,
        AgencyUnlisted,
    }
}
