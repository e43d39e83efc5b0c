//! Turns: writers of this process who want the same stream go one after the other, instead of all against each other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use event_log::StreamId;
use tokio::sync::{Mutex as Place, OwnedMutexGuard};

/// Streams that somebody has met somebody else on, each with the queue before it.
#[derive(Debug, Default)]
pub(crate) struct Turns(Mutex<HashMap<StreamId, Arc<Place<()>>>>);

/// The turn of one writer, on one or several streams. Given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    held: Vec<(StreamId, OwnedMutexGuard<()>)>,
}

impl Turns {
    fn queues(&self) -> MutexGuard<'_, HashMap<StreamId, Arc<Place<()>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn on streams that were `met` on, and on those of `named` before which others wait already. Nobody waits for a
    /// stream that nobody has met on.
    pub(crate) async fn wait(&self, met: &[StreamId], named: &[StreamId]) -> Turn<'_> {
        let places = {
            let mut queues = self.queues();
            let mut places: Vec<_> =
                named.iter().filter_map(|stream| queues.get(stream).map(|place| (*stream, place.clone()))).collect();
            for stream in met {
                if !places.iter().any(|(known, _)| known == stream) {
                    places.push((*stream, queues.entry(*stream).or_default().clone()));
                }
            }
            // Everybody takes them in the same order, so that nobody waits for each other.
            places.sort_by_key(|(stream, _)| (stream.kind, stream.id));
            places
        };
        let mut turn = Turn { turns: self, held: Vec::with_capacity(places.len()) };
        for (stream, place) in places {
            turn.held.push((stream, place.lock_owned().await));
        }
        turn
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let streams: Vec<_> = self.held.drain(..).map(|(stream, _given_back)| stream).collect();
        let mut queues = self.turns.queues();
        for stream in streams {
            if queues.get(&stream).is_some_and(|place| Arc::strong_count(place) == 1) {
                queues.remove(&stream);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use uuid::Uuid;

    use super::*;

    fn stream(n: u128) -> StreamId {
        StreamId { kind: 1, id: Uuid::from_u128(n) }
    }

    #[tokio::test]
    async fn who_meets_on_a_stream_goes_one_after_the_other_and_leaves_nothing_behind() {
        let (turns, inside, most) =
            (Arc::new(Turns::default()), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let writers = (0..20).map(|n| {
            let (turns, inside, most) = (turns.clone(), inside.clone(), most.clone());
            tokio::spawn(async move {
                // In whatever order they name them.
                let both = if n % 2 == 0 { [stream(1), stream(2)] } else { [stream(2), stream(1)] };
                let turn = turns.wait(&both, &[]).await;
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                inside.fetch_sub(1, Ordering::SeqCst);
                drop(turn);
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
        assert_eq!((most.load(Ordering::SeqCst), turns.queues().len()), (1, 0));
    }

    #[tokio::test]
    async fn who_names_a_stream_waits_only_behind_others() {
        let turns = Turns::default();
        assert!(turns.wait(&[], &[stream(1)]).await.held.is_empty());
        let first = turns.wait(&[stream(1)], &[]).await;
        let named = [stream(1), stream(2)];
        let behind = turns.wait(&[], &named);
        tokio::pin!(behind);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(20), &mut behind).await.is_err());
        drop(first);
        assert_eq!(behind.await.held.len(), 1);
    }
}
