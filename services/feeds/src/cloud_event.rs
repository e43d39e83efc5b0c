//! CloudEvents 1.0 in JSON: <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>.

use domain::agency::ContentLevel;
use domain::ids::{FeedId, PersonId, derived_id};
use domain::vocabulary::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

/// What is told of an event, whatever the content level is.
pub(crate) struct Told<'a> {
    pub(crate) feed: FeedId,
    /// The event's id in the log.
    pub(crate) event: Uuid,
    /// Its published type.
    pub(crate) published: &'a str,
    /// Whom it is about; nobody, where it is a test.
    pub(crate) person: Option<PersonId>,
    pub(crate) at: Timestamp,
    /// The trace of its delivery, as <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/distributed-tracing.md>; empty when there is
    /// none.
    pub(crate) traceparent: String,
}

/// The id of an event as a feed tells it: the same at every door, however often it is told.
pub(crate) fn id_of(feed: FeedId, event: Uuid) -> Uuid {
    derived_id(event, &[b"delivered", feed.0.as_bytes()])
}

/// An event that says that something has happened; whom it is about, with ids alone; or what it says, too.
pub(crate) fn cloud_event(told: &Told<'_>, content: ContentLevel, ids: Value, says: impl FnOnce() -> Value) -> String {
    let mut event = Map::new();
    let mut set = |name: &str, value: Value| drop(event.insert(name.to_owned(), value));
    set("specversion", "1.0".into());
    set("id", id_of(told.feed, told.event).to_string().into());
    set("source", format!("/feeds/{}", told.feed).into());
    if content == ContentLevel::Empty {
        set("type", crate::published::SOMETHING.into());
        return Value::Object(event).to_string();
    }
    set("type", told.published.into());
    if !told.traceparent.is_empty() {
        set("traceparent", told.traceparent.as_str().into());
    }
    if let Some(person) = told.person {
        set("subject", person.to_string().into());
    }
    set("time", time(told.at).into());
    set("datacontenttype", "application/json".into());
    let mut data = json!({"content": content.word()});
    let parts = if content == ContentLevel::Full { vec![ids, says()] } else { vec![ids] };
    if let Some(data) = data.as_object_mut() {
        data.extend(
            parts
                .into_iter()
                .filter_map(|part| if let Value::Object(part) = part { Some(part) } else { None })
                .flatten(),
        );
    }
    set("data", data);
    Value::Object(event).to_string()
}

/// A moment as RFC 3339 writes it, in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    jiff::Timestamp::from_microsecond(at.0).unwrap_or_default().to_string()
}
