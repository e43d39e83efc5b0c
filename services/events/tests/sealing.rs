//! A sealed event opens only where it was written, and not at all once its key is gone.

use std::sync::Arc;

use alongside_events::{Actor, Codec, Header, Place};
use domain::StreamKind;
use domain::person::events::{PersonEvent, PersonRegistered};
use uuid::Uuid;
use vault::{LocalKek, SqliteKeys, Vault};

const NAME: &str = "Ailsa Planted-Marker";

#[tokio::test]
async fn a_sealed_event_opens_only_where_it_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let keys = SqliteKeys::open(&dir.path().join("keys.db")).await.unwrap();
    let kek = LocalKek::from_base64(&LocalKek::generate().unwrap()).unwrap();
    let codec = Codec::new(Arc::new(Vault::new(Arc::new(keys), Arc::new(kek))));
    let (stream, subject) = (Uuid::now_v7(), Uuid::now_v7());
    let header = Header {
        event_id: Uuid::now_v7(),
        subject,
        actor: Actor::system(),
        causation: None,
        correlation: Some(Uuid::now_v7()),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
    };
    let event: PersonEvent = PersonRegistered { name: NAME.into(), birth_date: String::new() }.into();
    let sealed = codec.seal(stream, &header, &event.clone().into()).await.unwrap();
    for visible in [&sealed.head, &sealed.body] {
        assert!(!visible.windows(NAME.len()).any(|w| w == NAME.as_bytes()), "the name is readable without a key");
    }

    let place = Place { kind: StreamKind::Person, stream, code: 1 };
    assert_eq!(codec.open(place, &sealed).await.unwrap(), (header.clone(), event.into()));
    let moved = Place { stream: Uuid::now_v7(), ..place };
    assert!(codec.open(moved, &sealed).await.is_err(), "a body moved to another stream must not open");

    codec.vault().shred(subject).await.unwrap();
    assert!(codec.open(place, &sealed).await.unwrap_err().is_erased());
    assert!(
        codec
            .seal(
                stream,
                &header,
                &PersonEvent::from(PersonRegistered { name: NAME.into(), birth_date: String::new() }).into()
            )
            .await
            .unwrap_err()
            .is_erased()
    );
}
