//! A bundle, read as a whole or refused with the place at fault.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::Resource;

/// The largest bundle that is read, in bytes.
const SIZE_LIMIT: usize = 32 << 20;
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
    /// The resource.
    pub resource: Resource,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBundle<'a> {
    resource_type: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, borrow)]
    entry: Vec<RawEntry<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEntry<'a> {
    #[serde(default)]
    full_url: String,
    /// As it stands in the file: what is not read is not taken apart.
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
}

/// What tells how to read a resource.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "a resource")]
struct RawResource {
    #[serde(default)]
    resource_type: String,
    #[serde(default)]
    id: String,
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
    let mut entries = Vec::with_capacity(raw.entry.len());
    for (index, entry) in raw.entry.into_iter().enumerate() {
        let json = entry.resource.ok_or_else(|| at(Some(index), "", "has no resource".into()))?;
        let (name, resource) = resource(json.get()).map_err(|(path, problem)| at(Some(index), &path, problem))?;
        entries.push(Entry { full_url: entry.full_url, name, resource });
    }
    Ok(Bundle { file: file.to_owned(), entries })
}

type Fault = (String, String);

fn resource(json: &str) -> Result<(String, Resource), Fault> {
    let RawResource { resource_type: kind, id } = typed(json)?;
    if kind.is_empty() {
        return Err(("resourceType".into(), "must be given".into()));
    }
    let name = format!("{kind}/{id}");
    let resource = match kind.as_str() {
        "Patient" => Resource::Patient(typed(json)?),
        "Organization" => Resource::Organization(typed(json)?),
        "Practitioner" => Resource::Practitioner(typed(json)?),
        "Encounter" => Resource::Encounter(typed(json)?),
        "Condition" => Resource::Condition(typed(json)?),
        "CarePlan" => Resource::CarePlan(typed(json)?),
        "Goal" => Resource::Goal(typed(json)?),
        "CareTeam" => Resource::CareTeam(typed(json)?),
        _ => Resource::Other(kind),
    };
    Ok((name, resource))
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
