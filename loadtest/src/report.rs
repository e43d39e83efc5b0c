//! What a run prints.

use std::io::Write as _;

use serde_json::{Map, Value, json};

use crate::measure::Measured;

/// Ours and the baseline, under the name of what is counted (`events` or `reads`).
pub(crate) fn compare(counted: &str, ours: &Measured, baseline: &Measured) -> Map<String, Value> {
    let mut report = Map::new();
    for (prefix, measured) in [("", ours), ("baseline_", baseline)] {
        report.insert(format!("{prefix}{counted}_per_second"), rounded(measured.per_second()));
        report.insert(format!("{prefix}p50_ms"), rounded(measured.quantile_ms(0.5)));
        report.insert(format!("{prefix}p99_ms"), rounded(measured.quantile_ms(0.99)));
    }
    report.insert("ratio".into(), rounded(ours.per_second() / baseline.per_second()));
    report
}

pub(crate) fn rounded(number: f64) -> Value {
    json!((number * 1_000.0).round() / 1_000.0)
}

/// One JSON object, or a line for each figure.
pub(crate) fn print(report: &Map<String, Value>, json: bool) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if json {
        writeln!(out, "{}", Value::Object(report.clone()))?;
    } else {
        for (name, value) in report {
            writeln!(out, "{name:32} {value}")?;
        }
    }
    Ok(())
}
