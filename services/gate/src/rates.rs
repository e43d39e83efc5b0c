//! Nobody starves the others: how much one caller, and one agency, may ask for.

use std::collections::HashMap;
use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::ids::{AgencyId, PersonId};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use rpc::{Error, Reason};
use serde::{Deserialize, Serialize};

use crate::Caller;

/// How much one caller, and one agency, may ask for, so that nobody starves the others. Beyond that they are told when to try again.
/// Those who run the system have the same limits as a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rates {
    /// Calls of one caller in a second; twice as many may come at once.
    pub calls_per_second: NonZeroU32,
    /// Calls of all workers of one agency in a second; twice as many may come at once.
    pub agency_calls_per_second: NonZeroU32,
    /// Calls of one caller in progress.
    pub calls_in_progress: usize,
    /// Calls of all workers of one agency in progress.
    pub agency_calls_in_progress: usize,
    /// Calls of one caller in a minute that end in a denial, and so leave a trace in somebody's history; as many may come at once.
    pub denials_per_minute: NonZeroU32,
    /// Connections of one address: what brings many together, such as a proxy that connects anew for each, needs more.
    pub connections_of_one_address: usize,
}

impl Default for Rates {
    fn default() -> Self {
        const fn number(n: u32) -> NonZeroU32 {
            NonZeroU32::MIN.saturating_add(n - 1)
        }
        Self {
            calls_per_second: number(1_000),
            agency_calls_per_second: number(5_000),
            calls_in_progress: 256,
            agency_calls_in_progress: 512,
            denials_per_minute: number(120),
            connections_of_one_address: 512,
        }
    }
}

/// Callers looked at before those are forgotten whose limits have filled up again.
const SWEEP: u32 = 100_000;

/// Keeps count.
pub(crate) struct Counts {
    rates: Rates,
    callers: DefaultKeyedRateLimiter<Caller>,
    agencies: DefaultKeyedRateLimiter<AgencyId>,
    denials: DefaultKeyedRateLimiter<Caller>,
    state: Mutex<State>,
}

impl std::fmt::Debug for Counts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Counts").field("rates", &self.rates).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    callers: HashMap<Caller, usize>,
    agencies: HashMap<AgencyId, usize>,
    /// Who has been denied too often, until when.
    waiting: HashMap<Caller, Instant>,
    looked: u32,
}

/// A call in progress. Given back when it is dropped.
pub(crate) struct Room {
    counts: Arc<Counts>,
    caller: Caller,
}

impl Counts {
    pub(crate) fn new(rates: Rates) -> Self {
        let per_second = |calls: NonZeroU32| Quota::per_second(calls).allow_burst(calls.saturating_add(calls.get()));
        Self {
            rates,
            callers: RateLimiter::keyed(per_second(rates.calls_per_second)),
            agencies: RateLimiter::keyed(per_second(rates.agency_calls_per_second)),
            denials: RateLimiter::keyed(Quota::per_minute(rates.denials_per_minute)),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for one more call, of this caller and of their agency.
    ///
    /// # Errors
    /// Which limit is reached, and when to try again.
    pub(crate) fn begin(self: &Arc<Self>, caller: Caller) -> Result<Room, Error> {
        let agency = agency_of(caller);
        self.sweep();
        let mut state = self.state();
        let left = state.waiting.get(&caller).map(|until| until.saturating_duration_since(Instant::now()));
        if let Some(left) = left.filter(|left| !left.is_zero()) {
            return Err(exceeded("denials_per_minute", self.rates.denials_per_minute.get(), left));
        }
        check(&self.callers, &caller, "calls_per_second", self.rates.calls_per_second)?;
        if let Some(agency) = &agency {
            check(&self.agencies, agency, "agency_calls_per_second", self.rates.agency_calls_per_second)?;
        }
        let of_caller = state.callers.get(&caller).copied().unwrap_or_default();
        if of_caller >= self.rates.calls_in_progress {
            return Err(exceeded("calls_in_progress", self.rates.calls_in_progress, SOON));
        }
        let of_agency = agency.and_then(|agency| state.agencies.get(&agency).copied()).unwrap_or_default();
        if of_agency >= self.rates.agency_calls_in_progress {
            return Err(exceeded("agency_calls_in_progress", self.rates.agency_calls_in_progress, SOON));
        }
        *state.callers.entry(caller).or_default() += 1;
        if let Some(agency) = agency {
            *state.agencies.entry(agency).or_default() += 1;
        }
        drop(state);
        Ok(Room { counts: self.clone(), caller })
    }

    /// A call of this caller was denied.
    pub(crate) fn denied(&self, caller: Caller) {
        if let Err(not_until) = self.denials.check_key(&caller) {
            let until = Instant::now() + not_until.wait_time_from(DefaultClock::default().now());
            self.state().waiting.insert(caller, until);
        }
    }

    /// Now and then, forgets those whose limits have filled up again.
    fn sweep(&self) {
        let mut state = self.state();
        state.looked += 1;
        if state.looked < SWEEP {
            return;
        }
        state.looked = 0;
        state.waiting.retain(|_, until| *until > Instant::now());
        drop(state);
        self.callers.retain_recent();
        self.agencies.retain_recent();
        self.denials.retain_recent();
    }
}

/// When calls in progress are likely to have ended.
const SOON: Duration = Duration::from_millis(200);

fn agency_of(caller: Caller) -> Option<AgencyId> {
    if let Caller::Worker(by) = caller { Some(by.worker().agency()) } else { None }
}

fn check<K: Hash + Eq + Clone>(
    limiter: &DefaultKeyedRateLimiter<K>,
    key: &K,
    limit: &'static str,
    allowed: NonZeroU32,
) -> Result<(), Error> {
    limiter
        .check_key(key)
        .map_err(|not_until| exceeded(limit, allowed.get(), not_until.wait_time_from(DefaultClock::default().now())))
}

fn exceeded(limit: &'static str, allowed: impl ToString, after: Duration) -> Error {
    let problem = "more than one caller may ask for; try again when the answer says";
    Error::new(Reason::Overloaded, problem).limited(limit, allowed.to_string()).after(after)
}

/// How many searches one person may make in a minute: enough to find one worker, and not all of an agency's.
const SEARCHES_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

/// Keeps count of searches for workers.
pub struct Searches(DefaultKeyedRateLimiter<PersonId>);

impl Default for Searches {
    fn default() -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(SEARCHES_PER_MINUTE)))
    }
}

