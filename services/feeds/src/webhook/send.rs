//! Sends what was decided together: each person's events one after the other, different people's beside each other. What is about nobody's record,
//! above all what is to be given back, waits for what came before it, and is waited for.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::agency::Feed;
use domain::ids::PersonId;
use domain::vocabulary::Timestamp;
use futures::{StreamExt as _, stream};
use vault::Pseudonyms;

use super::calls::{Calls, NotSent, Sent, Untaken};
use super::secrets::signatures;
use super::target::Target;
use crate::deliver::Leaving;

/// How old the decision may be when something is sent that was decided by it.
const FRESH: Duration = Duration::from_millis(200);
/// Of how many people events are on their way to a target at once.
const LANES: usize = 16;

/// Signs for a feed.
pub(super) struct Signer<'a> {
    pub(super) pseudonyms: &'a Pseudonyms,
    pub(super) feed: &'a Feed,
    pub(super) now: Timestamp,
}

/// Sends to a target.
pub(super) struct Sending<'a> {
    pub(super) calls: &'a Calls,
    pub(super) target: &'a Target,
    pub(super) signer: Signer<'a>,
    /// When it was decided that it may leave.
    pub(super) decided: Instant,
}

/// What has become of what was to be sent.
#[derive(Debug, Default)]
pub(super) struct Came {
    /// How many events were taken.
    pub(super) taken: usize,
    /// The position of the first that was not.
    pub(super) next: Option<u64>,
    /// Why not, where that is the target's doing.
    pub(super) untaken: Option<Untaken>,
}

impl Came {
    fn and(self, other: Self) -> Self {
        Self {
            taken: self.taken + other.taken,
            next: self.next.into_iter().chain(other.next).min(),
            untaken: self.untaken.or(other.untaken),
        }
    }
}

impl Sending<'_> {
    /// Sends these, in the log's order.
    pub(super) async fn send(&self, leaving: Vec<Leaving>) -> Came {
        let (mut came, stopped) = (Came::default(), AtomicBool::new(false));
        for part in parts(leaving) {
            let lanes = part.into_iter().map(|lane| self.send_lane(lane, &stopped));
            let lanes: Vec<_> = lanes.collect();
            came = stream::iter(lanes).buffer_unordered(LANES).fold(came, async |came, lane| came.and(lane)).await;
            // What follows waits for what came before it.
            if came.next.is_some() {
                break;
            }
        }
        came
    }

    /// Sends one after the other, until one is not taken, another lane has failed, or the decision is not fresh any more.
    async fn send_lane(&self, lane: Vec<Leaving>, stopped: &AtomicBool) -> Came {
        let mut came = Came::default();
        for leaving in lane {
            if stopped.load(Ordering::Relaxed) || self.decided.elapsed() > FRESH {
                return Came { next: Some(leaving.position), ..came };
            }
            match self.send_one(&leaving).await {
                Ok(()) => came.taken += 1,
                Err(NotSent::Stale) => return Came { next: Some(leaving.position), ..came },
                Err(NotSent::Untaken(untaken)) => {
                    stopped.store(true, Ordering::Relaxed);
                    return Came { next: Some(leaving.position), untaken: Some(untaken), ..came };
                }
            }
        }
        came
    }

    async fn send_one(&self, leaving: &Leaving) -> Result<(), NotSent> {
        let Signer { pseudonyms, feed, now } = self.signer;
        let (id, body, decided) = (leaving.id, leaving.cloud_event.as_str(), self.decided);
        let (seconds, signatures) = (now.seconds(), signatures(pseudonyms, feed, (id, body), now));
        let sent = Sent { id, body, decided, seconds, signatures, position: leaving.position };
        self.calls.send(self.target, sent).await
    }
}

/// The lanes of each part, those first that begin first: what is about people, by person, and each that is about nobody by itself.
fn parts(leaving: Vec<Leaving>) -> Vec<Vec<Vec<Leaving>>> {
    let (mut parts, mut lanes, mut lane_of) =
        (Vec::new(), Vec::<Vec<Leaving>>::new(), HashMap::<PersonId, usize>::new());
    for leaving in leaving {
        let Some((person, _)) = leaving.of else {
            parts.push(std::mem::take(&mut lanes));
            lane_of.clear();
            parts.push(vec![vec![leaving]]);
            continue;
        };
        let lane = *lane_of.entry(person).or_insert(lanes.len());
        match lanes.get_mut(lane) {
            Some(lane) => lane.push(leaving),
            None => lanes.push(vec![leaving]),
        }
    }
    parts.push(lanes);
    parts
}
