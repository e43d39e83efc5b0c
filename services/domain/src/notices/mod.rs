//! What a person is told of, where and when: that something has happened, and never what.

mod choose_notices;
mod confirm_address;
pub mod events;
mod give_address;
mod stop_notices;
mod word_code;

pub use choose_notices::ChooseNotices;
pub use confirm_address::ConfirmAddress;
pub use give_address::{ADDRESSES_A_DAY, GiveAddress};
pub use stop_notices::StopNotices;
pub use word_code::{AskForWordCode, UseWordCode, WordCode, WordCodeFor};

use uuid::Uuid;

use crate::ids::PersonId;
use crate::vocabulary::{Timestamp, coded};
use crate::{Aggregate, StreamKind};
use events::NoticesEvent;

coded! {
    /// How a notice reaches somebody.
    Channel {
        /// By e-mail.
        Email = 1 "e-mail",
        /// By a text message.
        Sms = 2 "text message",
        /// By a letter.
        Letter = 3 "letter",
    }
}

coded! {
    /// What a notice is of.
    NoticeKind {
        /// Somebody can see the record though the person has not let them: they declared an emergency, or a law was named.
        Emergency = 1 "emergency access",
        /// An agency has looked that never had before.
        FirstLook = 2 "first look",
        /// Somebody has proposed support.
        Proposal = 3 "proposal",
        /// An address was given: the code that confirms it.
        AddressGiven = 4 "address given",
        /// Notices do not come to an address any more.
        AddressLeft = 5 "address left",
        /// Somebody else acts in their place: is to sign in as them, does so from now on, or has entered what they accept or choose.
        InTheirPlace = 6 "in their place",
        /// A worker enters what they said, and asks for a code that the person reads out.
        WordCode = 7 "word code",
    }
}

coded! {
    /// When somebody wants to be told of something.
    When {
        /// As it happens.
        AtOnce = 1 "at once",
        /// With all else of a day.
        Daily = 2 "once a day",
        /// Not at all.
        Never = 3 "never",
    }
}

/// Where notices go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// How.
    pub channel: Channel,
    /// The mailbox, number or place.
    pub text: String,
}

/// An address that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// What the code that is sent there follows from.
    pub reference: Uuid,
    /// The address.
    pub address: Address,
    /// Until when it can be confirmed.
    pub expires_at: Timestamp,
    /// Whether the address before is told nothing.
    pub quietly: bool,
}

/// What a person is told of.
#[derive(Debug, Clone, Default)]
pub struct Notices {
    given: Option<Given>,
    /// When addresses were given last.
    given_at: Vec<Timestamp>,
    confirmed: Option<(Address, Timestamp)>,
    /// Addresses that were left and are told so, unless that was unsafe: the last few.
    left: Vec<Address>,
    /// Whether being told at all is unsafe.
    silent: bool,
    chosen: Option<[When; 3]>,
    /// Codes that were asked for, the oldest first: the last few.
    codes: Vec<WordCode>,
    /// Why the last notice could not be sent; none when it was.
    failure: Option<String>,
}

impl Notices {
    /// The address that waits to be confirmed.
    #[must_use]
    pub fn given(&self) -> Option<&Given> {
        self.given.as_ref()
    }

    /// Where notices go, and of what happened since when.
    #[must_use]
    pub fn confirmed(&self) -> Option<(&Address, Timestamp)> {
        self.confirmed.as_ref().map(|(address, since)| (address, *since))
    }

    /// The addresses that were left and are told so, the last one last.
    #[must_use]
    pub fn left(&self) -> &[Address] {
        &self.left
    }

    /// Whether being told at all is unsafe, so that nothing is said to anybody.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.silent
    }

    /// When the person wants to be told of this: at once, unless they have chosen otherwise. That somebody acts in their place they are told at once
    /// while they are told of anything.
    #[must_use]
    pub fn when(&self, kind: NoticeKind) -> When {
        let [emergency, first_look, proposal] = self.chosen.unwrap_or([When::AtOnce; 3]);
        match kind {
            NoticeKind::Emergency => emergency,
            NoticeKind::FirstLook => first_look,
            NoticeKind::Proposal => proposal,
            NoticeKind::AddressGiven | NoticeKind::AddressLeft | NoticeKind::InTheirPlace | NoticeKind::WordCode => {
                When::AtOnce
            }
        }
    }

    /// Why the last notice could not be sent; none when it was.
    #[must_use]
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// Notices go to another address from now on, or to none.
    fn leave(&mut self, quietly: bool, to: Option<&Address>) {
        let left = self.confirmed.take().map(|(address, _)| address);
        self.left.extend(left.filter(|left| !quietly && Some(left) != to));
        self.left.retain(|left| Some(left) != to);
        let kept = self.left.len().saturating_sub(ADDRESSES_A_DAY);
        drop(self.left.drain(..kept));
    }
}

impl Aggregate for Notices {
    type Id = PersonId;
    type Event = NoticesEvent;

    const KIND: StreamKind = StreamKind::Notices;

    fn evolve(&mut self, event: &NoticesEvent) {
        match event {
            NoticesEvent::AddressGiven(e) => {
                let address = Address { channel: e.channel, text: e.address.clone() };
                // What was said to be unsafe is so until it was done.
                let quietly = e.quietly || self.given.as_ref().is_some_and(|given| given.quietly);
                let (reference, expires_at) = (e.reference, e.expires_at);
                self.given = Some(Given { reference, address, expires_at, quietly });
                self.silent = false;
                self.given_at.push(e.given_at);
                let kept = self.given_at.len().saturating_sub(ADDRESSES_A_DAY);
                drop(self.given_at.drain(..kept));
            }
            NoticesEvent::AddressConfirmed(e) => {
                self.void_codes();
                if let Some(given) = self.given.take_if(|given| given.reference == e.reference) {
                    self.leave(given.quietly, Some(&given.address));
                    self.confirmed = Some((given.address, e.since));
                    self.failure = None;
                }
            }
            NoticesEvent::NoticesChosen(e) => self.chosen = Some([e.emergency, e.first_look, e.proposal]),
            NoticesEvent::NoticesStopped(e) => {
                self.void_codes();
                self.given = None;
                self.leave(e.quietly, None);
                self.silent = e.quietly;
                if e.quietly {
                    self.left.clear();
                }
            }
            NoticesEvent::WordCodeAsked(e) => self.code_asked(e),
            NoticesEvent::WordCodeUsed(e) => self.code_used(e.reference),
            NoticesEvent::NoticeSent(_) => self.failure = None,
            NoticesEvent::NoticeFailed(e) => self.failure = Some(e.why.clone()),
        }
    }
}

#[cfg(test)]
mod tests;
