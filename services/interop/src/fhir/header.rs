//! What stands above a resource: what it is, which version, and whether it may be read at all.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::resource::{Extension, Meta};

/// The elements that every resource has, and those by which an earlier release of FHIR shows.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a resource")]
pub(super) struct Header {
    #[serde(default)]
    pub(super) resource_type: String,
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) meta: Meta,
    #[serde(default)]
    implicit_rules: String,
    #[serde(default)]
    modifier_extension: Vec<Extension>,
    /// How confidential a Composition is, and with it the document.
    #[serde(default)]
    pub(super) confidentiality: String,
    status: Option<IgnoredAny>,
    context: Option<IgnoredAny>,
}

impl Header {
    /// Its type and id, as in `Condition/123`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.resource_type, self.id)
    }

    /// Why it cannot be read: what its sender says may turn its meaning round, and nobody here knows it (FHIR R4, 2.4.0.1
    /// and 2.26.3.2: it must not be processed).
    pub(super) fn not_understood(&self) -> Option<String> {
        if !self.implicit_rules.is_empty() {
            return Some(format!("follows rules that are not known here: {}", brief(&self.implicit_rules)));
        }
        unknown_modifier(&self.modifier_extension)
    }

    /// The element that only an earlier release of FHIR has here.
    pub(super) fn earlier_release(&self) -> Option<(&'static str, &'static str)> {
        match self.resource_type.as_str() {
            "Goal" if self.status.is_some() => Some(("status", "`lifecycleStatus`")),
            "Condition" | "CarePlan" | "CareTeam" if self.context.is_some() => Some(("context", "`encounter`")),
            _ => None,
        }
    }

    /// Which of two versions is the later one: by its time, then by its number.
    pub(super) fn version(&self) -> (Option<Timestamp>, Option<u64>) {
        (self.meta.last_updated.parse().ok(), self.meta.version_id.parse().ok())
    }
}

/// What is said of an element that carries a modifier which nobody here knows. None is known.
pub(crate) fn unknown_modifier(modifiers: &[Extension]) -> Option<String> {
    modifiers.first().map(|modifier| format!("carries a modifier that is not known here: {}", brief(&modifier.url)))
}

fn brief(url: &str) -> String {
    url.chars().take(200).collect()
}
