use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ViewLabel {
    pub(crate) view: String,
}

/// What the views tell Prometheus.
#[derive(Debug, Clone, Default)]
pub struct ViewMetrics {
    pub(crate) applied: Counter,
    pub(crate) parked: Family<ViewLabel, Counter>,
    pub(crate) failures: Counter,
}

impl ViewMetrics {
    /// Adds them to a registry.
    pub fn register(&self, registry: &mut Registry) {
        // Each is there before it counts: an alert is told that it grows.
        for view in crate::all() {
            drop(self.parked.get_or_create(&ViewLabel { view: view.name().to_owned() }));
        }
        let views = registry.sub_registry_with_prefix("views");
        views.register("applied", "Events applied", self.applied.clone());
        views.register("parked", "Subjects parked because an event could not be applied", self.parked.clone());
        views.register("failures", "Times that the log, the bus or the store failed", self.failures.clone());
    }
}
