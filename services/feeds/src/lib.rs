//! Feeds: what people let agencies' systems receive, told as it happens.
//!
//! A delivery is a disclosure: it is decided when it is made (rules 9 and 27), as a look is, and its receipt is durable before the first
//! byte of it leaves. What is delivered and not covered any more is recalled.

mod beside;
mod cloud_event;
mod deliver;
mod describe;
mod entry;
mod head;
mod held;
mod published;
mod pump;
mod recalls;
mod service;
mod token;

use std::sync::Arc;

use gate::{Gate, Issuers};
use state::FeedCursors;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use views::Views;

pub use describe::asyncapi;
pub use head::Head;
pub use recalls::Recaller;

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
    room: Arc<Semaphore>,
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
        head: Head,
        stop: CancellationToken,
    ) -> Self {
        Self { gate, views, issuers, cursors, head, room: Arc::new(Semaphore::new(STREAMS)), stop }
    }
}
