//! A log that was restored or failed over, a server that restarts or falls behind, and work that was given up.

use std::sync::Arc;
use std::time::Duration;

use event_log::contract::{fresh, one};
use event_log::{
    Append, AppendError, EventLog, Expected, Guard, Limits, LogMetrics, Position, PostgresConfig, PostgresLog,
    StreamId, Version,
};
use harness::{CopyKind, Database, Postgres};

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
async fn abandoned_work_is_given_up_by_the_server_too() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let log = open(&database).await;
    let name = database.owner.split(['/', '?']).nth(3).unwrap().to_owned();
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
