//! What agencies have in common: which identity providers vouch for the staff of which, what each is called, and which are parts of
//! others. One stream for all of them, so that no two have the same, and each server learns in one look what has changed.

mod change_agency_issuer;
mod directory;
pub mod events;

pub use change_agency_issuer::ChangeAgencyIssuer;
pub use directory::Parts;

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::agency::Profile;
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

/// The issuers that agencies have now, and what each agency is called.
#[derive(Debug, Clone, Default)]
pub struct Register {
    trusted: BTreeMap<String, Trust>,
    /// What agencies are called that are there.
    listed: BTreeMap<AgencyId, Profile>,
    /// What those were called that are not any more, or are parts of others.
    former: BTreeMap<AgencyId, Profile>,
    /// Which are no more.
    closed: BTreeSet<AgencyId>,
    /// Which one an agency is a part of.
    aliases: Parts,
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
            IssuersEvent::AgencyListed(e) => {
                let profile = Profile::of(&e.name, &e.place, &e.numbers);
                self.listed.insert(e.agency, profile);
            }
            IssuersEvent::AgencyAliased(e) => {
                self.former.extend(self.listed.remove_entry(&e.agency));
                self.aliases.0.insert(e.agency, e.into);
            }
            IssuersEvent::AgencyUnlisted(e) => {
                self.former.extend(self.listed.remove_entry(&e.agency));
                self.closed.insert(e.agency);
            }
        }
    }
}
