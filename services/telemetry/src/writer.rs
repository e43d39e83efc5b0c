//! Where logs go. Whoever writes one waits for nobody: what reads them may stand still.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::registry::Registry;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

/// How many lines wait to be written, before others are dropped.
const LINES: usize = 8_192;

/// A writer to standard error, what keeps it going, and what it has dropped.
pub(crate) fn writer() -> (NonBlocking, WorkerGuard, Dropped) {
    let builder = NonBlockingBuilder::default().lossy(true).buffered_lines_limit(LINES).thread_name("logs");
    let (writer, guard) = builder.finish(std::io::stderr());
    let dropped = Dropped(writer.error_counter());
    (writer, guard, dropped)
}

/// How many lines of the log nobody could take.
#[derive(Debug, Clone)]
pub struct Dropped(ErrorCounter);

impl Dropped {
    /// Adds it to a registry.
    pub fn register(&self, registry: &mut Registry) {
        registry.register_collector(Box::new(self.clone()));
    }
}

impl Collector for Dropped {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let lines = ConstCounter::new(u64::try_from(self.0.dropped_lines()).unwrap_or(u64::MAX));
        let help = "Lines of the log that were dropped because nobody took them";
        lines.encode(encoder.encode_descriptor("log_lines_dropped", help, None, MetricType::Counter)?)
    }
}
