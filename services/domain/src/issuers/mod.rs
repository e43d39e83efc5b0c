//! Which identity providers vouch for the staff of which agency. One stream for all of them, so that no two agencies have the same,
//! and each server learns in one look what has changed.

mod change_agency_issuer;
pub mod events;

pub use change_agency_issuer::ChangeAgencyIssuer;

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::ids::AgencyId;
use crate::{Aggregate, StreamKind};
use events::IssuersEvent;

/// There is one such stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Only;

impl From<Only> for Uuid {
    fn from(_: Only) -> Self {
        Self::nil()
    }
}

/// What tokens of an issuer are good for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// Whose staff they speak for.
    pub agency: AgencyId,
    /// The `aud` that they carry for this system.
    pub audience: String,
}

/// The issuers that agencies have now.
#[derive(Debug, Clone, Default)]
pub struct Register {
    trusted: BTreeMap<String, Trust>,
}

impl Register {
    /// By their `iss`.
    #[must_use]
    pub fn trusted(&self) -> &BTreeMap<String, Trust> {
        &self.trusted
    }
}

impl Aggregate for Register {
    type Id = Only;
    type Event = IssuersEvent;

    const KIND: StreamKind = StreamKind::Issuers;

    fn evolve(&mut self, event: &IssuersEvent) {
        match event {
            IssuersEvent::IssuerTrusted(e) => {
                let trust = Trust { agency: e.agency, audience: e.audience.clone() };
                self.trusted.insert(e.issuer.clone(), trust);
            }
            IssuersEvent::IssuerRetired(e) => drop(self.trusted.remove(&e.issuer)),
        }
    }
}
