use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use event_log::StreamId;

/// Whether a remembered state will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It will: what is decided on it commits only if it is still true.
    Remembered,
    /// It will not: read what is new.
    Latest,
}

/// The most bytes of states in memory, as their events measure them. All are dropped when there are more.
const LIMIT: usize = 128 << 20;
/// The largest state that is kept: nobody takes the room of many.
const LARGEST: usize = LIMIT / 8;

/// Folded states, by stream. Each knows its version, so that an old one is never mistaken for a new one.
#[derive(Default)]
pub(crate) struct States(Mutex<Kept>);

#[derive(Default)]
struct Kept {
    states: HashMap<StreamId, (Arc<dyn Any + Send + Sync>, usize)>,
    bytes: usize,
}

impl States {
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get<T: Any + Send + Sync + Clone>(&self, stream: StreamId) -> Option<T> {
        self.kept().states.get(&stream).and_then(|(state, _)| state.downcast_ref::<T>()).cloned()
    }

    /// Remembers a state of this many bytes, in place of the one before.
    pub(crate) fn put<T: Any + Send + Sync>(&self, stream: StreamId, state: T, bytes: usize) {
        let mut kept = self.kept();
        if let Some((_, before)) = kept.states.remove(&stream) {
            kept.bytes -= before;
        }
        if bytes > LARGEST {
            return;
        }
        if kept.bytes + bytes > LIMIT {
            *kept = Kept::default();
        }
        kept.bytes += bytes;
        kept.states.insert(stream, (Arc::new(state), bytes));
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
    fn states_are_bounded_by_their_bytes_and_the_newest_counts() {
        let states = States::default();
        for n in 0..50 {
            states.put(stream(n), n, LARGEST);
            assert_eq!(states.get(stream(n)), Some(n));
            let kept = states.kept();
            assert!(kept.bytes <= LIMIT && kept.bytes == kept.states.len() * LARGEST, "{}", kept.bytes);
        }
        let last = stream(49);
        states.put(last, 7_usize, 1);
        assert_eq!(states.get(last), Some(7_usize));
        // One that has grown too large is not kept, nor what it was before.
        states.put(last, 8_usize, LARGEST + 1);
        assert_eq!(states.get::<usize>(last), None);
        let kept = states.kept();
        assert_eq!(kept.bytes, kept.states.len() * LARGEST);
    }
}
