//! Logs as JSON, one object a line: when, how grave, what, all that belongs to it, and in which call. An error is told with everything that caused it.

use std::error::Error;
use std::fmt;
use std::time::SystemTime;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Writes an event as one line of JSON.
pub(crate) struct Json;

impl<S: Subscriber + for<'a> LookupSpan<'a>> FormatEvent<S, JsonFields> for Json {
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut said = Map::new();
        event.record(&mut Fields(&mut said));
        // The innermost span of a name says it: there is one call at a time.
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>();
            let fields = fields.and_then(|fields| serde_json::from_str(&fields.fields).ok()).unwrap_or_default();
            said.insert(span.name().into(), Value::Object(fields));
        }
        let line = Line {
            timestamp: format!("{:.6}", Timestamp::try_from(SystemTime::now()).unwrap_or_default()),
            level: event.metadata().level().as_str(),
            message: said.remove("message").unwrap_or_default(),
            said,
            target: event.metadata().target(),
        };
        writeln!(writer, "{}", serde_json::to_string(&line).map_err(|_cause| fmt::Error)?)
    }
}

/// What is written, in this order.
#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'a str,
    message: Value,
    /// What belongs to it, and the calls that it happened in.
    #[serde(flatten)]
    said: Map<String, Value>,
    target: &'a str,
}

/// What belongs to an event.
struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn insert(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.insert(field, format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.insert(field, whole(value));
    }
}

/// An error and what caused it, down to the first cause. What an error repeats of its cause is said once.
fn whole(error: &(dyn Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_said = cause.to_string();
        if !said.ends_with(&cause_said) {
            said.push_str(": ");
            said.push_str(&cause_said);
        }
        next = cause.source();
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{said}")]
    struct Layered {
        said: &'static str,
        #[source]
        cause: Option<Box<Layered>>,
    }

    #[test]
    fn an_error_is_told_with_what_caused_it_and_nothing_twice() {
        let of = |said, cause: Option<Layered>| Layered { said, cause: cause.map(Box::new) };
        let first = of("no space left", None);
        let repeats = of("writing: no space left", Some(first));
        let error = of("failed inside", Some(repeats));
        assert_eq!(whole(&error), "failed inside: writing: no space left");
    }
}
