//! What feeds publish, as an AsyncAPI 3.0 document with JSON Schemas: <https://www.asyncapi.com/docs/reference/specification/v3.0.0>.

use domain::vocabulary::Level;
use serde_json::{Map, Value, json};

use crate::published::{
    CONSULTATION_TYPES, MISSED, PERMIT_TYPES, QUESTION_TYPES, RECALLED, SOMETHING, SUPPORT_TYPES, TESTED, about_people,
};

/// Every published type, with what it means.
fn types() -> impl Iterator<Item = (&'static str, &'static str)> {
    let beside = [
        (RECALLED, "what was delivered is not covered any more: delete it, and answer with `AnswerRecall`"),
        (MISSED, "events stood in a stream that nobody read, and do not any more: `ReplayFeed` tells them again"),
        (SOMETHING, "something has happened, of a feed that says no more than that"),
        (TESTED, "a test of the feed, about nobody"),
    ];
    about_people().chain(QUESTION_TYPES).chain(beside)
}

/// The document.
#[must_use]
pub fn asyncapi() -> Value {
    let mut messages = Map::new();
    let mut referred = Map::new();
    for (name, means) in types() {
        let message = json!({
            "name": name,
            "title": means,
            "contentType": "application/cloudevents+json",
            "payload": {"schemaFormat": "application/schema+json;version=draft-07", "schema": schema(name)},
        });
        messages.insert(name.to_owned(), message);
        referred.insert(name.to_owned(), json!({"$ref": format!("#/components/messages/{name}")}));
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Alongside: feeds",
            "version": "1.0.0",
            "description": "What people let an agency's systems receive, as CloudEvents 1.0 in JSON. The same event has the same id however often it comes.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": {
            "feed": {
                "address": "alongside.feeds.v1.FeedService/Subscribe",
                "title": "A feed of an agency, over gRPC",
                "messages": referred.clone(),
            },
            "stream": {
                "address": "feed.{feed}",
                "title": "A feed of an agency, on NATS JetStream",
                "description": "Stream and consumer are what `GetNatsCredentials` names; structured mode of CloudEvents' binding for NATS.",
                "parameters": {"feed": {"description": "the id of the feed, in hexadecimal digits alone"}},
                "messages": referred.clone(),
            },
            "webhook": {
                "address": null,
                "title": "A feed of an agency, as a webhook",
                "description": "A POST to the feed's target for each event: structured mode of CloudEvents' binding for HTTP, signed as Standard Webhooks has it in `webhook-id`, `webhook-timestamp` and `webhook-signature`. `alongside-position` is where it stands in the log, for `ReplayFeed`.",
                "messages": referred,
            },
        },
        "operations": {
            "called": {
                "action": "receive",
                "channel": {"$ref": "#/channels/webhook"},
                "summary": "The feed's target answers 2xx once it has kept an event; else it comes again.",
            },
            "pull": {
                "action": "receive",
                "channel": {"$ref": "#/channels/stream"},
                "summary": "A system of the agency pulls from the feed's stream, and acknowledges what it has kept.",
            },
            "receive": {
                "action": "receive",
                "channel": {"$ref": "#/channels/feed"},
                "summary": "A system of the agency receives the feed, and acknowledges what it has kept.",
            },
        },
        "components": {"messages": messages},
    })
}

/// The JSON Schema of an event of this type.
fn schema(name: &str) -> Value {
    let constant = |value: &str| json!({"const": value});
    let text = || json!({"type": "string"});
    let id = || json!({"type": "string", "format": "uuid"});
    let time = || json!({"type": "string", "format": "date-time"});
    let mut properties = json!({
        "specversion": constant("1.0"), "id": id(), "source": text(), "type": constant(name),
    });
    let mut required = vec!["specversion", "id", "source", "type"];
    if let Some(properties) = properties.as_object_mut().filter(|_| name != SOMETHING) {
        let means = "the delivery's own trace (W3C Trace Context), where it is traced";
        properties.insert("traceparent".to_owned(), json!({"type": "string", "description": means}));
    }
    let mut add = |name: &'static str, value: Value| {
        if let Some(properties) = properties.as_object_mut() {
            properties.insert(name.to_owned(), value);
        }
        required.push(name);
    };
    if name != SOMETHING {
        add("time", time());
        add("datacontenttype", constant("application/json"));
        let (data, needed) = data(name);
        add("data", json!({"type": "object", "properties": data, "required": needed}));
    }
    if about_people().any(|(known, _)| known == name) {
        add("subject", json!({"type": "string", "format": "uuid", "description": "the person_id of the API"}));
    }
    json!({"type": "object", "properties": properties, "required": required})
}

