//! What every log keeps to. Each case runs on a log that may already hold other events.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test suite")]

use std::sync::Arc;

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt as _, join_all};
use uuid::Uuid;

use crate::{Append, AppendError, EventLog, Expected, Guard, NewEvent, Position, StreamAppend, StreamId, Version};

/// A case, by name.
pub type Case = (&'static str, fn(Arc<dyn EventLog>) -> BoxFuture<'static, ()>);

macro_rules! cases {
    ($($name:ident),+ $(,)?) => {
        /// Every case.
        pub const CASES: &[Case] = &[$((stringify!($name), |log| $name(log).boxed())),+];
    };
}

cases! {
    appends_and_reads_back,
    refuses_a_wrong_expected_version,
    creates_a_stream_only_once,
    appends_several_streams_or_none,
    refuses_when_a_guard_has_moved,
    a_guard_is_checked_against_streams_that_do_not_exist,
    guards_alone_are_checked_and_write_nothing,
    what_is_too_late_is_refused_by_the_logs_own_clock,
    the_same_append_again_is_refused_whole,
    an_unconditional_append_is_a_new_fact_each_time,
    positions_are_gapless_and_in_commit_order_under_many_writers,
    a_refused_request_does_not_fail_its_neighbours,
    many_unconditional_writers_share_a_stream,
    a_cancelled_caller_leaves_the_log_usable,
    refuses_what_breaks_a_limit,
    reads_in_pages,
}

