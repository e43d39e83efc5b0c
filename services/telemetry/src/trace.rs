//! W3C trace context, in and out of spans.

use std::collections::HashMap;

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{Link, SpanKind, TraceContextExt as _, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SamplingResult, ShouldSample};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

const TRACEPARENT: &str = "traceparent";

/// The `traceparent` of the span at hand; empty when nothing is traced.
#[must_use]
pub fn current() -> String {
    let mut carrier = HashMap::new();
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut carrier);
    carrier.remove(TRACEPARENT).unwrap_or_default()
}

/// Makes a span part of the trace that this `traceparent` names. Anything else than a traceparent changes nothing.
pub fn adopt(span: &Span, traceparent: &str) {
    // Fails only when nothing is traced.
    drop(span.set_parent(read(traceparent)));
}

/// Links a span to the trace that this `traceparent` names, and returns the span's own; empty when nothing is traced.
#[must_use]
pub fn link(span: &Span, traceparent: &str) -> String {
    span.add_link(read(traceparent).span().span_context().clone());
    span.in_scope(current)
}

fn read(traceparent: &str) -> Context {
    let carrier = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    TraceContextPropagator::new().extract(&carrier)
}

/// Samples as another does, and whatever is linked to a trace that is sampled: of one without the other nobody learns much.
#[derive(Debug, Clone)]
pub(crate) struct AsLinked(pub(crate) Sampler);

impl ShouldSample for AsLinked {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let is_linked = links.iter().any(|link| link.span_context.is_sampled());
        let sampler = if is_linked { &Sampler::AlwaysOn } else { &self.0 };
        sampler.should_sample(parent, trace, name, kind, attributes, links)
    }
}
