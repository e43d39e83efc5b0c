//! Three agencies with three feeds each, over gRPC, on JetStream and as webhooks, on two servers, while people change their minds and everything is
//! killed at random; and then all that was received is held against the log.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::PullConsumer;
use client::{Client, request_id, terms};
use domain::ids::FeedId;
use domain::sharing::events::SharingEvent;
use events::{Envelope, Event};
use futures::StreamExt as _;
use harness::Node;
use proto::access::v1::{Purpose, RecordCategory};
use proto::feeds::v1::{
    AcknowledgeRequest, ChangeFeedRequest, ContentLevel, Door, FeedProgress, GetNatsCredentialsRequest,
    ReplayFeedRequest, RotateWebhookSecretRequest, SubscribeRequest,
};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{BlockWorkerRequest, DenyProvisionRequest, UnblockWorkerRequest};
use serde_json::Value;
use tonic::Status;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::fed::{agency_with_a_feed, permit, signed_in};
use crate::feeds_checker::{Received, Wrong, check, the_checker_would_have_found_it};
use crate::on_nats::{open, options, progress, until, world};
use crate::receiver::{Answer, Receiver};
use crate::webhooks::{self, calls};
use crate::world::{Callers, Pair, World, lasting, stores};

/// For how many minutes, if `TORMENT_MINUTES` says so (`cargo xtask torment`); else for half a minute.
fn minutes() -> Option<u64> {
    std::env::var("TORMENT_MINUTES").ok().map(|minutes| minutes.parse().unwrap())
}
/// How many harms there are at least.
const ENOUGH: usize = 10;
/// How long it may take until all is received that is to be.
const PATIENCE: Duration = Duration::from_secs(90);

/// A person and an agency that has a feed about them.
#[derive(Clone)]
struct Told {
    callers: Callers,
    feed: FeedId,
    door: Door,
    /// Its system, on either server.
    systems: [Client; 2],
    /// Its administrator.
    admin: Client,
    /// Who receives it, where it is a webhook.
    receiver: Receiver,
}

impl Told {
    /// The feed's stream on JetStream, read, once it is there.
    async fn pulls(&self) -> Option<PullConsumer> {
        let request = GetNatsCredentialsRequest { feed_id: self.feed.to_string(), at_least_position: 0 };
        let access = self.systems[random(2)].feeds().get_nats_credentials(request).await.ok()?.into_inner();
        let client = options(&access).connect(&access.servers).await.ok()?;
        async_nats::jetstream::new(client).get_consumer_from_stream(&access.consumer, &access.stream).await.ok()
    }

    /// Everything is to be told again.
    async fn replays(&self) -> Result<(), Status> {
        let request = ReplayFeedRequest {
            request_id: request_id(),
            feed_id: self.feed.to_string(),
            token: String::new(),
            position: 0,
        };
        self.systems[random(2)].feeds().replay_feed(request).await.map(drop)
    }

    async fn progress(&self) -> Option<FeedProgress> {
        progress(&self.admin, &self.callers.pair, &self.feed.to_string()).await
    }

    /// Whoever waits before they call again does so at once.
    async fn calls_at_once(&self) {
        let (agency_id, feed_id) = (self.callers.pair.agency_id(), self.feed.to_string());
        let rotate = RotateWebhookSecretRequest { request_id: request_id(), agency_id, feed_id, at_once: true };
        self.admin.feeds().rotate_webhook_secret(rotate).await.unwrap();
    }

    /// All that its webhook's receiver was called with.
    fn called_with(&self) -> Vec<Received> {
        let came = self.receiver.came();
        let received: Vec<_> = came.iter().filter_map(|came| self.received(&came.event())).collect();
        assert!(received.len() > 10, "{came:?}");
        received
    }

    /// What was received, if it is about an entry.
    fn received(&self, event: &Value) -> Option<Received> {
        let entry = event["data"]["entryId"].as_str()?;
        Some((self.feed, event["id"].as_str().unwrap().to_owned(), entry.to_owned()))
    }
}

fn random(below: usize) -> usize {
    usize::try_from(Uuid::now_v7().as_u64_pair().1 % below as u64).unwrap()
}

