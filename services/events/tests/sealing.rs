//! A sealed event opens only where it was written, and not at all once its key is gone.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use alongside_events::{Actor, Codec, Event, Header, Place};
use domain::StreamKind;
use domain::access::events::{AccessEvent, RecordContributed};
use domain::ids::ReceiptId;
use domain::person::events::{PersonEvent, PersonRegistered};
use domain::vocabulary::{Author, Purpose, Timestamp, Version};
use event_log::{NewEvent, Position, Recorded, StreamId};
use uuid::Uuid;
use vault::{LocalKek, SqliteKeys, Vault};

const NAME: &str = "Ailsa Planted-Marker";

fn header(subject: Uuid) -> Header {
    Header {
        event_id: Uuid::now_v7(),
        subject,
        actor: Actor::system(),
        causation: None,
        correlation: Some(Uuid::now_v7()),
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into(),
    }
}

async fn codec(directory: &tempfile::TempDir) -> Codec {
    let keys = SqliteKeys::open(&directory.path().join("keys.db")).await.unwrap();
    let kek = LocalKek::from_base64(&LocalKek::generate().unwrap()).unwrap();
    Codec::new(Arc::new(Vault::new(Arc::new(keys), Arc::new(kek))))
}

fn place(kind: StreamKind, id: Uuid, version: u64) -> Place {
    let version = kind.is_folded().then_some(Version(version));
    Place { stream: StreamId { kind: kind.code(), id }, version }
}

#[tokio::test]
async fn a_sealed_event_opens_only_where_and_as_it_was_written() {
    let directory = tempfile::tempdir().unwrap();
    let (codec, subject) = (codec(&directory).await, Uuid::now_v7());
    let (here, header) = (place(StreamKind::Person, subject, 1), header(subject));
    let event: PersonEvent = PersonRegistered { name: NAME.into(), birth_date: None, sensitivity: None }.into();
    let sealed = codec.seal(here, Timestamp(1), &header, &event.clone().into()).await.unwrap();
    for visible in [&sealed.head, &sealed.body] {
        assert!(!visible.windows(NAME.len()).any(|w| w == NAME.as_bytes()), "the name is readable without a key");
    }

    let recorded = recorded(here.stream, &sealed);
    let opened = codec.open(&recorded).await.unwrap();
    assert_eq!((opened.header, opened.event), (header.clone(), event.clone().into()));
    let elsewhere = StreamId { id: Uuid::now_v7(), ..here.stream };
    let directive = StreamId { kind: StreamKind::Sharing.code(), ..here.stream };
    let agency = Uuid::now_v7();
    let theirs = codec.vault().key_of(agency).await.unwrap().id();
    let at_another_subject = |subject: Uuid| {
        let (from, mut head) = (header.subject.as_bytes(), recorded.head.to_vec());
        let at = head.windows(16).position(|bytes| bytes == from).unwrap();
        head[at..at + 16].copy_from_slice(subject.as_bytes());
        head.into()
    };
    for changed in [
        Recorded { stream: elsewhere, ..recorded.clone() },
        Recorded { stream: directive, ..recorded.clone() },
        Recorded { version: event_log::Version(2), ..recorded.clone() },
        Recorded { at: 2, ..recorded.clone() },
        Recorded { event_type: 3, ..recorded.clone() },
        Recorded { head: at_another_subject(agency), ..recorded.clone() },
        Recorded { head: at_another_subject(agency), key_id: theirs, ..recorded.clone() },
        Recorded { key_id: theirs, ..recorded.clone() },
    ] {
        assert!(codec.open(&changed).await.is_err(), "{changed:?}");
    }
    // What is not read of a head is bound all the same.
    for at in 0..recorded.head.len() {
        let mut head = recorded.head.to_vec();
        head[at] ^= 1;
        assert!(
            codec.open(&Recorded { head: head.into(), ..recorded.clone() }).await.is_err(),
            "byte {at} of the head"
        );
    }

    codec.vault().shred(subject).await.unwrap();
    assert!(codec.open(&recorded).await.unwrap_err().is_erased());
    let again = codec.seal(here, Timestamp(1), &header, &event.into()).await;
    assert!(again.unwrap_err().is_erased());
}

