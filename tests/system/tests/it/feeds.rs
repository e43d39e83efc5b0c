//! What agencies' systems receive: no more than people let them, each delivery with its receipt, and what is not covered any more is
//! asked back.

use std::collections::BTreeSet;

use client::{Client, request_id, terms};
use proto::access::v1::{Action, ListMyDeliveriesRequest, Purpose, RecordCategory};
use proto::feeds::v1::{
    AcknowledgeRequest, AddServiceAccountRequest, ChangeFeedRequest, CloseFeedRequest, ContentLevel, GetFeedRequest,
    ListFeedsRequest, OpenFeedRequest, RemoveServiceAccountRequest, Scope, SendTestEventRequest, SubscribeRequest,
};
use proto::sharing::v1::provision_actor::Actor;
use serde_json::Value;
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::fed::{Fed, Reading, entry, opens, reason, signed_in, system};
use crate::world::{Callers, at_rest, stores, views_equal_a_rebuild};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_chosen_on_another_server_is_not_decided_on_what_this_one_remembers() {
    let fed = Fed::new(ContentLevel::IdOnly).await;
    let (world, pair) = (&fed.supported.world, &fed.supported.callers.pair);
    let elsewhere = world.start().await;
    let system = signed_in(&world.cluster, pair, elsewhere.channel().await.unwrap(), "record-system");
    fed.permit().await;
    let subscribe = SubscribeRequest { feed_id: fed.feed.clone(), ..Default::default() };
    let mut reading = Reading::of(&system, subscribe).await.unwrap();
    for more in [RecordCategory::Goals, RecordCategory::Health, RecordCategory::Wellbeing] {
        let known = fed.person().strength("known there").await.unwrap();
        assert_eq!(entry(&reading.next(1).await[0]), known.entry_id);
        // What that server remembers permits strengths still, and is not what the person's directive is any more.
        let agency = Actor::AgencyId(pair.agency_id());
        let more = terms(agency, [more], Purpose::CareCoordination, [Action::Read, Action::Subscribe]);
        fed.person().grant(more).await.unwrap();
    }
    let last = fed.person().strength("and after that").await.unwrap();
    assert_eq!(entry(&reading.next(1).await[0]), last.entry_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_receives_what_it_may_as_it_happens_and_the_person_reads_it() {
    let fed = Fed::new(ContentLevel::Full).await;
    let before = fed.person().strength("knew it before").await.unwrap();
    fed.matters("quiet").await;
    let mut reading = fed.read(false, "").await.unwrap();
    reading.is_silent().await;
    let permit = fed.permit().await;
    // What was passed by is not delivered because it is shared now; whoever wants it begins again.
    reading.is_silent().await;
    let bakes = fed.person().strength("bakes").await.unwrap();
    let event = reading.next(1).await.remove(0);
    assert_eq!(
        (event["specversion"].as_str(), event["type"].as_str()),
        (Some("1.0"), Some("alongside.record.strength.recorded.v1"))
    );
    assert_eq!(event["subject"].as_str(), Some(fed.supported.callers.pair.person_id().as_str()));
    assert_eq!((entry(&event), event["data"]["content"].as_str()), (bakes.entry_id.as_str(), Some("full")));
    assert_eq!(event["data"]["entry"]["text"].as_str(), Some("bakes"));
    assert_eq!(event["data"]["author"]["kind"].as_str(), Some("person"));
    // What is not shared with it is not told.
    fed.set_goal("a quiet place").await;
    reading.is_silent().await;
    drop(reading);

    // From the beginning: all that is covered now, and the same event under the same id.
    let mut again = fed.read_when_free(true, "").await;
    let shared = {
        let record = fed.person().my_record(0).await.unwrap();
        let of = [i32::from(RecordCategory::Strengths), i32::from(RecordCategory::WhatMatters)];
        record
            .iter()
            .filter(|entry| of.contains(&entry.category))
            .map(|entry| entry.entry_id.clone())
            .collect::<BTreeSet<_>>()
    };
    let all = again.next(shared.len()).await;
    assert_eq!(all.iter().map(|event| entry(event).to_owned()).collect::<BTreeSet<_>>(), shared);
    assert!(shared.contains(&before.entry_id));
    let same = all.iter().find(|event| entry(event) == bakes.entry_id).unwrap();
    assert_eq!(same["id"], event["id"]);
    again.is_silent().await;

    // The person reads it by agency and day, under which choice; and their looks are not drowned.
    let head = stores(&fed.supported.world.cluster).await.log.head().await.unwrap().0;
    let request = ListMyDeliveriesRequest { at_least_position: head, ..Default::default() };
    let days = fed.person().access().list_my_deliveries(request).await.unwrap().into_inner().days;
    let day = &days[0];
    assert!(
        day.summary.contains("'s computer system (record system) received")
            && day.summary.contains("your strengths and what matters"),
        "{}",
        day.summary
    );
    assert_eq!((day.count as usize, day.provision_ids.clone(), day.with_content), (shared.len(), vec![permit], true));
    assert_eq!(day.entries.iter().map(|entry| entry.entry_id.clone()).collect::<BTreeSet<_>>(), shared);
    let history = fed.person().history(head).await.unwrap();
    assert!(history.iter().all(|receipt| !receipt.summary.contains("computer system")), "{history:?}");
    assert_eq!(fed.receipts().await.len(), 2, "one for each: a replay is a delivery of its own");
    let progress = GetFeedRequest {
        agency_id: fed.supported.callers.pair.agency_id(),
        feed_id: fed.feed.clone(),
        ..Default::default()
    };
    let progress = fed.admin.feeds().get_feed(progress).await.unwrap().into_inner().progress.unwrap();
    assert!(progress.carried && progress.run == 2 && progress.behind < 5, "{progress:?}");
    drop(again);
    let Fed { mut supported, .. } = fed;
    at_rest(&supported.world.cluster).await;
    supported.node.terminate().unwrap();
    supported.node.ended().await.unwrap();
    let head = stores(&supported.world.cluster).await.log.head().await.unwrap().0;
    views_equal_a_rebuild(&supported.world.cluster, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_acknowledged_comes_again_under_its_id_and_without_a_second_receipt() {
    let mut fed = Fed::new(ContentLevel::IdOnly).await;
    fed.permit().await;
    for text in ["one", "two", "three"] {
        fed.person().strength(text).await.unwrap();
    }
    let mut reading = fed.read(false, "").await.unwrap();
    let first = reading.next(3).await;
    assert!(
        first.iter().all(|event| event["data"]["entry"].is_null() && event["data"]["content"] == "id-only"),
        "{first:?}"
    );
    // Another stream of the same feed waits until this one has ended.
    let second = fed.read(false, "").await.err().unwrap();
    assert_eq!((second.code(), reason(&second).as_str()), (Code::Aborted, "FEED_IS_CARRIED"));
    // The server is killed in the middle: nothing is lost.
    fed.supported.node.kill().unwrap();
    reading.stream.message().await.unwrap_err();
    let port = fed.supported.node.grpc;
    fed.supported.node = fed.supported.world.cluster.start_on("", port).await.unwrap();
    let mut again = fed.read_when_free(false, "").await;
    let repeated = again.next(3).await;
    let ids = |events: &[Value]| events.iter().map(|event| event["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&repeated), ids(&first));
    let receipts: Vec<_> = fed.receipts().await.concat();
    assert_eq!(receipts.len(), 3, "a repetition has the receipt that there is: {receipts:?}");
    fed.acknowledge(&again.token).await.unwrap();
    let token = again.token.clone();
    fed.person().strength("four").await.unwrap();
    let four = again.next(1).await;
    drop(again);
    let mut last = fed.read_when_free(false, &token).await;
    assert_eq!(ids(&last.next(1).await), ids(&four), "what was acknowledged does not come again");
    assert_eq!(fed.receipts().await.concat().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_wish_is_refused_by_name_and_changes_nothing() {
    let fed = Fed::new(ContentLevel::IdOnly).await;
    fed.permit().await;
    let pair = fed.supported.callers.pair.clone();
    let open = |change: fn(&mut OpenFeedRequest)| {
        let mut request = OpenFeedRequest { name: "another".into(), ..opens(&pair, ContentLevel::IdOnly) };
        change(&mut request);
        let admin = fed.admin.clone();
        async move { admin.feeds().open_feed(request).await.map(drop).unwrap_err() }
    };
    for (status, field) in [
        (open(|r| r.types = vec!["alongside.record.made-up.v1".into()]).await, "types"),
        (open(|r| r.categories = vec![99]).await, "categories"),
        (open(|r| r.content = 9).await, "content"),
        (open(|r| r.door = 9).await, "door"),
        (open(|r| r.door = 0).await, "door"),
        (open(|r| r.purpose = Purpose::BreakGlass.into()).await, "purpose"),
        (open(|r| r.name = "\u{200b}".into()).await, "name"),
    ] {
        let violations = status.get_details_bad_request().map(|request| request.field_violations).unwrap_or_default();
        assert!(status.code() == Code::InvalidArgument && violations[0].field == field, "{field}: {status:?}");
    }
    // Two feeds; a token of one says nothing to the other, nor does one that is made up, or of what was never delivered.
    let second = OpenFeedRequest { name: "second".into(), ..opens(&pair, ContentLevel::IdOnly) };
    let second = fed.admin.feeds().open_feed(second).await.unwrap().into_inner().feed_id;
    fed.person().strength("one").await.unwrap();
    let mut reading = fed.read(false, "").await.unwrap();
    reading.next(1).await;
    let refused = |feed: &str, token: &str| {
        let request = AcknowledgeRequest { feed_id: feed.into(), token: token.into() };
        let system = fed.system.clone();
        async move { reason(&system.feeds().acknowledge(request).await.unwrap_err()) }
    };
    assert_eq!(refused(&second, &reading.token).await, "PAGE_TOKEN_REFUSED");
    assert_eq!(refused(&fed.feed, "AAAA").await, "PAGE_TOKEN_REFUSED");
    assert_eq!(refused(&fed.feed, "").await, "PAGE_TOKEN_REFUSED");
    let both =
        SubscribeRequest { feed_id: second.clone(), token: reading.token.clone(), from_beginning: true, window: 0 };
    assert_eq!(reason(&Reading::of(&fed.system, both.clone()).await.err().unwrap()), "PAGE_TOKEN_REFUSED");
    let nowhere = SubscribeRequest { feed_id: Uuid::now_v7().to_string(), ..Default::default() };
    assert_eq!(Reading::of(&fed.system, nowhere).await.err().unwrap().code(), Code::NotFound);

    // A worker is no system, an administrator neither; and a system is no worker.
    let theirs = SubscribeRequest { feed_id: second.clone(), ..Default::default() };
    for caller in [&fed.supported.callers.worker, &fed.admin] {
        assert_eq!(Reading::of(caller, theirs.clone()).await.err().unwrap().code(), Code::PermissionDenied);
    }
    let person = fed.supported.callers.pair.person_id();
    let look = fed.system.look(&person, Purpose::CareCoordination, &[], 0).await.unwrap_err();
    assert_eq!(look.code(), Code::PermissionDenied);
    let list = ListFeedsRequest { agency_id: pair.agency_id(), ..Default::default() };
    assert_eq!(fed.system.feeds().list_feeds(list.clone()).await.unwrap_err().code(), Code::PermissionDenied);
    // What a worker signs in with is no system's, nor the other way round.
    let taken = AddServiceAccountRequest {
        request_id: request_id(),
        agency_id: pair.agency_id(),
        name: "x".into(),
        issuer: pair.issuer(),
        subject: "boss".into(),
        scopes: vec![Scope::Receive.into(), Scope::AnswerRecalls.into()],
    };
    assert_eq!(fed.admin.feeds().add_service_account(taken).await.unwrap_err().code(), Code::InvalidArgument);
    let joins = fed.supported.callers.operator.agencies().add_staff(pair.joins("record-system", "R", "nurse")).await;
    assert_eq!(joins.unwrap_err().code(), Code::AlreadyExists);
    assert_eq!(fed.admin.feeds().list_feeds(list).await.unwrap().into_inner().feeds.len(), 2, "nothing was changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_is_closed_and_a_system_that_is_removed_receive_nothing_more() {
    let fed = Fed::new(ContentLevel::Full).await;
    let pair = fed.supported.callers.pair.clone();
    fed.permit().await;
    let mut reading = fed.read(false, "").await.unwrap();
    fed.person().strength("one").await.unwrap();
    reading.next(1).await;
    // Narrowed to what matters, it carries no strength.
    let narrowed = ChangeFeedRequest {
        request_id: request_id(),
        agency_id: pair.agency_id(),
        feed_id: fed.feed.clone(),
        categories: vec![RecordCategory::WhatMatters.into()],
        types: vec![],
        content: ContentLevel::Empty.into(),
        target: String::new(),
    };
    fed.admin.feeds().change_feed(narrowed).await.unwrap();
    fed.person().strength("two").await.unwrap();
    fed.matters("walks").await;
    let empty = reading.next(1).await.remove(0);
    assert_eq!(empty["type"].as_str(), Some("alongside.something.happened.v1"));
    assert!(empty.get("subject").is_none() && empty.get("data").is_none(), "{empty}");
    let close = CloseFeedRequest { request_id: request_id(), agency_id: pair.agency_id(), feed_id: fed.feed.clone() };
    fed.admin.feeds().close_feed(close.clone()).await.unwrap();
    fed.matters("runs").await;
    assert_eq!(reading.ended().await.code(), Code::NotFound);
    assert_eq!(fed.read(false, "").await.err().unwrap().code(), Code::NotFound);

    // Another feed, tested, and whose system is removed.
    let other = OpenFeedRequest { name: "other".into(), ..opens(&pair, ContentLevel::Full) };
    let feed_id = fed.admin.feeds().open_feed(other).await.unwrap().into_inner().feed_id;
    let (system, account_id) = system(&fed.supported, &fed.admin, &fed.supported.node, "other-system").await;
    let mut reading =
        Reading::of(&system, SubscribeRequest { feed_id: feed_id.clone(), ..Default::default() }).await.unwrap();
    fed.person().strength("three").await.unwrap();
    // A new feed begins at the beginning.
    assert_eq!(reading.all().await.len(), 5);
    let test = SendTestEventRequest { request_id: request_id(), agency_id: pair.agency_id(), feed_id: feed_id.clone() };
    for _ in 0..2 {
        fed.admin.feeds().send_test_event(test.clone()).await.unwrap();
    }
    let tested = reading.next(1).await.remove(0);
    assert!(tested["type"] == "alongside.feed.tested.v1" && tested.get("subject").is_none(), "{tested}");
    reading.is_silent().await;
    let remove = RemoveServiceAccountRequest { request_id: request_id(), agency_id: pair.agency_id(), account_id };
    fed.admin.feeds().remove_service_account(remove).await.unwrap();
    fed.person().strength("four").await.unwrap();
    assert_eq!(reading.ended().await.code(), Code::PermissionDenied);
    let refused = Reading::of(&system, SubscribeRequest { feed_id, ..Default::default() }).await.err().unwrap();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_agencys_system_cannot_tell_that_a_feed_is_there() {
    let fed = Fed::new(ContentLevel::IdOnly).await;
    fed.permit().await;
    let other = fed.supported.world.import(2).remove(1);
    fed.supported.world.cluster.trust(other.worker.agency());
    let node = fed.supported.world.start().await;
    let callers = Callers::new(&fed.supported.world.cluster, &node.channel().await.unwrap(), &other).await;
    callers.operator.agencies().add_staff(other.joins("boss", "Boss", "administrator")).await.unwrap();
    let signer = &fed.supported.world.cluster.signer;
    let client = |subject: &str| signer.staff(other.worker.agency(), subject).unwrap();
    let admin = Client::new(node.channel().await.unwrap(), &client("boss")).unwrap();
    let account = AddServiceAccountRequest {
        request_id: request_id(),
        agency_id: other.agency_id(),
        name: "theirs".into(),
        issuer: other.issuer(),
        subject: "theirs".into(),
        scopes: vec![Scope::Receive.into(), Scope::AnswerRecalls.into()],
    };
    admin.feeds().add_service_account(account).await.unwrap();
    let theirs = Client::new(node.channel().await.unwrap(), &client("theirs")).unwrap();
    let absent = SubscribeRequest { feed_id: Uuid::now_v7().to_string(), ..Default::default() };
    let ours = SubscribeRequest { feed_id: fed.feed.clone(), ..Default::default() };
    let (absent, ours) =
        (Reading::of(&theirs, absent).await.err().unwrap(), Reading::of(&theirs, ours).await.err().unwrap());
    assert_eq!((absent.code(), absent.message(), absent.details()), (ours.code(), ours.message(), ours.details()));
    let foreign = ListFeedsRequest { agency_id: fed.supported.callers.pair.agency_id(), ..Default::default() };
    assert_eq!(admin.feeds().list_feeds(foreign).await.unwrap_err().code(), Code::PermissionDenied);
}