async fn pause(least: usize, most: usize) {
    tokio::time::sleep(Duration::from_millis((least + random(most - least)) as u64)).await;
}

/// A system that reads its feed, now here and now there, acknowledges when it likes, and begins again now and then.
async fn reads(told: Told, received: Arc<Mutex<Vec<Received>>>, stop: Arc<AtomicBool>) {
    let mut token = String::new();
    while !stop.load(Ordering::Relaxed) {
        let system = &told.systems[random(2)];
        let feed_id = told.feed.to_string();
        let from_beginning = random(10) == 0;
        let token_given = if from_beginning || random(2) == 0 { String::new() } else { token.clone() };
        let subscribe = SubscribeRequest { feed_id: feed_id.clone(), token: token_given, from_beginning, window: 50 };
        let Ok(stream) = system.feeds().subscribe(subscribe).await else {
            token.clear();
            pause(20, 200).await;
            continue;
        };
        let (mut stream, until) =
            (stream.into_inner(), Instant::now() + Duration::from_millis(500 + random(4_000) as u64));
        while Instant::now() < until && !stop.load(Ordering::Relaxed) {
            let Ok(Ok(Some(answer))) = tokio::time::timeout(Duration::from_secs(3), stream.message()).await else {
                break;
            };
            for delivered in &answer.events {
                let event: Value = serde_json::from_str(&delivered.cloud_event).unwrap();
                received.lock().unwrap().extend(told.received(&event));
            }
            token.clone_from(&answer.token);
            if random(3) > 0 {
                let kept = AcknowledgeRequest { feed_id: feed_id.clone(), token: answer.token };
                drop(system.feeds().acknowledge(kept).await);
            }
        }
    }
}

/// A system that pulls its feed from JetStream, acknowledges when it likes, and has everything told again now and then.
async fn pulls(told: Told, received: Arc<Mutex<Vec<Received>>>, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        if random(10) == 0 {
            drop(told.replays().await);
        }
        let Some(consumer) = told.pulls().await else {
            pause(20, 200).await;
            continue;
        };
        let until = Instant::now() + Duration::from_millis(500 + random(4_000) as u64);
        while Instant::now() < until && !stop.load(Ordering::Relaxed) {
            let batch = consumer.batch().max_messages(50).expires(Duration::from_millis(500)).messages().await;
            let Ok(mut messages) = batch else { break };
            while let Ok(Some(Ok(message))) = tokio::time::timeout(Duration::from_secs(3), messages.next()).await {
                received.lock().unwrap().extend(told.received(&serde_json::from_slice(&message.payload).unwrap()));
                if random(3) > 0 {
                    drop(message.ack().await);
                }
            }
        }
    }
}

/// A webhook's receiver that takes what comes when it likes, and has everything told again now and then.
async fn receives(told: Told, stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::Relaxed) {
        if random(20) == 0 {
            drop(told.replays().await);
        }
        let answers =
            [Answer::Status(204), Answer::Status(204), Answer::Status(204), Answer::Status(500), Answer::Half];
        told.receiver.answers(answers[random(answers.len())]);
        pause(50, 500).await;
    }
    told.receiver.answers(Answer::Status(204));
}

