//! The log in SQLite keeps the contract, and what only SQLite must keep.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::sync::Arc;

use alongside_event_log::contract::{CASES, event, fresh, one};
use alongside_event_log::{AppendError, EventLog, Expected, Limits, LogMetrics, SqliteLog, Version};
use sqlx::Connection as _;

async fn open(dir: &tempfile::TempDir, limits: Limits) -> Arc<dyn EventLog> {
    Arc::new(SqliteLog::open(&dir.path().join("log.db"), limits, LogMetrics::default()).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_keeps_the_contract() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir, Limits::default()).await;
    for (name, case) in CASES {
        println!("{name}");
        case(log.clone()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_may_write_the_same_file() {
    let dir = tempfile::tempdir().unwrap();
    let (one_log, other) = (open(&dir, Limits::default()).await, open(&dir, Limits::default()).await);
    assert_eq!(one_log.epoch(), other.epoch());
    let stream = fresh();
    for n in 0..20 {
        let writer = if n % 2 == 0 { &one_log } else { &other };
        writer.append(one(stream, Expected::Exactly(Version(n)), "x")).await.unwrap();
    }
    assert_eq!(one_log.head().await.unwrap().0, 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_itself_refuses_update_and_delete() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir, Limits::default()).await;
    log.append(one(fresh(), Expected::Any, "x")).await.unwrap();
    let file = dir.path().join("log.db");
    let mut raw = sqlx::SqliteConnection::connect(file.to_str().unwrap()).await.unwrap();
    for statement in ["UPDATE event SET at = 0", "DELETE FROM event"] {
        let error = sqlx::query(statement).execute(&mut raw).await.unwrap_err().to_string();
        assert!(error.contains("append-only"), "{error}");
    }
}

#[tokio::test]
async fn a_full_queue_is_refused_at_once_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(&dir, Limits { queue: 4, ..Limits::default() }).await;
    let results = futures::future::join_all((0..200).map(|_| log.append(one(fresh(), Expected::Any, "x")))).await;
    let busy = results.iter().filter(|r| matches!(r, Err(AppendError::Busy))).count();
    assert!(busy > 0 && busy < 200, "{busy} of 200 refused");
    assert!(results.iter().all(|r| matches!(r, Ok(_) | Err(AppendError::Busy))));
    let mut append = one(fresh(), Expected::Any, "after");
    append.streams[0].events.push(event("more"));
    log.append(append).await.unwrap();
    assert_eq!(log.head().await.unwrap().0, 200 - busy as u64 + 2);
}