impl std::fmt::Debug for Searches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Searches").finish_non_exhaustive()
    }
}

impl Searches {
    /// Room for one more search of this person.
    ///
    /// # Errors
    /// When they have searched too often, and when to try again.
    pub fn begin(&self, person: PersonId) -> Result<(), Error> {
        if self.0.len() > SWEEP as usize {
            self.0.retain_recent();
        }
        check(&self.0, &person, "searches_per_minute", SEARCHES_PER_MINUTE)
    }
}

/// One fewer in progress.
fn one_less<K: Hash + Eq>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut state = self.counts.state();
        one_less(&mut state.callers, &self.caller);
        if let Some(agency) = agency_of(self.caller) {
            one_less(&mut state.agencies, &agency);
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{PersonId, SignInId, StaffId};
    use domain::vocabulary::{SignedIn, Worker};
    use uuid::Uuid;

    use super::*;

    fn rates(calls: u32) -> Rates {
        let number = |n| NonZeroU32::new(n).unwrap();
        Rates {
            calls_per_second: number(calls),
            agency_calls_per_second: number(calls),
            calls_in_progress: 2,
            agency_calls_in_progress: 3,
            denials_per_minute: number(2),
            ..Rates::default()
        }
    }

    fn person(n: u128) -> Caller {
        Caller::Person(PersonId(Uuid::from_u128(n)))
    }

    fn worker(agency: u128, n: u128) -> Caller {
        let worker = Worker::new(AgencyId(Uuid::from_u128(agency)), StaffId(Uuid::from_u128(n)));
        Caller::Worker(SignedIn::new(worker, SignInId(Uuid::from_u128(n))))
    }

    #[test]
    fn a_callers_rate_is_theirs_alone_and_an_agencys_is_shared() {
        let counts = Arc::new(Counts::new(rates(1)));
        let asks = |caller| counts.begin(caller).is_ok();
        assert!(asks(person(1)) && asks(person(1)), "twice as many at once");
        assert!(!asks(person(1)));
        assert!(asks(person(2)));
        assert!(asks(worker(1, 1)) && asks(worker(1, 2)));
        assert!(!asks(worker(1, 3)), "their agency has had its share");
        assert!(asks(worker(2, 4)));
    }

    #[test]
    fn calls_in_progress_are_bounded_and_given_back() {
        let counts = Arc::new(Counts::new(rates(1_000)));
        let held: Vec<_> = (0..2).map(|_| counts.begin(worker(1, 1)).unwrap()).collect();
        assert!(counts.begin(worker(1, 1)).is_err());
        let another = counts.begin(worker(1, 2)).unwrap();
        assert!(counts.begin(worker(1, 3)).is_err(), "their agency has had its share");
        drop((held, another));
        assert!(counts.begin(worker(1, 3)).is_ok());
        let state = counts.state();
        assert!(state.callers.is_empty() && state.agencies.is_empty());
    }

    #[test]
    fn who_is_denied_too_often_waits() {
        let counts = Arc::new(Counts::new(rates(1_000)));
        for _ in 0..2 {
            counts.denied(person(1));
        }
        assert!(counts.begin(person(1)).is_ok());
        counts.denied(person(1));
        assert!(counts.begin(person(1)).is_err());
        assert!(counts.begin(person(2)).is_ok());
    }
}
