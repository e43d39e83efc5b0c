//! What lies behind the log's end, read once for all feeds that go through it at about the same time: after an outage that is each of them.

use std::sync::Arc;

use engine::EngineError;
use event_log::{EventLog, Position, Recorded};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use uuid::Uuid;

/// How many events a page has.
const PAGE: usize = 2_048;
const POSITIONS: u64 = PAGE as u64;
/// How many bytes of pages are kept, about.
const KEPT_BYTES: u64 = 32 << 20;
/// How many pages that is, about.
const PAGES: usize = 32;
/// What an event takes beside its body, about.
const BESIDE: usize = 256;

/// The epoch of a history, and the number of a page in it.
type Number = (Uuid, u64);

/// Full pages of the log, which nothing changes any more. Whoever reads one that somebody else is reading waits for that.
#[derive(Debug)]
pub(crate) struct PagesOfLog(Cache<Number, Arc<[Recorded]>, ByBytes>);

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<Number, Arc<[Recorded]>> for ByBytes {
    fn weight(&self, _: &Number, page: &Arc<[Recorded]>) -> u64 {
        page.iter().map(|event| (event.head.len() + event.body.len() + BESIDE) as u64).sum()
    }
}

impl Default for PagesOfLog {
    fn default() -> Self {
        Self(Cache::with_weighter(PAGES, KEPT_BYTES, ByBytes))
    }
}

impl PagesOfLog {
    /// The next events after a position of the history of this epoch, at most so many: of the full pages that the log has up to `head`, where it is
    /// in one; else from the log.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) async fn read(
        &self,
        log: &dyn EventLog,
        (epoch, position): (Uuid, u64),
        (head, most): (u64, usize),
    ) -> Result<Vec<Recorded>, EngineError> {
        let (mut events, mut next) = (Vec::new(), position);
        while events.len() < most {
            let number = next / POSITIONS;
            if (number + 1) * POSITIONS > head {
                break;
            }
            let Some(page) = self.page(log, (epoch, number)).await? else { break };
            let skip = usize::try_from(next % POSITIONS).unwrap_or_default();
            events.extend(page.iter().skip(skip).take(most - events.len()).cloned());
            next = position + events.len() as u64;
        }
        if events.is_empty() {
            log.read(Position(position), most).await.map_err(EngineError::failed)
        } else {
            Ok(events)
        }
    }

    /// A page, if the log has all of it in this history.
    async fn page(&self, log: &dyn EventLog, number: Number) -> Result<Option<Arc<[Recorded]>>, EngineError> {
        let (epoch, nth) = number;
        let read = async {
            let page = log.read(Position(nth * POSITIONS), PAGE).await.map_err(|e| Some(EngineError::failed(e)))?;
            let is_full = page.len() == PAGE && log.epoch() == epoch;
            is_full.then(|| page.into()).ok_or(None)
        };
        match self.0.get_or_insert_async(&number, read).await {
            Ok(page) => Ok(Some(page)),
            Err(None) => Ok(None),
            Err(Some(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use event_log::{Append, Expected, Limits, LogMetrics, NewEvent, SqliteLog, StreamAppend, StreamId};

    use super::*;

    #[tokio::test]
    async fn what_lies_behind_is_read_without_a_gap_from_full_pages_and_the_rest_from_the_log() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("log.db");
        let log = SqliteLog::open(&file, Limits::default(), LogMetrics::default()).await.unwrap();
        let event = |n: usize| NewEvent {
            event_type: 1,
            key_id: Uuid::nil(),
            at: 0,
            head: Bytes::new(),
            body: Bytes::from(n.to_string()),
        };
        let (all, part) = (2 * PAGE + 100, 500);
        for from in (0..all).step_by(part) {
            let stream = StreamId { kind: 1, id: Uuid::now_v7() };
            let events = (from..all.min(from + part)).map(event).collect();
            let streams = vec![StreamAppend { stream, expected: Expected::Any, events }];
            let request = Uuid::now_v7();
            log.append(Append { streams, guards: vec![], request, not_after: None, epoch: None }).await.unwrap();
        }
        let (pages, epoch, head) = (PagesOfLog::default(), log.epoch(), all as u64);
        let positions = async |after: u64, most: usize| {
            let read = pages.read(&log, (epoch, after), (head, most)).await.unwrap();
            read.iter().map(|event| event.position.0).collect::<Vec<_>>()
        };
        // Within a page, over its end, and beyond the last that is full.
        for (after, most) in [(0, 10), (2_040, 100), (POSITIONS, 1), (3, 3_000), (2 * POSITIONS - 1, 5)] {
            let until = after + (most as u64).min(2 * POSITIONS - after);
            assert_eq!(positions(after, most).await, (after + 1..=until).collect::<Vec<_>>(), "{after} {most}");
        }
        assert_eq!(positions(2 * POSITIONS, 5).await, (2 * POSITIONS + 1..).take(5).collect::<Vec<_>>());
        assert_eq!(positions(head, 5).await, Vec::<u64>::new());
        // Of another history no page is kept.
        let other = pages.read(&log, (Uuid::nil(), 0), (head, 5)).await.unwrap();
        assert_eq!((other.len(), pages.0.get(&(Uuid::nil(), 0)).is_none()), (5, true));
        // Nor is one that the log does not have all of.
        let beyond = pages.read(&log, (epoch, 2 * POSITIONS), (9 * POSITIONS, 5)).await.unwrap();
        assert_eq!((beyond.len(), pages.0.get(&(epoch, 2)).is_none()), (5, true));
    }
}