/// An event with a body that can be recognised.
#[must_use]
pub fn event(body: &str) -> NewEvent {
    NewEvent {
        event_type: 1,
        key_id: Uuid::nil(),
        at: 42,
        head: Bytes::from_static(b"h"),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

/// A stream that nobody has used.
#[must_use]
pub fn fresh() -> StreamId {
    StreamId { kind: 1, id: Uuid::now_v7() }
}

/// One event on one stream.
#[must_use]
pub fn one(stream: StreamId, expected: Expected, body: &str) -> Append {
    Append {
        streams: vec![StreamAppend { stream, expected, events: vec![event(body)] }],
        guards: vec![],
        request: Uuid::now_v7(),
        not_after: None,
        epoch: None,
    }
}

const NEW: Expected = Expected::Exactly(Version(0));

async fn bodies(log: &dyn EventLog, stream: StreamId) -> Vec<Bytes> {
    log.read_stream(stream, Version(0), 10_000).await.unwrap().into_iter().map(|e| e.body).collect()
}

async fn appends_and_reads_back(log: Arc<dyn EventLog>) {
    let stream = fresh();
    let mut append = one(stream, NEW, "a");
    append.streams[0].events.push(event("b"));
    let before = log.head().await.unwrap();
    let appended = log.append(append.clone()).await.unwrap();
    assert_eq!(appended.versions, [Version(2)]);
    assert_eq!(appended.position, Position(before.0 + 2));
    let read = log.read(before, 10).await.unwrap();
    assert_eq!(read, log.read_stream(stream, Version(0), 10).await.unwrap());
    assert_eq!(
        read.iter().map(|e| (e.position.0, e.version.0)).collect::<Vec<_>>(),
        [(before.0 + 1, 1), (before.0 + 2, 2)]
    );
    assert_eq!(
        (read[0].at, read[0].event_type, read[0].request, read[0].body.as_ref()),
        (42, 1, append.request, b"a".as_ref())
    );
}

async fn refuses_a_wrong_expected_version(log: Arc<dyn EventLog>) {
    let stream = fresh();
    let conflict = log.append(one(stream, Expected::Exactly(Version(1)), "a")).await;
    assert!(matches!(conflict, Err(AppendError::Conflict)), "{conflict:?}");
    log.append(one(stream, NEW, "a")).await.unwrap();
    log.append(one(stream, Expected::Exactly(Version(1)), "b")).await.unwrap();
    let conflict = log.append(one(stream, Expected::Exactly(Version(1)), "c")).await;
    assert!(matches!(conflict, Err(AppendError::Conflict)), "{conflict:?}");
    assert_eq!(bodies(&*log, stream).await, ["a", "b"]);
}

async fn creates_a_stream_only_once(log: Arc<dyn EventLog>) {
    let stream = fresh();
    let attempts = join_all((0..20).map(|n| log.append(one(stream, NEW, &n.to_string())))).await;
    assert_eq!(attempts.iter().filter(|a| a.is_ok()).count(), 1);
    assert_eq!(bodies(&*log, stream).await.len(), 1);
}

async fn appends_several_streams_or_none(log: Arc<dyn EventLog>) {
    let (a, b) = (fresh(), fresh());
    let mut append = one(a, NEW, "a");
    append.streams.extend(one(b, NEW, "b").streams);
    log.append(append).await.unwrap();
    let mut half = one(a, Expected::Exactly(Version(1)), "a2");
    half.streams.extend(one(b, Expected::Exactly(Version(7)), "b2").streams);
    assert!(matches!(log.append(half).await, Err(AppendError::Conflict)));
    assert_eq!((bodies(&*log, a).await, bodies(&*log, b).await), (vec!["a".into()], vec!["b".into()]));
}

async fn refuses_when_a_guard_has_moved(log: Arc<dyn EventLog>) {
    let (guarded, written) = (fresh(), fresh());
    log.append(one(guarded, NEW, "g")).await.unwrap();
    let relying = |version| Append {
        guards: vec![Guard { stream: guarded, version: Version(version) }],
        ..one(written, Expected::Any, "w")
    };
    log.append(relying(1)).await.unwrap();
    log.append(one(guarded, Expected::Exactly(Version(1)), "g2")).await.unwrap();
    assert!(matches!(log.append(relying(1)).await, Err(AppendError::GuardMoved)));
    assert_eq!(bodies(&*log, written).await, ["w"]);
}

async fn guards_alone_are_checked_and_write_nothing(log: Arc<dyn EventLog>) {
    let guarded = fresh();
    log.append(one(guarded, NEW, "g")).await.unwrap();
    let guards_alone = |version, not_after| Append {
        streams: vec![],
        guards: vec![Guard { stream: guarded, version: Version(version) }],
        request: Uuid::now_v7(),
        not_after,
        epoch: None,
    };
    let head = log.head().await.unwrap();
    assert_eq!(log.append(guards_alone(1, None)).await.unwrap().versions, []);
    assert!(matches!(log.append(guards_alone(2, None)).await, Err(AppendError::GuardMoved)));
    assert!(matches!(log.append(guards_alone(1, Some(1))).await, Err(AppendError::TooLate)));
    assert_eq!(log.head().await.unwrap(), head, "nothing was written");
    // Beside others in one batch, in whatever order.
    let mixed = (0..40).map(|n| if n % 2 == 0 { guards_alone(1, None) } else { one(fresh(), NEW, "x") });
    for appended in join_all(mixed.map(|append| log.append(append))).await {
        appended.unwrap();
    }
    log.append(one(guarded, Expected::Exactly(Version(1)), "g2")).await.unwrap();
    assert!(matches!(log.append(guards_alone(1, None)).await, Err(AppendError::GuardMoved)));
}

async fn a_guard_is_checked_against_streams_that_do_not_exist(log: Arc<dyn EventLog>) {
    let relying = |version| Append {
        guards: vec![Guard { stream: fresh(), version: Version(version) }],
        ..one(fresh(), Expected::Any, "w")
    };
    assert!(log.append(relying(0)).await.is_ok());
    assert!(matches!(log.append(relying(1)).await, Err(AppendError::GuardMoved)));
}

async fn what_is_too_late_is_refused_by_the_logs_own_clock(log: Arc<dyn EventLog>) {
    let (late, in_time) = (fresh(), fresh());
    let now = log.now().await.unwrap();
    let until = |stream, not_after| Append { not_after: Some(not_after), ..one(stream, Expected::Any, "x") };
    let (refused, accepted, whenever) = tokio::join!(
        log.append(until(late, now)),
        log.append(until(in_time, now + 60_000_000)),
        log.append(one(in_time, Expected::Any, "y"))
    );
    assert!(matches!(refused, Err(AppendError::TooLate)), "{refused:?}");
    assert!(accepted.is_ok() && whenever.is_ok(), "{accepted:?} {whenever:?}");
    assert_eq!((bodies(&*log, late).await.len(), bodies(&*log, in_time).await.len()), (0, 2));
    assert!(log.now().await.unwrap() >= now);
}

async fn the_same_append_again_is_refused_whole(log: Arc<dyn EventLog>) {
    let (a, b) = (fresh(), fresh());
    let mut append = one(a, NEW, "a");
    append.streams.extend(one(b, Expected::Any, "b").streams);
    log.append(append.clone()).await.unwrap();
    assert!(matches!(log.append(append).await, Err(AppendError::Conflict)));
    assert_eq!((bodies(&*log, a).await.len(), bodies(&*log, b).await.len()), (1, 1));
}

async fn an_unconditional_append_is_a_new_fact_each_time(log: Arc<dyn EventLog>) {
    let append = one(fresh(), Expected::Any, "look");
    log.append(append.clone()).await.unwrap();
    assert_eq!(log.append(append).await.unwrap().versions, [Version(2)]);
}

async fn positions_are_gapless_and_in_commit_order_under_many_writers(log: Arc<dyn EventLog>) {
    let before = log.head().await.unwrap();
    let watcher = {
        let log = log.clone();
        tokio::spawn(async move {
            let mut seen = before;
            while seen.0 < before.0 + 400 {
                for event in log.read(seen, 100).await.unwrap() {
                    // A reader never meets a hole that is filled later.
                    assert_eq!(event.position.0, seen.0 + 1);
                    seen = event.position;
                }
                tokio::task::yield_now().await;
            }
        })
    };
    join_all((0..40).map(|_| {
        let log = log.clone();
        tokio::spawn(async move {
            let stream = fresh();
            for n in 0..10 {
                log.append(one(stream, Expected::Exactly(Version(n)), "x")).await.unwrap();
            }
        })
    }))
    .await
    .into_iter()
    .for_each(|task| task.unwrap());
    watcher.await.unwrap();
    assert_eq!(log.head().await.unwrap().0, before.0 + 400);
}

async fn a_refused_request_does_not_fail_its_neighbours(log: Arc<dyn EventLog>) {
    let results = join_all((0..60).map(|n| {
        let expected = if n % 3 == 0 { Expected::Exactly(Version(9)) } else { NEW };
        let mut append = one(fresh(), expected, "x");
        if n % 3 == 1 {
            append.guards.push(Guard { stream: fresh(), version: Version(u64::from(n % 2 == 0)) });
        }
        log.append(append)
    }))
    .await;
    for (n, result) in results.into_iter().enumerate() {
        match n % 6 {
            0 | 3 => assert!(matches!(result, Err(AppendError::Conflict)), "{n}: {result:?}"),
            4 => assert!(matches!(result, Err(AppendError::GuardMoved)), "{n}: {result:?}"),
            _ => assert!(result.is_ok(), "{n}: {result:?}"),
        }
    }
}

async fn many_unconditional_writers_share_a_stream(log: Arc<dyn EventLog>) {
    let (stream, guarded) = (fresh(), fresh());
    let results = join_all((0..50).map(|n| {
        // Every fifth relies on something untrue: it must leave no gap in the versions of the others.
        let guard = Guard { stream: guarded, version: Version(u64::from(n % 5 == 0)) };
        log.append(Append { guards: vec![guard], ..one(stream, Expected::Any, "x") })
    }))
    .await;
    assert_eq!(results.iter().filter(|r| r.is_ok()).count(), 40);
    let events = log.read_stream(stream, Version(0), 100).await.unwrap();
    assert_eq!(events.iter().map(|e| e.version.0).collect::<Vec<_>>(), (1..=40).collect::<Vec<_>>());
    let mut versions: Vec<_> = results.into_iter().filter_map(Result::ok).map(|a| a.versions[0].0).collect();
    versions.sort_unstable();
    assert_eq!(versions, (1..=40).collect::<Vec<_>>());
}

async fn a_cancelled_caller_leaves_the_log_usable(log: Arc<dyn EventLog>) {
    let stream = fresh();
    for n in 0..50 {
        let doomed = log.append(one(fresh(), NEW, "doomed"));
        drop(tokio::time::timeout(std::time::Duration::from_micros(n * 20), doomed).await);
    }
    log.append(one(stream, NEW, "after")).await.unwrap();
    // Visible to everybody: nothing was left inside an open transaction.
    assert_eq!(bodies(&*log, stream).await, ["after"]);
}

async fn refuses_what_breaks_a_limit(log: Arc<dyn EventLog>) {
    let refused = |append: Append| async { matches!(log.append(append).await, Err(AppendError::Invalid(_))) };
    let stream = fresh();
    assert!(
        refused(Append { streams: vec![], guards: vec![], request: Uuid::nil(), not_after: None, epoch: None }).await
    );
    let twice = Append { guards: vec![Guard { stream, version: Version(0) }], ..one(stream, NEW, "x") };
    assert!(refused(twice).await);
    let mut many = one(stream, NEW, "x");
    many.streams[0].events = vec![event("x"); 5_000];
    assert!(refused(many).await);
    let mut large = one(stream, NEW, "x");
    large.streams[0].events[0].body = Bytes::from(vec![0; 9 << 20]);
    assert!(refused(large).await);
}

async fn reads_in_pages(log: Arc<dyn EventLog>) {
    let stream = fresh();
    let before = log.head().await.unwrap();
    let mut append = one(stream, NEW, "0");
    append.streams[0].events = (0..25).map(|n| event(&n.to_string())).collect();
    log.append(append).await.unwrap();
    let page = log.read(Position(before.0 + 10), 10).await.unwrap();
    assert_eq!((page.len(), page[0].position.0), (10, before.0 + 11));
    let page = log.read_stream(stream, Version(20), 10).await.unwrap();
    assert_eq!((page.len(), page[0].version.0), (5, 21));
}
