//! The door over HTTP: each event is a request to an address of the agency's, signed as Standard Webhooks has it
//! (<https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>), once the address has said that it wants them
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md>).

mod calls;
mod carry;
mod networks;
mod rpcs;
mod secrets;
mod send;
mod target;

use std::time::Duration;

use ipnet::IpNet;
use reqwest::Certificate;

use calls::Calls;
use networks::Networks;

pub(crate) use carry::carry;

/// With what addresses of agencies are called.
#[derive(Debug, Clone)]
pub struct WebhookSettings {
    /// As whom this system asks whether it may: its DNS name.
    pub origin: String,
    /// Networks that lie within, and that may be called all the same, also without TLS.
    pub allowed: Vec<IpNet>,
    /// A PEM file's text: whose certificates are trusted beside those that the machine trusts.
    pub authority: Option<String>,
    /// For how long a target may take nothing before its feed is paused.
    pub paused_after: Duration,
}

/// This machine has no means to call anybody, or the certificates are none.
#[derive(Debug, thiserror::Error)]
#[error("webhooks cannot be called from here")]
pub struct WebhookError(#[from] reqwest::Error);

/// The door.
#[derive(Debug)]
pub struct WebhookDoor {
    calls: Calls,
    networks: Networks,
    paused_after: Duration,
}

impl WebhookDoor {
    /// The door.
    ///
    /// # Errors
    /// When a certificate cannot be read, or this machine has no means for TLS.
    pub fn new(settings: WebhookSettings) -> Result<Self, WebhookError> {
        let WebhookSettings { origin, allowed, authority, paused_after } = settings;
        let authorities = authority.map(|pem| Certificate::from_pem_bundle(pem.as_bytes())).transpose()?;
        let networks = Networks::new(allowed);
        let calls = Calls::new(origin, &networks, &authorities.unwrap_or_default())?;
        Ok(Self { calls, networks, paused_after })
    }
}
