use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::SubjectKey;

/// How long a key may be used without asking the store whether it still exists.
const KEEP: Duration = Duration::from_secs(60);
/// The most keys in memory: those that are used least go first. Those that are too old are dropped once a minute, as new ones come.
const LIMIT: usize = 100_000;

/// Keys in use.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Entries>);

struct Entries {
    by_id: Kept<(SubjectKey, Instant)>,
    ids: Kept<Uuid>,
    /// How many subjects were forgotten.
    forgotten: u64,
    /// When what is too old was dropped last.
    swept: Option<Instant>,
}

type Kept<T> = quick_cache::unsync::Cache<Uuid, T>;

impl Default for Entries {
    fn default() -> Self {
        Self { by_id: Kept::new(LIMIT), ids: Kept::new(LIMIT), forgotten: 0, swept: None }
    }
}

impl Entries {
    fn get(&self, id: Uuid) -> Option<SubjectKey> {
        self.by_id.get(&id).filter(|(_, since)| since.elapsed() < KEEP).map(|(key, _)| key.clone())
    }
}

impl Cache {
    fn entries(&self) -> std::sync::MutexGuard<'_, Entries> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn by_id(&self, id: Uuid) -> Option<SubjectKey> {
        self.entries().get(id)
    }

    pub(crate) fn of_subject(&self, subject: Uuid) -> Option<SubjectKey> {
        let entries = self.entries();
        entries.ids.get(&subject).and_then(|id| entries.get(*id))
    }

    /// How many subjects were forgotten until now: to be asked before the store is.
    pub(crate) fn forgotten(&self) -> u64 {
        self.entries().forgotten
    }

    /// Keeps a key that the store had, unless somebody was forgotten since: the key may be theirs.
    pub(crate) fn insert(&self, key: SubjectKey, forgotten: u64) {
        let mut entries = self.entries();
        if entries.forgotten != forgotten {
            return;
        }
        if entries.swept.is_none_or(|swept| swept.elapsed() >= KEEP) {
            entries.swept = Some(Instant::now());
            let Entries { by_id, ids, .. } = &mut *entries;
            by_id.retain(|_, (_, since)| since.elapsed() < KEEP);
            ids.retain(|_, id| by_id.contains_key(id));
        }
        entries.ids.insert(key.subject(), key.id());
        entries.by_id.insert(key.id(), (key, Instant::now()));
    }

    pub(crate) fn forget(&self, subject: Uuid) {
        let mut entries = self.entries();
        entries.forgotten += 1;
        match entries.ids.remove(&subject) {
            Some((_, id)) => drop(entries.by_id.remove(&id)),
            // One of the two may have gone for want of room, and the other not.
            None => entries.by_id.retain(|_, (key, _)| key.subject() != subject),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_does_not_put_a_key_back_that_was_destroyed_meanwhile() {
        let (cache, subject) = (Cache::default(), Uuid::from_u128(1));
        let key = SubjectKey::new(Uuid::from_u128(2), subject, &[7; crate::key::KEY_BYTES]).unwrap();
        let before = cache.forgotten();
        cache.forget(subject);
        cache.insert(key.clone(), before);
        assert!(cache.of_subject(subject).is_none() && cache.by_id(key.id()).is_none());
        cache.insert(key.clone(), cache.forgotten());
        assert!(cache.of_subject(subject).is_some());
        // Also one that is known by its id alone.
        cache.entries().ids.remove(&subject);
        cache.forget(subject);
        assert!(cache.by_id(key.id()).is_none());
    }
}
