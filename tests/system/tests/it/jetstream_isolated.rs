//! What an agency's credentials reach on NATS: its own feed, and of nobody else that there is one.

use client::Client;
use proto::feeds::v1::{ContentLevel, Door, GetNatsCredentialsRequest, OpenFeedRequest, SubscribeRequest};
use serde_json::{Value, json};
use tonic::Code;
use uuid::Uuid;

use crate::fed::{Fed, Reading, opens, reason, signed_in};
use crate::on_nats::{OnNats, connect, credentials, open, stands, until, world};
use crate::world::{Callers, Supported, stores};

#[tokio::test(flavor = "multi_thread")]
async fn an_agencys_credentials_read_its_feed_and_reach_nothing_else_nor_whether_it_is_there() {
    let (world, keys) = world(&[]).await;
    let pairs = world.import(2);
    assert_ne!(pairs[0].agency_id(), pairs[1].agency_id());
    let node = world.start().await;
    let channel = node.channel().await.unwrap();
    let other_callers = Callers::new(&world.cluster, &channel, &pairs[1]).await;
    other_callers.accept().await;
    let callers = Callers::new(&world.cluster, &channel, &pairs[0]).await;
    let position = callers.accept().await;
    let mut fed = Fed::of(Supported { node, world, callers, position }, ContentLevel::Full).await;
    fed.feed = open(&fed.admin, &fed.supported.callers, ContentLevel::Full).await;
    let (other_feed, other_system) = other_agency(&fed, &other_callers).await;
    crate::fed::permit(&other_callers).await;
    fed.permit().await;

    let (ours, theirs) = (credentials(&fed.system, &fed.feed).await, credentials(&other_system, &other_feed).await);
    // The other agency's stands there, and the log does.
    other_callers.person.strength("of somebody else").await.unwrap();
    let context = async_nats::jetstream::new(connect(&theirs).await);
    let other_stream = until(async || context.get_stream(&theirs.stream).await.ok()).await;
    stands(&other_stream, 1).await;
    let before = other_stream.clone().info().await.unwrap().state.last_sequence;
    let epoch = stores(&fed.supported.world.cluster).await.log.epoch();
    let file = keys.file("ours.creds");
    std::fs::write(&file, &ours.credentials).unwrap();
    let context = async_nats::jetstream::new(connect(&ours).await);
    until(async || context.get_stream(&ours.stream).await.ok()).await;
    let missing = format!("FEED_{}", Uuid::now_v7().simple());
    let arguments = json!({
        "servers": ours.servers, "credentials": file, "own": ours.stream, "others": theirs.stream, "missing": missing,
        "log": format!("LOG_{}", epoch.simple()),
    });
    let mut probe = harness::python().unwrap();
    probe.arg("-c").arg(include_str!("nats_probe.py")).arg(arguments.to_string());
    let probing = tokio::task::spawn_blocking(move || probe.output().unwrap());
    // Something happens meanwhile, everywhere.
    for n in 0..10 {
        fed.person().strength(&format!("ours {n}")).await.unwrap();
        other_callers.person.strength(&format!("theirs {n}")).await.unwrap();
    }
    let output = probing.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let said: Value = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{output:?}"));
    let events = said["events"].as_array().unwrap();
    assert!(
        !events.is_empty()
            && events.iter().all(|event| event["data"]["entry"]["text"].as_str().unwrap().starts_with("ours"))
    );
    assert_eq!(said["heard"], json!([]));
    for (wish, answer) in said["answers"].as_object().unwrap() {
        let answer = answer.as_str().unwrap();
        assert!(answer == "TimeoutError" || answer == "NoRespondersError", "{wish}: {answer}");
    }
    let answer = |wish: String| said["answers"][wish].clone();
    for wish in ["STREAM.INFO.{}", "CONSUMER.INFO.{}.reader", "CONSUMER.MSG.NEXT.{}.reader", "STREAM.MSG.GET.{}"] {
        let of = |stream: &str| answer(format!("$JS.API.{}", wish.replace("{}", stream)));
        assert_eq!(of(&theirs.stream), of(&missing), "{wish}: that it is there cannot be told");
    }
    assert!(!said["violations"].as_array().unwrap().is_empty(), "the server has refused what was wished");
    // Nothing was put among the other's, and nothing of theirs taken: else it would have been begun again.
    stands(&other_stream, 11).await;
    assert_eq!(other_stream.clone().info().await.unwrap().state.last_sequence, before + 10);
}

/// Another agency opens a feed, for a system of its own.
async fn other_agency(fed: &Fed, callers: &Callers) -> (String, Client) {
    let channel = fed.supported.node.channel().await.unwrap();
    let cluster = &fed.supported.world.cluster;
    crate::fed::agency_with_a_feed(cluster, callers, channel.clone()).await;
    let staff = |subject: &str| signed_in(cluster, &callers.pair, channel.clone(), subject);
    (open(&staff("boss"), callers, ContentLevel::Full).await, staff("record-system"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_wish_is_refused_by_name() {
    let on = OnNats::new(ContentLevel::IdOnly, &[]).await;
    let fed = &on.fed;
    // A feed of one door is none of another.
    let grpc = fed.admin.feeds().open_feed(opens(&fed.supported.callers.pair, ContentLevel::IdOnly)).await;
    let name_is_taken = grpc.unwrap_err();
    assert_eq!(name_is_taken.code(), Code::AlreadyExists);
    let opens = OpenFeedRequest { name: "gRPC".into(), ..opens(&fed.supported.callers.pair, ContentLevel::IdOnly) };
    let grpc = fed.admin.feeds().open_feed(opens).await.unwrap().into_inner().feed_id;
    let request = |feed_id: &str| GetNatsCredentialsRequest { feed_id: feed_id.to_owned(), at_least_position: 0 };
    let refused = fed.system.feeds().get_nats_credentials(request(&grpc)).await.unwrap_err();
    assert!(refused.code() == Code::InvalidArgument && refused.message().contains("gRPC stream"), "{refused:?}");
    let subscribe = SubscribeRequest { feed_id: fed.feed.clone(), ..Default::default() };
    let refused = Reading::of(&fed.system, subscribe).await.err().unwrap();
    assert!(refused.code() == Code::InvalidArgument && refused.message().contains("JetStream"), "{refused:?}");
    let missing = fed.system.feeds().get_nats_credentials(request(&Uuid::now_v7().to_string())).await.unwrap_err();
    assert_eq!(missing.code(), Code::NotFound);
    // Neither an administrator nor a worker is a system.
    for who in [&fed.admin, &fed.supported.callers.worker, fed.person()] {
        let refused = who.feeds().get_nats_credentials(request(&fed.feed)).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_system_without_such_a_server_opens_no_feed_there() {
    let fed = Fed::new(ContentLevel::IdOnly).await;
    let there = OpenFeedRequest {
        name: "on JetStream".into(),
        door: Door::Jetstream.into(),
        ..opens(&fed.supported.callers.pair, ContentLevel::IdOnly)
    };
    let refused = fed.admin.feeds().open_feed(there).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "INVALID_ARGUMENT"));
    assert!(refused.message().contains("feeds.jetstream"), "{refused:?}");
}
