//! Nothing acknowledged is lost, and nothing happens twice, whatever crashes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::{Bus, NatsBus, NatsConfig};
use client::Client;
use event_log::{EventLog, Limits, LogMetrics, Position, PostgresConfig, PostgresLog};
use futures::StreamExt as _;
use harness::Node;
use proto::people::v1::RecordStrengthRequest;
use proto::people::v1::entry::Content;
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinHandle;
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::world::{Callers, World, at_rest, lasting, rebuild, stores, until_acknowledged, views_equal_a_rebuild};

/// Writes one strength after the other, each until it is acknowledged, and returns those that were.
fn writer(
    token: String,
    port: u16,
    name: &'static str,
    pause: Duration,
    stop: Arc<AtomicBool>,
) -> JoinHandle<Vec<String>> {
    tokio::spawn(async move {
        let client = Client::new(lasting(port), &token).unwrap();
        let mut acknowledged = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let text = format!("{name} {}", acknowledged.len());
            let request_id = Uuid::now_v7().to_string();
            let strength = RecordStrengthRequest { request_id, text: text.clone(), ..Default::default() };
            until_acknowledged(|| async { client.people().record_strength(strength.clone()).await }).await;
            acknowledged.push(text);
            tokio::time::sleep(pause).await;
        }
        acknowledged
    })
}

/// The strengths of a record.
async fn strengths(client: &Client, at_least: u64) -> Vec<String> {
    let strength = |content| if let Some(Content::Strength(strength)) = content { Some(strength.text) } else { None };
    let entries = client.my_record(at_least).await.unwrap();
    entries.into_iter().filter_map(|entry| strength(entry.content)).collect()
}

async fn log(world: &World) -> PostgresLog {
    let config = PostgresConfig {
        url: world.database.app.clone(),
        readers: 2,
        limits: Limits::default(),
        accept_volatile: false,
    };
    PostgresLog::open(&config, LogMetrics::default()).await.unwrap()
}

/// The bus holds exactly the log: every event at its position, none missing, none twice. Only looks: what is not there
/// is the relay's to bring.
pub(crate) async fn bus_equals_log(world: &World) {
    let log = log(world).await;
    let history = log.history();
    let copy_of = Arc::new(move || node::compose::copy_of(history));
    let bus =
        NatsBus::connect(&NatsConfig { servers: world.nats.servers().unwrap(), copy_of, replicas: 1 }).await.unwrap();
    let secret = stores(&world.cluster).await.codec.vault().pseudonyms().await.unwrap();
    let carrier = events::Carrier::new(secret, history.epoch);
    let head = log.head().await.unwrap();
    harness::wait_until("the relay", || async { Ok(bus.last().await? == Some(head.0)) }).await.unwrap();
    let events = log.read(Position(0), 100_000).await.unwrap();
    let messages = bus.subscribe(0).await.unwrap().take(events.len()).collect::<Vec<_>>();
    let messages = tokio::time::timeout(Duration::from_secs(30), messages).await.unwrap();
    assert_eq!(messages.len(), events.len());
    for (event, message) in events.iter().zip(messages) {
        let message = message.unwrap();
        assert_eq!((message.position, &message.payload), (event.position.0, &carrier.carry(event)));
    }
}

