//! Feeds that stand on JetStream: what stands there is covered, each event comes under one id, and no agency can see another's.

use client::request_id;
use proto::feeds::v1::{ChangeFeedRequest, CloseFeedRequest, ContentLevel, RemoveServiceAccountRequest, ReplayFeedRequest};

use crate::fed::{entry, reason, system};
use crate::on_nats::{OnNats, connect, consumer, credentials, is_emptied, next, options, stands, until};

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
    let mut stream = on.stream().await;
    assert_eq!(stream.info().await.unwrap().state.messages, 0);
    let head = on.progress().await.head;
    harness::wait_until("it is known to be acknowledged", || async { Ok(on.progress().await.acknowledged >= head) })
        .await
        .unwrap();
    assert!(on.progress().await.carried);
    // What comes again after a restart of whoever carries it is only what was not acknowledged.
    on.fed.person().strength("sings").await.unwrap();
    assert_eq!(next(&reader, 1).await[0]["data"]["entry"]["text"], "sings");
    assert_eq!(on.fed.receipts().await.len(), 2);
}
