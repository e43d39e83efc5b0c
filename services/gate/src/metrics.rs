use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Outcome {
    pub(crate) outcome: &'static str,
}

/// A refused token.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct RefusedToken {
    pub(crate) issuer: String,
    pub(crate) why: &'static str,
}

/// What the gate tells Prometheus.
#[derive(Debug, Clone, Default)]
pub struct GateMetrics {
    pub(crate) decisions: Family<Outcome, Counter>,
    pub(crate) again: Counter,
    /// Only configured issuers are labels: a stranger makes no new series.
    pub(crate) refused_tokens: Family<RefusedToken, Counter>,
}

impl GateMetrics {
    /// Adds them to a registry.
    pub fn register(&self, registry: &mut Registry) {
        let gate = registry.sub_registry_with_prefix("gate");
        gate.register("decisions", "Access decisions that were recorded, by outcome", self.decisions.clone());
        gate.register("refused_tokens", "Tokens that were refused, by issuer and reason", self.refused_tokens.clone());
        gate.register(
            "decided_again",
            "Decisions made again because the directive or the standing had moved",
            self.again.clone(),
        );
    }

    pub(crate) fn count(&self, outcome: &'static str) {
        self.decisions.get_or_create(&Outcome { outcome }).inc();
    }
}
