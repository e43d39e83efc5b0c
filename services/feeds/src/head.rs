//! Where the log ends, for everybody in this process who waits for more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Bus;
use engine::EngineError;
use event_log::{EventLog, Position, Recorded};
use futures::StreamExt as _;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::pages::PagesOfLog;

/// How often the log is looked at while the bus is silent: what bounds the lag when the bus is down.
const LOOK_ANYWAY: Duration = Duration::from_millis(250);
/// How long after a look the next one follows, at the earliest.
const AT_MOST: Duration = Duration::from_millis(2);

/// How many events are read at once, at most: whoever is further behind reads for themselves.
const READ: usize = 500;
/// How much of the log's end is kept for everybody.
const KEPT: usize = 4_096;
const KEPT_BYTES: usize = 16 << 20;

/// The position of the log's last event, as far as this process knows, and what was appended last: read once for everybody.
#[derive(Debug, Clone)]
pub(crate) struct Head(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    head: watch::Sender<u64>,
    tail: Mutex<Tail>,
    pages: PagesOfLog,
}

/// The last events of the log, without a gap.
#[derive(Debug, Default)]
struct Tail {
    /// The epoch of the history that they are of.
    epoch: Uuid,
    events: VecDeque<Recorded>,
    bytes: usize,
    /// The position of the last, or where the next are to follow.
    end: u64,
}

impl Tail {
    /// The next events after a position, or nothing when this does not reach back so far.
    fn after(&self, epoch: Uuid, position: u64, most: usize) -> Option<Vec<Recorded>> {
        let first = self.end.checked_sub(self.events.len() as u64)?;
        let skip = usize::try_from(position.checked_sub(first)?).ok()?;
        (self.epoch == epoch && position <= self.end)
            .then(|| self.events.iter().skip(skip).take(most).cloned().collect())
    }

    fn extend(&mut self, events: Vec<Recorded>) {
        for event in events {
            // The log leaves out none. If one were missing, everybody would read from the log again.
            if event.position.0 != self.end + 1 {
                self.start_at(self.epoch, event.position.0 - 1);
            }
            (self.end, self.bytes) = (event.position.0, self.bytes + event.body.len());
            self.events.push_back(event);
        }
        while self.events.len() > KEPT || self.bytes > KEPT_BYTES {
            self.bytes -= self.events.pop_front().map_or(self.bytes, |event| event.body.len());
        }
    }

    fn start_at(&mut self, epoch: Uuid, end: u64) {
        *self = Self { epoch, end, ..Self::default() };
    }
}

impl Default for Head {
    fn default() -> Self {
        Self(Arc::new(Shared { head: watch::Sender::new(0), tail: Mutex::default(), pages: PagesOfLog::default() }))
    }
}

impl Head {
    /// Whoever waits for more.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.head.subscribe()
    }

    /// The next events after a position of the history of this epoch, at most so many: from what is kept for everybody, or from the log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) async fn read(
        &self,
        log: &dyn EventLog,
        (epoch, position): (Uuid, u64),
        most: usize,
    ) -> Result<Vec<Recorded>, EngineError> {
        let kept = self.tail().after(epoch, position, most);
        match kept {
            Some(events) => Ok(events),
            None => {
                let head = *self.0.head.borrow();
                self.0.pages.read(log, (epoch, position), (head, most)).await
            }
        }
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.0.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the log until told to stop. While nobody waits it does nothing.
    pub(crate) async fn follow(self, log: Arc<dyn EventLog>, bus: Arc<dyn Bus>, stop: CancellationToken) {
        let following = async {
            loop {
                while self.0.head.receiver_count() == 0 {
                    tokio::time::sleep(LOOK_ANYWAY).await;
                }
                self.look(&*log).await;
                // What comes over the bus is only a sign that something has happened: the log says what.
                let known = *self.0.head.borrow();
                match bus.subscribe(known).await {
                    Ok(mut messages) => {
                        while self.0.head.receiver_count() > 0 {
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
        let head = match log.head().await {
            Ok(head) => head.0,
            Err(error) => {
                return tracing::debug!(error = &error as &dyn std::error::Error, "the log's end is not known");
            }
        };
        let (known, epoch) = (*self.0.head.borrow(), log.epoch());
        // It may be less than before: a log can be restored.
        if head == known {
            return;
        }
        let follows = {
            let tail = self.tail();
            tail.epoch == epoch && tail.end == known
        };
        let read = if follows && (known..=known + READ as u64).contains(&head) {
            log.read(Position(known), READ).await.unwrap_or_default()
        } else {
            vec![]
        };
        let head = {
            let mut tail = self.tail();
            if read.is_empty() || log.epoch() != epoch {
                tail.start_at(log.epoch(), head);
            } else {
                tail.extend(read);
            }
            tail.end
        };
        self.0.head.send_replace(head);
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use event_log::{StreamId, Version};

    use super::*;

    fn event(position: u64) -> Recorded {
        let (key_id, request) = (Uuid::nil(), Uuid::nil());
        let stream = StreamId { kind: 1, id: Uuid::nil() };
        let (head, body) = (Bytes::new(), Bytes::from_static(&[0; 8]));
        let (position, version) = (Position(position), Version(1));
        Recorded { position, stream, version, event_type: 1, key_id, at: 0, request, head, body }
    }

    fn positions(tail: &Tail, epoch: Uuid, after: u64, most: usize) -> Option<Vec<u64>> {
        Some(tail.after(epoch, after, most)?.iter().map(|event| event.position.0).collect())
    }

    #[test]
    fn what_was_appended_last_is_told_without_a_gap_or_not_at_all() {
        let (mut tail, epoch) = (Tail::default(), Uuid::from_u128(7));
        tail.start_at(epoch, 10);
        assert_eq!(positions(&tail, epoch, 10, 5), Some(vec![]));
        assert_eq!(positions(&tail, epoch, 9, 5), None, "before what is kept");
        tail.extend(vec![event(11), event(12), event(13)]);
        assert_eq!(positions(&tail, epoch, 10, 2), Some(vec![11, 12]));
        assert_eq!(positions(&tail, epoch, 12, 5), Some(vec![13]));
        assert_eq!(positions(&tail, epoch, 13, 5), Some(vec![]));
        assert_eq!(positions(&tail, epoch, 14, 5), None, "beyond what is known");
        assert_eq!(positions(&tail, Uuid::nil(), 12, 5), None, "of another history");
        tail.extend(vec![event(15)]);
        assert_eq!(positions(&tail, epoch, 13, 5), None, "a gap is nobody's to tell over");
        assert_eq!(positions(&tail, epoch, 14, 5), Some(vec![15]));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (mut tail, epoch, many) = (Tail::default(), Uuid::nil(), KEPT as u64 + 100);
        tail.extend((1..=many).map(event).collect());
        assert_eq!(tail.events.len(), KEPT);
        assert_eq!(tail.bytes, KEPT * 8);
        assert_eq!(positions(&tail, epoch, 99, 1), None);
        assert_eq!(positions(&tail, epoch, 100, 1), Some(vec![101]));
    }
}
