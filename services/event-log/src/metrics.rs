use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// What the log tells Prometheus.
#[derive(Debug, Clone)]
pub struct LogMetrics {
    pub(crate) batch_appends: Histogram,
    pub(crate) batch_events: Histogram,
    pub(crate) commit_seconds: Histogram,
    pub(crate) waiting: Gauge,
    pub(crate) refused_busy: Counter,
}

impl Default for LogMetrics {
    fn default() -> Self {
        Self {
            batch_appends: Histogram::new(exponential_buckets(1.0, 2.0, 11)),
            batch_events: Histogram::new(exponential_buckets(1.0, 2.0, 13)),
            commit_seconds: Histogram::new(exponential_buckets(0.000_25, 2.0, 14)),
            waiting: Gauge::default(),
            refused_busy: Counter::default(),
        }
    }
}

impl LogMetrics {
    /// Adds them to a registry.
    pub fn register(&self, registry: &mut Registry) {
        let log = registry.sub_registry_with_prefix("log");
        log.register("append_batch_appends", "Appends committed as one", self.batch_appends.clone());
        log.register("append_batch_events", "Events committed as one", self.batch_events.clone());
        log.register("append_commit_seconds", "Time to commit a batch", self.commit_seconds.clone());
        log.register("append_waiting", "Appends that wait for their batch", self.waiting.clone());
        log.register("append_refused_busy", "Appends refused because too many waited", self.refused_busy.clone());
    }
}