#[tokio::test]
async fn what_would_never_open_is_not_sealed() {
    let directory = tempfile::tempdir().unwrap();
    let (codec, subject) = (codec(&directory).await, Uuid::now_v7());
    let event: PersonEvent = PersonRegistered { name: NAME.into(), birth_date: None, sensitivity: None }.into();
    let here = place(StreamKind::Person, subject, 1);
    for (place, subject) in [(Place { version: None, ..here }, subject), (here, Uuid::now_v7())] {
        let sealed = codec.seal(place, Timestamp(1), &header(subject), &event.clone().into()).await;
        assert!(sealed.is_err(), "{place:?}");
    }
    let contributed = RecordContributed {
        receipt: ReceiptId(Uuid::now_v7()),
        party: Author::System,
        role: String::new(),
        purpose: Purpose::Treatment,
        categories: vec![],
        entries: 1,
        under_emergency: false,
        directive: Version(0),
        source: String::new(),
        file: String::new(),
        left_out: 0,
        changed: 0,
    };
    let (receipts, registered) = (place(StreamKind::Access, subject, 0), event);
    let event = AccessEvent::from(contributed).into();
    let keyless = codec.seal(receipts, Timestamp(1), &header(subject), &event).await;
    assert!(keyless.is_err(), "nobody gets a key by a receipt");
    codec.seal(here, Timestamp(1), &header(subject), &registered.into()).await.unwrap();
    assert!(codec.seal(receipts, Timestamp(1), &header(subject), &event).await.is_ok(), "a fact stands anywhere");
    let strange = codec.seal(receipts, Timestamp(1), &header(Uuid::now_v7()), &event).await;
    assert!(strange.is_err(), "a receipt with the key of neither the person nor the agency that asked");
}

#[test]
fn streams_of_agencies_hold_no_words_about_people() {
    let words = |event: &Event| {
        let shown = format!("{event:?}");
        // A sample's texts name the field that they stand in.
        let texts = shown.split('"').filter_map(|text| text.strip_suffix(" text")).map(str::to_owned);
        texts.map(|field| format!("{}.{field}", event.name())).collect::<Vec<_>>()
    };
    let samples = Event::samples();
    let mut found: Vec<_> = samples.iter().filter(|event| event.kind().is_of_agency()).flat_map(words).collect();
    let theirs = [
        "AgencyListed.name",
        "AgencyListed.place",
        "AgencyMerged.name",
        "AgencyNamed.name",
        "AgencyNamed.place",
        "AgencyRegistered.place",
        "AgencyRenamed.name",
        "AgencyRenamed.place",
        "AgencyNamed.kind",
        "AgencyRegistered.name",
        "AgencyRegistered.kind",
        "FeedOpened.name",
        "FeedOpened.target",
        "FeedChanged.target",
        "FeedPaused.why",
        "ServiceAccountAdded.name",
        "ServiceAccountAdded.issuer",
        "ServiceAccountAdded.subject",
        "IssuerTrusted.issuer",
        "IssuerTrusted.audience",
        "IssuerRetired.issuer",
        "OperatorActed.operator",
        "OperatorActed.issuer",
        "OperatorActed.about",
        "RoleNamed.role",
        "StaffJoined.issuer",
        "StaffJoined.subject",
        "StaffJoined.name",
        "StaffJoined.role",
        "StaffRoleChanged.role",
        "StaffRolesChanged.roles",
        "StaffNamed.name",
        "StaffNameCorrected.name",
        "StaffSignInChanged.issuer",
        "StaffSignInChanged.subject",
        "SurveyOpened.question",
        "SurveyOpened.options",
        "SurveyOutcomeReported.words",
    ];
    let mut expected: Vec<_> = theirs.into_iter().map(str::to_owned).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected, "the agency's key seals these; words about a person belong on a stream of theirs");
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
