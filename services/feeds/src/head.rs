//! Where the log ends, for everybody in this process who waits for more.

use std::sync::Arc;
use std::time::Duration;

use bus::Bus;
use event_log::EventLog;
use futures::StreamExt as _;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// How often the log is looked at while the bus is silent: what bounds the lag when the bus is down.
const LOOK_ANYWAY: Duration = Duration::from_millis(250);
/// How long after a look the next one follows, at the earliest.
const AT_MOST: Duration = Duration::from_millis(2);

/// The position of the log's last event, as far as this process knows.
#[derive(Debug, Clone)]
pub struct Head(Arc<watch::Sender<u64>>);

impl Default for Head {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(0)))
    }
}

impl Head {
    /// Whoever waits for more.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }

    /// Follows the log until told to stop. While nobody waits it does nothing.
    pub async fn follow(self, log: Arc<dyn EventLog>, bus: Arc<dyn Bus>, stop: CancellationToken) {
        let following = async {
            loop {
                while self.0.receiver_count() == 0 {
                    tokio::time::sleep(LOOK_ANYWAY).await;
                }
                self.look(&*log).await;
                // What comes over the bus is only a sign that something has happened: the log says what.
                let known = *self.0.borrow();
                match bus.subscribe(known).await {
                    Ok(mut messages) => {
                        while self.0.receiver_count() > 0 {
                            let message = tokio::time::timeout(LOOK_ANYWAY, messages.next()).await;
                            self.look(&*log).await;
                            if matches!(message, Ok(None | Some(Err(_)))) {
                                break;
                            }
                            tokio::time::sleep(AT_MOST).await;
                        }
                    }
                    Err(_) => tokio::time::sleep(LOOK_ANYWAY).await,
                }
            }
        };
        tokio::select! {
            () = following => {}
            () = stop.cancelled() => {}
        }
    }

    async fn look(&self, log: &dyn EventLog) {
        match log.head().await {
            // It may be less than before: a log can be restored.
            Ok(head) => drop(self.0.send_if_modified(|known| std::mem::replace(known, head.0) != head.0)),
            Err(error) => tracing::debug!(error = &error as &dyn std::error::Error, "the log's end is not known"),
        }
    }
}
