//! Feeds that leave as webhooks: whoever receives is asked first, each event comes signed and under one id whatever is answered, and nothing comes
//! that is not covered when it leaves.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use client::{Client, request_id};
use harness::{Cluster, wait_until};
use proto::feeds::v1::{
    ChangeFeedRequest, CloseFeedRequest, ContentLevel, Door, Feed, FeedProgress, GetFeedRequest,
    GetWebhookSecretsRequest, GetWebhookSecretsResponse, OpenFeedRequest, ReplayFeedRequest, ResumeFeedRequest,
    RotateWebhookSecretRequest,
};
use tonic::{Code, Status};

use crate::fed::{A_WHILE, Fed, entry, opens, reason};
use crate::recalled::{PATHS, Taking};
use crate::receiver::{Answer, Came, ORIGIN, Receiver};
use crate::world::{Pair, Supported, World};

/// Where tests' receivers are.
const HERE: &str = "127.0.0.0/8";

/// An agency with a webhook, and whoever receives it.
struct Hooked {
    fed: Fed,
    receiver: Receiver,
}

/// A system that calls webhooks in these networks; with more settings of the door.
pub(crate) fn calls(cluster: &mut Cluster, networks: &[&str], also: &[(&str, toml::Value)]) {
    let mut settings = toml::Table::new();
    settings.insert("origin".into(), ORIGIN.into());
    settings.insert("allowed_networks".into(), toml::Value::from(networks.to_vec()));
    settings.extend(also.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    cluster.set("feeds", "webhooks", settings);
}

/// Opens a webhook at the agency.
pub(crate) async fn open(admin: &Client, pair: &Pair, content: ContentLevel, target: &str) -> Result<String, Status> {
    let (door, opens) = (Door::Webhook.into(), opens(pair, content));
    let opens = OpenFeedRequest { name: "webhook".into(), door, target: target.into(), ..opens };
    Ok(admin.feeds().open_feed(opens).await?.into_inner().feed_id)
}

impl Hooked {
    async fn new(content: ContentLevel) -> Self {
        Self::paused_after(content, 3_600).await
    }

    async fn paused_after(content: ContentLevel, seconds: i64) -> Self {
        let mut world = World::distributed().await;
        calls(&mut world.cluster, &[HERE], &[("paused_after_seconds", seconds.into())]);
        let mut fed = Fed::of(Supported::on(world, 0).await, content).await;
        let receiver = Receiver::start().await;
        fed.feed = open(&fed.admin, &fed.supported.callers.pair, content, &receiver.url()).await.unwrap();
        Self { fed, receiver }
    }

    /// Opens another.
    async fn open(&self, target: &str) -> Result<String, Status> {
        open(&self.fed.admin, &self.fed.supported.callers.pair, ContentLevel::IdOnly, target).await
    }

    async fn get(&self) -> (Feed, FeedProgress) {
        let agency_id = self.fed.supported.callers.pair.agency_id();
        let request = GetFeedRequest { agency_id, feed_id: self.fed.feed.clone(), at_least_position: 0 };
        let answer = self.fed.admin.feeds().get_feed(request).await.unwrap().into_inner();
        (answer.feed.unwrap(), answer.progress.unwrap())
    }

    /// Waits until the feed is so.
    async fn is(&self, what: &str, is_so: impl Fn(&Feed, &FeedProgress) -> bool) {
        let is = wait_until(what, || async {
            let (feed, progress) = self.get().await;
            Ok(is_so(&feed, &progress))
        });
        if let Err(error) = is.await {
            panic!("{error}: {:?}", self.get().await);
        }
    }

    async fn secrets(&self) -> GetWebhookSecretsResponse {
        let request = GetWebhookSecretsRequest { feed_id: self.fed.feed.clone(), at_least_position: 0 };
        self.fed.system.feeds().get_webhook_secrets(request).await.unwrap().into_inner()
    }

    async fn rotate(&self, at_once: bool) {
        let (agency_id, feed_id) = (self.fed.supported.callers.pair.agency_id(), self.fed.feed.clone());
        let rotate = RotateWebhookSecretRequest { request_id: request_id(), agency_id, feed_id, at_once };
        self.fed.admin.feeds().rotate_webhook_secret(rotate).await.unwrap();
    }

    async fn resume(&self) {
        let (agency_id, feed_id) = (self.fed.supported.callers.pair.agency_id(), self.fed.feed.clone());
        let resume = ResumeFeedRequest { request_id: request_id(), agency_id, feed_id };
        self.fed.admin.feeds().resume_feed(resume).await.unwrap();
    }

    async fn move_to(&self, target: &str) -> Result<(), Status> {
        let change = ChangeFeedRequest {
            request_id: request_id(),
            agency_id: self.fed.supported.callers.pair.agency_id(),
            feed_id: self.fed.feed.clone(),
            content: ContentLevel::IdOnly.into(),
            target: target.into(),
            ..Default::default()
        };
        self.fed.admin.feeds().change_feed(change).await.map(drop)
    }

    async fn replay(&self, request_id: &str, position: u64) -> Result<(), Status> {
        let (feed_id, token) = (self.fed.feed.clone(), String::new());
        let replay = ReplayFeedRequest { request_id: request_id.into(), feed_id, token, position };
        self.fed.system.feeds().replay_feed(replay).await.map(drop)
    }
}

fn ids(came: &[Came]) -> BTreeSet<String> {
    came.iter().map(|came| came.header("webhook-id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_is_asked_first_and_is_then_told_each_event_as_it_happens() {
    let hooked = Hooked::new(ContentLevel::Full).await;
    let (fed, receiver) = (&hooked.fed, &hooked.receiver);
    fed.permit().await;
    let told = fed.person().strength("swims").await.unwrap().entry_id;
    let came = receiver.receives(1).await.remove(0);
    assert_eq!(receiver.asked(), [ORIGIN]);
    let event = came.event();
    assert!(entry(&event) == told && event["data"]["entry"]["text"] == "swims", "{event}");
    assert_eq!(came.header("webhook-id"), event["id"]);
    assert_eq!(came.header("content-type"), "application/cloudevents+json; charset=utf-8");
    // No header says whom it is about, nor what.
    let headers = format!("{:?}", came.headers);
    assert!(!headers.contains(event["subject"].as_str().unwrap()) && !headers.contains("swims"), "{headers}");
    assert_eq!(fed.receipts().await.len(), 1);
    let head = hooked.get().await.1.head;
    hooked.is("it is known to be taken", |_, progress| progress.acknowledged >= head && progress.carried).await;
    fed.test_event().await;
    assert_eq!(receiver.receives(2).await[1].event()["type"], "alongside.feed.tested.v1");
    assert_eq!(fed.receipts().await.len(), 1);
    // Many at once, of several kinds, each once and those about one person in their order.
    let mut written = vec![told];
    for n in 0..40 {
        written.push(fed.person().strength(&format!("strength {n}")).await.unwrap().entry_id);
    }
    let came = receiver.receives(42).await;
    let entries: Vec<_> = came.iter().map(Came::event).filter(|event| event.get("subject").is_some()).collect();
    assert_eq!(entries.iter().map(entry).collect::<Vec<_>>(), written);
    assert_eq!(receiver.asked(), [ORIGIN]);
    let close = CloseFeedRequest {
        request_id: request_id(),
        agency_id: fed.supported.callers.pair.agency_id(),
        feed_id: fed.feed.clone(),
    };
    fed.admin.feeds().close_feed(close).await.unwrap();
    fed.person().strength("too late").await.unwrap();
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(receiver.came().len(), 42);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_to_whoever_does_not_want_it() {
    let hooked = Hooked::new(ContentLevel::IdOnly).await;
    let (fed, receiver) = (&hooked.fed, &hooked.receiver);
    let refused = |feed: &Feed, progress: &FeedProgress| {
        feed.paused.is_empty() && progress.last_failure.contains("WebHook-Allowed-Origin")
    };
    for allows in [None, Some("another.example")] {
        let other = Receiver::start().await;
        other.allows(allows);
        hooked.move_to(&other.url()).await.unwrap();
        wait_until("it is asked", || async { Ok(!other.asked().is_empty()) }).await.unwrap();
        hooked.is("it does not want it", refused).await;
        assert!(other.came().is_empty());
    }
    fed.permit().await;
    fed.person().strength("swims").await.unwrap();
    receiver.allows(Some("*"));
    hooked.move_to(&receiver.url()).await.unwrap();
    receiver.receives(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_answered_an_event_comes_again_under_one_id_until_it_is_taken() {
    let hooked = Hooked::new(ContentLevel::IdOnly).await;
    let (fed, receiver) = (&hooked.fed, &hooked.receiver);
    fed.permit().await;
    let bad = [
        (Answer::Elsewhere, "307"),
        (Answer::Status(400), "400"),
        (Answer::Status(404), "404"),
        (Answer::Status(500), "500"),
        (Answer::After(429, 3_600), "429"),
        (Answer::Long, "longer than"),
        (Answer::Half, "to the end"),
        (Answer::Hangs, "within 10 seconds"),
    ];
    receiver.answers(Answer::Status(500));
    for (answer, _) in bad {
        receiver.answers_next(answer);
    }
    fed.person().strength("swims").await.unwrap();
    for (count, (answer, says)) in (1..).zip(bad) {
        let came = receiver.receives(count).await;
        assert_eq!(came.last().unwrap().answer, answer);
        hooked.is(says, |_, progress| progress.last_failure.contains(says) && progress.failing_since.is_some()).await;
        assert!(!hooked.get().await.1.last_failure.contains("secret"), "the target is nobody's business");
        // Whatever the target has asked for: somebody at the agency has done something about it.
        hooked.rotate(true).await;
    }
    receiver.answers(Answer::Status(204));
    hooked.rotate(true).await;
    hooked.is("it is taken", |_, progress| progress.failing_since.is_none()).await;
    let came = receiver.came();
    assert_eq!(ids(&came).len(), 1);
    // One delivery, and one receipt of it.
    assert_eq!(fed.receipts().await.len(), 1);
    fed.person().strength("sings").await.unwrap();
    assert_eq!(ids(&receiver.receives(came.len() + 1).await).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_take_what_comes_is_not_called_more_often_whatever_the_agency_does() {
    let hooked = Hooked::new(ContentLevel::IdOnly).await;
    let (fed, receiver) = (&hooked.fed, &hooked.receiver);
    receiver.allows(None);
    let begun = Instant::now();
    hooked.move_to(&format!("{}&again", receiver.url())).await.unwrap();
    while begun.elapsed() < Duration::from_secs(4) {
        fed.test_event().await;
        hooked.rotate(true).await;
    }
    // Once a second, and before that the target that the feed was opened with.
    assert!((2..=6).contains(&receiver.asked().len()), "{:?}", receiver.asked());
    assert!(receiver.came().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn when_whoever_leads_is_killed_another_takes_over_at_once() {
    let mut hooked = Hooked::new(ContentLevel::IdOnly).await;
    hooked.fed.permit().await;
    hooked.fed.person().strength("first").await.unwrap();
    hooked.receiver.receives(1).await;
    // It leads, as it was there first.
    let node = hooked.fed.supported.world.start().await;
    let mut leads = hooked.fed.move_to(node).await;
    leads.kill().unwrap();
    let killed = Instant::now();
    hooked.fed.person().strength("second").await.unwrap();
    hooked.receiver.receives(2).await;
    let taken_over = killed.elapsed();
    // A second by itself; beside everything else it is still sooner than anything that was to time out.
    assert!(taken_over < Duration::from_secs(3), "{taken_over:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_event_is_signed_with_every_secret_that_is_good() {
    let hooked = Hooked::new(ContentLevel::IdOnly).await;
    let (fed, receiver) = (&hooked.fed, &hooked.receiver);
    let first = hooked.secrets().await;
    assert!(first.secrets.len() == 1 && first.previous_until.is_none() && first.secrets[0].starts_with("whsec_"));
    let signed = |came: Came| came.header("webhook-signature").split(' ').count();
    fed.test_event().await;
    assert_eq!(signed(receiver.receives(1).await.remove(0)), 1);
    hooked.rotate(false).await;
    let second = hooked.secrets().await;
    assert!(second.previous_until.is_some() && second.secrets[1] == first.secrets[0]);
    fed.test_event().await;
    assert_eq!(signed(receiver.receives(2).await.remove(1)), 2);
    hooked.rotate(true).await;
    let third = hooked.secrets().await;
    assert!(third.secrets.len() == 1 && !second.secrets.contains(&third.secrets[0]), "{third:?}");
    fed.test_event().await;
    assert_eq!(signed(receiver.receives(3).await.remove(2)), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_that_takes_nothing_for_too_long_is_told_nothing_until_somebody_wants_it_again() {
    let hooked = Hooked::paused_after(ContentLevel::IdOnly, 1).await;
    let (fed, receiver) = (&hooked.fed, &hooked.receiver);
    fed.permit().await;
    receiver.answers(Answer::Status(503));
    fed.person().strength("swims").await.unwrap();
    hooked.is("it is paused", |feed, _| feed.paused.contains("503")).await;
    let came = receiver.came().len();
    fed.person().strength("sings").await.unwrap();
    hooked.rotate(true).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(receiver.came().len(), came);
    receiver.answers(Answer::Status(204));
    hooked.resume().await;
    assert_eq!(ids(&receiver.receives(came + 2).await).len(), 2);
    hooked.is("it goes on", |feed, progress| feed.paused.is_empty() && progress.failing_since.is_none()).await;
    // Whoever is gone says so, and is called no more.
    receiver.answers(Answer::Status(410));
    fed.person().strength("dances").await.unwrap();
    hooked.is("it is paused", |feed, _| feed.paused.contains("410")).await;
    assert_eq!(receiver.came().len(), came + 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_lies_within_is_never_called_whatever_it_is_called() {
    let mut hooked = Hooked::new(ContentLevel::IdOnly).await;
    let port = hooked.receiver.port;
    let within = [
        format!("http://10.0.0.1:{port}"),
        "https://169.254.169.254/latest/meta-data".to_owned(),
        "https://[::1]/".to_owned(),
        "https://192.168.0.1".to_owned(),
        "ftp://localhost".to_owned(),
        "https://user:password@example.org".to_owned(),
        "https://example.org:25".to_owned(),
        String::new(),
    ];
    for target in &within {
        let refused = [hooked.open(target).await.unwrap_err(), hooked.move_to(target).await.unwrap_err()];
        for refused in refused {
            assert_eq!(
                (refused.code(), reason(&refused).as_str()),
                (Code::InvalidArgument, "INVALID_ARGUMENT"),
                "{target}"
            );
        }
    }
    hooked.fed.permit().await;
    hooked.fed.person().strength("swims").await.unwrap();
    hooked.receiver.receives(1).await;
    // What was allowed is not any more: where the name leads is looked at each time.
    hooked.fed.supported.node.kill().unwrap();
    calls(&mut hooked.fed.supported.world.cluster, &["10.0.0.0/8"], &[]);
    let node = hooked.fed.supported.world.start().await;
    hooked.fed.move_to(node).await;
    hooked.fed.person().strength("sings").await.unwrap();
    hooked.is("it is not called", |_, progress| progress.last_failure.contains("does not call")).await;
    assert_eq!(hooked.receiver.came().len(), 1);
    // Nor is a feed opened where no address is called at all.
    let plain = Fed::new(ContentLevel::IdOnly).await;
    let refused = open(&plain.admin, &plain.supported.callers.pair, ContentLevel::IdOnly, "https://example.org")
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_by_whatever_path_before_it_is_taken_never_comes_again_and_is_asked_back() {
    let hooked = Hooked::new(ContentLevel::IdOnly).await;
    let (fed, receiver) = (&hooked.fed, &hooked.receiver);
    let mut taking = Taking::of(fed);
    for path in PATHS {
        let provision = fed.permit().await;
        receiver.answers(Answer::Status(500));
        let before = receiver.came().len();
        fed.person().strength(&format!("before it is {path}")).await.unwrap();
        let told = receiver.receives(before + 1).await.last().unwrap().header("webhook-id").to_owned();
        taking.take(path, provision).await;
        // Answered before it was taken away, at the latest.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let came = receiver.came().len();
        receiver.answers(Answer::Status(204));
        hooked.rotate(true).await;
        let recall = receiver.receives(came + 1).await.remove(came).event();
        assert_eq!(recall["type"], "alongside.recall.requested.v1", "{path}");
        let named: Vec<_> = recall["data"]["recalled"].as_array().unwrap().iter().map(|item| &item["id"]).collect();
        assert_eq!(named, [&told], "{path}");
        taking.give_back(path).await;
    }
    assert!(receiver.taken().iter().all(|event| event["type"] == "alongside.recall.requested.v1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_tells_again_what_came_after_a_position_and_a_killed_server_loses_nothing() {
    let mut hooked = Hooked::new(ContentLevel::IdOnly).await;
    hooked.fed.permit().await;
    for n in 0..3 {
        hooked.fed.person().strength(&format!("strength {n}")).await.unwrap();
    }
    let came = hooked.receiver.receives(3).await;
    let position: u64 = came[0].header("alongside-position").parse().unwrap();
    let receipts = hooked.fed.receipts().await.len();
    let far = hooked.replay(&request_id(), u64::MAX / 2).await.unwrap_err();
    assert_eq!(far.code(), Code::InvalidArgument, "{far:?}");
    hooked.is("it is known to be taken", |_, progress| progress.acknowledged >= position + 2).await;
    let request = request_id();
    for _ in 0..2 {
        hooked.replay(&request, position).await.unwrap();
    }
    let again = hooked.receiver.receives(5).await;
    assert_eq!(ids(&again), ids(&came));
    assert!(hooked.fed.receipts().await.len() > receipts);
    // Twice is once.
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(hooked.receiver.came().len(), 5);
    hooked.receiver.answers(Answer::Status(500));
    hooked.fed.person().strength("strength 3").await.unwrap();
    hooked.receiver.receives(6).await;
    hooked.fed.supported.node.kill().unwrap();
    hooked.receiver.answers(Answer::Status(204));
    let node = hooked.fed.supported.world.start().await;
    hooked.fed.move_to(node).await;
    hooked.is("it is taken", |_, progress| progress.failing_since.is_none() && progress.acknowledged > 0).await;
    assert_eq!(ids(&hooked.receiver.came()).len(), 4);
    assert_eq!(hooked.receiver.taken().last().unwrap()["id"], hooked.receiver.came()[5].event()["id"]);
}
