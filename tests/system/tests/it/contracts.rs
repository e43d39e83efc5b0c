//! The ports on the real servers keep the same contracts as the embedded ones.

use std::sync::Arc;

use bus::{Bus, BusError, CopyOf, NatsBus, NatsConfig};
use event_log::contract::{fresh, one};
use event_log::{AppendError, EventLog, Expected, Limits, LogMetrics, PostgresConfig, PostgresLog, Version};
use futures::future::join_all;
use harness::{Database, Nats, Postgres};
use sqlx::{Connection as _, PgConnection};

async fn log(database: &Database, limits: Limits) -> Arc<dyn EventLog> {
    let config = PostgresConfig { url: database.app.clone(), readers: 4, limits, accept_volatile: false };
    Arc::new(PostgresLog::open(&config, LogMetrics::default()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_keeps_the_contract_of_the_log() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let log = log(&database, Limits::default()).await;
    for (name, case) in event_log::contract::CASES {
        println!("{name}");
        case(log.clone()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_processes_append_to_one_log_without_a_gap() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let shared = fresh();
    let logs = join_all((0..3).map(|_| log(&database, Limits::default()))).await;
    let writers = logs.iter().flat_map(|log| (0..8).map(move |_| log.clone())).map(|log| {
        tokio::spawn(async move {
            let stream = fresh();
            for n in 0..20 {
                log.append(one(stream, Expected::Exactly(Version(n)), "mine")).await.unwrap();
                log.append(one(shared, Expected::Any, "ours")).await.unwrap();
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    let events = logs[0].read(event_log::Position(0), 10_000).await.unwrap();
    assert_eq!(events.iter().map(|e| e.position.0).collect::<Vec<_>>(), (1..=960).collect::<Vec<_>>());
    let ours = logs[1].read_stream(shared, Version(0), 1_000).await.unwrap();
    assert_eq!(ours.iter().map(|e| e.version.0).collect::<Vec<_>>(), (1..=480).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_itself_refuses_update_delete_and_truncate() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    log(&database, Limits::default()).await.append(one(fresh(), Expected::Any, "x")).await.unwrap();
    let statements = [
        "UPDATE event SET at = 0",
        "DELETE FROM event",
        "TRUNCATE event",
        "DELETE FROM event_from_0",
        "TRUNCATE event_from_0",
    ];
    // Not even the owner, and the app has not been granted it in the first place.
    for (url, expected) in [(&database.owner, "append-only"), (&database.app, "permission denied")] {
        let mut connection = PgConnection::connect(url).await.unwrap();
        for statement in statements {
            let error = sqlx::query(statement).execute(&mut connection).await.unwrap_err().to_string();
            assert!(error.contains(expected), "{statement}: {error}");
        }
    }
    let mut app = PgConnection::connect(&database.app).await.unwrap();
    let forged = sqlx::query("UPDATE log_head SET position = 0").execute(&mut app).await;
    assert!(forged.unwrap_err().to_string().contains("permission denied"));
}

#[tokio::test(flavor = "multi_thread")]
async fn small_state_in_postgres_keeps_the_contract() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    state::contract::run(Arc::new(state::PostgresState::open(&database.app, 2).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_are_made_ahead() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let log = log(&database, Limits::default()).await;
    let mut owner = PgConnection::connect(&database.owner).await.unwrap();
    let partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'event'::regclass";
    let before: i64 = sqlx::query_scalar(partitions).fetch_one(&mut owner).await.unwrap();
    // As if five million events had been appended.
    sqlx::query("UPDATE log_head SET position = 5000000").execute(&mut owner).await.unwrap();
    let appended = log.append(one(fresh(), Expected::Any, "x")).await.unwrap();
    assert_eq!(appended.position.0, 5_000_001);
    let after: i64 = sqlx::query_scalar(partitions).fetch_one(&mut owner).await.unwrap();
    assert_eq!((before, after), (2, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_is_refused_and_a_crashed_database_is_found_again() {
    let mut server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let log = log(&database, Limits { queue: 4, ..Limits::default() }).await;
    let results = join_all((0..200).map(|_| log.append(one(fresh(), Expected::Any, "x")))).await;
    let busy = results.iter().filter(|r| matches!(r, Err(AppendError::Busy))).count();
    assert!(busy > 0 && busy < 200, "{busy} of 200 refused");
    let acknowledged = 200 - busy as u64;

    server.crash_and_restart().await.unwrap();
    // The connections of before are dead: the first calls tell, the next ones go through.
    harness::wait_until("the log", || async { Ok(log.head().await.is_ok()) }).await.unwrap();
    assert_eq!(log.head().await.unwrap().0, acknowledged, "what was acknowledged survived, and nothing else");
    let events = log.read(event_log::Position(0), 1_000).await.unwrap();
    assert_eq!(events.iter().map(|e| e.position.0).collect::<Vec<_>>(), (1..=acknowledged).collect::<Vec<_>>());
    let append = one(fresh(), Expected::Exactly(Version(0)), "after");
    harness::wait_until("the log", || async { Ok(log.append(append.clone()).await.is_ok()) }).await.unwrap();
    assert_eq!(log.head().await.unwrap().0, acknowledged + 1, "a retried append happens once");
}

#[tokio::test(flavor = "multi_thread")]
async fn nats_keeps_the_contract_of_the_bus() {
    let server = Nats::start().await.unwrap();
    for (began_at, (name, case)) in (1..).zip(bus::contract::CASES) {
        println!("{name}");
        // An epoch of its own; the one before is earlier, and thrown away.
        case(Arc::new(copy(&server, "a", began_at).await)).await;
    }
}

/// The copy of a log, of an epoch that began then.
async fn copy(server: &Nats, log: &'static str, began_at: i64) -> NatsBus {
    let epoch = uuid::Uuid::now_v7().simple().to_string();
    let copy_of = Arc::new(move || CopyOf { log: log.into(), epoch: epoch.clone(), began_at });
    NatsBus::connect(&NatsConfig { servers: server.servers().unwrap(), copy_of, replicas: 1 }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bus_deletes_nothing_but_earlier_copies_of_its_own_log() {
    let server = Nats::start().await.unwrap();
    let (earlier, now, other) = (copy(&server, "a", 1).await, copy(&server, "a", 2).await, copy(&server, "b", 3).await);
    earlier.prepare(0).await.unwrap();
    now.prepare(0).await.unwrap();
    assert_eq!((earlier.last().await.unwrap(), now.last().await.unwrap()), (None, Some(0)));
    // Whoever still is of the history before deletes nothing of the one that is, and another system nothing of this one.
    for stranger in [&earlier, &other] {
        assert!(matches!(stranger.prepare(0).await, Err(BusError::Foreign)));
        assert_eq!(now.last().await.unwrap(), Some(0));
    }
    // What says nothing of itself belongs to somebody else.
    now.reset().await.unwrap();
    let jetstream = async_nats::jetstream::new(async_nats::connect(server.url()).await.unwrap());
    let somebodys = async_nats::jetstream::stream::Config {
        name: "LOG_of_somebody".into(),
        subjects: vec!["elsewhere".into()],
        ..Default::default()
    };
    jetstream.create_stream(somebodys).await.unwrap();
    now.prepare(0).await.unwrap();
    assert!(jetstream.get_stream("LOG_of_somebody").await.is_ok());
    now.reset().await.unwrap();
    let in_the_way = async_nats::jetstream::stream::Config {
        name: "LOG_in_the_way".into(),
        subjects: vec!["log.>".into()],
        ..Default::default()
    };
    jetstream.create_stream(in_the_way).await.unwrap();
    assert!(matches!(now.prepare(0).await, Err(BusError::Foreign)));
    assert!(jetstream.get_stream("LOG_in_the_way").await.is_ok());
}

#[tokio::test]
async fn keys_in_postgres_keep_the_contract() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let keys = vault::PostgresKeys::open(&database.app, 4).await.unwrap();
    vault::contract::run(Arc::new(keys)).await;
}

#[tokio::test]
async fn documents_in_postgres_keep_the_contract() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let documents = views::PostgresDocuments::open(&database.app, 4).await.unwrap();
    views::contract::run(Arc::new(documents)).await;
}
