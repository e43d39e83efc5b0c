//! A bundle, read as a whole or refused with the place at fault.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed as _};
use serde_json::value::RawValue;

use super::header::Header;
use super::unique::{DOUBLED, Unique};
use super::{Meta, Resource};

/// The largest bundle that is read, in bytes.
pub const SIZE_LIMIT: usize = 32 << 20;
/// The most entries of one bundle.
const ENTRIES_LIMIT: usize = 20_000;

/// A bundle cannot be read. Names the file, the entry and the path, never the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}: {problem}", place(*.entry, path))]
pub struct MalformedBundle {
    /// The file.
    pub file: String,
    /// The entry, from 0; none when the bundle itself is at fault.
    pub entry: Option<usize>,
    /// The path within the entry's resource, or within the bundle.
    pub path: String,
    /// What is wrong, and what is expected.
    pub problem: String,
}

fn place(entry: Option<usize>, path: &str) -> String {
    match (entry, path) {
        (None, "") => "Bundle".to_owned(),
        (None, path) => format!("Bundle.{path}"),
        (Some(entry), "") => format!("entry[{entry}]"),
        (Some(entry), path) => format!("entry[{entry}].resource.{path}"),
    }
}

/// A bundle.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// The file that it was read from.
    pub file: String,
    /// What its sender says of the whole: how confidential it is.
    pub meta: Meta,
    /// Whether it is a page of a search that has more.
    pub is_partial: bool,
    /// Its entries, in order.
    pub entries: Vec<Entry>,
}

/// An entry of a bundle.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The URL by which other entries refer to it.
    pub full_url: String,
    /// The resource's type and id, as in `Condition/123`.
    pub name: String,
    /// How confidential it is, and which version.
    pub meta: Meta,
    /// Why it is not read, whatever it says: it is deleted, a later version stands beside it, or its sender says something
    /// about it that nobody here understands. Then it is a resource of another type.
    pub set_aside: Option<String>,
    /// The resource.
    pub resource: Resource,
}

impl Entry {
    /// The server that its URL names, with the slash: `https://records.example/fhir/`.
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.full_url.strip_suffix(&self.name).filter(|base| base.starts_with("http"))
    }

    /// What a source calls it by itself, unless it is of another server: what that one calls `Patient/1` is somebody else, and goes by
    /// its URL.
    #[must_use]
    pub fn within<'a>(&'a self, source: &str, own: &'a str) -> &'a str {
        match self.server() {
            Some(server) if server.trim_end_matches('/') != source.trim_end_matches('/') => &self.full_url,
            Some(_) | None => own,
        }
    }

    fn set_aside(&mut self, kind: String, why: String) {
        (self.set_aside, self.resource) = (Some(why), Resource::Other(kind));
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBundle<'a> {
    resource_type: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    meta: Meta,
    #[serde(default)]
    link: Vec<Link>,
    #[serde(default, borrow)]
    entry: Vec<RawEntry<'a>>,
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    relation: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEntry<'a> {
    #[serde(default)]
    full_url: String,
    #[serde(default)]
    request: Request,
    /// As it stands in the file: what is not read is not taken apart.
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
}

#[derive(Default, Deserialize)]
struct Request {
    #[serde(default)]
    method: String,
    #[serde(default)]
    url: String,
}

/// Reads a bundle.
///
/// # Errors
/// When it is not a FHIR R4 bundle, or an entry has a wrong shape.
pub fn read(file: &str, bytes: &[u8]) -> Result<Bundle, MalformedBundle> {
    let at = |entry, path: &str, problem: String| MalformedBundle {
        file: file.to_owned(),
        entry,
        path: path.to_owned(),
        problem,
    };
    if bytes.len() > SIZE_LIMIT {
        return Err(at(None, "", format!("has more than `{SIZE_LIMIT}` bytes; split it")));
    }
    let raw: RawBundle<'_> = {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        serde_path_to_error::deserialize(&mut json).map_err(|e| at(None, &path_of(&e), problem(e.inner())))?
    };
    if raw.resource_type != "Bundle" {
        return Err(at(None, "resourceType", "must be `Bundle`".into()));
    }
    if !["transaction", "batch", "collection", "document", "searchset"].contains(&raw.kind.as_str()) {
        return Err(at(None, "type", "must be a kind of bundle that holds resources, such as `transaction`".into()));
    }
    if raw.entry.len() > ENTRIES_LIMIT {
        return Err(at(None, "entry", format!("holds more than `{ENTRIES_LIMIT}` entries; split it")));
    }
    unique(bytes).map_err(|(path, problem)| at(None, &path, problem))?;
    let mut entries = Vec::with_capacity(raw.entry.len());
    for (index, raw) in raw.entry.into_iter().enumerate() {
        entries.push(entry(raw).map_err(|(path, problem)| at(Some(index), &path, problem))?);
    }
    for earlier in earlier_versions(&entries) {
        if let Some((header, entry)) = entries.get_mut(earlier) {
            entry.set_aside(header.resource_type.clone(), "a later version of it is in this file".into());
        }
    }
    let entries = entries.into_iter().map(|(_, entry)| entry).collect();
    let is_partial = raw.link.iter().any(|link| link.relation == "next");
    Ok(Bundle { file: file.to_owned(), meta: raw.meta, is_partial, entries })
}

type Fault = (String, String);

/// Every name stands once in its object, wherever it stands.
fn unique(bytes: &[u8]) -> Result<(), Fault> {
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = Unique.deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
    read.map_err(|error| (track.path().to_string(), problem(&error)))
}

