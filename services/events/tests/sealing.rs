//! A sealed event opens only where it was written, and not at all once its key is gone.

use std::sync::Arc;

use alongside_events::{Actor, Codec, Header};
use domain::StreamKind;
use domain::person::events::{PersonEvent, PersonRegistered};
use domain::vocabulary::Timestamp;
use event_log::{NewEvent, Position, Recorded, StreamId};
use uuid::Uuid;
use vault::{LocalKek, SqliteKeys, Vault};

const NAME: &str = "Ailsa Planted-Marker";

#[tokio::test]
async fn a_sealed_event_opens_only_where_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let keys = SqliteKeys::open(&dir.path().join("keys.db")).await.unwrap();
    let kek = LocalKek::from_base64(&LocalKek::generate().unwrap()).unwrap();
    let codec = Codec::new(Arc::new(Vault::new(Arc::new(keys), Arc::new(kek))));
    let (stream, subject) = (StreamId { kind: StreamKind::Person.code(), id: Uuid::now_v7() }, Uuid::now_v7());
    let header = Header {
        event_id: Uuid::now_v7(),
        subject,
        actor: Actor::system(),
        causation: None,
        correlation: Some(Uuid::now_v7()),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
    };
    let event: PersonEvent = PersonRegistered { name: NAME.into(), birth_date: None }.into();
    let sealed = codec.seal(stream, Timestamp(1), &header, &event.clone().into()).await.unwrap();
    for visible in [&sealed.head, &sealed.body] {
        assert!(!visible.windows(NAME.len()).any(|w| w == NAME.as_bytes()), "the name is readable without a key");
    }

    let recorded = recorded(stream, &sealed);
    let opened = codec.open(&recorded).await.unwrap();
    assert_eq!((opened.header, opened.event), (header.clone(), event.clone().into()));
    let moved = Recorded { stream: StreamId { id: Uuid::now_v7(), ..stream }, ..recorded.clone() };
    assert!(codec.open(&moved).await.is_err(), "a body moved to another stream must not open");

    codec.vault().shred(subject).await.unwrap();
    assert!(codec.open(&recorded).await.unwrap_err().is_erased());
    let again = codec.seal(stream, Timestamp(1), &header, &event.into()).await;
    assert!(again.unwrap_err().is_erased());
}

/// The event as the log would return it.
fn recorded(stream: StreamId, new: &NewEvent) -> Recorded {
    Recorded {
        position: Position(1),
        stream,
        version: event_log::Version(1),
        event_type: new.event_type,
        key_id: new.key_id,
        at: new.at,
        request: Uuid::nil(),
        head: new.head.clone(),
        body: new.body.clone(),
    }
}
