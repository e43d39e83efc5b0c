use std::sync::Arc;
use std::time::Instant;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};
use tonic::Code;

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

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Ended {
    method: Arc<str>,
    code: &'static str,
}

/// A method.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Method {
    method: Arc<str>,
}

/// Seconds by which calls are sorted: from what memory answers to the longest that a call may take.
const SECONDS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

type Durations = Family<Method, Histogram, fn() -> Histogram>;

/// Calls, by method and by how they ended.
#[derive(Debug, Clone)]
pub(crate) struct CallMetrics {
    ended: Family<Ended, Counter>,
    seconds: Durations,
}

impl Default for CallMetrics {
    fn default() -> Self {
        let seconds: Durations = Family::new_with_constructor(|| Histogram::new(SECONDS));
        Self { ended: Family::default(), seconds }
    }
}

impl CallMetrics {
    /// A call of this method begins. Only methods that there are get names: a stranger makes no new series.
    pub(crate) fn begin(&self, method: Arc<str>) -> Counting {
        Counting { metrics: self.clone(), method, begun: Instant::now(), code: None }
    }
}

/// A call in progress: counted when it ends, as given up unless it has said how.
pub(crate) struct Counting {
    metrics: CallMetrics,
    method: Arc<str>,
    begun: Instant,
    code: Option<Code>,
}

impl Counting {
    /// It has ended like this.
    pub(crate) fn ends(&mut self, code: Code) {
        self.code = Some(code);
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        let (method, seconds) = (self.method.clone(), self.begun.elapsed().as_secs_f64());
        let code = rpc::code_name(self.code.unwrap_or(Code::Cancelled));
        self.metrics.ended.get_or_create(&Ended { method: method.clone(), code }).inc();
        self.metrics.seconds.get_or_create(&Method { method }).observe(seconds);
    }
}

/// What the gate tells Prometheus.
#[derive(Debug, Clone, Default)]
pub struct GateMetrics {
    pub(crate) calls: CallMetrics,
    pub(crate) decisions: Family<Outcome, Counter>,
    pub(crate) again: Counter,
    /// Only configured issuers are labels: a stranger makes no new series.
    pub(crate) refused_tokens: Family<RefusedToken, Counter>,
}

impl GateMetrics {
    /// Adds them to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("calls", "Calls that have ended, by method and gRPC code", self.calls.ended.clone());
        let help = "How long calls took until their answer began, by method";
        registry.register_with_unit("call", help, Unit::Seconds, self.calls.seconds.clone());
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
