use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

/// What the engine tells Prometheus.
#[derive(Debug, Clone, Default)]
pub struct EngineMetrics {
    pub(crate) conflicts: Counter,
    pub(crate) contention: Counter,
    pub(crate) late: Counter,
}

impl EngineMetrics {
    /// Adds them to a registry.
    pub fn register(&self, registry: &mut Registry) {
        let engine = registry.sub_registry_with_prefix("engine");
        engine.register("append_conflicts", "Appends that somebody else was faster than", self.conflicts.clone());
        engine.register("append_late", "Appends that the log's clock found too late", self.late.clone());
        engine.register("contention", "Decisions given up because of conflicts", self.contention.clone());
    }
}
