use prost_reflect::{Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};
use proto::access::v1::AccessClass;
use serde_json::{Map, Value, json};

use super::{Api, Comments, class_name, first_sentence, is_well_known};

/// The OpenAPI 3.1 document of every RPC that has one answer, as JSON over HTTP.
#[must_use]
pub fn openapi() -> Value {
    let (api, comments) = (Api::read(true), Comments::read());
    let mut paths = Map::new();
    for (_, methods) in &api.services {
        for (method, class) in methods {
            paths.insert(proto::path(method), json!({"post": operation(&comments, method, *class)}));
        }
    }
    let tags = api.services.iter().map(|(service, _)| {
        let said = comments.of(&service.parent_file(), service.path());
        json!({"name": service.name(), "description": said})
    });
    let tags: Vec<_> = tags.collect();
    let mut schemas: Map<String, Value> = Map::new();
    schemas.extend(api.messages.iter().map(|(name, message)| (name.clone(), schema(&comments, message))));
    schemas.extend(api.enums.iter().map(|(name, values)| (name.clone(), values_of(&comments, values))));
    schemas.insert("Error".to_owned(), error());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Alongside",
            "version": "1",
            "summary": "Case coordination in which the person stays in control.",
            "description": "Every call that has one answer, as canonical proto3 JSON: the unary form of the Connect protocol. The same calls are served over gRPC and \
                            gRPC-web. What is withheld is answered like what is not there.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "https://alongside.example:7443", "description": "Where your system runs."}],
        "security": [{"bearer": []}],
        "tags": tags,
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A token of an issuer that is trusted."}},
            "responses": {"Error": {
                "description": "Refused: why, by a documented reason, and what to do.",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            }},
            "schemas": schemas,
        },
    })
}

fn operation(comments: &Comments, method: &MethodDescriptor, class: AccessClass) -> Value {
    let said = comments.of(&method.parent_file(), method.path());
    let body = |message: &MessageDescriptor| json!({"application/json": {"schema": reference(message.full_name())}});
    json!({
        "operationId": format!("{}_{}", method.parent_service().name(), method.name()),
        "tags": [method.parent_service().name()],
        "summary": first_sentence(said),
        "description": format!("{said}\n\nWho may call: `{}`.", class_name(class)),
        "requestBody": {"required": true, "content": body(&method.input())},
        "responses": {
            "200": {"description": "It went well.", "content": body(&method.output())},
            "default": {"$ref": "#/components/responses/Error"},
        },
    })
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn schema(comments: &Comments, message: &MessageDescriptor) -> Value {
    let property = |field: FieldDescriptor| {
        let mut of = form(&field);
        let said = comments.of(&message.parent_file(), field.path());
        let beside = field.containing_oneof().filter(|oneof| !oneof.is_synthetic()).map(|oneof| {
            let all: Vec<_> = oneof.fields().map(|field| format!("`{}`", field.json_name())).collect();
            format!("\n\nOne of {}.", all.join(", "))
        });
        if let Some(of) = of.as_object_mut() {
            of.insert("description".to_owned(), format!("{said}{}", beside.unwrap_or_default()).into());
        }
        (field.json_name().to_owned(), of)
    };
    json!({
        "type": "object",
        "description": comments.of(&message.parent_file(), message.path()),
        "properties": message.fields().map(property).collect::<Map<_, _>>(),
        "additionalProperties": false,
    })
}

/// The form of a field in canonical JSON.
fn form(field: &FieldDescriptor) -> Value {
    if field.is_map() {
        let Kind::Message(entry) = field.kind() else { return json!({}) };
        return json!({"type": "object", "additionalProperties": form_of(&entry.map_entry_value_field().kind())});
    }
    match field.cardinality() {
        Cardinality::Repeated => json!({"type": "array", "items": form_of(&field.kind())}),
        Cardinality::Optional | Cardinality::Required => form_of(&field.kind()),
    }
}

fn form_of(kind: &Kind) -> Value {
    match kind {
        Kind::Double | Kind::Float => json!({"type": "number"}),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => json!({"type": "integer", "format": "int32"}),
        Kind::Uint32 | Kind::Fixed32 => json!({"type": "integer", "minimum": 0}),
        // A number of 64 bits is written in quotes, because not everybody can count so far; it is taken without.
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => json!({"type": ["string", "integer"], "format": "int64"}),
        Kind::Uint64 | Kind::Fixed64 => json!({"type": ["string", "integer"], "format": "uint64"}),
        Kind::Bool => json!({"type": "boolean"}),
        Kind::String => json!({"type": "string"}),
        Kind::Bytes => json!({"type": "string", "contentEncoding": "base64"}),
        Kind::Enum(values) => reference(values.full_name()),
        Kind::Message(message) if is_well_known(message) => match message.name() {
            "Timestamp" => json!({"type": "string", "format": "date-time"}),
            "Duration" => json!({"type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?s$"}),
            _ => json!({}),
        },
        Kind::Message(message) => reference(message.full_name()),
    }
}

fn values_of(comments: &Comments, values: &EnumDescriptor) -> Value {
    let file = values.parent_file();
    let names: Vec<_> = values.values().map(|value| value.name().to_owned()).collect();
    let each = values.values().map(|value| {
        let said = comments.of(&file, value.path()).split_whitespace().collect::<Vec<_>>().join(" ");
        format!("- `{}`: {said}", value.name())
    });
    let said = comments.of(&file, values.path());
    json!({"type": "string", "enum": names, "description": format!("{said}\n\n{}", each.collect::<Vec<_>>().join("\n"))})
}

/// A refusal (<https://connectrpc.com/docs/protocol#error-end-stream>).
fn error() -> Value {
    let codes: Vec<_> = rpc::refusals().collect();
    json!({
        "type": "object",
        "description": "Why a call was refused.",
        "required": ["code", "message"],
        "properties": {
            "code": {"type": "string", "enum": codes, "description": "What kind of refusal it is."},
            "message": {"type": "string", "description": "What is wrong, and what to do, in words."},
            "details": {
                "type": "array",
                "description": "The details of `google.rpc`: the documented reason in `ErrorInfo`, fields in `BadRequest`, rules in `PreconditionFailure`, when to try again in `RetryInfo`.",
                "items": {
                    "type": "object",
                    "properties": {
                        "type": {"type": "string", "description": "The message's full name."},
                        "value": {"type": "string", "contentEncoding": "base64", "description": "The message, as protobuf."},
                        "debug": {"description": "The same, to be read."},
                    },
                },
            },
        },
    })
}
