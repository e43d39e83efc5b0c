//! Feeds that stand on JetStream: what stands there is covered, each event comes under one id, and no agency can see another's.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use client::{request_id, terms};
use proto::access::v1::{Action, Purpose, RecordCategory};
use proto::feeds::v1::{CloseFeedRequest, ContentLevel, RemoveServiceAccountRequest, ReplayFeedRequest};
use proto::sharing::v1::provision_actor::Actor;
use serde_json::Value;

use crate::fed::{entry, reason, system};
use crate::on_nats::{OnNats, connect, consumer, credentials, next, options, stands, until};
use crate::recalled::{PATHS, Taking};

/// How soon what is taken away stands no more, while NATS is up (issue "Feeds", "Withdrawal").
const AT_ONCE: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_stands_there_as_it_happens_and_what_is_acknowledged_is_gone() {
    let on = OnNats::new(ContentLevel::Full, &[]).await;
    on.fed.permit().await;
    let entry_id = on.fed.person().strength("swims").await.unwrap().entry_id;
    let reader = on.reader().await;
    let event = next(&reader, 1).await.remove(0);
    assert!(event["specversion"] == "1.0" && event["data"]["entry"]["text"] == "swims", "{event}");
    assert_eq!(entry(&event), entry_id);
    assert_eq!(on.fed.receipts().await.len(), 1);
    stands(&on.stream().await, 0).await;
    let head = on.progress().await.head;
    harness::wait_until("it is known to be acknowledged", || async { Ok(on.progress().await.acknowledged >= head) })
        .await
        .unwrap();
    assert!(on.progress().await.carried);
    // A test of the feed is about nobody, and leaves no receipt.
    on.fed.test_event().await;
    assert_eq!(next(&reader, 1).await[0]["type"], "alongside.feed.tested.v1");
    assert_eq!(on.fed.receipts().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_there_and_is_taken_away_by_whatever_path_is_removed_at_once_and_asked_back() {
    let on = OnNats::new(ContentLevel::IdOnly, &[]).await;
    let (reader, stream) = (on.reader().await, on.stream().await);
    let mut taking = Taking::of(&on.fed);
    let mut slowest = Duration::ZERO;
    for path in PATHS {
        let provision = on.fed.permit().await;
        let strength = on.fed.person().strength(&format!("before it is {path}")).await.unwrap();
        stands(&stream, 1).await;
        let stood = stream.clone().info().await.unwrap().state.first_sequence;
        let told = on.fed.told_of(&strength.entry_id).await;
        taking.take(path, provision).await;
        let taken = Instant::now();
        until(async || (stream.clone().info().await.unwrap().state.first_sequence > stood).then_some(())).await;
        slowest = slowest.max(taken.elapsed());
        let after = on.fed.person().strength(&format!("after it is {path}")).await.unwrap().position;
        let passed = || async { Ok(on.progress().await.delivered >= after) };
        harness::wait_until("it is passed by", passed).await.unwrap();
        let recall = next(&reader, 1).await.remove(0);
        assert_eq!(recall["type"], "alongside.recall.requested.v1", "{path}");
        let named: Vec<_> = recall["data"]["recalled"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
        assert_eq!(named, [&told], "{path}");
        taking.give_back(path).await;
    }
    assert!(slowest < AT_ONCE, "{slowest:?}");
    stands(&stream, 0).await;
    assert_eq!(on.fed.recalls().await.len(), PATHS.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_time_takes_away_stands_no_more_though_nobody_does_anything() {
    let on = OnNats::new(ContentLevel::IdOnly, &[]).await;
    let (actions, agency) =
        ([Action::Read, Action::Subscribe], Actor::AgencyId(on.fed.supported.callers.pair.agency_id()));
    let mut ends = terms(agency, [RecordCategory::Strengths], Purpose::CareCoordination, actions);
    let until_then = Duration::from_secs(4);
    ends.until = Some((std::time::SystemTime::now() + until_then).into());
    let begun = Instant::now();
    on.fed.person().grant(ends).await.unwrap();
    on.fed.person().strength("for a while").await.unwrap();
    let stream = on.stream().await;
    stands(&stream, 1).await;
    let stood = stream.clone().info().await.unwrap().state.first_sequence;
    assert!(begun.elapsed() < until_then, "it stood in time");
    until(async || (stream.clone().info().await.unwrap().state.first_sequence > stood).then_some(())).await;
    assert!(begun.elapsed() < until_then + AT_ONCE, "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_that_is_removed_is_cut_off_and_a_feed_that_is_closed_is_gone() {
    let on = OnNats::new(ContentLevel::IdOnly, &[]).await;
    let fed = &on.fed;
    fed.permit().await;
    let (other, account_id) = system(&fed.supported, &fed.admin, &fed.supported.node, "other-system").await;
    let access = credentials(&other, &fed.feed).await;
    let removed = connect(&access).await;
    let reader = consumer(&removed, &access).await;
    fed.person().strength("one").await.unwrap();
    assert_eq!(next(&reader, 1).await.len(), 1);
    let agency_id = fed.supported.callers.pair.agency_id();
    let remove = RemoveServiceAccountRequest { request_id: request_id(), agency_id: agency_id.clone(), account_id };
    fed.admin.feeds().remove_service_account(remove).await.unwrap();
    let since = Instant::now();
    until(async || {
        let refused = options(&access).connect(&access.servers).await.is_err();
        let is_out = removed.connection_state() != async_nats::connection::State::Connected;
        (refused && is_out).then_some(())
    })
    .await;
    assert!(since.elapsed() < AT_ONCE, "{:?}", since.elapsed());
    // The agency's other system goes on.
    let reader = on.reader().await;
    fed.person().strength("two").await.unwrap();
    assert_eq!(next(&reader, 1).await.len(), 1);
    let close = CloseFeedRequest { request_id: request_id(), agency_id, feed_id: fed.feed.clone() };
    let access = on.credentials().await;
    fed.admin.feeds().close_feed(close).await.unwrap();
    let context = async_nats::jetstream::new(connect(&access).await);
    until(async || context.get_stream(&access.stream).await.is_err().then_some(())).await;
    let request = proto::feeds::v1::GetNatsCredentialsRequest { feed_id: fed.feed.clone(), at_least_position: 0 };
    assert!(fed.system.feeds().get_nats_credentials(request).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_lost_or_killed_each_event_comes_under_one_id() {
    let mut on = OnNats::new(ContentLevel::IdOnly, &[]).await;
    on.fed.permit().await;
    let mut written = Vec::new();
    for n in 0..3 {
        written.push(on.fed.person().strength(&format!("strength {n}")).await.unwrap().entry_id);
    }
    stands(&on.stream().await, 3).await;
    let first = next(&on.reader().await, 1).await.remove(0);
    // All that stands there is lost, and the accounts with it.
    on.fed.supported.world.nats.kill().unwrap();
    on.fed.supported.world.nats.wipe().unwrap();
    std::fs::remove_dir_all(on.keys.kept()).unwrap();
    on.fed.supported.world.nats.restart().await.unwrap();
    let came = all_of(&on, vec![first], 3).await;
    // Another server carries it on when the one that does is killed.
    let another = on.fed.supported.world.start().await;
    written.push(on.fed.person().strength("before the kill").await.unwrap().entry_id);
    stands(&on.stream().await, 1).await;
    on.fed.supported.node.kill().unwrap();
    drop(on.fed.move_to(another).await);
    written.push(on.fed.person().strength("after the kill").await.unwrap().entry_id);
    let came = all_of(&on, came, 5).await;
    let mut seen: Vec<_> = came.iter().map(|event| (entry(event).to_owned(), event["id"].clone())).collect();
    seen.sort_by_key(|(entry, _)| written.iter().position(|known| known == entry));
    seen.dedup();
    let entries: Vec<_> = seen.into_iter().map(|(entry, _)| entry).collect();
    assert_eq!(entries, written, "each once, under one id");
    let receipts: usize = on.fed.receipts().await.iter().map(Vec::len).sum();
    assert_eq!(receipts, written.len());
}

/// Reads on until so many different events have come, and nothing stands any more; some may come twice.
async fn all_of(on: &OnNats, mut came: Vec<Value>, count: usize) -> Vec<Value> {
    let reader = on.reader().await;
    while came.iter().map(|event| event["id"].as_str()).collect::<BTreeSet<_>>().len() < count {
        came.extend(next(&reader, 1).await);
    }
    let mut stream = on.stream().await;
    while stream.info().await.unwrap().state.messages > 0 {
        came.extend(next(&reader, 1).await);
    }
    came
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_takes_falls_out_and_is_told_and_is_told_again_when_asked_for() {
    let mut on = OnNats::new(ContentLevel::IdOnly, &[("kept_for_seconds", 1.into()), ("standing", 3.into())]).await;
    on.fed.permit().await;
    let mut written = Vec::new();
    for n in 0..5 {
        written.push(on.fed.person().strength(&format!("strength {n}")).await.unwrap().entry_id);
    }
    // Three stand, and fall out; the rest follows, and falls out; what was told of the first is told with it.
    let fallen = || async { Ok(on.fed.supported.node.log()?.contains("\"count\":5,")) };
    harness::wait_until("all has fallen out", fallen).await.unwrap();
    // Whoever carries it on has not forgotten.
    let another = on.fed.supported.world.start().await;
    on.fed.supported.node.kill().unwrap();
    drop(on.fed.move_to(another).await);
    let fallen = || async { Ok(on.fed.supported.node.log()?.contains("\"count\":5,")) };
    harness::wait_until("all has fallen out again", fallen).await.unwrap();
    let missed = next(&on.reader().await, 1).await.remove(0);
    assert_eq!((&missed["type"], &missed["data"]["count"]), (&"alongside.feed.missed.v1".into(), &5.into()));
    let receipts = on.fed.receipts().await.iter().map(Vec::len).sum::<usize>();
    assert_eq!(receipts, written.len(), "what is carried on is not delivered anew");
    let replay = async |request_id: &str, token: &str| {
        let (request_id, feed_id, token) = (request_id.to_owned(), on.fed.feed.clone(), token.to_owned());
        on.fed.system.feeds().replay_feed(ReplayFeedRequest { request_id, feed_id, token, position: 0 }).await
    };
    assert_eq!(reason(&replay(&request_id(), "made up").await.unwrap_err()), "PAGE_TOKEN_REFUSED");
    let (token, wish) = (missed["data"]["token"].as_str().unwrap(), request_id());
    replay(&wish, token).await.unwrap();
    replay(&wish, token).await.unwrap();
    assert_eq!(reason(&replay(&request_id(), token).await.unwrap_err()), "PAGE_TOKEN_REFUSED", "it is begun again");
    let reader = on.reader().await;
    let mut told = Vec::new();
    while told.len() < written.len() {
        let events = next(&reader, 1).await;
        told.extend(events.iter().filter_map(|event| event["data"]["entryId"].as_str().map(str::to_owned)));
    }
    assert_eq!(told, written);
    // Told again, it is delivered anew.
    assert_eq!(on.fed.receipts().await.iter().map(Vec::len).sum::<usize>(), 2 * written.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_great_many_events_that_stand_are_removed_at_once_too() {
    let on = OnNats::new(ContentLevel::Full, &[]).await;
    let provision = on.fed.permit().await;
    let words = "knits, and tells everybody who asks and some who do not ".repeat(20);
    let writing = (0..8).map(|_| async {
        for _ in 0..50 {
            on.fed.person().strength(&words).await.unwrap();
        }
    });
    futures::future::join_all(writing).await;
    let stream = on.stream().await;
    stands(&stream, 400).await;
    on.fed.person().withdraw(&provision).await.unwrap();
    let taken = Instant::now();
    // What is left is what asks for them back.
    until(async || (stream.clone().info().await.unwrap().state.messages <= 1).then_some(())).await;
    assert!(taken.elapsed() < AT_ONCE, "{:?}", taken.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stands_while_nobody_carries_the_feed_or_comes_back_with_an_older_store() {
    let mut on = OnNats::new(ContentLevel::IdOnly, &[]).await;
    let provision = on.fed.permit().await;
    on.fed.person().strength("stands").await.unwrap();
    let stream = on.stream().await;
    stands(&stream, 1).await;
    // The store is put back to where that stood, and the sequence is where it was left.
    on.fed.supported.world.nats.kill().unwrap();
    on.fed.supported.world.nats.copy_store(false).unwrap();
    on.fed.supported.world.nats.restart().await.unwrap();
    let (reader, stream) = (on.reader().await, on.stream().await);
    stands(&stream, 1).await;
    let stood = stream.clone().info().await.unwrap().state.first_sequence;
    on.fed.person().withdraw(&provision).await.unwrap();
    until(async || (stream.clone().info().await.unwrap().state.first_sequence > stood).then_some(())).await;
    let recall = next(&reader, 1).await.remove(0);
    assert_eq!(recall["type"], "alongside.recall.requested.v1");
    on.fed.supported.world.nats.kill().unwrap();
    on.fed.supported.world.nats.copy_store(true).unwrap();
    on.fed.supported.world.nats.restart().await.unwrap();
    stands(&on.stream().await, 0).await;
    // A server that ends takes along what it has put there.
    on.fed.permit().await;
    on.fed.person().strength("stands, too").await.unwrap();
    let stream = on.stream().await;
    until(async || (stream.clone().info().await.unwrap().state.messages > 0).then_some(())).await;
    on.fed.supported.node.terminate().unwrap();
    stands(&stream, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_slept_takes_nothing_from_whoever_carries_the_feed_on() {
    let mut on = OnNats::new(ContentLevel::IdOnly, &[]).await;
    on.fed.permit().await;
    let mut written = vec![on.fed.person().strength("before").await.unwrap().entry_id];
    stands(&on.stream().await, 1).await;
    let another = on.fed.supported.world.start().await;
    on.fed.supported.node.pause(true).unwrap();
    let mut slept = on.fed.move_to(another).await;
    for n in 0..20 {
        written.push(on.fed.person().strength(&format!("meanwhile {n}")).await.unwrap().entry_id);
    }
    stands(&on.stream().await, 21).await;
    slept.pause(false).unwrap();
    for n in 0..20 {
        written.push(on.fed.person().strength(&format!("afterwards {n}")).await.unwrap().entry_id);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let came = all_of(&on, vec![], written.len()).await;
    let mut entries: Vec<_> = came.iter().map(|event| (entry(event), event["id"].as_str())).collect();
    entries.sort_unstable();
    entries.dedup();
    written.sort_unstable();
    assert_eq!(entries.iter().map(|(entry, _)| *entry).collect::<Vec<_>>(), written);
    slept.kill().unwrap();
}
