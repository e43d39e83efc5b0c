//! An agency with a feed, a system of it that receives, and what a reader of a stream keeps.

use std::time::Duration;

use client::{Client, request_id, terms};
use domain::StreamKind;
use domain::access::events::AccessEvent;
use domain::ids::derived_id;
use events::Event;
use harness::{Cluster, Node};
use proto::access::v1::{Action, ListMyRecallsRequest, Purpose, Recall, RecordCategory};
use proto::feeds::v1::{
    AcknowledgeRequest, AddServiceAccountRequest, ContentLevel, Door, OpenFeedRequest, Scope, SendTestEventRequest,
    SubscribeRequest, SubscribeResponse,
};
use proto::people::v1::{RecordWhatMattersRequest, SetGoalRequest};
use proto::sharing::v1::provision_actor::Actor;
use serde_json::Value;
use tonic::transport::Channel;
use tonic::{Status, Streaming};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::world::{Callers, Pair, Supported, stores};

/// How long something may take to arrive.
pub(crate) const SOON: Duration = Duration::from_secs(10);
/// How long nothing arrives that does not.
pub(crate) const A_WHILE: Duration = Duration::from_millis(600);

/// An agency with a feed, and a system of it that receives.
pub(crate) struct Fed {
    pub(crate) supported: Supported,
    pub(crate) admin: Client,
    pub(crate) system: Client,
    pub(crate) feed: String,
}

/// A stream, as its reader keeps it.
pub(crate) struct Reading {
    pub(crate) stream: Streaming<SubscribeResponse>,
    /// The token of what came last.
    pub(crate) token: String,
}

impl Reading {
    pub(crate) async fn of(system: &Client, request: SubscribeRequest) -> Result<Self, Status> {
        let stream = system.feeds().subscribe(request).await?.into_inner();
        Ok(Self { stream, token: String::new() })
    }

    /// What comes next; nothing, when it is a sign of life.
    pub(crate) async fn some(&mut self) -> Vec<Value> {
        let answer = tokio::time::timeout(SOON, self.stream.message()).await.expect("something comes");
        let answer = answer.unwrap().expect("the stream goes on");
        self.token = answer.token;
        answer.events.iter().map(|event| serde_json::from_str(&event.cloud_event).unwrap()).collect()
    }

    /// The next events, until so many have come.
    pub(crate) async fn next(&mut self, count: usize) -> Vec<Value> {
        let (mut events, begun) = (Vec::new(), std::time::Instant::now());
        while events.len() < count {
            events.extend(self.some().await);
            assert!(begun.elapsed() < 3 * SOON, "{events:?}");
        }
        assert_eq!(events.len(), count, "{events:?}");
        events
    }

    /// All that comes until nothing has come for a while.
    pub(crate) async fn all(&mut self) -> Vec<Value> {
        let mut events = Vec::new();
        while let Ok(answer) = tokio::time::timeout(A_WHILE, self.stream.message()).await {
            let answer = answer.unwrap().expect("the stream goes on");
            events.extend(answer.events.iter().map(|event| serde_json::from_str::<Value>(&event.cloud_event).unwrap()));
            self.token = answer.token;
        }
        events
    }

    /// Nothing but signs of life comes for a while.
    pub(crate) async fn is_silent(&mut self) {
        let until = tokio::time::Instant::now() + A_WHILE;
        while let Ok(answer) = tokio::time::timeout_at(until, self.stream.message()).await {
            let answer = answer.unwrap().expect("the stream goes on");
            assert!(answer.events.is_empty(), "{answer:?}");
            self.token = answer.token;
        }
    }

    /// How the stream ends.
    pub(crate) async fn ended(&mut self) -> Status {
        let ended = async {
            loop {
                match self.stream.message().await {
                    Ok(Some(answer)) => assert!(answer.events.is_empty(), "{answer:?}"),
                    Ok(None) => panic!("a stream ends with a reason"),
                    Err(status) => return status,
                }
            }
        };
        tokio::time::timeout(SOON, ended).await.expect("the stream ends")
    }
}

pub(crate) fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// Somebody of the pair's agency, or a system of it, by the subject that it signs in with.
pub(crate) fn signed_in(cluster: &Cluster, pair: &Pair, channel: Channel, subject: &str) -> Client {
    Client::new(channel, &cluster.signer.staff(pair.worker.agency(), subject).unwrap()).unwrap()
}

