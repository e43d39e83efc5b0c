use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use std::sync::atomic::AtomicU64;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ViewLabel {
    pub(crate) view: String,
}

/// What the views tell Prometheus.
#[derive(Debug, Clone, Default)]
pub struct ViewMetrics {
    pub(crate) lag_positions: Gauge,
    pub(crate) lag: Gauge<f64, AtomicU64>,
    pub(crate) applied: Counter,
    pub(crate) parked: Family<ViewLabel, Counter>,
    pub(crate) failures: Counter,
}

impl ViewMetrics {
    /// How many events the slowest view has not applied: whoever is asked for the metrics finds out, and sets it.
    #[must_use]
    pub fn behind(&self) -> Gauge {
        self.lag_positions.clone()
    }

    /// Adds them to a registry.
    pub fn register(&self, registry: &mut Registry) {
        let views = registry.sub_registry_with_prefix("views");
        views.register("lag_positions", "Events that the slowest view has not applied", self.lag_positions.clone());
        let help = "Age of the last applied event when it was applied";
        views.register_with_unit("lag", help, Unit::Seconds, self.lag.clone());
        views.register("applied", "Events applied", self.applied.clone());
        views.register("parked", "Subjects parked because an event could not be applied", self.parked.clone());
        views.register("failures", "Times that the log, the bus or the store failed", self.failures.clone());
    }
}