/// A person who writes, and who gives and takes. What fails is forgotten: the log says what was so.
async fn changes_their_mind(callers: Callers, stop: Arc<AtomicBool>) {
    let (person, pair) = (&callers.person, &callers.pair);
    let (mut permits, mut denies): (Vec<String>, Vec<String>) = (vec![], vec![]);
    while !stop.load(Ordering::Relaxed) {
        match random(16) {
            0..=8 => drop(person.strength("something").await),
            9 | 10 => permits.extend(grant(&callers).await),
            11 => {
                if let Some(permit) = permits.pop() {
                    drop(person.withdraw(&permit).await);
                }
            }
            12 => {
                let nobody = terms(Actor::Everybody(true), [RecordCategory::Strengths], Purpose::CareCoordination, []);
                let deny = DenyProvisionRequest { request_id: request_id(), terms: Some(nobody), ..Default::default() };
                denies
                    .extend(person.sharing().deny_provision(deny).await.map(|denied| denied.into_inner().provision_id));
            }
            13 => {
                for deny in denies.drain(..) {
                    drop(person.withdraw(&deny).await);
                }
            }
            14 => {
                let staff_id = pair.staff_id();
                let block =
                    BlockWorkerRequest { request_id: request_id(), staff_id: staff_id.clone(), ..Default::default() };
                drop(person.sharing().block_worker(block).await);
                pause(1, 300).await;
                let unblock = UnblockWorkerRequest { request_id: request_id(), staff_id, ..Default::default() };
                drop(person.sharing().unblock_worker(unblock).await);
            }
            _ => {
                drop(person.block(&pair.agency_id()).await);
                pause(1, 300).await;
                drop(person.unblock(&pair.agency_id()).await);
            }
        }
        // A record stays about as large however long it takes.
        pause(1, 60 * usize::try_from(minutes().unwrap_or(1)).unwrap()).await;
    }
}

async fn grant(callers: &Callers) -> Option<String> {
    let agency = Actor::AgencyId(callers.pair.agency_id());
    let actions = [proto::access::v1::Action::Read, proto::access::v1::Action::Subscribe];
    let permit = terms(agency, [RecordCategory::Strengths], Purpose::CareCoordination, actions);
    callers.person.grant(permit).await.ok().map(|granted| granted.provision_id)
}

/// Kills and starts again, at random.
async fn harms(world: &mut World, servers: &mut [Node; 2], accounts: &Path) -> usize {
    let (begun, mut harms) = (Instant::now(), 0);
    let length = Duration::from_secs(minutes().map_or(30, |minutes| 60 * minutes));
    // However slow the machine is: what has not been harmed proves nothing.
    while begun.elapsed() < length || harms <= ENOUGH {
        pause(300, 1_500).await;
        match random(4) {
            0 | 1 => {
                let server = &mut servers[random(2)];
                server.kill().unwrap();
                *server = world.cluster.start_on("", server.grpc).await.unwrap();
            }
            2 => {
                world.nats.kill().unwrap();
                if random(2) == 0 {
                    world.nats.wipe().unwrap();
                }
                if random(4) == 0 && accounts.exists() {
                    std::fs::remove_dir_all(accounts).unwrap();
                }
                world.nats.restart().await.unwrap();
            }
            _ => world.postgres.crash_and_restart().await.unwrap(),
        }
        harms += 1;
    }
    harms
}

