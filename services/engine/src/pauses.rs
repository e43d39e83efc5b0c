//! How long to wait after a failure: longer each time, up to a longest.

use std::time::Duration;

use uuid::Uuid;

const FIRST: Duration = Duration::from_millis(200);

/// Pauses between attempts.
#[derive(Debug)]
pub struct Pauses {
    next: Duration,
    longest: Duration,
}

impl Pauses {
    /// Pauses up to so long.
    #[must_use]
    pub fn up_to(longest: Duration) -> Self {
        Self { next: FIRST, longest }
    }

    /// Whether the attempt before went well: then a failure is news.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.next == FIRST
    }

    /// Waits before the next attempt.
    pub async fn pause(&mut self) {
        tokio::time::sleep(self.longer()).await;
    }

    /// How long to wait before the next attempt: somewhat less than is due, by chance, so that those who met do not meet again.
    pub fn longer(&mut self) -> Duration {
        let (due, (_, chance)) = (self.next, Uuid::now_v7().as_u64_pair());
        self.next = (due * 2).min(self.longest);
        let parts = u32::try_from(chance % 128).unwrap_or_default();
        due - due / 256 * parts
    }

    /// The attempt went well: the next pause is the first again.
    pub fn went_well(&mut self) {
        self.next = FIRST;
    }
}
