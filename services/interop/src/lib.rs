//! Other systems' records: FHIR R4 import.
//!
//! What an agency imports is its contribution: attributed to it, visible to the person, and granting it nothing. It names
//! authors and supporters, and enrols nobody.

mod apply;
pub mod fhir;
mod identity;
mod plan;
mod report;

use rust_embed::RustEmbed;

pub use apply::{ImportError, Importer};
pub use fhir::{Bundle, MalformedBundle, SIZE_LIMIT};
pub use identity::{National, SourceSystem};
pub use report::{NamedWorker, Outcome, Report, ReportLine};

/// Reads a bundle that can be imported.
///
/// # Errors
/// When it is not a FHIR R4 bundle, an entry has a wrong shape, it has not exactly one patient, or a resource is about
/// somebody else.
pub fn read(file: &str, bytes: &[u8]) -> Result<Bundle, MalformedBundle> {
    let bundle = fhir::read(file, bytes)?;
    plan::patient(&bundle)?;
    Ok(bundle)
}

/// The source of the sample people.
pub const SAMPLES: &str = "urn:alongside:samples";

/// The sample people, inside the binary.
#[derive(RustEmbed)]
#[folder = "samples/synthea-r4"]
struct Samples;

/// The sample bundles, by file name, in order.
pub fn samples() -> impl Iterator<Item = (String, Vec<u8>)> {
    Samples::iter().filter_map(|name| Samples::get(&name).map(|file| (name.to_string(), file.data.into_owned())))
}