/// Adds a system of the pair's agency, and returns it with its account.
pub(crate) async fn system(supported: &Supported, admin: &Client, node: &Node, subject: &str) -> (Client, String) {
    let pair = &supported.callers.pair;
    let account = admin.feeds().add_service_account(account(pair, subject)).await.unwrap().into_inner().account_id;
    (signed_in(&supported.world.cluster, pair, node.channel().await.unwrap(), subject), account)
}

fn account(pair: &Pair, subject: &str) -> AddServiceAccountRequest {
    AddServiceAccountRequest {
        request_id: request_id(),
        agency_id: pair.agency_id(),
        name: "record system".into(),
        issuer: pair.issuer(),
        subject: subject.into(),
        scopes: vec![Scope::Receive.into(), Scope::AnswerRecalls.into()],
    }
}

/// The administrator of the pair's agency, who joins for that.
async fn administrator(cluster: &Cluster, callers: &Callers, channel: Channel) -> Client {
    let pair = &callers.pair;
    callers.operator.agencies().add_staff(pair.joins("boss", "Boss", "administrator")).await.unwrap();
    signed_in(cluster, pair, channel, "boss")
}

/// The pair's agency gets a system, which signs in as `record-system`, and a feed; returns the feed.
pub(crate) async fn agency_with_a_feed(cluster: &Cluster, callers: &Callers, channel: Channel) -> String {
    let admin = administrator(cluster, callers, channel).await;
    admin.feeds().add_service_account(account(&callers.pair, "record-system")).await.unwrap();
    admin.feeds().open_feed(opens(&callers.pair, ContentLevel::IdOnly)).await.unwrap().into_inner().feed_id
}

/// The person lets the agency see and receive strengths and what matters, of which the samples have none; returns the provision.
pub(crate) async fn permit(callers: &Callers) -> String {
    let agency = Actor::AgencyId(callers.pair.agency_id());
    let categories = [RecordCategory::Strengths, RecordCategory::WhatMatters];
    let permit = terms(agency, categories, Purpose::CareCoordination, [Action::Read, Action::Subscribe]);
    callers.person.grant(permit).await.unwrap().provision_id
}

/// Several feeds have received something of the person, who then takes back what let them.
pub(crate) async fn receive_and_take_back(supported: &Supported, feeds: usize) {
    let (callers, channel) = (&supported.callers, supported.node.channel().await.unwrap());
    let admin = administrator(&supported.world.cluster, callers, channel).await;
    let (system, _) = system(supported, &admin, &supported.node, "record-system").await;
    let provision = permit(callers).await;
    callers.person.strength("received").await.unwrap();
    let mut readings = Vec::new();
    for n in 0..feeds {
        let opens = OpenFeedRequest { name: format!("feed {n}"), ..opens(&callers.pair, ContentLevel::IdOnly) };
        let feed_id = admin.feeds().open_feed(opens).await.unwrap().into_inner().feed_id;
        let mut reading = Reading::of(&system, SubscribeRequest { feed_id, ..Default::default() }).await.unwrap();
        assert!(!reading.all().await.is_empty());
        readings.push(reading);
    }
    callers.person.withdraw(&provision).await.unwrap();
    for mut reading in readings {
        assert!(reading.next(1).await[0]["type"].as_str().unwrap().starts_with("alongside.recall."));
    }
}

impl Fed {
    pub(crate) async fn new(content: ContentLevel) -> Self {
        Self::of(Supported::without_consent(0).await, content).await
    }

    pub(crate) async fn of(supported: Supported, content: ContentLevel) -> Self {
        let (pair, channel) = (&supported.callers.pair, supported.node.channel().await.unwrap());
        let admin = administrator(&supported.world.cluster, &supported.callers, channel).await;
        let (system, _) = system(&supported, &admin, &supported.node, "record-system").await;
        let feed = admin.feeds().open_feed(opens(pair, content)).await.unwrap().into_inner().feed_id;
        Self { supported, admin, system, feed }
    }

    /// Everybody calls another server from now on; returns the one before.
    pub(crate) async fn move_to(&mut self, node: Node) -> Node {
        let (cluster, pair) = (&self.supported.world.cluster, self.supported.callers.pair.clone());
        let channel = node.channel().await.unwrap();
        let staff = |subject: &str| signed_in(cluster, &pair, channel.clone(), subject);
        (self.admin, self.system) = (staff("boss"), staff("record-system"));
        self.supported.callers = Callers::unenrolled(cluster, &channel, &pair);
        std::mem::replace(&mut self.supported.node, node)
    }

