//! What every store of small state keeps to.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test suite")]

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::{Cursor, FeedCursors, Sessions};

const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(100);

/// Runs every case.
pub async fn run<S: FeedCursors + Sessions>(store: Arc<S>) {
    one_carries_a_feed_until_they_let_go_or_their_time_is_over(&*store).await;
    what_was_delivered_is_acknowledged_and_nothing_else(&*store).await;
    another_history_or_another_beginning_is_another_run(&*store).await;
    whoever_leads_takes_a_feed_over_and_acknowledges_what_was_taken(&*store).await;
    a_feed_is_begun_again_after_a_position_of_its_run(&*store).await;
    it_is_known_for_how_long_nothing_was_taken(&*store).await;
    the_slowest_feed_that_is_carried_is_told(&*store).await;
    a_session_is_good_until_it_is_ended_or_its_time_is_over(&*store).await;
}

async fn one_carries_a_feed_until_they_let_go_or_their_time_is_over(store: &dyn FeedCursors) {
    let (feed, epoch, one, other) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    assert_eq!(store.feed(feed).await.unwrap(), None);
    let beginning = Some(Cursor { run: 1, delivered: 0, acknowledged: 0 });
    assert_eq!(store.hold(feed, epoch, one, LONG).await.unwrap(), beginning);
    assert_eq!(store.hold(feed, epoch, one, LONG).await.unwrap(), beginning, "twice is once");
    assert_eq!(store.hold(feed, epoch, other, LONG).await.unwrap(), None);
    assert_eq!(store.advance(feed, (other, 1), (5, 0), LONG).await.unwrap(), None);
    store.release(feed, other).await.unwrap();
    assert_eq!(store.hold(feed, epoch, other, LONG).await.unwrap(), None, "nobody lets go for somebody else");
    store.release(feed, one).await.unwrap();
    assert_eq!(store.hold(feed, epoch, other, SHORT).await.unwrap(), beginning);
    let taken = async { while store.hold(feed, epoch, one, LONG).await.unwrap().is_none() {} };
    tokio::time::timeout(Duration::from_secs(10), taken).await.unwrap();
    assert_eq!(store.advance(feed, (other, 1), (5, 0), LONG).await.unwrap(), None, "its time was over");
    store.failed(feed, "gone").await.unwrap();
    let state = store.feed(feed).await.unwrap().unwrap();
    assert!(state.failure == "gone" && state.failed_at > 0 && state.held_until > 0);
}

async fn what_was_delivered_is_acknowledged_and_nothing_else(store: &dyn FeedCursors) {
    let (feed, epoch, one) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    assert!(!store.acknowledge(feed, 1, 0).await.unwrap(), "there is no such feed");
    store.hold(feed, epoch, one, LONG).await.unwrap();
    assert_eq!(store.advance(feed, (one, 1), (10, 0), LONG).await.unwrap(), Some(0));
    assert!(!store.acknowledge(feed, 1, 11).await.unwrap());
    assert!(!store.acknowledge(feed, 2, 5).await.unwrap());
    assert!(store.acknowledge(feed, 1, 10).await.unwrap());
    assert!(store.acknowledge(feed, 1, 7).await.unwrap(), "an older one changes nothing");
    assert_eq!(store.advance(feed, (one, 1), (9, 0), LONG).await.unwrap(), Some(10));
    let cursor = store.feed(feed).await.unwrap().unwrap().cursor;
    assert_eq!(cursor, Cursor { run: 1, delivered: 10, acknowledged: 10 });
}

async fn another_history_or_another_beginning_is_another_run(store: &dyn FeedCursors) {
    let (feed, epoch, one) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    store.hold(feed, epoch, one, LONG).await.unwrap();
    store.advance(feed, (one, 1), (10, 0), LONG).await.unwrap();
    assert_eq!(store.begin(feed, Uuid::now_v7()).await.unwrap(), None);
    let begun = |run| Some(Cursor { run, delivered: 0, acknowledged: 0 });
    assert_eq!(store.begin(feed, one).await.unwrap(), begun(2));
    assert_eq!(store.advance(feed, (one, 1), (10, 0), LONG).await.unwrap(), None, "what was before goes on no more");
    assert!(!store.acknowledge(feed, 1, 0).await.unwrap());
    store.advance(feed, (one, 2), (10, 0), LONG).await.unwrap();
    let another = Uuid::now_v7();
    assert_eq!(store.hold(feed, another, one, LONG).await.unwrap(), begun(3));
    assert_eq!(store.feed(feed).await.unwrap().unwrap().epoch, another);
}

async fn whoever_leads_takes_a_feed_over_and_acknowledges_what_was_taken(store: &dyn FeedCursors) {
    let (feed, epoch, one, other) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    assert_eq!(store.take(feed, epoch, one, LONG).await.unwrap(), Cursor { run: 1, delivered: 0, acknowledged: 0 });
    assert_eq!(store.advance(feed, (one, 1), (10, 4), LONG).await.unwrap(), Some(4));
    assert_eq!(store.advance(feed, (one, 1), (12, 3), LONG).await.unwrap(), Some(4), "nothing is given back");
    assert_eq!(store.take(feed, epoch, other, LONG).await.unwrap(), Cursor { run: 1, delivered: 12, acknowledged: 4 });
    assert_eq!(
        store.advance(feed, (one, 1), (20, 20), LONG).await.unwrap(),
        None,
        "of whoever led before nothing is taken"
    );
    assert_eq!(store.feed(feed).await.unwrap().unwrap().cursor.acknowledged, 4);
}

