//! How far what is done in the background is behind the log, for the metrics: found out when somebody asks, and when that was.

use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use engine::Engine;
use event_log::Position;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use crate::config::Role;
use crate::ready::ANSWER_LIMIT;

/// How far one kind of background work is behind.
#[derive(Debug)]
struct Lag {
    positions: Gauge,
    seconds: Gauge<f64, AtomicU64>,
    age: Gauge<f64, AtomicU64>,
    /// When it was found out last.
    found: Mutex<Instant>,
}

impl Lag {
    fn new(registry: &mut Registry, part: &str, what: &str) -> Self {
        let (positions, seconds, age) = (Gauge::default(), Gauge::default(), Gauge::default());
        let registry = registry.sub_registry_with_prefix(part);
        registry.register("lag_positions", format!("Events that {what}"), positions.clone());
        let help = format!("Age of the oldest event that {what}");
        registry.register_with_unit("lag", help, Unit::Seconds, seconds.clone());
        let help = "How long ago the lag was found out last: a lag that is old says nothing of now";
        registry.register_with_unit("lag_age", help, Unit::Seconds, age.clone());
        Self { positions, seconds, age, found: Mutex::new(Instant::now()) }
    }

    /// It has come so far; or so far at least, when it was heard of last, if that is not known `now`.
    async fn stands(&self, engine: &Engine, (head, position, now): (u64, u64, bool)) {
        let behind = head.saturating_sub(position);
        let waits = match behind {
            0 => Some(0.0),
            _ => {
                let next = tokio::time::timeout(ANSWER_LIMIT, engine.log().read(Position(position), 1)).await;
                next.ok().and_then(Result::ok).and_then(|next| Some(age(next.first()?.at)))
            }
        };
        // What could not be found out grows old.
        let Some(waits) = waits else { return };
        self.positions.set(i64::try_from(behind).unwrap_or(i64::MAX));
        self.seconds.set(waits);
        if now {
            *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        }
    }

    fn grow_old(&self) {
        self.age.set(self.found.lock().unwrap_or_else(PoisonError::into_inner).elapsed().as_secs_f64());
    }
}

/// How old an event is that was recorded then, in microseconds since 1970.
#[allow(clippy::cast_precision_loss, reason = "microseconds of this millennium have a place to spare")]
fn age(at: i64) -> f64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    (now.as_secs_f64() - at as f64 / 1e6).max(0.0)
}

/// How far the parts of this process are behind: those that it has.
#[derive(Debug, Default)]
pub struct Lags {
    views: Option<Lag>,
    relay: Option<Lag>,
    feeds: Option<(Lag, Gauge)>,
}

impl Lags {
    /// The metrics of what a process of these roles does.
    pub(crate) fn new(registry: &mut Registry, roles: &[Role]) -> Self {
        let mut lag = |role, part, what| roles.contains(&role).then(|| Lag::new(registry, part, what));
        let views = lag(Role::Views, "views", "the slowest view has not applied");
        let relay = lag(Role::Relay, "relay", "are in the log and not yet on the bus");
        let feeds = lag(Role::Feeds, "feeds", "the slowest feed that is carried has not delivered");
        let feeds = feeds.map(|lag| {
            let failing = Gauge::default();
            let help = "Feeds of which nobody takes what comes: the agency's administrator reads why";
            registry.sub_registry_with_prefix("feeds").register("failing", help, failing.clone());
            (lag, failing)
        });
        Self { views, relay, feeds }
    }

    /// The slowest view stands there, of a log that ends at `head`.
    pub(crate) async fn views(&self, engine: &Engine, at: (u64, u64, bool)) {
        if let Some(lag) = &self.views {
            lag.stands(engine, at).await;
        }
    }

    /// The bus stands there.
    pub(crate) async fn bus(&self, engine: &Engine, at: (u64, u64, bool)) {
        if let Some(lag) = &self.relay {
            lag.stands(engine, at).await;
        }
    }

    /// The slowest feed stands there, and so many deliver nothing.
    pub(crate) async fn feeds(&self, engine: &Engine, at: (u64, u64, bool), failing: u64) {
        if let Some((lag, metric)) = &self.feeds {
            lag.stands(engine, at).await;
            metric.set(i64::try_from(failing).unwrap_or(i64::MAX));
        }
    }

    /// What could not be found out now is as old as it is.
    pub(crate) fn grow_old(&self) {
        for lag in [self.views.as_ref(), self.relay.as_ref(), self.feeds.as_ref().map(|(lag, _)| lag)] {
            lag.into_iter().for_each(Lag::grow_old);
        }
    }
}