/// The view holds what the writers were acknowledged, once, and the bus holds the log.
async fn nothing_is_lost_or_repeated<const N: usize>(
    world: &World,
    node: &Node,
    token: &str,
    writers: [JoinHandle<Vec<String>>; N],
) {
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    let head = log(world).await.head().await.unwrap();
    let client = Client::new(node.channel().await.unwrap(), token).unwrap();
    let mut found = strengths(&client, head.0).await;
    acknowledged.sort();
    found.sort();
    assert!(acknowledged.len() > 50, "only {} writes", acknowledged.len());
    assert_eq!(found, acknowledged, "the view holds what was acknowledged, once");
    bus_equals_log(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wiped_bus_loses_nothing_and_repeats_nothing_while_commands_run() {
    let mut world = World::distributed().await;
    let person = world.import(2).remove(0).person;
    let node = world.start().await;
    let stop = Arc::new(AtomicBool::new(false));
    let token = world.cluster.signer.person(person).unwrap();
    let writers = ["a", "b"].map(|name| writer(token.clone(), node.grpc, name, Duration::ZERO, stop.clone()));
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.nats.kill().unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        world.nats.wipe().unwrap();
        world.nats.restart().await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    nothing_is_lost_or_repeated(&world, &node, &token, writers).await;
}

/// Ends a server once every view has applied all that is in the log, and returns the log's head.
async fn ended_at_rest(world: &World, mut node: Node) -> u64 {
    let head = at_rest(&world.cluster).await;
    node.terminate().unwrap();
    node.ended().await.unwrap();
    head
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_nothing_and_repeats_nothing() {
    let world = World::distributed().await;
    let person = world.import(2).remove(0).person;
    let mut node = world.start().await;
    // Every restart listens where the callers know it.
    let port = node.grpc;
    let stop = Arc::new(AtomicBool::new(false));
    let token = world.cluster.signer.person(person).unwrap();
    let writers = ["a", "b", "c"].map(|name| writer(token.clone(), port, name, Duration::ZERO, stop.clone()));
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(400)).await;
        node.kill().unwrap();
        node = world.cluster.start_on("", port).await.unwrap();
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    nothing_is_lost_or_repeated(&world, &node, &token, writers).await;
    let head = ended_at_rest(&world, node).await;
    views_equal_a_rebuild(&world.cluster, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_under_writes_reports_no_difference_that_is_not_there() {
    let world = World::distributed().await;
    let person = world.import(60).remove(0).person;
    let node = world.start().await;
    at_rest(&world.cluster).await;
    let stop = Arc::new(AtomicBool::new(false));
    let token = world.cluster.signer.person(person).unwrap();
    // Slowly enough for the views to come to rest in between, and often enough to hit every comparison in the middle.
    let pause = Duration::from_millis(20);
    let writers = ["a"].map(|name| writer(token.clone(), node.grpc, name, pause, stop.clone()));
    for _ in 0..8 {
        let (status, rebuilt) = rebuild(&world.cluster);
        assert!(status.success(), "{rebuilt:?}");
        // Compared at one position, or not at all.
        let honest = |view: &Value| view["differing"] == 0 || view["differing"].is_null();
        assert!(rebuilt.iter().all(honest), "{rebuilt:?}");
    }
    stop.store(true, Ordering::Relaxed);
    nothing_is_lost_or_repeated(&world, &node, &token, writers).await;
    let head = ended_at_rest(&world, node).await;
    views_equal_a_rebuild(&world.cluster, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_finds_and_mends_what_was_changed() {
    let world = World::distributed().await;
    world.import(2);
    let node = world.start().await;
    let head = ended_at_rest(&world, node).await;
    let mut owner = PgConnection::connect(&world.database.owner).await.unwrap();
    for change in [
        "DELETE FROM document WHERE (view, key) = (SELECT view, key FROM document WHERE view = 'record' LIMIT 1)",
        "UPDATE document SET subject = gen_random_uuid() WHERE (view, key) = \
         (SELECT view, key FROM document WHERE view = 'relationships' LIMIT 1)",
    ] {
        let changed = sqlx::query(change).execute(&mut owner).await.unwrap();
        assert_eq!(changed.rows_affected(), 1);
    }
    let (status, rebuilt) = rebuild(&world.cluster);
    let differing = |view: &Value| view["differing"].as_u64().unwrap();
    assert_eq!(rebuilt.iter().map(differing).sum::<u64>(), 2, "{rebuilt:?}");
    assert_eq!(status.code(), Some(1));
    // The first has left its trace.
    views_equal_a_rebuild(&world.cluster, head + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_out_of_reach_is_told_as_that_and_is_over_when_it_is() {
    let mut world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
    callers.person.strength("before").await.unwrap();
    world.postgres.stop().unwrap();
    // Its server processes outlive it by a moment, until they notice.
    let gone = || async { Ok(callers.person.strength("meanwhile").await.is_err() && callers.look().await.is_err()) };
    harness::wait_until("the database to be gone", gone).await.unwrap();
    for status in [
        callers.person.strength("during").await.map(drop).unwrap_err(),
        callers.look().await.map(drop).unwrap_err(),
        callers.person.my_people(0).await.map(drop).unwrap_err(),
    ] {
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
        assert_eq!((status.code(), reason.as_str()), (Code::Unavailable, "UNAVAILABLE"), "{status:?}");
        assert!(details.retry_info().is_some());
    }
    let ready = || async { node.admin_get("/readyz").await.unwrap() };
    harness::wait_until("readiness to go", || async { Ok(ready().await.contains("503")) }).await.unwrap();
    assert!(ready().await.contains("the log: "), "{}", ready().await);
    assert!(node.admin_get("/healthz").await.unwrap().contains("200 OK"), "it lives");
    world.postgres.crash_and_restart().await.unwrap();
    harness::wait_until("readiness", || async { Ok(ready().await.contains("200 OK")) }).await.unwrap();
    harness::wait_until("the database", || async { Ok(callers.person.strength("after").await.is_ok()) }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_view_is_named_and_turns_nobody_away() {
    let mut world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let callers = Callers::unenrolled(&world.cluster, &node.channel().await.unwrap(), &pair);
    let relay = world.cluster.start("relay").await.unwrap();
    world.nats.kill().unwrap();
    callers.person.strength("x").await.unwrap();
    let named = |answer: String, code: &str| answer.contains(code) && answer.contains("the bus");
    harness::wait_until("the note", || async { Ok(named(node.admin_get("/readyz").await?, "200 OK")) }).await.unwrap();
    // Nor does it say that it keeps up: how far it is behind is found out when somebody asks.
    let behind = async || {
        let metrics = relay.admin_get("/metrics").await?;
        let line = metrics.lines().find(|line| line.starts_with("alongside_relay_lag_positions ")).unwrap().to_owned();
        Ok(line.rsplit(' ').next().unwrap().parse::<u64>().unwrap() > 0)
    };
    harness::wait_until("the lag", behind).await.unwrap();
    // What does nothing else is not ready.
    harness::wait_until("the relay", || async { Ok(named(relay.admin_get("/readyz").await?, "503")) }).await.unwrap();
    world.nats.restart().await.unwrap();
    harness::wait_until("the relay again", || async { Ok(relay.admin_get("/readyz").await?.contains("200 OK")) })
        .await
        .unwrap();
}

/// How many duties are led.
async fn led(world: &World) -> i64 {
    let mut owner = PgConnection::connect(&world.database.owner).await.unwrap();
    let query =
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid IN (1, 2) AND objsubid = 2 AND granted";
    sqlx::query_scalar(query).fetch_one(&mut owner).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_leads_and_another_takes_over_when_it_is_killed() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let (mut first, second) = (world.start().await, world.start().await);
    harness::wait_until("both", || async { Ok(led(&world).await == 2) }).await.unwrap();
    let callers = Callers::unenrolled(&world.cluster, &second.channel().await.unwrap(), &pair);
    // Whoever does not lead serves readers all the same.
    let written = callers.person.strength("before").await.unwrap();
    assert!(!callers.person.my_record(written.position).await.unwrap().is_empty());
    first.kill().unwrap();
    harness::wait_until("the second", || async { Ok(led(&world).await == 2) }).await.unwrap();
    let written = callers.person.strength("after").await.unwrap();
    assert!(!callers.person.my_record(written.position).await.unwrap().is_empty());
    at_rest(&world.cluster).await;
    bus_equals_log(&world).await;
}
