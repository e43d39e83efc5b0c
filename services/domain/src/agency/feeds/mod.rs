//! An agency's feeds, and the accounts with which its systems sign in.

mod change_feed;
mod close_feed;
mod open_feed;
mod pause_feed;
mod rotate_feed_secret;
mod service_accounts;
mod test_feed;

pub use change_feed::ChangeFeed;
pub use close_feed::CloseFeed;
pub use open_feed::{FEEDS_LIMIT, OpenFeed};
pub use pause_feed::{PauseFeed, ResumeFeed};
pub use rotate_feed_secret::RotateFeedSecret;
pub use service_accounts::{ACCOUNTS_LIMIT, AddServiceAccount, RemoveServiceAccount, add_service_account};
pub use test_feed::TestFeed;

use std::collections::BTreeSet;

use super::Agency;
use crate::Refusal;
use crate::ids::{AccountId, FeedId, SignInId};
use crate::text::{LINE, PARAGRAPH, required};
use crate::vocabulary::{Category, Purpose, Timestamp, coded};

coded! {
    /// Through which door a feed's events leave.
    Door {
        /// A stream over gRPC, for as long as the agency's system holds it open.
        Grpc = 1 "gRPC stream",
        /// A stream of its own on NATS JetStream, in an account of the agency.
        JetStream = 2 "JetStream stream",
        /// Requests to an address of the agency's, each with one event.
        Webhook = 3 "webhook",
    }
}

coded! {
    /// How much an event of a feed says (the content levels of FHIR's `Subscription`).
    ContentLevel {
        /// That something has happened.
        Empty = 1 "empty",
        /// Whom and which entry it is about.
        IdOnly = 2 "id-only",
        /// What it says, too.
        Full = 3 "full",
    }
}

coded! {
    /// What an account of a system may do.
    Scope {
        /// Receive the agency's feeds.
        Receive = 1 "receive",
        /// Read what the agency is asked to give back, and answer.
        AnswerRecalls = 2 "answer-recalls",
    }
}

/// What a feed carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// The record categories; none means all.
    pub categories: Vec<Category>,
    /// The published event types; none means all.
    pub types: Vec<String>,
    /// How much an event says.
    pub content: ContentLevel,
}

/// The most published types that a feed names.
const TYPES_LIMIT: usize = 100;

impl Selection {
    fn check(&self) -> Result<(), Refusal> {
        if self.types.len() > TYPES_LIMIT {
            return Err(Refusal::invalid("types", format!("holds at most `{TYPES_LIMIT}` types")));
        }
        Ok(())
    }

    /// Whether it is the same, in whatever order.
    fn is_same(&self, other: &Self) -> bool {
        fn set<T: Ord>(values: &[T]) -> BTreeSet<&T> {
            values.iter().collect()
        }
        set(&self.categories) == set(&other.categories)
            && set(&self.types) == set(&other.types)
            && self.content == other.content
    }

    /// Whether it carries events of this category and published type.
    #[must_use]
    pub fn carries(&self, category: Category, published: &str) -> bool {
        (self.categories.is_empty() || self.categories.contains(&category)) && self.carries_type(published)
    }

    /// Whether it carries events of this published type.
    #[must_use]
    pub fn carries_type(&self, published: &str) -> bool {
        self.types.is_empty() || self.types.iter().any(|wanted| wanted == published)
    }
}

/// A feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Which.
    pub feed: FeedId,
    /// What the agency calls it.
    pub name: String,
    /// Through which door it leaves.
    pub door: Door,
    /// What the agency needs it for.
    pub purpose: Purpose,
    /// What it carries.
    pub selection: Selection,
    /// The URL that a webhook calls; empty at other doors.
    pub target: String,
    /// What a webhook signs with.
    pub secrets: Secrets,
    /// Why it tells nothing until somebody of the agency wants it to; none while it does.
    pub paused: Option<String>,
    /// Whether it is over.
    pub closed: bool,
}

/// The secrets with which a webhook signs, by their numbers: what they are follows from the system's own key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Secrets {
    /// The one that is signed with.
    pub current: u32,
    /// Until when it is signed with the one before, too; none when it is not.
    pub previous_until: Option<Timestamp>,
}

impl Secrets {
    /// Of a feed that was just opened.
    pub(super) const FIRST: Self = Self { current: 1, previous_until: None };

    /// Those that are signed with at a time, the current one first.
    pub fn at(self, now: Timestamp) -> impl Iterator<Item = u32> {
        let previous = self.previous_until.filter(|until| now < *until).map(|_| self.current.saturating_sub(1));
        std::iter::once(self.current).chain(previous)
    }
}

/// An account with which an agency's system signs in as itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Which.
    pub account: AccountId,
    /// What the agency calls the system.
    pub name: String,
    /// The agency's identity provider, which vouches for it.
    pub issuer: String,
    /// What it signs in with.
    pub sign_in: SignInId,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Whether it was removed.
    pub removed: bool,
}

impl Agency {
    /// Its feeds, the oldest first, also those that are closed.
    #[must_use]
    pub fn feeds(&self) -> &[Feed] {
        &self.feeds
    }

    /// A feed, closed or not.
    #[must_use]
    pub fn feed(&self, feed: FeedId) -> Option<&Feed> {
        self.feeds.iter().find(|known| known.feed == feed)
    }

    /// A feed that is open, at an agency that is there.
    #[must_use]
    pub fn open_feed(&self, feed: FeedId) -> Option<&Feed> {
        self.feed(feed).filter(|feed| self.is_there() && !feed.closed)
    }

    /// The accounts with which its systems sign in, the oldest first, also those that were removed.
    #[must_use]
    pub fn accounts(&self) -> &[ServiceAccount] {
        &self.accounts
    }

    /// The account that has this sign-in now, at an agency that is there.
    #[must_use]
    pub fn account_of(&self, sign_in: SignInId) -> Option<&ServiceAccount> {
        self.accounts.iter().find(|account| self.is_there() && !account.removed && account.sign_in == sign_in)
    }

    /// Takes in that a feed carries something else.
    pub(super) fn change_feed(&mut self, feed: FeedId, change: impl FnOnce(&mut Feed)) {
        if let Some(feed) = self.feeds.iter_mut().find(|known| known.feed == feed) {
            change(feed);
        }
    }
}

/// Refuses a target at a door that has none, and none at the one that needs it.
fn target(door: Door, target: &str) -> Result<(), Refusal> {
    match door {
        Door::Webhook => required("target", target, PARAGRAPH),
        Door::Grpc | Door::JetStream if target.is_empty() => Ok(()),
        Door::Grpc | Door::JetStream => Err(Refusal::invalid("target", "must be empty: only a webhook has one")),
    }
}

/// Refuses a name that is none.
fn name(name: &str) -> Result<(), Refusal> {
    required("name", name, LINE)
}

/// Purposes that belong to one act of somebody, and not to a system that receives day and night.
fn may_be_declared(purpose: Purpose) -> bool {
    matches!(
        purpose,
        Purpose::Treatment
            | Purpose::CareCoordination
            | Purpose::SupportNetwork
            | Purpose::Research
            | Purpose::PublicHealth
    )
}

#[cfg(test)]
mod tests;
