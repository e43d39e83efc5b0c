//! A one-time code: with it somebody claims their place, or is found by whom they gave it to. It is kept by its pseudonym alone.

mod claim;
pub mod events;
mod find;
mod invite;
mod revoke;

pub use claim::{Claim, Claimed, claim};
pub use find::{GiveCode, UseCode};
pub use invite::{ConfirmReturn, InvitePerson, InviteReturn};
pub use revoke::RevokeCode;

use crate::ids::{InvitationId, PersonId};
use crate::vocabulary::{Author, Timestamp, Worker};
use crate::{Aggregate, Refusal, StreamKind};
use events::InvitationEvent;

/// For how many days a code is taken.
pub const CODE_DAYS: u32 = 14;

/// What a code is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum For {
    /// Somebody new here comes in.
    Newcomer { worker: Worker, name: String, reach: String, offer: String, at: Timestamp },
    /// Somebody who is here signs in anew, once somebody else has confirmed it.
    Return { worker: Worker, confirmed: Option<(Author, Option<InvitationId>)> },
    /// A worker finds who gave it to them.
    Finding { message: String },
}

/// A code.
#[derive(Debug, Clone, Default)]
pub struct Invitation {
    is_for: Option<For>,
    person: Option<PersonId>,
    expires: Option<Timestamp>,
    used: Option<(Author, PersonId)>,
    revoked: bool,
}

impl Invitation {
    /// The person whom it is about, whoever it may come to.
    #[must_use]
    pub fn person(&self) -> Option<PersonId> {
        self.person
    }

    /// The worker who invited, if one did.
    #[must_use]
    pub fn worker(&self) -> Option<Worker> {
        match self.is_for.as_ref()? {
            For::Newcomer { worker, .. } | For::Return { worker, .. } => Some(*worker),
            For::Finding { .. } => None,
        }
    }

    /// Refused when its code was made for something already.
    fn is_unused(&self) -> Result<(), Refusal> {
        if self.is_for.is_none() { Ok(()) } else { Err(Refusal::already_exists("invitation")) }
    }

    /// The workers who vouch for somebody who signs in anew: who asked for it, and who confirmed it.
    pub fn vouching(&self) -> impl Iterator<Item = Worker> {
        let vouching = match &self.is_for {
            Some(For::Return { worker, confirmed }) => {
                [Some(*worker), confirmed.and_then(|(author, _)| author.worker())]
            }
            Some(For::Newcomer { .. } | For::Finding { .. }) | None => [None, None],
        };
        vouching.into_iter().flatten()
    }

    /// Until when the code is taken.
    #[must_use]
    pub fn expires(&self) -> Option<Timestamp> {
        self.expires
    }

    /// Whether it lets somebody who is here sign in anew.
    #[must_use]
    pub fn is_return(&self) -> bool {
        matches!(self.is_for, Some(For::Return { .. }))
    }

    /// What it is for, while it is taken. Everything else is as if there were no such code.
    fn taken(&self, now: Timestamp) -> Result<&For, Refusal> {
        let expires = self.expires.filter(|expires| now < *expires && self.used.is_none() && !self.revoked);
        self.is_for.as_ref().filter(|_| expires.is_some()).ok_or_else(|| Refusal::not_found("code"))
    }
}

impl Aggregate for Invitation {
    type Id = InvitationId;
    type Event = InvitationEvent;

    const KIND: StreamKind = StreamKind::Invitation;

    fn evolve(&mut self, event: &InvitationEvent) {
        match event {
            InvitationEvent::NewcomerInvited(e) => {
                let (worker, name, reach, offer) = (e.worker, e.name.clone(), e.reach.clone(), e.offer.clone());
                self.is_for = Some(For::Newcomer { worker, name, reach, offer, at: e.at });
                (self.person, self.expires) = (Some(e.person), Some(e.expires));
            }
            InvitationEvent::ReturnInvited(e) => {
                self.is_for = Some(For::Return { worker: e.worker, confirmed: None });
                (self.person, self.expires) = (Some(e.person), Some(e.expires));
            }
            InvitationEvent::ReturnConfirmed(e) => {
                if let Some(For::Return { confirmed, .. }) = &mut self.is_for {
                    *confirmed = Some((e.author, e.second));
                }
            }
            InvitationEvent::CodeRevoked(_) => self.revoked = true,
            InvitationEvent::CodeGiven(e) => {
                self.is_for = Some(For::Finding { message: e.message.clone() });
                (self.person, self.expires) = (Some(e.person), Some(e.expires));
            }
            InvitationEvent::CodeUsed(e) => self.used = Some((e.author, e.person)),
        }
    }
}
