//! An accountable organisation.

mod change_agency;
mod change_listing;
pub mod events;
mod feeds;
mod name_agency;
mod name_role;
mod profile;
mod register_agency;

pub use change_agency::{CloseAgency, MergeAgencies, RenameAgency, close_agency, merge_agencies, rename_agency};
pub use change_listing::ChangeStaffListing;
pub use feeds::{
    ACCOUNTS_LIMIT, AddServiceAccount, ChangeFeed, CloseFeed, ContentLevel, Door, FEEDS_LIMIT, Feed, OpenFeed,
    PauseFeed, RemoveServiceAccount, ResumeFeed, RotateFeedSecret, Scope, Secrets, Selection, ServiceAccount, TestFeed,
    add_service_account,
};
pub use name_agency::NameAgency;
pub(crate) use name_role::roles_at;
pub use name_role::{NameRole, ROLES_LIMIT};
pub use profile::{AgencyNumber, NUMBERS_LIMIT, Profile, Registry};
pub use register_agency::{RegisterAgency, register_agency};

use crate::ids::AgencyId;
use crate::{Aggregate, StreamKind};
use events::{AgencyEvent, AgencyNamed};

/// Whether two words name the same role, however they are written.
#[must_use]
pub fn same_role(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    one.to_lowercase() == other.to_lowercase()
}

/// An agency.
#[derive(Debug, Clone, Default)]
pub struct Agency {
    /// As a source of imported records has named it.
    named: Option<AgencyNamed>,
    registered: bool,
    /// What kind of agency it is, in its own words.
    kind: String,
    profile: Profile,
    merged_into: Option<AgencyId>,
    closed: bool,
    /// Whether it lists its workers by role alone.
    keeps_names: bool,
    roles: Vec<String>,
    feeds: Vec<Feed>,
    accounts: Vec<ServiceAccount>,
}

impl Agency {
    /// Whether it is registered, and neither closed nor a part of another since.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.registered && !self.closed && self.merged_into.is_none()
    }

    /// Whether somebody works there: it is registered and not closed, and may have become a part of another.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.registered && !self.closed
    }

    /// Whether it is there to stand up for people, or to look at what others did: its kind is `advocacy` or `independent review`.
    #[must_use]
    pub fn is_independent(&self) -> bool {
        self.is_a("advocacy") || self.is_a("independent review")
    }

    /// Whether people of it speak for others: it is there, and its kind is `advocacy`.
    #[must_use]
    pub fn is_advocacy(&self) -> bool {
        self.is_there() && self.is_a("advocacy")
    }

    fn is_a(&self, kind: &str) -> bool {
        same_role(kind, self.kind.trim())
    }

    /// What it is called, and what tells it from others.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The one that it is a part of.
    #[must_use]
    pub fn merged_into(&self) -> Option<AgencyId> {
        self.merged_into
    }

    /// Whether it is known at all: registered, or named by a source of imported records.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.named.is_some() || self.registered
    }

    /// Whether people who look for a worker there find them by name; otherwise by role.
    #[must_use]
    pub fn lists_names(&self) -> bool {
        !self.keeps_names
    }

    /// The roles that somebody there has or had, as the agency writes them.
    pub(crate) fn roles(&self) -> impl Iterator<Item = &str> {
        self.roles.iter().map(String::as_str)
    }

    /// A role as the agency writes it, in whatever case it is asked for; none when nobody there has ever had it.
    #[must_use]
    pub fn role(&self, role: &str) -> Option<&str> {
        self.roles.iter().find(|known| same_role(known, role)).map(String::as_str)
    }
}

impl Aggregate for Agency {
    type Id = AgencyId;
    type Event = AgencyEvent;

    const KIND: StreamKind = StreamKind::Agency;

    fn evolve(&mut self, event: &AgencyEvent) {
        match event {
            AgencyEvent::AgencyNamed(e) => self.named = Some(e.clone()),
            AgencyEvent::StaffListingChanged(e) => self.keeps_names = !e.by_name,
            AgencyEvent::AgencyRegistered(e) => {
                self.registered = true;
                self.kind.clone_from(&e.kind);
                self.profile = Profile::of(&e.name, &e.place, &e.numbers);
            }
            AgencyEvent::AgencyRenamed(e) => {
                self.profile = Profile::of(&e.name, &e.place, &e.numbers);
            }
            AgencyEvent::AgencyMerged(e) => self.merged_into = Some(e.into),
            AgencyEvent::AgencyClosed(_) => self.closed = true,
            AgencyEvent::RoleNamed(e) => self.roles.push(e.role.clone()),
            AgencyEvent::FeedOpened(e) => self.feeds.push(Feed {
                feed: e.feed,
                name: e.name.clone(),
                door: e.door,
                purpose: e.purpose,
                selection: e.selection.clone(),
                target: e.target.clone(),
                secrets: Secrets::FIRST,
                paused: None,
                closed: false,
            }),
            AgencyEvent::FeedChanged(e) => self.change_feed(e.feed, |feed| {
                feed.selection = e.selection.clone();
                feed.target.clone_from(&e.target);
            }),
            AgencyEvent::FeedSecretRotated(e) => self.change_feed(e.feed, |feed| {
                feed.secrets = Secrets { current: e.secret, previous_until: e.previous_until };
            }),
            AgencyEvent::FeedPaused(e) => self.change_feed(e.feed, |feed| feed.paused = Some(e.why.clone())),
            AgencyEvent::FeedResumed(e) => self.change_feed(e.feed, |feed| feed.paused = None),
            AgencyEvent::FeedTested(_) => {}
            AgencyEvent::FeedClosed(e) => self.change_feed(e.feed, |feed| feed.closed = true),
            AgencyEvent::ServiceAccountAdded(e) => {
                let (account, name, issuer) = (e.account, e.name.clone(), e.issuer.clone());
                let scopes = if e.scopes.is_empty() { Scope::ALL.to_vec() } else { e.scopes.clone() };
                self.accounts.push(ServiceAccount {
                    account,
                    name,
                    issuer,
                    sign_in: e.sign_in,
                    scopes,
                    removed: false,
                });
            }
            AgencyEvent::ServiceAccountRemoved(e) => {
                for account in self.accounts.iter_mut().filter(|known| known.account == e.account) {
                    account.removed = true;
                }
            }
        }
    }
}