/// What the data of an event of this type holds, and what of it is always there.
fn data(name: &str) -> (Value, Vec<&'static str>) {
    let text = || json!({"type": "string"});
    let id = || json!({"type": "string", "format": "uuid"});
    let content = || json!({"enum": ["id-only", "full"]});
    if name == TESTED {
        return (json!({"content": content()}), vec!["content"]);
    }
    if name == MISSED {
        let properties = json!({
            "content": content(),
            "count": {"type": "integer", "description": "how many events"},
            "token": {"type": "string", "description": "the place after which they came, for `ReplayFeed`"},
        });
        return (properties, vec!["content", "count", "token"]);
    }
    if name == RECALLED {
        let item = json!({
            "type": "object",
            "properties": {"id": id()},
            "required": ["id"],
        });
        let properties = json!({
            "content": content(),
            "recallId": id(),
            "deadline": {"type": "string", "format": "date-time"},
            "recalled": {"type": "array", "items": item, "description": "the ids of events that were delivered"},
        });
        return (properties, vec!["content", "recallId", "deadline", "recalled"]);
    }
    let is_one = |types: &[(&str, &str)]| types.iter().any(|(known, _)| *known == name);
    for (types, of) in [(&SUPPORT_TYPES[..], "relationshipId"), (&CONSULTATION_TYPES, "consultationId")] {
        if is_one(types) {
            let properties = json!({"content": {"const": "id-only"}, of: id(), "category": text()});
            return (properties, vec!["content", of, "category"]);
        }
    }
    if is_one(&QUESTION_TYPES) {
        let properties = json!({
            "content": {"const": "id-only"},
            "answerBy": {"type": "string", "format": "date-time"},
        });
        return (properties, vec!["content", "answerBy"]);
    }
    if is_one(&PERMIT_TYPES) {
        let moment = |means: &str| json!({"type": "string", "format": "date-time", "description": means});
        let properties = json!({
            "content": {"const": "id-only"},
            "permitId": id(),
            "categories": {"type": "array", "items": text(), "description": "those that the feed carries: of a permit that ended, what it said then"},
            "purpose": {"type": "string", "description": "the feed's, as a code of HL7 v3-ActReason"},
            "upTo": {"enum": Level::ALL.iter().map(|level| level.word()).collect::<Vec<_>>(), "description": "how sensitive an entry may be at most"},
            "from": moment("when it begins or began, where that was said"),
            "until": moment("when it ends by itself, if it does: nothing is told then"),
        });
        return (properties, vec!["content", "permitId", "categories", "purpose", "upTo"]);
    }
    let said = json!({"type": "array", "items": {"type": "object"}, "description": "what was said of it since, each word with its speaker and time"});
    let properties = json!({
        "content": content(),
        "entryId": id(),
        "category": text(),
        "recordedAt": {"type": "string", "format": "date-time"},
        "author": {"type": "object", "properties": {"kind": {"enum": ["person", "worker", "system", "another-agency", "another-person"]}}},
        "sensitivity": {"type": "object"},
        "importedFrom": {"type": ["string", "null"]},
        "entry": {"type": "object", "description": "what it says, where `content` is `full`"},
        "said": said,
    });
    (properties, vec!["content", "entryId", "category"])
}

#[cfg(test)]
mod tests {
    use events::Event;

    use super::*;
    use crate::published::{Published, published};

    #[test]
    fn every_published_type_is_described() {
        let document = asyncapi();
        let described = &document["components"]["messages"];
        for event in Event::samples() {
            if let Published::As(name) = published(&event) {
                let schema = &described[name]["payload"]["schema"];
                assert_eq!(schema["properties"]["type"]["const"], name);
                assert_eq!(
                    document["channels"]["feed"]["messages"][name]["$ref"],
                    format!("#/components/messages/{name}")
                );
            }
        }
        assert!(described[SOMETHING]["payload"]["schema"]["properties"].get("subject").is_none());
    }
}