async fn a_feed_is_begun_again_after_a_position_of_its_run(store: &dyn FeedCursors) {
    let (feed, epoch, one) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    let (request, another) = (Uuid::now_v7(), Uuid::now_v7());
    assert!(!store.replay(feed, (1, 0), request).await.unwrap(), "there is no such feed");
    store.take(feed, epoch, one, LONG).await.unwrap();
    store.advance(feed, (one, 1), (10, 8), LONG).await.unwrap();
    for beyond in [(1, 11), (2, 5)] {
        assert!(!store.replay(feed, beyond, request).await.unwrap());
    }
    assert!(store.replay(feed, (1, 5), request).await.unwrap());
    assert!(store.replay(feed, (1, 5), request).await.unwrap(), "twice is once");
    assert!(!store.replay(feed, (1, 5), another).await.unwrap(), "it is another run");
    assert_eq!(store.feed(feed).await.unwrap().unwrap().cursor, Cursor { run: 2, delivered: 5, acknowledged: 5 });
    assert_eq!(store.advance(feed, (one, 1), (20, 20), LONG).await.unwrap(), None, "what was before goes on no more");
}

async fn it_is_known_for_how_long_nothing_was_taken(store: &dyn FeedCursors) {
    let (feed, epoch, one) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    assert_eq!(store.failing(feed, "away").await.unwrap(), Duration::ZERO, "there is no such feed");
    store.hold(feed, epoch, one, LONG).await.unwrap();
    assert_eq!(store.feed(feed).await.unwrap().unwrap().failing_since, 0);
    assert_eq!(store.failing(feed, "away").await.unwrap(), Duration::ZERO);
    let since = store.feed(feed).await.unwrap().unwrap().failing_since;
    assert!(since > 0);
    let longer = async { while store.failing(feed, "still away").await.unwrap() < SHORT {} };
    tokio::time::timeout(Duration::from_secs(10), longer).await.unwrap();
    store.take(feed, epoch, Uuid::now_v7(), LONG).await.unwrap();
    let state = store.feed(feed).await.unwrap().unwrap();
    assert!(state.failure == "still away" && state.failing_since == since, "{state:?}");
    for _ in 0..2 {
        store.recovered(feed).await.unwrap();
        assert_eq!(store.feed(feed).await.unwrap().unwrap().failing_since, 0);
    }
}

async fn the_slowest_feed_that_is_carried_is_told(store: &dyn FeedCursors) {
    let (epoch, holder, another) = (Uuid::now_v7(), Uuid::now_v7(), Uuid::now_v7());
    // What is no feed, and keeps its place among them.
    store.hold(another, epoch, holder, LONG).await.unwrap();
    let failing = 0;
    let (one, other) = (Uuid::now_v7(), Uuid::now_v7());
    for (feed, position) in [(one, 10), (other, 20)] {
        assert_eq!(store.slowest(epoch, another).await.unwrap().0, (feed == other).then_some(10));
        store.hold(feed, epoch, holder, SHORT).await.unwrap();
        store.advance(feed, (holder, 1), (position, 0), SHORT).await.unwrap();
    }
    tokio::time::sleep(SHORT * 2).await;
    assert_eq!(store.slowest(epoch, another).await.unwrap(), (Some(10), failing), "whoever crashed is behind still");
    store.failing(one, "nobody there").await.unwrap();
    assert_eq!(store.slowest(epoch, another).await.unwrap(), (Some(10), failing + 1));
    store.release(one, holder).await.unwrap();
    store.recovered(one).await.unwrap();
    assert_eq!(store.slowest(epoch, another).await.unwrap(), (Some(20), failing), "nobody carries it any more");
    assert_eq!(store.slowest(Uuid::now_v7(), another).await.unwrap().0, None);
    store.release(other, holder).await.unwrap();
}

async fn a_session_is_good_until_it_is_ended_or_its_time_is_over(store: &dyn Sessions) {
    let (ours, others) = ([1; 32], [2; 32]);
    assert_eq!(store.find([9; 32], LONG).await.unwrap(), None);
    for (id, owner) in [([10; 32], ours), ([11; 32], ours), ([12; 32], ours), ([20; 32], others)] {
        store.keep(id, owner, &id, (LONG, LONG)).await.unwrap();
        assert_eq!(store.find(id, LONG).await.unwrap(), Some(id.to_vec()));
    }
    store.keep([10; 32], others, &[], (LONG, LONG)).await.unwrap_err();
    store.end([10; 32]).await.unwrap();
    store.end([10; 32]).await.unwrap();
    assert_eq!(store.find([10; 32], LONG).await.unwrap(), None);
    store.end_all(ours).await.unwrap();
    for (id, is_there) in [([11; 32], false), ([12; 32], false), ([20; 32], true)] {
        assert_eq!(store.find(id, LONG).await.unwrap().is_some(), is_there);
    }
    // A click keeps it, and nothing keeps it for longer than it is good at most.
    let is_over = async |id| while store.find(id, Duration::ZERO).await.unwrap().is_some() {};
    for (id, times) in [([30; 32], (SHORT, LONG)), ([31; 32], (LONG, SHORT))] {
        store.keep(id, ours, &id, times).await.unwrap();
        if times.0 == SHORT {
            assert!(store.find(id, LONG).await.unwrap().is_some());
            tokio::time::sleep(2 * SHORT).await;
            assert!(store.find(id, SHORT).await.unwrap().is_some(), "a click has kept it");
        }
        tokio::time::sleep(2 * SHORT).await;
        tokio::time::timeout(Duration::from_secs(10), is_over(id)).await.unwrap();
    }
}