    /// Sends a test event over the feed.
    pub(crate) async fn test_event(&self) {
        let agency_id = self.supported.callers.pair.agency_id();
        let test = SendTestEventRequest { request_id: request_id(), agency_id, feed_id: self.feed.clone() };
        self.admin.feeds().send_test_event(test).await.unwrap();
    }

    pub(crate) fn person(&self) -> &Client {
        &self.supported.callers.person
    }

    pub(crate) async fn permit(&self) -> String {
        permit(&self.supported.callers).await
    }

    pub(crate) async fn matters(&self, text: &str) {
        let matters = RecordWhatMattersRequest { request_id: request_id(), text: text.into(), ..Default::default() };
        self.person().people().record_what_matters(matters).await.unwrap();
    }

    pub(crate) async fn set_goal(&self, text: &str) {
        let goal = SetGoalRequest { request_id: request_id(), text: text.into(), ..Default::default() };
        self.person().people().set_goal(goal).await.unwrap();
    }

    pub(crate) async fn read(&self, from_beginning: bool, token: &str) -> Result<Reading, Status> {
        let (feed_id, token) = (self.feed.clone(), token.to_owned());
        Reading::of(&self.system, SubscribeRequest { feed_id, token, from_beginning, window: 0 }).await
    }

    /// As `read`, once the stream before has let go.
    pub(crate) async fn read_when_free(&self, from_beginning: bool, token: &str) -> Reading {
        loop {
            match self.read(from_beginning, token).await {
                Ok(reading) => return reading,
                Err(status) => assert_eq!(reason(&status), "FEED_IS_CARRIED", "{status:?}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) async fn acknowledge(&self, token: &str) -> Result<(), Status> {
        let (feed_id, token) = (self.feed.clone(), token.to_owned());
        self.system.feeds().acknowledge(AcknowledgeRequest { feed_id, token }).await.map(drop)
    }

    /// Everything that has its receipt of a delivery, in the log's order: the entries of each.
    pub(crate) async fn receipts(&self) -> Vec<Vec<Uuid>> {
        let stores = stores(&self.supported.world.cluster).await;
        let mut receipts = Vec::new();
        for event in stores.log.read(event_log::Position(0), 100_000).await.unwrap() {
            if event.stream.kind == StreamKind::Access.code()
                && let Event::Access(AccessEvent::EventDelivered(delivered)) =
                    stores.codec.open(&event).await.unwrap().event
            {
                receipts.push(delivered.events.iter().map(|event| event.entry.0).collect());
            }
        }
        receipts
    }

    /// The id of the event about an entry, as the feed tells it.
    pub(crate) async fn told_of(&self, entry: &str) -> String {
        let feed: Uuid = self.feed.parse().unwrap();
        let stores = stores(&self.supported.world.cluster).await;
        for event in stores.log.read(event_log::Position(0), 100_000).await.unwrap() {
            if event.stream.kind == StreamKind::Access.code()
                && let Event::Access(AccessEvent::EventDelivered(e)) = stores.codec.open(&event).await.unwrap().event
                && let Some(delivered) = e.events.iter().find(|delivered| delivered.entry.0.to_string() == entry)
            {
                return derived_id(delivered.event, &[b"delivered", feed.as_bytes()]).to_string();
            }
        }
        panic!("nothing about it was delivered")
    }

    pub(crate) async fn recalls(&self) -> Vec<Recall> {
        let head = stores(&self.supported.world.cluster).await.log.head().await.unwrap().0;
        let request = ListMyRecallsRequest { at_least_position: head, ..Default::default() };
        self.person().access().list_my_recalls(request).await.unwrap().into_inner().recalls
    }
}

/// Every published type of what is about people, but for permits: those that a test gives are told in tests of their own.
fn types() -> Vec<String> {
    let document = feeds::asyncapi();
    let described = document["components"]["messages"].as_object().unwrap().keys();
    let about = ["record", "support", "consultation", "question"].map(|what| format!("alongside.{what}."));
    described.filter(|name| about.iter().any(|about| name.starts_with(about))).cloned().collect()
}

/// A feed of all but permits.
pub(crate) fn opens(pair: &Pair, content: ContentLevel) -> OpenFeedRequest {
    OpenFeedRequest {
        request_id: request_id(),
        agency_id: pair.agency_id(),
        name: "record system".into(),
        door: Door::Grpc.into(),
        purpose: Purpose::CareCoordination.into(),
        categories: vec![],
        types: types(),
        content: content.into(),
        target: String::new(),
    }
}

pub(crate) fn entry(event: &Value) -> &str {
    event["data"]["entryId"].as_str().unwrap()
}
