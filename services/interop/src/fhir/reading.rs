//! Reading: a bundle is taken as a whole, or refused with the place at fault.

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed as _};
use serde_json::value::RawValue;

use super::bundle::{Bundle, Entry};
use super::elements::{Extension, Few, Meta};
use super::fault::{Fault, MalformedBundle};
use super::header::{Composition, Header, is_usable_id, unknown_modifier, unknown_rules};
use super::resource::Resource;
use super::unique::Unique;
use super::versions::{Sketch, sort_out};

/// The largest bundle that is read, in bytes.
pub const SIZE_LIMIT: usize = 32 << 20;
/// How much of it may be of the types that are read, in bytes: those are taken apart.
const READ_LIMIT: usize = 8 << 20;
/// The most entries of one bundle.
const ENTRIES_LIMIT: usize = 20_000;
/// The most activities, members and participants of one bundle.
const PARTS_LIMIT: usize = 20_000;
/// The types that are read, of which an id has to be one of FHIR.
const READ: [&str; 9] = [
    "Patient",
    "Organization",
    "Practitioner",
    "Encounter",
    "Condition",
    "CarePlan",
    "Goal",
    "CareTeam",
    "Composition",
];
/// The longest URL of an entry.
const URL_LIMIT: usize = 2_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawBundle<'a> {
    resource_type: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    meta: Meta,
    #[serde(default)]
    implicit_rules: String,
    #[serde(default)]
    link: Few<Link>,
    #[serde(default, borrow)]
    entry: Few<RawEntry<'a>, ENTRIES_LIMIT>,
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
    modifier_extension: Few<Extension>,
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
    bundle(file, bytes).map_err(|fault| fault.of_file(file))
}

