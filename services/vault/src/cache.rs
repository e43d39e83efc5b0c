use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::SubjectKey;

/// How long a key may be used without asking the store whether it still exists.
const KEEP: Duration = Duration::from_secs(60);
/// The most keys in memory. All are dropped when there are more.
const LIMIT: usize = 100_000;

/// Keys in use.
#[derive(Default)]
pub(crate) struct Cache(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    by_id: HashMap<Uuid, (SubjectKey, Instant)>,
    ids: HashMap<Uuid, Uuid>,
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

    pub(crate) fn insert(&self, key: SubjectKey) {
        let mut entries = self.entries();
        if entries.by_id.len() >= LIMIT {
            *entries = Entries::default();
        }
        entries.ids.insert(key.subject(), key.id());
        entries.by_id.insert(key.id(), (key, Instant::now()));
    }

    pub(crate) fn forget(&self, subject: Uuid) {
        let mut entries = self.entries();
        if let Some(id) = entries.ids.remove(&subject) {
            entries.by_id.remove(&id);
        }
    }
}
