//! What the API is, for those who build on it: an OpenAPI document and a reference, both made from the protos and their comments.

mod openapi;
mod reference;

use std::collections::{BTreeMap, BTreeSet};

use prost_reflect::{EnumDescriptor, FileDescriptor, Kind, MessageDescriptor, MethodDescriptor, ServiceDescriptor};
use proto::access::v1::AccessClass;

pub use openapi::openapi;
pub use reference::reference;

/// What is said of each thing in the protos.
struct Comments(BTreeMap<(String, Vec<i32>), String>);

impl Comments {
    fn read() -> Self {
        let mut all = BTreeMap::new();
        for file in proto::descriptors().files() {
            let info = file.file_descriptor_proto().source_code_info.clone().unwrap_or_default();
            for location in info.location {
                if let Some(said) = location.leading_comments {
                    all.insert((file.name().to_owned(), location.path), unindented(&said));
                }
            }
        }
        Self(all)
    }

    /// What is said of what stands there in a file; empty when nothing is.
    fn of(&self, file: &FileDescriptor, path: &[i32]) -> &str {
        self.0.get(&(file.name().to_owned(), path.to_vec())).map_or("", String::as_str)
    }
}

/// A comment's lines without the blank before each.
fn unindented(comment: &str) -> String {
    comment.lines().map(|line| line.strip_prefix(' ').unwrap_or(line).trim_end()).collect::<Vec<_>>().join("\n")
}

/// The API: its services, and the messages and enums that they speak in.
struct Api {
    services: Vec<(ServiceDescriptor, Vec<(MethodDescriptor, AccessClass)>)>,
    messages: BTreeMap<String, MessageDescriptor>,
    enums: BTreeMap<String, EnumDescriptor>,
}

impl Api {
    /// `unary` leaves out what answers with a stream.
    fn read(unary: bool) -> Self {
        let mut services: BTreeMap<String, (ServiceDescriptor, Vec<_>)> = BTreeMap::new();
        let mut api = Self { services: vec![], messages: BTreeMap::new(), enums: BTreeMap::new() };
        for (method, class) in proto::rpcs().filter(|(method, _)| !unary || !method.is_server_streaming()) {
            api.meet(&method.input());
            api.meet(&method.output());
            let service = method.parent_service().clone();
            let entry = services.entry(service.full_name().to_owned()).or_insert_with(|| (service, vec![]));
            entry.1.push((method, class));
        }
        api.services = services.into_values().collect();
        // No field has it: it stands in an error's details.
        let reasons = proto::descriptors().get_enum_by_name("alongside.errors.v1.Reason");
        api.enums.extend(reasons.map(|reasons| (reasons.full_name().to_owned(), reasons)));
        api
    }

    /// Takes in a message, and all that is in it.
    fn meet(&mut self, message: &MessageDescriptor) {
        if is_well_known(message) || self.messages.contains_key(message.full_name()) {
            return;
        }
        self.messages.insert(message.full_name().to_owned(), message.clone());
        for field in message.fields() {
            if let Kind::Message(inner) = field.kind() {
                self.meet(&inner);
            } else if let Kind::Enum(values) = field.kind() {
                self.enums.insert(values.full_name().to_owned(), values);
            }
        }
    }

    /// Which access classes there are.
    fn classes(&self) -> BTreeSet<&'static str> {
        self.services.iter().flat_map(|(_, methods)| methods).map(|(_, class)| class_name(*class)).collect()
    }
}

/// A message of protobuf itself, which has a form of its own in JSON.
fn is_well_known(message: &MessageDescriptor) -> bool {
    message.package_name() == "google.protobuf"
}

/// What a class of callers is called.
fn class_name(class: AccessClass) -> &'static str {
    class.as_str_name().trim_start_matches("ACCESS_CLASS_")
}

/// The first sentence of a comment.
fn first_sentence(comment: &str) -> String {
    let flat = comment.split_whitespace().collect::<Vec<_>>().join(" ");
    flat.split_once(". ").map_or(flat.clone(), |(first, _)| format!("{first}."))
}
