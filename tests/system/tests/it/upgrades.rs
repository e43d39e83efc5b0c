//! Two versions on one log, and one key that is lost.

use domain::StreamKind;
use domain::vocabulary::{Timestamp, Version};
use event_log::{Append, Expected, StreamAppend, StreamId};
use events::{Actor, Header, Place};
use harness::wait_until;
use node::compose::Stores;
use prost::Message as _;
use sqlx::{Connection as _, PgConnection};
use tonic::Code;
use uuid::Uuid;

use crate::world::{Callers, Supported, at_rest, import, stores};

/// Appends what only another version knows to a person's record.
async fn append_unknown(stores: &Stores, person: Uuid, unknown: (i32, &[u8])) {
    let stream = StreamId { kind: StreamKind::Person.code(), id: person };
    let version = stores.log.read_stream(stream, event_log::Version(0), 100_000).await.unwrap().len() as u64;
    let place = Place { stream, version: Some(Version(version + 1)) };
    let header = Header {
        event_id: Uuid::now_v7(),
        subject: person,
        actor: Actor::system(),
        causation: None,
        correlation: None,
        traceparent: String::new(),
    };
    let event = stores.codec.seal_unknown(place, Timestamp(1), &header, unknown).await.unwrap();
    let streams =
        vec![StreamAppend { stream, expected: Expected::Exactly(event_log::Version(version)), events: vec![event] }];
    let append = Append { streams, guards: vec![], request: Uuid::now_v7(), not_after: None, epoch: None };
    stores.log.append(append).await.unwrap();
}

async fn parked(owner: &mut PgConnection) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM parked").fetch_one(owner).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_newer_version_has_written_stops_the_views_of_an_older_one_and_parks_nobody() {
    let value = proto::events::v1::StrengthRecorded {
        entry: Uuid::now_v7().as_bytes().to_vec(),
        author: Some(proto::events::v1::Author { kind: 2, ..Default::default() }),
        text: "bakes".into(),
        sensitivity: Some(proto::events::v1::Sensitivity { level: 77, labels: vec![] }),
    };
    // A type, and a value, that this version has no word for.
    for unknown in [(9_999, vec![]), (strength_code(), value.encode_to_vec())] {
        let supported = Supported::without_consent(0).await;
        let person = supported.callers.pair.person;
        let mut owner = PgConnection::connect(&supported.world.database.owner).await.unwrap();
        let stores = stores(&supported.world.cluster).await;
        at_rest(&supported.world.cluster).await;
        append_unknown(&stores, person.0, (unknown.0, &unknown.1)).await;
        let at = stores.log.head().await.unwrap().0;
        wait_until("the runner", || async {
            Ok(supported.node.log()?.contains("is of a newer version than this process"))
        })
        .await
        .unwrap();
        assert_eq!(parked(&mut owner).await, 0);
        let record = stores.documents.position("record").await.unwrap();
        assert!(record < at, "{record} of {at}: it waits for a version that knows it");
        // Consent goes on: nobody is turned away for it.
        supported.callers.grant().await;
    }
}

fn strength_code() -> i32 {
    let golden = include_str!("../../../../services/events/golden/schema-1.txt");
    let line = golden.lines().find(|line| line.split(' ').nth(2) == Some("StrengthRecorded")).unwrap();
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_an_older_version_is_built_again_beside_it_and_one_of_a_newer_is_not_read() {
    let mut supported = Supported::without_consent(0).await;
    at_rest(&supported.world.cluster).await;
    supported.node.terminate().unwrap();
    supported.node.ended().await.unwrap();
    let mut owner = PgConnection::connect(&supported.world.database.owner).await.unwrap();
    let shift = async |owner: &mut PgConnection, by: i32| {
        sqlx::query("UPDATE view_state SET code = code + $1 WHERE view = 'record' AND current")
            .bind(by)
            .execute(owner)
            .await
            .unwrap();
    };
    let state = async |owner: &mut PgConnection| -> (i32, i32) {
        let query = "SELECT generation, code FROM view_state WHERE view = 'record' AND current";
        sqlx::query_as(query).fetch_one(owner).await.unwrap()
    };
    let before = state(&mut owner).await;
    shift(&mut owner, -1).await;
    let node = supported.world.start().await;
    let callers =
        Callers::unenrolled(&supported.world.cluster, &node.channel().await.unwrap(), &supported.callers.pair);
    assert!(!callers.person.my_record(supported.position).await.unwrap().is_empty());
    assert_eq!(state(&mut owner).await, (before.0 + 1, before.1), "built again, by this version");
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM document WHERE view = 'record' AND generation = $1")
        .bind(before.0)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(left, 0, "nothing is left of the one before");
    // A newer version has taken over.
    shift(&mut owner, 1).await;
    wait_until("the older version", || async {
        let refused = callers.person.my_record(0).await;
        Ok(refused.is_err_and(|status| {
            matches!(
                status.code(),
                Code::Unavailable | Code::Aborted | Code::DeadlineExceeded | Code::FailedPrecondition
            )
        }))
    })
    .await
    .unwrap();
    // What takes access away is taken all the same.
    callers.person.block(&callers.pair.agency_id()).await.unwrap();
    assert_eq!(parked(&mut owner).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_lost_key_harms_one_subject() {
    let supported = Supported::sharing(0).await;
    let another = import(&supported.world.cluster, 2).remove(1);
    let another: Uuid = another["person_id"].as_str().unwrap().parse().unwrap();
    at_rest(&supported.world.cluster).await;
    let mut owner = PgConnection::connect(&supported.world.database.owner).await.unwrap();
    let lost = [
        "ALTER TABLE subject_key DISABLE TRIGGER ALL",
        "DELETE FROM subject_key WHERE subject = $1",
        "ALTER TABLE subject_key ENABLE TRIGGER ALL",
    ];
    for statement in lost {
        let query = sqlx::query(statement);
        let query = if statement.contains("$1") { query.bind(another) } else { query };
        query.execute(&mut owner).await.unwrap();
    }
    // A process that remembers no key builds all views again.
    let output = supported.world.cluster.run(&["rebuild"]).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let subjects: Vec<Uuid> =
        sqlx::query_scalar("SELECT DISTINCT subject FROM parked WHERE reason = 'the key is lost'")
            .fetch_all(&mut owner)
            .await
            .unwrap();
    assert_eq!(subjects, [another], "{said}");
    let made: i64 = sqlx::query_scalar("SELECT count(*) FROM subject_key WHERE subject = $1")
        .bind(another)
        .fetch_one(&mut owner)
        .await
        .unwrap();
    assert_eq!(made, 0, "nobody who reads makes a key");
    // Everybody else goes on.
    let written = supported.callers.person.strength("goes on").await.unwrap();
    supported.callers.look_for(&[], written.position).await.unwrap();
    assert!(!supported.callers.person.my_record(written.position).await.unwrap().is_empty());
}
