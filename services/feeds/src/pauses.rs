//! How long to wait after a failure: longer each time, up to a longest.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);

/// Pauses between attempts.
#[derive(Debug)]
pub(crate) struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    pub(crate) fn up_to(longest: Duration) -> Self {
        Self { next: FIRST, longest }
    }

    /// Whether the attempt before went well: then a failure is news.
    pub(crate) fn is_first(&self) -> bool {
        self.next == FIRST
    }

    /// Waits before the next attempt.
    pub(crate) async fn pause(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(self.longest);
    }

    /// The attempt went well: the next pause is the first again.
    pub(crate) fn went_well(&mut self) {
        self.next = FIRST;
    }
}