fn bundle(file: &str, bytes: &[u8]) -> Result<Bundle, Fault> {
    if bytes.len() > SIZE_LIMIT {
        return Err(Fault::of_bundle("", format!("has more than `{SIZE_LIMIT}` bytes; split it")));
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let raw: RawBundle<'_> = serde_path_to_error::deserialize(&mut json).map_err(|e| Fault::of_shape(&e))?;
    if json.end().is_err() {
        return Err(Fault::of_bundle("", "is not all that is in the file; a file holds one bundle"));
    }
    if raw.resource_type != "Bundle" {
        return Err(Fault::of_bundle("resourceType", "must be `Bundle`"));
    }
    if !["transaction", "batch", "collection", "document", "searchset"].contains(&raw.kind.as_str()) {
        let problem = "must be one of the kinds whose resources are read: `transaction`, `batch`, `collection`, `document`, `searchset`";
        return Err(Fault::of_bundle("type", problem));
    }
    if let Some(why) = unknown_rules(&raw.implicit_rules) {
        return Err(Fault::of_bundle("implicitRules", why));
    }
    unique(bytes)?;
    let entries = raw.entry.into_vec().into_iter().enumerate();
    // What a search has found stands beside each other by chance.
    let is_document = raw.kind != "searchset";
    let mut sketches = entries.map(|(index, raw)| sketch(index, raw, is_document)).collect::<Result<Vec<_>, _>>()?;
    sort_out(&mut sketches)?;
    let mut reading = Reading::default();
    let entries = sketches.into_iter().enumerate().map(|(index, sketch)| reading.entry(index, sketch));
    let entries = entries.collect::<Result<_, _>>()?;
    let is_partial = raw.link.iter().any(|link| link.relation == "next");
    Ok(Bundle { file: file.to_owned(), meta: raw.meta, is_partial, is_document, entries })
}

/// Every name stands once in its object, wherever it stands.
fn unique(bytes: &[u8]) -> Result<(), Fault> {
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = Unique.deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
    read.map_err(|error| Fault::in_file(&track.path().to_string(), &error))
}

/// What an entry is, before its resource is read.
fn sketch(index: usize, raw: RawEntry<'_>, is_document: bool) -> Result<Sketch<'_>, Fault> {
    let is_deletion = raw.request.method == "DELETE";
    let json = raw.resource.map(RawValue::get);
    let mut set_aside = match raw.request.method.as_str() {
        "DELETE" => Some("is deleted at its source".to_owned()),
        "GET" | "HEAD" => Some("asks for something, and holds nothing".to_owned()),
        _ => unknown_modifier(&raw.modifier_extension),
    };
    let mut header = match json {
        Some(json) => typed::<Header>(index, json)?,
        None if set_aside.is_some() => of_request(&raw.request.url),
        None => return Err(Fault::at(index, "", "has no resource")),
    };
    if json.is_some() && header.resource_type.is_empty() {
        return Err(Fault::at(index, "resourceType", "must be given"));
    }
    if !header.has_usable_id() && !READ.contains(&header.resource_type.as_str()) {
        header.id.clear();
    }
    if !header.has_usable_id() {
        return Err(Fault::at(index, "id", "must be 1 to 64 letters, digits, `-` and `.`"));
    }
    let full_url = raw.full_url.split_once("/_history/").map_or(&*raw.full_url, |(url, _)| url).to_owned();
    let is_url = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '?' | '#' | '@');
    if full_url.len() > URL_LIMIT || !full_url.chars().all(is_url) {
        let problem = format!("must be a URL of at most `{URL_LIMIT}` bytes, without a user or a query");
        return Err(Fault::of_bundle(&format!("entry[{index}].fullUrl"), problem));
    }
    set_aside = set_aside.or_else(|| header.not_understood());
    if header.resource_type == "Composition" && !is_deletion {
        let not_understood = whole_document(index, &header, json);
        // One of several resources speaks for itself alone.
        if is_document || not_understood.is_ok() {
            not_understood?;
        } else {
            set_aside = set_aside
                .or_else(|| Some("is a document that is not final, or carries what is not known here".to_owned()));
        }
    }
    let name = if header.resource_type.is_empty() { "resource".to_owned() } else { header.name() };
    Ok(Sketch { header, full_url, name, alias: None, is_deletion, set_aside, json })
}

/// What is said of a document is said of all of it: one that cannot be understood is not read in parts.
fn whole_document(index: usize, header: &Header, json: Option<&str>) -> Result<(), Fault> {
    if let Some(why) = header.not_understood() {
        return Err(Fault::at(index, "", why));
    }
    let Some(json) = json else { return Ok(()) };
    match typed::<Composition>(index, json)?.not_understood() {
        Some((path, why)) => Err(Fault::at(index, path, why)),
        None => Ok(()),
    }
}

/// The type and id of what a request is about, as in `Condition/123`. What else a sender has put there is nothing to repeat.
fn of_request(url: &str) -> Header {
    let (resource_type, id) = url.split_once('/').unwrap_or_default();
    let is_type = !resource_type.is_empty() && resource_type.bytes().all(|b| b.is_ascii_alphabetic());
    let mut header = Header::default();
    (header.resource_type, header.id) = (resource_type.to_owned(), id.to_owned());
    if is_type && header.has_usable_id() { header } else { Header::default() }
}

/// What stands inside a resource.
#[derive(Deserialize)]
struct Contains {
    #[serde(default)]
    contained: Few<Contained>,
}

#[derive(Deserialize)]
struct Contained {
    #[serde(default, rename = "resourceType")]
    kind: String,
    #[serde(default)]
    id: String,
}

impl Contained {
    /// Its type and id, as references to it are written: `Goal#g1`.
    fn name(&self) -> String {
        let (kind, id) = (self.kind.as_str(), self.id.as_str());
        let is_type = !kind.is_empty() && kind.len() <= 64 && kind.bytes().all(|b| b.is_ascii_alphabetic());
        let id = if is_usable_id(id) { id } else { "" };
        format!("{}#{id}", if is_type { kind } else { "resource" })
    }
}

/// How much has been read.
#[derive(Default)]
struct Reading {
    bytes: usize,
    parts: usize,
}

impl Reading {
    fn entry(&mut self, index: usize, sketch: Sketch<'_>) -> Result<Entry, Fault> {
        let Sketch { header, full_url, name, alias, set_aside, json, .. } = sketch;
        let resource = match json.filter(|_| set_aside.is_none()) {
            Some(json) => self.resource(index, &header, json)?,
            None => Resource::Other(header.resource_type.clone()),
        };
        let contained = match (&resource, json) {
            (Resource::Other(_), _) | (_, None) => vec![],
            (_, Some(json)) => typed::<Contains>(index, json)?.contained.iter().map(Contained::name).collect(),
        };
        let meta = header.meta.and_confidentiality(&header.confidentiality);
        Ok(Entry { full_url, name, id: header.id, alias, meta, set_aside, contained, resource })
    }

    fn resource(&mut self, index: usize, header: &Header, json: &str) -> Result<Resource, Fault> {
        if let Some((element, now)) = header.earlier_release() {
            return Err(Fault::at(index, element, format!("is of an earlier release of FHIR; in R4 it is {now}")));
        }
        let resource = match header.resource_type.as_str() {
            "Patient" => Resource::Patient(self.read(index, json)?),
            "Organization" => Resource::Organization(self.read(index, json)?),
            "Practitioner" => Resource::Practitioner(self.read(index, json)?),
            "Encounter" => Resource::Encounter(self.read(index, json)?),
            "Condition" => Resource::Condition(Box::new(self.read(index, json)?)),
            "CarePlan" => Resource::CarePlan(self.read(index, json)?),
            "Goal" => Resource::Goal(self.read(index, json)?),
            "CareTeam" => Resource::CareTeam(self.read(index, json)?),
            "Composition" => Resource::Composition(self.read(index, json)?),
            kind => Resource::Other(kind.to_owned()),
        };
        self.parts += resource.parts();
        if self.parts > PARTS_LIMIT {
            let problem = format!("brings more than `{PARTS_LIMIT}` activities, members and participants; split it");
            return Err(Fault::at(index, "", problem));
        }
        Ok(resource)
    }

    fn read<T: DeserializeOwned>(&mut self, index: usize, json: &str) -> Result<T, Fault> {
        self.bytes += json.len();
        if self.bytes > READ_LIMIT {
            let problem = format!("brings more than `{READ_LIMIT}` bytes of what is read; split it");
            return Err(Fault::at(index, "", problem));
        }
        typed(index, json)
    }
}

fn typed<T: DeserializeOwned>(index: usize, json: &str) -> Result<T, Fault> {
    let mut json = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut json).map_err(|error| Fault::of_resource(index, &error))
}

#[cfg(test)]
mod tests;
