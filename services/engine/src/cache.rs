use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_log::StreamId;
use quick_cache::Weighter;
use quick_cache::unsync::Cache;

/// Whether a remembered state will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It will: what is decided on it commits only if it is still true.
    Remembered,
    /// It will not: read what is new.
    Latest,
}

/// The most bytes of states in memory, as their events measure them: those that are used least go first.
const LIMIT: u64 = 128 << 20;
/// The largest state that is kept, in bytes: nobody takes the room of many.
const LARGEST: usize = 16 << 20;
/// What a state takes beside its events, in bytes, about.
const BESIDE: usize = 128;
/// How many states there may be, about.
const STATES: usize = 200_000;

#[derive(Clone)]
struct ByBytes;

impl Weighter<StreamId, Kept> for ByBytes {
    fn weight(&self, _: &StreamId, kept: &Kept) -> u64 {
        (kept.bytes + BESIDE) as u64
    }
}

struct Kept {
    state: Arc<dyn Any + Send + Sync>,
    bytes: usize,
}

/// Folded states, by stream. Each knows its version, so that an old one is never mistaken for a new one.
pub(crate) struct States(Mutex<Cache<StreamId, Kept, ByBytes>>);

impl Default for States {
    fn default() -> Self {
        Self(Mutex::new(Cache::with_weighter(STATES, LIMIT, ByBytes)))
    }
}

impl States {
    fn kept(&self) -> MutexGuard<'_, Cache<StreamId, Kept, ByBytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get<T: Any + Send + Sync + Clone>(&self, stream: StreamId) -> Option<T> {
        self.kept().get(&stream).and_then(|kept| kept.state.downcast_ref::<T>()).cloned()
    }

    /// Remembers a state of this many bytes, in place of the one before.
    pub(crate) fn put<T: Any + Send + Sync>(&self, stream: StreamId, state: T, bytes: usize) {
        let mut kept = self.kept();
        if bytes > LARGEST {
            kept.remove(&stream);
        } else {
            kept.insert(stream, Kept { state: Arc::new(state), bytes });
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn stream(n: usize) -> StreamId {
        StreamId { kind: 1, id: Uuid::from_u128(n as u128) }
    }

    #[test]
    fn states_are_bounded_by_their_bytes_and_what_is_used_stays() {
        let states = States::default();
        let used = stream(1_000);
        states.put(used, 7_usize, 1);
        for n in 0..50 {
            assert_eq!(states.get(used), Some(7_usize), "not all go when there is no room");
            states.put(stream(n), n, LARGEST);
            let kept = states.kept();
            assert!(kept.weight() <= LIMIT && kept.len() > 1, "{}", kept.weight());
        }
        // The newest counts; one that has grown too large is not kept, nor what it was before.
        states.put(used, 8_usize, 1);
        assert_eq!(states.get(used), Some(8_usize));
        states.put(used, 9_usize, LARGEST + 1);
        assert_eq!(states.get::<usize>(used), None);
    }
}
