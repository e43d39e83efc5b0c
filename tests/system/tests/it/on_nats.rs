//! A system whose feeds may stand on JetStream: NATS knows accounts, and who signs in to them.

use std::time::Duration;

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::stream::Stream;
use async_nats::{Client as Nats, ConnectOptions};
use client::Client;
use futures::StreamExt as _;
use harness::{Nats as NatsServer, NatsAccounts, Postgres};
use proto::feeds::v1::{
    ContentLevel, Door, FeedProgress, GetFeedRequest, GetNatsCredentialsRequest, GetNatsCredentialsResponse,
    OpenFeedRequest,
};
use serde_json::Value;

use crate::fed::{Fed, SOON, opens};
use crate::world::{Callers, Pair, Supported, World};

/// The system, and where the keys of its NATS server are.
pub(crate) struct OnNats {
    pub(crate) fed: Fed,
    pub(crate) keys: NatsAccounts,
}

/// A world whose NATS server asks whoever comes to sign in, and has accounts for agencies.
pub(crate) async fn world(settings: &[(&str, toml::Value)]) -> (World, NatsAccounts) {
    let keys = NatsAccounts::new().unwrap();
    let postgres = Postgres::start().await.unwrap();
    let nats = NatsServer::start_with(&keys.configuration().unwrap()).await.unwrap();
    let database = postgres.database().await.unwrap();
    let mut cluster = harness::Cluster::new(&database.app, &nats.url()).unwrap();
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    keys.configure(&mut cluster, &nats, settings);
    (World { cluster, database, nats, postgres }, keys)
}

impl OnNats {
    /// An agency with a feed on JetStream, and a system of it; settings of the door beside.
    pub(crate) async fn new(content: ContentLevel, settings: &[(&str, toml::Value)]) -> Self {
        let (world, keys) = world(settings).await;
        let mut fed = Fed::of(Supported::on(world, 0).await, content).await;
        fed.feed = open(&fed.admin, &fed.supported.callers, content).await;
        Self { fed, keys }
    }

    pub(crate) async fn credentials(&self) -> GetNatsCredentialsResponse {
        credentials(&self.fed.system, &self.fed.feed).await
    }

    /// Reads as a system of the agency does.
    pub(crate) async fn reader(&self) -> PullConsumer {
        let access = self.credentials().await;
        consumer(&connect(&access).await, &access).await
    }

    /// Looks at what stands, as a system of the agency may.
    pub(crate) async fn stream(&self) -> Stream {
        let access = self.credentials().await;
        let context = async_nats::jetstream::new(connect(&access).await);
        until(async || context.get_stream(&access.stream).await.ok()).await
    }

    pub(crate) async fn progress(&self) -> FeedProgress {
        progress(&self.fed.admin, &self.fed.supported.callers.pair, &self.fed.feed).await.unwrap()
    }
}

/// How far a feed of the pair's agency has come, if its administrator is answered.
pub(crate) async fn progress(admin: &Client, pair: &Pair, feed: &str) -> Option<FeedProgress> {
    let request = GetFeedRequest { agency_id: pair.agency_id(), feed_id: feed.to_owned(), at_least_position: 0 };
    admin.feeds().get_feed(request).await.ok()?.into_inner().progress
}

/// Opens a feed on JetStream at the pair's agency.
pub(crate) async fn open(admin: &Client, callers: &Callers, content: ContentLevel) -> String {
    let opens =
        OpenFeedRequest { name: "on JetStream".into(), door: Door::Jetstream.into(), ..opens(&callers.pair, content) };
    admin.feeds().open_feed(opens).await.unwrap().into_inner().feed_id
}

pub(crate) async fn credentials(system: &Client, feed: &str) -> GetNatsCredentialsResponse {
    let request = GetNatsCredentialsRequest { feed_id: feed.to_owned(), at_least_position: 0 };
    system.feeds().get_nats_credentials(request).await.unwrap().into_inner()
}

/// What comes of it, once something does.
pub(crate) async fn until<T>(attempt: impl AsyncFn() -> Option<T>) -> T {
    let trying = async {
        loop {
            if let Some(done) = attempt().await {
                return done;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(SOON, trying).await.expect("it comes to that")
}

pub(crate) fn options(access: &GetNatsCredentialsResponse) -> ConnectOptions {
    ConnectOptions::with_credentials(&access.credentials).unwrap()
}

/// Connects, once the server knows the account.
pub(crate) async fn connect(access: &GetNatsCredentialsResponse) -> Nats {
    until(async || options(access).connect(&access.servers).await.ok()).await
}

pub(crate) async fn consumer(client: &Nats, access: &GetNatsCredentialsResponse) -> PullConsumer {
    let context = async_nats::jetstream::new(client.clone());
    until(async || context.get_consumer_from_stream(&access.consumer, &access.stream).await.ok()).await
}

/// The next events, acknowledged; just so many.
pub(crate) async fn next(reader: &PullConsumer, count: usize) -> Vec<Value> {
    let mut messages = reader.batch().max_messages(count).expires(SOON).messages().await.unwrap();
    let mut events = Vec::new();
    while events.len() < count {
        let message = messages.next().await.unwrap_or_else(|| panic!("no more than {events:?}")).unwrap();
        let content_type = message.headers.as_ref().and_then(|headers| headers.get("content-type")).unwrap();
        assert_eq!(content_type.as_str(), "application/cloudevents+json");
        events.push(serde_json::from_slice(&message.payload).unwrap());
        message.double_ack().await.unwrap();
    }
    events
}

/// So many events stand in the stream, soon.
pub(crate) async fn stands(stream: &Stream, count: u64) {
    let stood = std::cell::Cell::new(u64::MAX);
    let look = async {
        while stood.get() != count {
            tokio::time::sleep(Duration::from_millis(20)).await;
            stood.set(stream.clone().info().await.unwrap().state.messages);
        }
    };
    let stands = tokio::time::timeout(2 * SOON, look).await;
    assert!(stands.is_ok() || stood.get() == count, "{} stand, and not {count}", stood.get());
}
