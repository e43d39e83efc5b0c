//! How Standard Webhooks signs: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

/// How a secret that both sides share is written, before its Base64.
const SECRET: &str = "whsec_";
/// How a signature is, before its Base64: the first version of how it is made.
const SIGNATURE: &str = "v1,";
/// Bytes of a secret, at least and at most.
const LENGTH: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that both sides of a webhook share.
#[derive(Clone)]
pub struct WebhookSecret(Vec<u8>);

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WebhookSecret").finish_non_exhaustive()
    }
}

impl WebhookSecret {
    /// The secret of these bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes.to_vec())
    }

    /// The secret that is written so; none when it is written otherwise.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.trim().strip_prefix(SECRET)?).ok()?;
        LENGTH.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{SECRET}{}", STANDARD.encode(&self.0))
    }

    /// The signature of a message: its id, when it is sent in seconds since 1970, and its body.
    #[must_use]
    pub fn sign(&self, id: Uuid, seconds: i64, body: &str) -> String {
        let signed = format!("{id}.{seconds}.{body}");
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), signed.as_bytes());
        format!("{SIGNATURE}{}", STANDARD.encode(tag))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_it_is_written() {
        let secret = WebhookSecret::new([7; 32]);
        let read = WebhookSecret::read(&format!("{}\n", secret.text())).unwrap();
        assert_eq!(read.sign(Uuid::nil(), 1, "body"), secret.sign(Uuid::nil(), 1, "body"));
        for none in ["", "whsec_", "whsec_c2hvcnQ=", &STANDARD.encode([7; 32]), "whsec_***"] {
            assert!(WebhookSecret::read(none).is_none(), "{none}");
        }
        assert_eq!(format!("{secret:?}"), "WebhookSecret { .. }");
    }
}
