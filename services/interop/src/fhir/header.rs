//! What stands above a resource: what it is, which version, and whether it may be read at all.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use url::Url;

use super::elements::{Extension, Few, Meta};

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
    modifier_extension: Few<Extension>,
    /// How confidential a Composition is, and with it the document.
    #[serde(default)]
    pub(super) confidentiality: String,
    status: Option<IgnoredAny>,
    context: Option<IgnoredAny>,
}

impl Header {
    /// Its type and id, as in `Condition/123`; its type alone where it has no id.
    pub(super) fn name(&self) -> String {
        if self.id.is_empty() { self.resource_type.clone() } else { format!("{}/{}", self.resource_type, self.id) }
    }

    /// Whether its id is one of FHIR.
    pub(super) fn has_usable_id(&self) -> bool {
        is_usable_id(&self.id)
    }

    /// Why it cannot be read: what its sender says may turn its meaning round, and nobody here knows it (FHIR R4, 2.4.0.1
    /// and 2.26.3.2: it must not be processed).
    pub(super) fn not_understood(&self) -> Option<String> {
        unknown_rules(&self.implicit_rules).or_else(|| unknown_modifier(&self.modifier_extension))
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

/// What is said of a document that holds the rest of a bundle together.
#[derive(Debug, Deserialize)]
pub(super) struct Composition {
    #[serde(default)]
    status: String,
    #[serde(default)]
    section: Few<Section>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Section {
    #[serde(default)]
    modifier_extension: Few<Extension>,
    #[serde(default)]
    section: Few<Section>,
}

impl Composition {
    /// Why nothing of the document can be read: where, and what its author says of it.
    pub(super) fn not_understood(&self) -> Option<(&'static str, String)> {
        let why = match self.status.as_str() {
            "entered-in-error" => Some("its author says that the document was entered in error"),
            "preliminary" => Some("its author says that the document is not finished yet; import it when it is final"),
            _ => None,
        };
        if let Some(why) = why {
            return Some(("status", why.to_owned()));
        }
        unknown_section(&self.section).map(|why| ("section", why))
    }
}

fn unknown_section(sections: &[Section]) -> Option<String> {
    let unknown =
        |section: &Section| unknown_modifier(&section.modifier_extension).or_else(|| unknown_section(&section.section));
    sections.iter().find_map(unknown)
}

/// Whether this is an id, or none: one of FHIR (R4, 2.24.0.1).
pub(super) fn is_usable_id(id: &str) -> bool {
    id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

/// What is said of what follows rules of its own. None are known.
pub(super) fn unknown_rules(rules: &str) -> Option<String> {
    (!rules.is_empty()).then(|| format!("follows rules that are not known here: {}", definition(rules)))
}

/// What is said of an element that carries a modifier which nobody here knows. None is known.
pub(crate) fn unknown_modifier(modifiers: &[Extension]) -> Option<String> {
    modifiers
        .first()
        .map(|modifier| format!("carries a modifier that is not known here: {}", definition(&modifier.url)))
}

/// The URL of a definition, without whatever else a sender may have put into it.
fn definition(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut known) if known.username().is_empty() && known.password().is_none() => {
            known.set_query(None);
            known.set_fragment(None);
            known.as_str().chars().take(200).collect()
        }
        Ok(_) | Err(_) => "one without a URL that can be repeated".to_owned(),
    }
}
