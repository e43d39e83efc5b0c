use std::fmt::Write as _;

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::{Api, Comments, class_name};

/// The reference of the API, as Markdown: every service, method, message and enum, with what the protos say of it.
#[must_use]
pub fn reference() -> String {
    let (api, comments) = (Api::read(false), Comments::read());
    let mut page = String::from(
        "# The API\n\nEvery call is served over gRPC and gRPC-web; every call that has one answer also as JSON, by POST to its path. A caller shows a bearer token.\n\n\
         Who may call is one of:",
    );
    for class in api.classes() {
        // Writing to a string does not fail.
        let _written = write!(page, " `{class}`");
    }
    page.push_str(".\n");
    for (service, methods) in &api.services {
        let said = comments.of(&service.parent_file(), service.path());
        let _written = write!(page, "\n## {}\n\n{said}\n", service.name());
        for (method, class) in methods {
            let said = comments.of(&method.parent_file(), method.path());
            let streams = if method.is_server_streaming() { ", as it happens" } else { "" };
            let (path, class) = (proto::path(method), class_name(*class));
            let (input, output) = (linked(&method.input()), linked(&method.output()));
            let _written = write!(
                page,
                "\n### {}\n\n{said}\n\n`{path}` · who may call: `{class}` · {input} → {output}{streams}\n",
                method.name()
            );
        }
    }
    page.push_str("\n## Messages\n");
    for message in api.messages.values() {
        let said = comments.of(&message.parent_file(), message.path());
        let _written = write!(page, "\n### {}\n\n{said}\n", message.full_name());
        if message.fields().next().is_some() {
            page.push_str("\n| Field | Kind | What it is for |\n|---|---|---|\n");
        }
        for field in message.fields() {
            let said = comments.of(&message.parent_file(), field.path()).replace('\n', " ").replace('|', "\\|");
            let _written = writeln!(page, "| `{}` | {} | {said} |", field.name(), kind(&field));
        }
    }
    page.push_str("\n## Enums\n");
    for values in api.enums.values() {
        let file = values.parent_file();
        let _written = write!(page, "\n### {}\n\n{}\n\n", values.full_name(), comments.of(&file, values.path()));
        for value in values.values() {
            let said = comments.of(&file, value.path()).replace('\n', " ");
            let _written = writeln!(page, "- `{}`: {said}", value.name());
        }
    }
    page
}

/// A message's name, and where it stands on the page.
fn linked(message: &MessageDescriptor) -> String {
    link(message.full_name())
}

fn link(name: &str) -> String {
    let anchor = name.to_lowercase().replace('.', "");
    format!("[`{}`](#{anchor})", name.rsplit('.').next().unwrap_or(name))
}

/// What kind of field it is.
fn kind(field: &FieldDescriptor) -> String {
    let kind = field.kind();
    let of = if let Kind::Message(message) = &kind {
        if super::is_well_known(message) { format!("`{}`", message.name()) } else { linked(message) }
    } else if let Kind::Enum(values) = &kind {
        link(values.full_name())
    } else {
        format!("`{kind:?}`").to_lowercase()
    };
    if field.is_list() { format!("list of {of}") } else { of }
}