fn entry(raw: RawEntry<'_>) -> Result<(Header, Entry), Fault> {
    let is_deletion = raw.request.method == "DELETE";
    let (header, resource) = match raw.resource {
        Some(json) => resource(json.get(), is_deletion)?,
        None if is_deletion => (Header::default(), Resource::Other(String::new())),
        None => return Err((String::new(), "has no resource".into())),
    };
    let name = if header.resource_type.is_empty() { raw.request.url } else { header.name() };
    let meta = header.meta.clone().and_confidentiality(&header.confidentiality);
    let mut entry = Entry { full_url: raw.full_url, name, meta, set_aside: None, resource };
    let why = is_deletion.then(|| "is deleted at its source".to_owned()).or_else(|| header.not_understood());
    if let Some(why) = why {
        entry.set_aside(header.resource_type.clone(), why);
    }
    Ok((header, entry))
}

/// Of several versions of one resource the latest counts; of equals, the one that stands last. Returns where the others stand.
fn earlier_versions(entries: &[(Header, Entry)]) -> Vec<usize> {
    let mut latest: HashMap<&str, (usize, &Header)> = HashMap::new();
    let mut earlier = Vec::new();
    for (index, (header, entry)) in entries.iter().enumerate() {
        if entry.full_url.is_empty() && header.id.is_empty() {
            continue;
        }
        let key = if entry.full_url.is_empty() { entry.name.as_str() } else { entry.full_url.as_str() };
        match latest.get(key) {
            Some((_, known)) if known.version() > header.version() => earlier.push(index),
            Some((known, _)) => {
                earlier.push(*known);
                latest.insert(key, (index, header));
            }
            None => drop(latest.insert(key, (index, header))),
        }
    }
    earlier
}

fn resource(json: &str, is_deletion: bool) -> Result<(Header, Resource), Fault> {
    let header: Header = typed(json)?;
    if header.resource_type.is_empty() {
        return Err(("resourceType".into(), "must be given".into()));
    }
    if let Some((element, now)) = header.earlier_release() {
        return Err((element.into(), format!("is of an earlier release of FHIR; in R4 it is {now}")));
    }
    let resource = match header.resource_type.as_str() {
        kind if is_deletion => Resource::Other(kind.to_owned()),
        "Patient" => Resource::Patient(typed(json)?),
        "Organization" => Resource::Organization(typed(json)?),
        "Practitioner" => Resource::Practitioner(typed(json)?),
        "Encounter" => Resource::Encounter(typed(json)?),
        "Condition" => Resource::Condition(typed(json)?),
        "CarePlan" => Resource::CarePlan(typed(json)?),
        "Goal" => Resource::Goal(typed(json)?),
        "CareTeam" => Resource::CareTeam(typed(json)?),
        kind => Resource::Other(kind.to_owned()),
    };
    Ok((header, resource))
}

fn typed<T: DeserializeOwned>(json: &str) -> Result<T, Fault> {
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(json))
        .map_err(|error| (path_of(&error), problem(error.inner())))
}

fn path_of(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    match error.path().to_string() {
        path if path == "." || path.contains('?') => String::new(),
        path => path,
    }
}

/// What is wrong, without the value that is: serde repeats it in backticks or quotes, and it may be personal.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if let Some(field) = text.strip_prefix("missing field ").and_then(|rest| rest.split('`').nth(1)) {
        return format!("`{field}` is missing");
    }
    if text.starts_with(DOUBLED) || text.starts_with("duplicate field") {
        return DOUBLED.to_owned();
    }
    if let Some((_, expected)) = text.rsplit_once("expected ") {
        let expected = expected.split(" at line").next().unwrap_or(expected);
        return format!("has a wrong type; expected {expected}");
    }
    format!("is not JSON (line {}, column {})", error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        read("a.json", text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn names_file_entry_and_path_but_never_the_value() {
        let wrong = r#"{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient","id":"1","name":[{"family":"x","given":"Secret"}]}}]}"#;
        let said = fault(wrong);
        assert!(said.starts_with("a.json: entry[0].resource.name[0].given: "), "{said}");
        assert!(!said.contains("Secret"), "{said}");
        let missing = r#"{"resourceType":"Bundle","type":"batch","entry":[{"resource":{"resourceType":"Organization","id":"1"}}]}"#;
        assert_eq!(fault(missing), "a.json: entry[0]: `name` is missing");
    }

    #[test]
    fn refuses_what_is_no_bundle() {
        assert!(fault("{").starts_with("a.json: Bundle: is not JSON"));
        assert!(fault(r#"{"resourceType":"Patient","type":"x"}"#).contains("Bundle.resourceType"));
        assert!(fault(r#"{"resourceType":"Bundle","type":"history"}"#).contains("Bundle.type"));
        assert!(
            fault(r#"{"resourceType":"Bundle","type":"batch","entry":[{}]}"#).contains("entry[0]: has no resource")
        );
        let holding = |resource| {
            fault(&format!(r#"{{"resourceType":"Bundle","type":"batch","entry":[{{"resource":{resource}}}]}}"#))
        };
        assert!(holding("null").contains("entry[0]: has no resource"));
        assert!(holding("5").contains("entry[0]: has a wrong type; expected a resource"), "{}", holding("5"));
        assert!(holding("{}").contains("entry[0].resource.resourceType: must be given"));
        assert!(holding(r#"{"resourceType":"Basic","id":7}"#).contains("entry[0].resource.id: has a wrong type"));
    }
}
