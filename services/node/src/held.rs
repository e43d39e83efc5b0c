//! What a log and its keys hold together: what a restore has to tell.

use std::collections::{BTreeMap, BTreeSet};

use event_log::Position;
use jiff::Timestamp;
use uuid::Uuid;

use crate::compose::Stores;

/// Events read at once.
const BATCH: usize = 4_000;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Held {
    /// The position of the last event.
    pub head: u64,
    /// When it happened.
    pub last_at: Option<Timestamp>,
    /// After which position an event is missing, if one is.
    pub gap_after: Option<u64>,
    /// How many keys the events are sealed with.
    pub keys: usize,
    /// How many of those the key store does not have.
    pub lost_keys: usize,
    /// How many events are sealed with those: nobody can open them.
    pub lost_events: u64,
}

impl Held {
    /// Reads the whole log.
    ///
    /// # Errors
    /// When the log or the key store cannot be read.
    pub async fn look(stores: &Stores) -> anyhow::Result<Self> {
        let (mut held, mut by_key) = (Self::default(), BTreeMap::<Uuid, u64>::new());
        loop {
            let events = stores.log.read(Position(held.head), BATCH).await?;
            let Some(last) = events.last() else { break };
            held.last_at = Timestamp::from_microsecond(last.at).ok();
            for event in &events {
                if event.position.0 != held.head + 1 && held.gap_after.is_none() {
                    held.gap_after = Some(held.head);
                }
                held.head = event.position.0;
                *by_key.entry(event.key_id).or_default() += 1;
            }
        }
        held.keys = by_key.len();
        let used: Vec<_> = by_key.keys().copied().collect();
        let mut lost = BTreeSet::new();
        for some in used.chunks(BATCH) {
            lost.extend(stores.codec.vault().unknown(some).await?);
        }
        held.lost_keys = lost.len();
        held.lost_events = lost.iter().filter_map(|key| by_key.get(key)).sum();
        Ok(held)
    }
}
