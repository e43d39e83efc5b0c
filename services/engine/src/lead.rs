//! Work of which one process at a time does it, and another as soon as that one does not.

use std::sync::Arc;
use std::time::Duration;

use event_log::{Duty, EventLog, Leading};
use tokio_util::sync::CancellationToken;

use crate::Pauses;

/// The longest pause while nobody can be asked whether somebody else leads.
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// Whoever stands by to lead in a duty.
pub struct StandsBy {
    log: Arc<dyn EventLog>,
    duty: Duty,
    stop: CancellationToken,
    pauses: Pauses,
}

impl std::fmt::Debug for StandsBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StandsBy").field("duty", &self.duty).finish_non_exhaustive()
    }
}

impl StandsBy {
    /// For a duty at this log, until told to stop.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, duty: Duty, stop: CancellationToken) -> Self {
        Self { log, duty, stop, pauses: Pauses::up_to(LONGEST_PAUSE) }
    }

    /// The next time that this process leads; none once it is told to stop. What fails is tried again.
    pub async fn next(&mut self) -> Option<Leading> {
        while !self.stop.is_cancelled() {
            let leads = tokio::select! {
                leads = self.log.lead(self.duty) => leads,
                () = self.stop.cancelled() => return None,
            };
            match leads {
                Ok(leading) => {
                    self.pauses.went_well();
                    return Some(leading);
                }
                Err(error) => {
                    if self.pauses.is_first() {
                        let (duty, error) = (self.duty, &error as &dyn std::error::Error);
                        tracing::warn!(?duty, error, "this process cannot stand by for a duty; it is tried again");
                    }
                    self.pauses.pause().await;
                }
            }
        }
        None
    }
}
