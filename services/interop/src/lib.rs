//! Other systems' records: FHIR R4 import.
//!
//! What an agency imports is its contribution: attributed to it, visible to the person, and granting it nothing.

mod apply;
pub mod fhir;
mod plan;
mod report;

use rust_embed::RustEmbed;

pub use apply::{ImportError, Importer};
pub use fhir::{MalformedBundle, read};
pub use plan::{Plan, plan};
pub use report::{Outcome, Report, ReportLine};

/// The sample people, inside the binary.
#[derive(RustEmbed)]
#[folder = "samples/synthea-r4"]
struct Samples;

/// The sample bundles, by file name, in order.
pub fn samples() -> impl Iterator<Item = (String, Vec<u8>)> {
    Samples::iter().filter_map(|name| Samples::get(&name).map(|file| (name.to_string(), file.data.into_owned())))
}
