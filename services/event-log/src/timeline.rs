//! Which history of the log this process knows. Positions and versions are used again after a restore or a failover: what was decided on
//! one history must not commit on another.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use database::Since;
use uuid::Uuid;

use crate::{History, Position, Recorded};

/// What this process knows of the history, shared by all that use the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct Timeline {
    known: Arc<Mutex<Known>>,
    /// From when on connections lead to that history.
    pub(crate) since: Since,
}

#[derive(Debug, Default)]
struct Known {
    history: History,
    /// The newest event that this process has appended or read, by its position and mark. It tells one history from another, however
    /// alike they are: what is before it is the same, or it would not be there.
    newest: Option<(Position, Uuid)>,
}

impl Timeline {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The epoch that was met last.
    pub(crate) fn epoch(&self) -> Uuid {
        self.known().history.epoch
    }

    /// The history that was met last.
    pub(crate) fn history(&self) -> History {
        self.known().history
    }

    /// The newest event that is known, which the log has as long as it is the same.
    pub(crate) fn newest(&self) -> Option<(Position, Uuid)> {
        self.known().newest
    }

    /// The position of the newest event that is known of this epoch; 0 for none.
    pub(crate) fn newest_of(&self, epoch: Uuid) -> u64 {
        let known = self.known();
        known.newest.filter(|_| known.history.epoch == epoch).map_or(0, |(position, _)| position.0)
    }

    /// An event of the history of this epoch was appended or read.
    pub(crate) fn saw(&self, epoch: Uuid, position: Position, mark: Uuid) {
        let mut known = self.known();
        if known.history.epoch == epoch && known.newest.is_none_or(|(newest, _)| newest < position) {
            known.newest = Some((position, mark));
        }
    }

    /// Events were read, by whoever knew this epoch before.
    pub(crate) fn read(&self, epoch: Uuid, events: Vec<Recorded>) -> Vec<Recorded> {
        if let Some(last) = events.iter().max_by_key(|event| event.position) {
            self.saw(epoch, last.position, last.mark());
        }
        events
    }

    /// This process has begun this epoch itself.
    pub(crate) fn began(&self, history: History) {
        self.since.now();
        *self.known() = Known { history, newest: None };
    }

    /// A connection has met this epoch. When it is another, what is known is forgotten, and no connection of the time before is used
    /// any more.
    pub(crate) fn entered(&self, history: History) {
        let (mut known, epoch) = (self.known(), history.epoch);
        if known.history.epoch != epoch {
            if !known.history.epoch.is_nil() {
                tracing::warn!(%epoch, "the log has another history than before: it was restored or failed over");
                self.since.now();
            }
            *known = Known { history, newest: None };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_epoch_forgets_what_was_seen() {
        let (timeline, one, other) = (Timeline::default(), Uuid::from_u128(1), Uuid::from_u128(2));
        let of = |epoch| History { epoch, ..History::default() };
        timeline.entered(of(one));
        timeline.saw(one, Position(7), Uuid::from_u128(70));
        timeline.saw(one, Position(6), Uuid::from_u128(60));
        timeline.saw(other, Position(8), Uuid::from_u128(80));
        timeline.entered(of(one));
        assert_eq!(timeline.newest(), Some((Position(7), Uuid::from_u128(70))));
        timeline.entered(of(other));
        assert_eq!((timeline.epoch(), timeline.newest()), (other, None));
    }
}
