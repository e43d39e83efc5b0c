//! A log that was restored or failed over, a server that restarts or falls behind, and work that was given up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_log::contract::{fresh, one};
use event_log::{
    Append, AppendError, EventLog, Expected, Guard, Limits, LogMetrics, Position, PostgresConfig, PostgresLog,
    StreamId, Version,
};
use harness::{CopyKind, Database, Postgres};
use proto::access::v1::Purpose;
use proto::people::v1::RecordStrengthRequest;
use proto::people::v1::entry::Content;
use uuid::Uuid;

use crate::crashes::bus_equals_log;
use crate::world::{Supported, at_rest, until_acknowledged, views_equal_a_rebuild};

async fn open(database: &Database) -> Arc<dyn EventLog> {
    let (url, limits) = (database.app.clone(), Limits::default());
    let config = PostgresConfig { url, readers: 4, limits, accept_volatile: false };
    Arc::new(PostgresLog::open(&config, LogMetrics::default()).await.unwrap())
}

/// Appends until the stream stands at this version.
async fn grow(log: &dyn EventLog, stream: StreamId, to: u64) {
    let mut from = log.read_stream(stream, Version(0), 1_000).await.unwrap().len() as u64;
    while from < to {
        log.append(one(stream, Expected::Exactly(Version(from)), "x")).await.unwrap();
        from += 1;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_decided_on_another_history_does_not_commit() {
    for kind in [CopyKind::Backup, CopyKind::Standby, CopyKind::Disk] {
        let mut server = Postgres::start().await.unwrap();
        let database = server.database().await.unwrap();
        let log = open(&database).await;
        let directive = fresh();
        grow(&*log, directive, 5).await;
        let copy = server.copy(kind).await.unwrap();
        grow(&*log, directive, 10).await;
        // A decision of this history, which is not committed yet.
        let before = log.epoch();
        let decided = |epoch| {
            let guards = vec![Guard { stream: directive, version: Version(10) }];
            Append { guards, epoch, ..one(fresh(), Expected::Any, "receipt") }
        };
        server.lost_to(copy).await.unwrap();
        // Somebody else, who knew nothing of it, brings the stream to the same version again.
        grow(&*open(&database).await, directive, 10).await;
        let refused = log.append(decided(Some(before))).await.unwrap_err();
        assert!(matches!(refused, AppendError::GuardMoved), "{kind:?}: {refused:?}");
        let after = log.epoch();
        assert_ne!(after, before, "{kind:?}");
        log.append(decided(Some(after))).await.unwrap();
        // Another server that comes later knows the same history.
        assert_eq!(open(&database).await.epoch(), after, "{kind:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_epoch_that_a_reader_meets_is_the_appending_connections_too() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let (log, other, stream) = (open(&database).await, open(&database).await, fresh());
    let before = log.epoch();
    other.renew().await.unwrap();
    // A reader connects, and no append has failed.
    log.read_stream(stream, Version(0), 1).await.unwrap();
    let after = log.epoch();
    assert_ne!(after, before);
    log.append(Append { epoch: Some(after), ..one(stream, Expected::Any, "x") }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_put_back_beneath_a_connection_takes_nothing_of_the_one_before() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let name = database.name().to_owned();
    let (log, stream) = (open(&database).await, fresh());
    grow(&*log, stream, 10).await;
    let before = log.epoch();
    // As a tool would that restores into the database that is used.
    let back = "SET session_replication_role = replica; DELETE FROM alongside.event WHERE position > 5; \
                UPDATE alongside.log_head SET position = 5; UPDATE alongside.stream_head SET version = 5;";
    server.script(&name, back).unwrap();
    let decided = Append { epoch: Some(before), ..one(fresh(), Expected::Any, "receipt") };
    assert!(matches!(log.append(decided).await, Err(AppendError::GuardMoved)));
    assert_ne!(log.epoch(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_server_is_another_history_for_nobody_and_no_call_fails_for_it() {
    let mut server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let (log, stream) = (open(&database).await, fresh());
    grow(&*log, stream, 3).await;
    let read_at_once = || async {
        let reads = (0..4).map(|_| log.read_stream(stream, Version(0), 10));
        for read in futures::future::join_all(reads).await {
            assert_eq!(read.unwrap().len(), 3);
        }
        assert_eq!(log.read(Position(0), 10).await.unwrap().len(), 3);
    };
    let epoch = log.epoch();
    read_at_once().await;
    for _ in 0..2 {
        server.crash_and_restart().await.unwrap();
        // Every connection of the time before is dead.
        read_at_once().await;
        assert_eq!(log.epoch(), epoch);
    }
    server.crash_and_restart().await.unwrap();
    // What was never begun may be tried again; what may have been is told as unknown, once.
    let first = log.append(one(fresh(), Expected::Any, "x")).await;
    assert!(matches!(first, Ok(_) | Err(AppendError::Store(_))), "{first:?}");
    log.append(one(fresh(), Expected::Any, "x")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_a_standby_still_is_left_and_found_again_when_it_is_the_primary() {
    let mut server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let (log, stream) = (open(&database).await, fresh());
    grow(&*log, stream, 3).await;
    let copy = server.copy(CopyKind::Standby).await.unwrap();
    server.replaced_by(copy).await.unwrap();
    for _ in 0..3 {
        let refused = log.append(one(fresh(), Expected::Any, "x")).await.unwrap_err();
        let AppendError::Store(error) = refused else { panic!("{refused:?}") };
        assert!(database::is_outage(&error), "{error:?}");
    }
    server.promote().await.unwrap();
    harness::wait_until("the primary", || async { Ok(log.append(one(fresh(), Expected::Any, "y")).await.is_ok()) })
        .await
        .unwrap();
    assert_eq!(log.read_stream(stream, Version(0), 10).await.unwrap().len(), 3);
    assert_eq!(log.head().await.unwrap().0, 4, "and nothing that was refused is there");
}

#[tokio::test(flavor = "multi_thread")]
async fn abandoned_work_is_given_up_by_the_server_too() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let log = open(&database).await;
    let name = database.name().to_owned();
    let holder = tokio::task::spawn_blocking(move || {
        // Longer than a batch may wait.
        let held =
            "BEGIN; LOCK TABLE alongside.append_lock IN SHARE UPDATE EXCLUSIVE MODE; SELECT pg_sleep(13); COMMIT;";
        server.script(&name, held).unwrap();
        server
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let waiting = (0..20).map(|_| log.append(one(fresh(), Expected::Any, "x")));
    let (results, backends) = tokio::join!(futures::future::join_all(waiting), async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&database.owner).await.unwrap();
        let waiting =
            "SELECT count(*) FROM pg_locks WHERE relation = 'alongside.append_lock'::regclass AND NOT granted";
        sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut connection).await.unwrap()
    });
    assert_eq!(backends, 1, "one backend waits for a whole process");
    let given_up = results.iter().filter(|result| result.is_err()).count();
    assert!(given_up > 0, "the batch that waited is given up");
    let _server = holder.await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let there = log.head().await.unwrap().0;
    assert_eq!(there, (results.len() - given_up) as u64, "what was given up is not carried out later");
    log.append(one(fresh(), Expected::Any, "x")).await.unwrap();
}

/// The strengths of a person's record, by their words.
async fn strengths(supported: &Supported) -> Vec<String> {
    let entries = until_acknowledged(|| supported.callers.person.my_record(0)).await;
    let words = entries.into_iter().filter_map(|entry| match entry.content {
        Some(Content::Strength(strength)) => Some(strength.text),
        _ => None,
    });
    words.collect()
}

async fn a_running_system_is_restored(kind: CopyKind) {
    let mut supported = Supported::without_consent(0).await;
    let person = supported.callers.person.clone();
    let strength = |text: &str| RecordStrengthRequest {
        request_id: Uuid::now_v7().to_string(),
        text: text.to_owned(),
        ..RecordStrengthRequest::default()
    };
    person.strength("kept").await.unwrap();
    at_rest(&supported.world.cluster).await;
    let copy = supported.world.postgres.copy(kind).await.unwrap();
    // What is lost: the consent, and entries that views and the bus have taken up.
    supported.callers.grant().await;
    for n in 0..20 {
        person.strength(&format!("ghost {n}")).await.unwrap();
    }
    supported.callers.look().await.unwrap();
    at_rest(&supported.world.cluster).await;

    // Somebody looks and looks, and somebody writes, all the while.
    let worker = supported.callers.worker.clone();
    let person_id = supported.callers.pair.person_id();
    let restored = Arc::new(AtomicBool::new(false));
    let told = restored.clone();
    let looking = tokio::spawn(async move {
        let (mut after, mut refused) = (0, 0);
        while refused < 20 {
            let begun_after = told.load(Ordering::SeqCst);
            let look = worker.look(&person_id, Purpose::CareCoordination, &[], 0).await;
            after += usize::from(look.is_ok() && begun_after);
            refused += usize::from(look.is_err_and(|status| status.code() == tonic::Code::PermissionDenied));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        after
    });
    supported.world.postgres.lost_to(copy).await.unwrap();
    restored.store(true, Ordering::SeqCst);
    // The directive comes to the version that it had with the consent; other entries to the positions of those that are lost.
    let agency = supported.callers.pair.agency_id();
    until_acknowledged(|| person.block(&agency)).await;
    until_acknowledged(|| person.unblock(&agency)).await;
    for n in 0..10 {
        let wish = strength(&format!("new {n}"));
        until_acknowledged(|| async { person.people().record_strength(wish.clone()).await }).await;
    }
    assert_eq!(looking.await.unwrap(), 0, "{kind:?}: nobody reads on a consent that there is not");
    at_rest(&supported.world.cluster).await;
    let mut found = strengths(&supported).await;
    found.retain(|text| text == "kept" || text.starts_with("ghost") || text.starts_with("new"));
    found.sort();
    let new = (0..10).map(|n| format!("new {n}"));
    assert_eq!(found, std::iter::once("kept".to_owned()).chain(new).collect::<Vec<_>>(), "{kind:?}");
    bus_equals_log(&supported.world).await;
    let head = at_rest(&supported.world.cluster).await;
    supported.node.terminate().unwrap();
    supported.node.ended().await.unwrap();
    views_equal_a_rebuild(&supported.world.cluster, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_to_a_point_is_noticed_by_all() {
    a_running_system_is_restored(CopyKind::Backup).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_promotion_of_a_standby_is_noticed_by_all() {
    a_running_system_is_restored(CopyKind::Standby).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_was_put_back_is_noticed_by_all() {
    a_running_system_is_restored(CopyKind::Disk).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_over_the_bus_is_never_trusted() {
    let supported = Supported::sharing(0).await;
    let (world, person) = (&supported.world, &supported.callers.person);
    person.strength("first").await.unwrap();
    let head = at_rest(&world.cluster).await;
    let jetstream = async_nats::jetstream::new(async_nats::connect(world.nats.url()).await.unwrap());
    let log = open(&world.database).await;
    let genuine = log.read(Position(head - 1), 1).await.unwrap().remove(0);
    let secret = crate::world::stores(&world.cluster).await.codec.vault().pseudonyms().await.unwrap();
    let carrier = events::Carrier::new(secret, log.epoch());
    // Doubled under the next position, bare and with the mark of the one that it was; altered; and nothing that anybody could read.
    let mut next = genuine.clone();
    next.position = Position(head + 1);
    let (carried, bare) = (carrier.carry(&genuine).to_vec(), next.to_bytes().to_vec());
    let mut moved = carried.clone();
    moved.splice(16.., bare.clone());
    for forged in [carried, bare, moved, b"garbage".to_vec()] {
        let before = log.head().await.unwrap().0;
        let published = jetstream.publish("log.1.person.1.x", forged.into()).await.unwrap().await;
        published.unwrap();
        // What is written after it is read all the same, once.
        let written = person.strength("after").await.unwrap();
        assert_eq!(written.position, before + 2);
        at_rest(&world.cluster).await;
        bus_equals_log(world).await;
    }
    let found = strengths(&supported).await;
    assert_eq!(found.iter().filter(|text| *text == "first").count(), 1);
    assert_eq!(found.iter().filter(|text| *text == "after").count(), 4);
    let head = at_rest(&world.cluster).await;
    let mut node = supported.node;
    node.terminate().unwrap();
    node.ended().await.unwrap();
    views_equal_a_rebuild(&world.cluster, head);
}
