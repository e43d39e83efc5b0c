//! What a webhook signs with. Nothing of it is stored: it follows from the system's own key, the feed and the secret's number.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::agency::Feed;
use domain::ids::FeedId;
use domain::vocabulary::Timestamp;
use uuid::Uuid;
use vault::Pseudonyms;

/// How Standard Webhooks writes a secret that both sides share.
const SECRET: &str = "whsec_";
/// And what was signed with one: the first version of how.
const SIGNATURE: &str = "v1,";

/// A secret.
struct Secret([u8; 32]);

impl Secret {
    fn of(pseudonyms: &Pseudonyms, feed: FeedId, number: u32) -> Self {
        Self(pseudonyms.secret("webhook", &[feed.0.as_bytes(), &number.to_be_bytes()]))
    }

    fn sign(&self, signed: &[u8]) -> String {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), signed);
        format!("{SIGNATURE}{}", STANDARD.encode(tag))
    }
}

/// The secrets that are good at a time, the current one first, as whoever receives the feed keeps them.
pub(super) fn secrets(pseudonyms: &Pseudonyms, feed: &Feed, now: Timestamp) -> Vec<String> {
    let text = |number| format!("{SECRET}{}", STANDARD.encode(Secret::of(pseudonyms, feed.feed, number).0));
    feed.secrets.at(now).map(text).collect()
}

/// A time as `webhook-timestamp` has it: in seconds since 1970.
pub(super) fn seconds(at: Timestamp) -> i64 {
    at.0.div_euclid(1_000_000)
}

/// The value of `webhook-signature`: one signature with each secret that is good at this time.
pub(super) fn signatures(pseudonyms: &Pseudonyms, feed: &Feed, (id, body): (Uuid, &str), now: Timestamp) -> String {
    let signed = format!("{id}.{}.{body}", seconds(now));
    let signatures =
        feed.secrets.at(now).map(|number| Secret::of(pseudonyms, feed.feed, number).sign(signed.as_bytes()));
    signatures.collect::<Vec<_>>().join(" ")
}
