//! Feeds: what people let agencies' systems receive, told as it happens.
//!
//! A delivery is a disclosure: it is decided when it is made (rules 9 and 27), as a look is, and its receipt is durable before the first
//! byte of it leaves. What is delivered and not covered any more is recalled.

mod answers;
mod beside;
mod carrier;
mod cloud_event;
mod deliver;
mod describe;
mod entry;
mod head;
mod held;
mod jetstream;
mod pages;
mod permits;
mod published;
mod pump;
mod recalls;
mod service;
mod stream;
mod token;
mod touched;
mod webhook;

use std::sync::Arc;

use bus::Bus;
use domain::ids::FeedId;
use events::Envelope;
use gate::{Gate, Issuers};
use head::Head;
use rpc::Error;
use state::FeedCursors;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tracing::Span;
use views::Views;

pub use carrier::Carrier;
pub use describe::asyncapi;
pub use jetstream::{JetStreamDoor, JetStreamSettings};
pub use webhook::{WebhookDoor, WebhookError, WebhookSettings};

/// The most streams that one process carries at once.
const STREAMS: usize = 1_024;

/// The service.
#[derive(Clone)]
pub struct Feeds {
    gate: Gate,
    views: Views,
    issuers: Arc<Issuers>,
    cursors: Arc<dyn FeedCursors>,
    head: Head,
    /// The door over JetStream, where there is one.
    jetstream: Option<Arc<JetStreamDoor>>,
    /// The door over HTTP, where this system calls addresses of agencies.
    webhooks: Option<Arc<WebhookDoor>>,
    room: Arc<Semaphore>,
    /// Links a span to the trace that a W3C trace context names, and returns the span's own.
    link: fn(&Span, &str) -> String,
    stop: CancellationToken,
}

impl std::fmt::Debug for Feeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Feeds").finish_non_exhaustive()
    }
}

impl Feeds {
    /// The service on this gate and these views. Systems sign in with these issuers; streams end when they are told to stop.
    #[must_use]
    pub fn new(
        gate: Gate,
        views: Views,
        issuers: Arc<Issuers>,
        cursors: Arc<dyn FeedCursors>,
        stop: CancellationToken,
    ) -> Self {
        let head = Head::default();
        let (room, link) = (Arc::new(Semaphore::new(STREAMS)), untraced);
        Self { gate, views, issuers, cursors, head, jetstream: None, webhooks: None, room, link, stop }
    }

    /// The same, where a delivery's span is linked by this to the trace of what is delivered; it returns the span's own trace context.
    #[must_use]
    pub fn with_traces(self, link: fn(&Span, &str) -> String) -> Self {
        Self { link, ..self }
    }

    /// The same, with a door over JetStream.
    #[must_use]
    pub fn with_jetstream(self, door: JetStreamDoor) -> Self {
        Self { jetstream: Some(Arc::new(door)), ..self }
    }

    /// The same, with a door over HTTP.
    #[must_use]
    pub fn with_webhooks(self, door: WebhookDoor) -> Self {
        Self { webhooks: Some(Arc::new(door)), ..self }
    }

    /// Follows the log for all feeds that this process carries, until told to stop.
    pub async fn follow(self, bus: Arc<dyn Bus>, stop: CancellationToken) {
        let log = self.gate.engine().log().clone();
        self.head.follow(log, bus, stop).await;
    }

    /// The W3C trace context of a delivery, where what is delivered was traced: a trace of its own, which links to that one.
    pub(crate) fn traceparent(&self, delivered: &Envelope) -> String {
        let Some(trace) = delivered.header.sampled_trace() else { return String::new() };
        let span = tracing::info_span!(parent: None, "feed.deliver", position = delivered.position.0);
        (self.link)(&span, trace)
    }

    /// Why a feed has failed, for whoever asks.
    pub(crate) async fn has_failed(&self, feed: FeedId, why: &str) {
        if let Err(error) = self.cursors.failed(feed.0, why).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "why a feed failed could not be kept");
        }
    }

    /// Why a feed is not carried on before a moment is over: once, and not again each time while nothing else than was `said` stops it.
    pub(crate) async fn waits_because(&self, feed: FeedId, error: &Error, said: &mut String) {
        if *said != error.message() {
            tracing::info!(%feed, reason = error.reason().as_str_name(), "a feed is carried on in a moment");
            error.message().clone_into(said);
            self.has_failed(feed, said).await;
        }
    }
}

fn untraced(_: &Span, _: &str) -> String {
    String::new()
}
