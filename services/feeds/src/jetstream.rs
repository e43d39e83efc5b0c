//! The door over NATS JetStream: each agency has an account of its own, so that no other sees what stands there, nor that it is there, and each
//! feed a stream in it, whose sequence only whoever carries the feed moves.
//!
//! What stands in a stream counts as delivered: it has its receipt. What is not covered any more is removed from it.

mod carry;
mod keys;
mod stream;

use std::collections::{BTreeSet, HashMap};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use async_nats::connection::State;
use async_nats::jetstream::{self, Context};
use async_nats::{Client, Request};
use bus::{NatsServers, accounts};
use domain::agency::Agency;
use domain::ids::{AccountId, AgencyId, FeedId};
use rpc::{Error, Reason};
use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};

use keys::Keys;

pub(crate) use carry::carry;

/// The consumer of a feed's stream: one, durable, which its readers share.
pub(crate) const READER: &str = "reader";
/// Where this process is answered in an agency's account: its systems hear `_INBOX`.
const OWN_INBOX: &str = "_OWN";
/// How long NATS may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// For how long credentials of an agency's system are good, in seconds: it fetches others then.
const CREDENTIALS_SECONDS: i64 = 60 * 60;

/// The name of a feed's stream.
pub(crate) fn stream_name(feed: FeedId) -> String {
    format!("FEED_{}", feed.0.simple())
}

/// Where NATS is for agencies, and what their accounts are made with.
#[derive(Debug, Clone)]
pub struct JetStreamSettings {
    /// The servers. What is signed in with is made here.
    pub servers: NatsServers,
    /// The same, as those who run the server are signed in to: they are told of accounts there.
    pub system: NatsServers,
    /// Where agencies' systems find them.
    pub public: Vec<String>,
    /// Copies of a stream in a cluster.
    pub replicas: usize,
    /// For how long an event stands that nobody takes, since it was put there last.
    pub kept_for: Duration,
    /// How many events of a feed stand at once: the rest waits in the log.
    pub standing: usize,
}

/// The door.
pub struct JetStreamDoor {
    settings: JetStreamSettings,
    keys: Keys,
    system: OnceCell<Client>,
    agencies: Mutex<HashMap<AgencyId, Client>>,
}

impl std::fmt::Debug for JetStreamDoor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("JetStreamDoor").field("servers", &self.settings.servers).finish_non_exhaustive()
    }
}

/// What an agency's system reads a feed with.
pub(crate) struct Credentials {
    /// A `.creds` file.
    pub(crate) text: String,
    /// Until when they are good, in seconds since 1970.
    pub(crate) until: i64,
    /// Where to connect to.
    pub(crate) servers: Vec<String>,
}

/// How long the same cause is not told again: many feeds meet it at once, and again.
const SAID_FOR: Duration = Duration::from_secs(10);
static SAID: std::sync::Mutex<Option<(String, Instant)>> = std::sync::Mutex::new(None);

/// NATS is away, or does not do what it is asked; the cause is for whoever runs the system.
fn refused(cause: &(dyn std::error::Error + 'static)) -> Error {
    let (text, mut said) = (cause.to_string(), SAID.lock().unwrap_or_else(PoisonError::into_inner));
    if !said.as_ref().is_some_and(|(before, at)| *before == text && at.elapsed() < SAID_FOR) {
        tracing::warn!(error = cause, "the NATS server for feeds cannot be reached, or refuses");
        *said = Some((text, Instant::now()));
    }
    Error::new(Reason::Unavailable, "the NATS server for feeds cannot be reached, or refuses")
}

impl JetStreamDoor {
    /// The door, closed until somebody needs it; nothing when the seed is none of an operator's signing key.
    #[must_use]
    pub fn new(settings: JetStreamSettings, signing_seed: &str) -> Option<Self> {
        let keys = Keys::of(signing_seed)?;
        Some(Self { settings, keys, system: OnceCell::new(), agencies: Mutex::default() })
    }

    /// Tells the server of an agency's account as it is now; whoever is not let in any more is cut off by that. An issuer speaks now for the
    /// accounts that are `vouched` for. `false` when the server does not take it, which is of this agency alone.
    ///
    /// # Errors
    /// When the server is away.
    pub(crate) async fn tell(
        &self,
        id: AgencyId,
        agency: &Agency,
        vouched: &BTreeSet<AccountId>,
    ) -> Result<bool, Error> {
        let token = self.keys.account_token(id, agency, vouched)?;
        let system = self.system.get_or_try_init(|| self.settings.system.connect("alongside feeds: accounts")).await;
        let request = Request::new().payload(token.into()).timeout(Some(ANSWER_LIMIT));
        let told = system.map_err(|error| refused(&error))?.send_request(accounts::TOLD_AT, request).await;
        let answer: Value = serde_json::from_slice(&told.map_err(|error| refused(&error))?.payload).unwrap_or_default();
        if answer.get("data").and_then(|data| data.get("code")) == Some(&Value::from(200)) {
            return Ok(true);
        }
        tracing::warn!(agency = %id, %answer, "the NATS server does not take an agency's account");
        Ok(false)
    }

    /// Agencies whose accounts this process is not signed in to just now: the server may not know them any more.
    pub(crate) async fn cut_off(&self) -> Vec<AgencyId> {
        let agencies = self.agencies.lock().await;
        let cut_off = agencies.iter().filter(|(_, client)| client.connection_state() != State::Connected);
        cut_off.map(|(agency, _)| *agency).collect()
    }

    /// The agency's account, signed in to.
    async fn context(&self, agency: AgencyId) -> Result<Context, Error> {
        let mut agencies = self.agencies.lock().await;
        let client = match agencies.get(&agency) {
            Some(client) => client.clone(),
            None => {
                let (key, token) = self.keys.own(agency)?;
                let servers = self.settings.servers.clone().with_made(token, key);
                let servers = servers.map_err(|error| Error::internal(&error))?.answered_on(OWN_INBOX);
                let client = servers.connect("alongside feeds").await.map_err(|error| refused(&error))?;
                agencies.insert(agency, client.clone());
                client
            }
        };
        let mut context = jetstream::new(client);
        context.set_timeout(ANSWER_LIMIT);
        Ok(context)
    }

    /// What a system of an agency reads a feed with, from now on.
    pub(crate) fn credentials(&self, agency: AgencyId, account: AccountId, feed: FeedId) -> Result<Credentials, Error> {
        let now = accounts::now();
        let until = now + CREDENTIALS_SECONDS;
        let text = self.keys.credentials(agency, account, feed, (now, until))?;
        Ok(Credentials { text, until, servers: self.settings.public.clone() })
    }
}
