//! What a webhook signs with. Nothing of it is stored: it follows from the system's own key, the feed and the secret's number.

use domain::agency::Feed;
use domain::ids::FeedId;
use domain::vocabulary::Timestamp;
use uuid::Uuid;
use vault::{Pseudonyms, WebhookSecret};

fn secret(pseudonyms: &Pseudonyms, feed: FeedId, number: u32) -> WebhookSecret {
    WebhookSecret::new(pseudonyms.secret("webhook", &[feed.0.as_bytes(), &number.to_be_bytes()]))
}

/// The secrets that are good at a time, the current one first, as whoever receives the feed keeps them.
pub(super) fn secrets(pseudonyms: &Pseudonyms, feed: &Feed, now: Timestamp) -> Vec<String> {
    feed.secrets.at(now).map(|number| secret(pseudonyms, feed.feed, number).text()).collect()
}

/// The value of `webhook-signature`: one signature with each secret that is good at this time.
pub(super) fn signatures(pseudonyms: &Pseudonyms, feed: &Feed, (id, body): (Uuid, &str), now: Timestamp) -> String {
    let sign = |number| secret(pseudonyms, feed.feed, number).sign(id, now.seconds(), body);
    feed.secrets.at(now).map(sign).collect::<Vec<_>>().join(" ")
}
