//! The bus within one process: the newest messages in memory.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};
use tokio::sync::watch;
use tokio_stream::wrappers::WatchStream;

use crate::{Bus, BusError, Message};

/// The most messages kept. A subscriber further behind reads the log.
const KEPT: usize = 16_384;
/// The most messages a subscriber takes at once.
const CHUNK: usize = 512;

/// A bus within one process.
#[derive(Debug, Clone)]
pub struct InProcessBus {
    ring: Arc<Mutex<Ring>>,
    last: watch::Sender<u64>,
    nudge: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Ring {
    messages: VecDeque<Message>,
    last: u64,
}

impl Ring {
    /// Messages after this position; none yet, or `None` when the next one is no longer held.
    fn after(&self, position: u64) -> Option<Vec<Message>> {
        let oldest = self.last - self.messages.len() as u64;
        if position < oldest || position > self.last {
            return None;
        }
        let skip = usize::try_from(position - oldest).unwrap_or(usize::MAX);
        Some(self.messages.iter().skip(skip).take(CHUNK).cloned().collect())
    }
}

impl Default for InProcessBus {
    fn default() -> Self {
        Self { ring: Arc::default(), last: watch::Sender::new(0), nudge: watch::Sender::new(0) }
    }
}

impl InProcessBus {
    fn with<T>(&self, work: impl FnOnce(&mut Ring) -> T) -> T {
        work(&mut self.ring.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait::async_trait]
impl Bus for InProcessBus {
    async fn last(&self) -> Result<Option<u64>, BusError> {
        Ok(self.with(|ring| (!ring.messages.is_empty()).then_some(ring.last)))
    }

    async fn prepare(&self, head: u64) -> Result<u64, BusError> {
        Ok(self.with(|ring| {
            // A fresh ring starts at the head: what is older is in the log.
            if ring.last > head || ring.messages.is_empty() {
                *ring = Ring { last: head, messages: VecDeque::new() };
            }
            ring.last
        }))
    }

    async fn repair(&self) -> Result<(), BusError> {
        Ok(())
    }

    async fn holds(&self, message: &Message) -> Result<bool, BusError> {
        let held =
            |ring: &Ring| ring.after(message.position.saturating_sub(1)).map(|held| held.first() == Some(message));
        Ok(self.with(|ring| held(ring)).unwrap_or(true))
    }

    async fn reset(&self) -> Result<(), BusError> {
        self.with(|ring| *ring = Ring::default());
        Ok(())
    }

    async fn publish(&self, last: u64, messages: Vec<Message>) -> Result<(), BusError> {
        let newest = self.with(|ring| {
            if ring.last != last {
                return Err(BusError::OutOfStep);
            }
            for message in messages {
                ring.last = message.position;
                ring.messages.push_back(message);
            }
            let surplus = ring.messages.len().saturating_sub(KEPT);
            ring.messages.drain(..surplus);
            Ok(ring.last)
        })?;
        self.last.send_replace(newest);
        Ok(())
    }

    async fn subscribe(&self, after: u64) -> Result<BoxStream<'static, Result<Message, BusError>>, BusError> {
        if self.with(|ring| ring.after(after)).is_none() {
            return Err(BusError::Gap);
        }
        let bus = self.clone();
        let state = (bus, self.last.subscribe(), after);
        let chunks = stream::try_unfold(state, |(bus, mut last, after)| async move {
            loop {
                last.borrow_and_update();
                let chunk = bus.with(|ring| ring.after(after)).ok_or(BusError::Gap)?;
                if let Some(newest) = chunk.last() {
                    let after = newest.position;
                    return Ok(Some((stream::iter(chunk.into_iter().map(Ok)), (bus, last, after))));
                }
                if last.changed().await.is_err() {
                    return Ok(None);
                }
            }
        });
        Ok(chunks
            .flat_map(|chunk| match chunk {
                Ok(messages) => messages.boxed(),
                Err(error) => stream::once(async { Err(error) }).boxed(),
            })
            .boxed())
    }

    fn is_shared(&self) -> bool {
        false
    }

    async fn nudge(&self) {
        self.nudge.send_modify(|count| *count = count.wrapping_add(1));
    }

    async fn nudges(&self) -> Result<BoxStream<'static, ()>, BusError> {
        Ok(WatchStream::from_changes(self.nudge.subscribe()).map(|_| ()).boxed())
    }
}
