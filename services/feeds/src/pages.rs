//! What lies behind the log's end, read once for all feeds that go through it at about the same time: after an outage that is each of them.

use std::sync::Arc;

use engine::EngineError;
use event_log::{EventLog, Position, Recorded};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use uuid::Uuid;

/// How many events a page has.
const PAGE: u64 = 2_048;
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
            let number = next / PAGE;
            if (number + 1) * PAGE > head {
                break;
            }
            let Some(page) = self.page(log, (epoch, number)).await? else { break };
            let skip = usize::try_from(next % PAGE).unwrap_or_default();
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
            let page = log.read(Position(nth * PAGE), PAGE as usize).await.map_err(|e| Some(EngineError::failed(e)))?;
            let is_full = page.len() == PAGE as usize && log.epoch() == epoch;
            is_full.then(|| page.into()).ok_or(None)
        };
        match self.0.get_or_insert_async(&number, read).await {
            Ok(page) => Ok(Some(page)),
            Err(None) => Ok(None),
            Err(Some(error)) => Err(error),
        }
    }
}
