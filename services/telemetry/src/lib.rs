//! Telemetry: structured logs, traces over OTLP, and the admin port with Prometheus metrics. No personal data in any of
//! it: positions and request ids are logged, persons never.

mod admin;
mod json;
mod trace;
mod writer;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::{Level, Metadata};
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{FilterExt as _, ParseError, Targets, filter_fn};
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use json::Json;

pub use admin::{Admin, AdminError, Readiness, Report};
pub use trace::{adopt, current, link};
pub use writer::Dropped;

/// What to tell, and where.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which events to log, as in `info,alongside=debug`. Of libraries nothing below `info` is logged, whatever it says.
    pub filter: String,
    /// Logs as JSON, one object a line; otherwise as text.
    pub json: bool,
    /// Where traces go: an OTLP endpoint over gRPC, or nowhere.
    pub otlp_endpoint: Option<String>,
    /// How many of a thousand traces are kept that did not begin elsewhere.
    pub sample_per_mille: u32,
}

/// Telemetry cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("telemetry cannot be set up: {0}")]
pub struct TelemetryError(String);

/// Keeps telemetry going; dropping it sends what is left.
#[derive(Debug)]
pub struct Guard {
    traces: Option<SdkTracerProvider>,
    dropped: Dropped,
    // Dropped after what is said above: it writes what is left.
    _logs: WorkerGuard,
}

impl Guard {
    /// How many lines of the log were dropped.
    #[must_use]
    pub fn dropped(&self) -> Dropped {
        self.dropped.clone()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(provider) = self.traces.take() {
            // The process ends: there is nobody left to tell of a failure.
            drop(provider.shutdown());
        }
    }
}

/// Whether an event may be logged at all: what libraries say below `info` repeats what they carry, such as subjects with
/// the ids of persons in them.
fn tells_nobody(event: &Metadata<'_>) -> bool {
    event.target().starts_with("alongside") || *event.level() <= Level::INFO
}

/// Sets telemetry up for this process. Call once. Logs go to standard error; where nobody reads them they are dropped, and counted.
///
/// # Errors
/// When the filter or the endpoint has a wrong form, or telemetry is set up already.
pub fn init(config: &Config) -> Result<Guard, TelemetryError> {
    let fail = |error: &dyn std::fmt::Display| TelemetryError(error.to_string());
    let filter: Targets = config.filter.parse().map_err(|e: ParseError| fail(&e))?;
    let (writer, logs_guard, dropped) = writer::writer();
    let text = tracing_subscriber::fmt::layer().with_writer(writer).with_target(true);
    let logs = match config.json {
        true => text.fmt_fields(JsonFields::new()).event_format(Json).boxed(),
        false => text.compact().boxed(),
    };
    let provider =
        config.otlp_endpoint.as_deref().map(|endpoint| provider(endpoint, config.sample_per_mille)).transpose()?;
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let traces = provider.as_ref().map(|p| {
        let ours = filter_fn(|meta| meta.target().starts_with("alongside"));
        tracing_opentelemetry::layer().with_tracer(p.tracer("alongside")).with_filter(ours)
    });
    let registry =
        tracing_subscriber::registry().with(logs.with_filter(filter.and(filter_fn(tells_nobody)))).with(traces);
    registry.try_init().map_err(|e| fail(&e))?;
    Ok(Guard { traces: provider, dropped, _logs: logs_guard })
}

fn provider(endpoint: &str, per_mille: u32) -> Result<SdkTracerProvider, TelemetryError> {
    use opentelemetry_otlp::WithExportConfig as _;
    let exporter = opentelemetry_otlp::SpanExporter::builder()
        .with_tonic()
        .with_endpoint(endpoint)
        .build()
        .map_err(|e| TelemetryError(e.to_string()))?;
    let fresh = Sampler::TraceIdRatioBased(f64::from(per_mille.min(1_000)) / 1_000.0);
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(trace::AsLinked(Sampler::ParentBased(Box::new(fresh))))
        .with_resource(Resource::builder().with_service_name("alongside").build())
        .build())
}
