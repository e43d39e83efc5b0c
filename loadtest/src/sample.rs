//! A sample record, imported by the binary.

use anyhow::Context as _;
use harness::Cluster;
use serde_json::Value;
use uuid::Uuid;

/// Imports the first sample as this source tells it: each source has people and agencies of its own. Returns what the command printed.
pub(crate) fn imported(cluster: &Cluster, source: &str) -> anyhow::Result<Value> {
    let (name, bundle) = interop::samples().next().context("a sample")?;
    let file = cluster.directory().join(name);
    std::fs::write(&file, bundle)?;
    let file = file.display().to_string();
    let output = cluster.run(&["import", "fhir", "--json", "--source", source, &file])?;
    serde_json::from_slice(&output.stdout).context("the sample is imported")
}

/// An id of this name.
pub(crate) fn id(value: &Value, name: &str) -> anyhow::Result<Uuid> {
    Ok(value.get(name).and_then(Value::as_str).with_context(|| format!("`{name}`"))?.parse()?)
}
