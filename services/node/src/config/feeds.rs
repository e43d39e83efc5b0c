//! Through which doors feeds leave.

use std::path::PathBuf;
use std::time::Duration;

use ::feeds::WebhookSettings;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{JetStreamConfig, text_of};

/// Feeds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FeedsConfig {
    /// The door over NATS JetStream; without it no feed leaves there.
    pub jetstream: Option<JetStreamConfig>,
    /// The door over HTTP; without it no address is called.
    pub webhooks: Option<WebhooksConfig>,
}

/// With what addresses of agencies are called.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhooksConfig {
    /// As whom this system asks whether it may: its DNS name.
    pub origin: String,
    /// Networks that lie within, such as `10.1.2.0/24`, and that may be called all the same, also without TLS.
    #[serde(default)]
    pub allowed_networks: Vec<IpNet>,
    /// Whose certificates are trusted beside those that the machine trusts, PEM.
    #[serde(default)]
    pub authority: Option<PathBuf>,
    /// For how many seconds a target may take nothing before its feed is paused.
    #[serde(default = "a_day")]
    pub paused_after_seconds: u64,
}

fn a_day() -> u64 {
    24 * 60 * 60
}

impl WebhooksConfig {
    /// What the door is made with.
    ///
    /// # Errors
    /// When the authority's file cannot be read.
    pub fn settings(&self) -> anyhow::Result<WebhookSettings> {
        Ok(WebhookSettings {
            origin: self.origin.clone(),
            allowed: self.allowed_networks.clone(),
            authority: self.authority.as_ref().map(|file| text_of(file)).transpose()?,
            paused_after: Duration::from_secs(self.paused_after_seconds),
        })
    }

    /// Whether the origin is a DNS name.
    pub(super) fn has_origin(&self) -> bool {
        let is_label = |label: &str| {
            let is_word = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
            is_word && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
        };
        self.origin.len() <= 253 && self.origin.split('.').all(is_label)
    }
}
