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

/// The most states in memory. All are dropped when there are more.
const LIMIT: usize = 50_000;

/// Folded states, by stream. Each knows its version, so that an old one is never mistaken for a new one.
#[derive(Default)]
pub(crate) struct States(Mutex<HashMap<StreamId, Arc<dyn Any + Send + Sync>>>);

impl States {
    pub(crate) fn get<T: Any + Send + Sync + Clone>(&self, stream: StreamId) -> Option<T> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        states.get(&stream).and_then(|state| state.downcast_ref::<T>()).cloned()
    }

    pub(crate) fn put<T: Any + Send + Sync>(&self, stream: StreamId, state: T) {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if states.len() >= LIMIT {
            states.clear();
        }
        states.insert(stream, Arc::new(state));
    }
}