/// The log, opened.
async fn log_of(world: &World) -> Vec<Envelope> {
    let stores = stores(&world.cluster).await;
    let (mut log, mut position) = (Vec::new(), 0);
    loop {
        let events = stores.log.read(event_log::Position(position), 1_000).await.unwrap();
        let Some(last) = events.last() else { return log };
        position = last.position.0;
        for event in &events {
            log.push(stores.codec.open(event).await.unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_each_feed_tells_what_is_covered_once_and_nothing_else() {
    let (mut world, keys) = world(&[]).await;
    calls(&mut world.cluster, &["127.0.0.0/8"], &[]);
    let mut agencies = BTreeSet::new();
    let pairs: Vec<Pair> =
        world.import(9).into_iter().filter(|pair| agencies.insert(pair.worker.agency())).take(3).collect();
    let mut servers = [world.start().await, world.start().await];
    let ports = [servers[0].grpc, servers[1].grpc];
    let mut all = Vec::new();
    for pair in &pairs {
        let callers = Callers::new(&world.cluster, &servers[0].channel().await.unwrap(), pair).await;
        callers.accept().await;
        let channel = servers[0].channel().await.unwrap();
        let over_grpc = agency_with_a_feed(&world.cluster, &callers, channel.clone()).await;
        let client = |channel: Channel, subject: &str| signed_in(&world.cluster, pair, channel, subject);
        let boss = client(channel, "boss");
        let on_jetstream = open(&boss, &callers, ContentLevel::IdOnly).await;
        let receiver = Receiver::start().await;
        let hooked = webhooks::open(&boss, pair, ContentLevel::IdOnly, &receiver.url()).await.unwrap();
        let systems = ports.map(|port| client(lasting(port), "record-system"));
        let admin = client(lasting(ports[random(2)]), "boss");
        let callers = Callers::unenrolled(&world.cluster, &lasting(ports[random(2)]), pair);
        for (door, feed) in [(Door::Grpc, over_grpc), (Door::Jetstream, on_jetstream), (Door::Webhook, hooked)] {
            let (callers, systems, admin) = (callers.clone(), systems.clone(), admin.clone());
            tells_all(&boss, pair, (door, &feed), &receiver).await;
            let (feed, receiver) = (FeedId(feed.parse().unwrap()), receiver.clone());
            all.push(Told { callers, feed, door, systems, admin, receiver });
        }
    }
    let (received, stop) = (Arc::default(), Arc::new(AtomicBool::new(false)));
    let mut tasks = Vec::new();
    for told in &all {
        let (told, received, stop) = (told.clone(), Arc::clone(&received), stop.clone());
        match told.door {
            Door::Jetstream => tasks.push(tokio::spawn(pulls(told, received, stop))),
            Door::Webhook => tasks.push(tokio::spawn(receives(told, stop))),
            Door::Unspecified | Door::Grpc => {
                tasks.push(tokio::spawn(changes_their_mind(told.callers.clone(), stop.clone())));
                tasks.push(tokio::spawn(reads(told, received, stop)));
            }
        }
    }
    let harmed = harms(&mut world, &mut servers, &keys.kept()).await;
    stop.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    let mut last = BTreeMap::new();
    for told in &all {
        last.insert(told.feed, ends_well(&world, told).await);
        told.callers.person.block(&told.callers.pair.agency_id()).await.unwrap();
    }
    let mut received: Vec<Received> = received.lock().unwrap().clone();
    all.iter().filter(|told| told.door == Door::Webhook).for_each(|told| received.extend(told.called_with()));
    let (begun, mut wrong, mut log) = (Instant::now(), vec![], vec![]);
    // What each has received is asked back a moment later, now that all agencies are shut out.
    while begun.elapsed() < PATIENCE {
        log = log_of(&world).await;
        wrong = check(&log, &received, &last);
        if !wrong.iter().any(|wrong| matches!(wrong, Wrong::NotRecalled(_))) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    assert_eq!(wrong, [], "{harmed} harms, {} received", received.len());
    for told in all.iter().filter(|told| told.door == Door::Jetstream) {
        stands_nothing_but_recalls(told).await;
    }
    assert!(harmed > ENOUGH && received.len() > 50, "{harmed} harms, {} received", received.len());
    the_checker_would_have_found_it(&log, &received, &last);
}

/// From now on the feed tells of permits, too.
async fn tells_all(boss: &Client, pair: &Pair, (door, feed_id): (Door, &str), receiver: &Receiver) {
    let change = ChangeFeedRequest {
        request_id: request_id(),
        agency_id: pair.agency_id(),
        feed_id: feed_id.to_owned(),
        content: ContentLevel::IdOnly.into(),
        target: if door == Door::Webhook { receiver.url() } else { String::new() },
        ..Default::default()
    };
    boss.feeds().change_feed(change).await.unwrap();
}

/// Now that the agency is shut out, nothing that is about an entry stands.
async fn stands_nothing_but_recalls(told: &Told) {
    let consumer = until(async || told.pulls().await).await;
    let batch = consumer.batch().max_messages(10_000).expires(Duration::from_secs(1)).messages().await;
    let mut messages = batch.unwrap();
    while let Some(Ok(message)) = messages.next().await {
        let event: Value = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!(event["type"], "alongside.recall.requested.v1");
    }
}

/// Everything that shuts the agency out is taken back, and it is permitted; then the feed begins again, and tells all that there is.
async fn ends_well(world: &World, told: &Told) -> BTreeSet<String> {
    let (callers, pair) = (&told.callers, &told.callers.pair);
    let unblock = UnblockWorkerRequest { request_id: request_id(), staff_id: pair.staff_id(), ..Default::default() };
    drop(callers.person.sharing().unblock_worker(unblock).await);
    drop(callers.person.unblock(&pair.agency_id()).await);
    let mut denies = BTreeSet::new();
    for envelope in log_of(world).await.into_iter().filter(|envelope| envelope.stream == pair.person.0) {
        if let Event::Sharing(SharingEvent::ProvisionDenied(e)) = envelope.event {
            denies.insert(e.provision);
        }
    }
    for deny in denies {
        callers.person.withdraw(&deny.to_string()).await.unwrap();
    }
    permit(callers).await;
    match told.door {
        Door::Jetstream => return pulls_all(world, told).await,
        Door::Webhook => return receives_all(world, told).await,
        Door::Unspecified | Door::Grpc => {}
    }
    let (begun, mut entries, mut token, mut said) = (Instant::now(), BTreeSet::new(), String::new(), String::new());
    loop {
        // What was begun again goes on where it was interrupted: the servers may not have found together yet.
        let feed_id = told.feed.to_string();
        let from_beginning = token.is_empty();
        let subscribe = SubscribeRequest { feed_id, token: token.clone(), from_beginning, ..Default::default() };
        match told.systems[0].feeds().subscribe(subscribe).await {
            Ok(stream) => {
                let mut stream = stream.into_inner();
                loop {
                    let answer = match tokio::time::timeout(Duration::from_secs(10), stream.message()).await {
                        Ok(Ok(Some(answer))) => answer,
                        Ok(Err(status)) => {
                            said = format!("ended: {}", status.message());
                            break;
                        }
                        ended => {
                            said = format!("after \"{said}\": {ended:?}");
                            break;
                        }
                    };
                    let events = answer.events.iter().map(|event| serde_json::from_str(&event.cloud_event).unwrap());
                    entries.extend(events.filter_map(|event| told.received(&event)).map(|(_, _, entry)| entry));
                    said = format!("{} more, {} behind", answer.events.len(), answer.behind);
                    token = answer.token;
                    if answer.events.is_empty() && answer.behind == 0 {
                        return entries;
                    }
                }
            }
            Err(status) => said = status.message().to_owned(),
        }
        assert!(begun.elapsed() < PATIENCE, "the feed does not begin again: {} entries; {said}", entries.len());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Has everything told again, and pulls it.
async fn pulls_all(world: &World, told: &Told) -> BTreeSet<String> {
    let (before, head) = (told.progress().await.unwrap().run, stores(&world.cluster).await.log.head().await.unwrap().0);
    told.replays().await.unwrap();
    let (begun, mut entries) = (Instant::now(), BTreeSet::new());
    loop {
        if let Some(consumer) = told.pulls().await {
            let batch = consumer.batch().max_messages(500).expires(Duration::from_millis(500)).messages().await;
            let mut messages = batch.unwrap();
            while let Some(Ok(message)) = messages.next().await {
                let event: Value = serde_json::from_slice(&message.payload).unwrap();
                entries.extend(told.received(&event).map(|(_, _, entry)| entry));
                message.double_ack().await.unwrap();
            }
        }
        let progress = told.progress().await.unwrap();
        if progress.run > before && progress.acknowledged >= head {
            return entries;
        }
        assert!(begun.elapsed() < PATIENCE, "the feed does not begin again: {progress:?}");
    }
}

/// Has everything told again, and receives it.
async fn receives_all(world: &World, told: &Told) -> BTreeSet<String> {
    let head = stores(&world.cluster).await.log.head().await.unwrap().0;
    let (before, run) = (told.receiver.came().len(), told.progress().await.unwrap().run);
    told.replays().await.unwrap();
    told.calls_at_once().await;
    let begun = Instant::now();
    loop {
        let progress = told.progress().await.unwrap();
        if progress.run > run && progress.acknowledged >= head {
            let came = told.receiver.came().split_off(before);
            return came.iter().filter_map(|came| told.received(&came.event())).map(|(_, _, entry)| entry).collect();
        }
        assert!(begun.elapsed() < PATIENCE, "the feed does not begin again: {progress:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
