//! Two versions on one log, and one key that is lost.

use client::{Client, request_id};
use domain::StreamKind;
use domain::ids::PersonId;
use domain::vocabulary::{Timestamp, Version};
use event_log::{Append, Expected, StreamAppend, StreamId};
use events::{Actor, Header, Place};
use harness::wait_until;
use node::compose::Stores;
use prost::Message as _;
use proto::access::v1::ListAccessHistoryRequest;
use proto::people::v1::{GetMyRecordRequest, RateGoalRequest, SetGoalRequest};
use proto::relationships::v1::WithdrawProposalRequest;
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
        ..Default::default()
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
    wait_until("the views", || async { Ok(callers.person.my_record(supported.position).await.is_ok()) }).await.unwrap();
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
    let token = supported.world.cluster.signer.person(PersonId(another)).unwrap();
    let theirs = Client::new(supported.node.channel().await.unwrap(), &token).unwrap();
    let whole = theirs.my_record(0).await.unwrap();
    let key: (Uuid, Vec<u8>) = sqlx::query_as("SELECT key_id, wrapped FROM subject_key WHERE subject = $1")
        .bind(another)
        .fetch_one(&mut owner)
        .await
        .unwrap();
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
    let plan = supported.callers.look_for(&[], written.position).await.unwrap();
    assert!(!plan.incomplete);
    assert!(!supported.callers.person.my_record(written.position).await.unwrap().is_empty());
    let parked_still = supported.world.cluster.run(&["rebuild", "--parked"]).unwrap();
    assert!(!parked_still.status.success(), "the key is lost still");

    // The key is found again: what is theirs is replayed.
    let back = sqlx::query("INSERT INTO subject_key (key_id, subject, wrapped) VALUES ($1, $2, $3)");
    back.bind(key.0).bind(another).bind(key.1).execute(&mut owner).await.unwrap();
    let output = supported.world.cluster.run(&["rebuild", "--parked"]).unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("record: 1 whole again, 0 parked still"), "{output:?}");
    assert_eq!((theirs.my_record(0).await.unwrap(), parked(&mut owner).await), (whole, 0));
    at_rest(&supported.world.cluster).await;
    let rebuilt = supported.world.cluster.run(&["rebuild"]).unwrap();
    assert!(rebuilt.status.success(), "equal to the first rebuild: {rebuilt:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_speak_of_is_replayed_with_the_words_of_both() {
    let supported = Supported::without_consent(0).await;
    let callers = &supported.callers;
    // Nobody is registered under this id: what is said of it is the agency's, though it names a person.
    let nobody = Uuid::now_v7().to_string();
    callers.worker.propose(&nobody, "A visit").await.unwrap();
    callers.worker.propose(&Uuid::now_v7().to_string(), "Another").await.unwrap();
    let withdraw = WithdrawProposalRequest { request_id: request_id(), person_id: nobody };
    callers.worker.relationships().withdraw_proposal(withdraw).await.unwrap();
    at_rest(&supported.world.cluster).await;
    let mut owner = PgConnection::connect(&supported.world.database.owner).await.unwrap();
    let park = "INSERT INTO parked SELECT view, generation, subject, 1, 'tried' FROM document WHERE view IN ('caseload', 'directory')
                ON CONFLICT DO NOTHING";
    assert!(sqlx::query(park).execute(&mut owner).await.unwrap().rows_affected() > 1);
    let output = supported.world.cluster.run(&["rebuild", "--parked"]).unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(parked(&mut owner).await, 0);
    at_rest(&supported.world.cluster).await;
    let rebuilt = supported.world.cluster.run(&["rebuild"]).unwrap();
    assert!(rebuilt.status.success(), "equal to the first rebuild: {rebuilt:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_parked_is_read_as_incomplete_and_is_replayed_alone() {
    let supported = Supported::sharing(0).await;
    let person = &supported.callers.person;
    let goal = SetGoalRequest { request_id: request_id(), text: "walk to the loch".into(), ..Default::default() };
    let goal = person.people().set_goal(goal).await.unwrap().into_inner();
    let rate = async |importance| {
        let goal_id = goal.entry_id.clone();
        let rated = RateGoalRequest { request_id: request_id(), goal_id, importance };
        person.people().rate_goal(rated).await.unwrap().into_inner().position
    };
    let mut owner = PgConnection::connect(&supported.world.database.owner).await.unwrap();
    at_rest(&supported.world.cluster).await;
    let entry: Uuid = goal.entry_id.parse().unwrap();
    let lost = "DELETE FROM document WHERE view = 'record' AND position(uuid_send($1) IN key) > 0";
    assert_eq!(sqlx::query(lost).bind(entry).execute(&mut owner).await.unwrap().rows_affected(), 1);
    let rated = rate(9).await;
    let read = async |at_least_position| {
        let request = GetMyRecordRequest { page_size: 200, at_least_position, ..Default::default() };
        person.people().get_my_record(request).await.unwrap().into_inner()
    };
    let half = read(rated).await;
    assert!(half.incomplete && !half.entries.is_empty(), "{half:?}");
    assert!(!half.entries.iter().any(|found| found.entry_id == goal.entry_id));
    assert!(supported.callers.look_for(&[], rated).await.unwrap().incomplete, "a worker is told, too");
    let history = ListAccessHistoryRequest { at_least_position: rated, ..Default::default() };
    let history = person.access().list_access_history(history).await.unwrap().into_inner();
    assert!(!history.incomplete && !history.receipts.is_empty(), "another view has it all");

    let generations = "SELECT max(generation) FROM view_state";
    let before: i32 = sqlx::query_scalar(generations).fetch_one(&mut owner).await.unwrap();
    let output = supported.world.cluster.run(&["rebuild", "--parked"]).unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success() && said.contains("record: 1 whole again, 0 parked still"), "{output:?}");
    let whole = read(0).await;
    let found = whole.entries.iter().find(|found| found.entry_id == goal.entry_id).unwrap();
    assert!(!whole.incomplete && format!("{found:?}").contains("importance: 9"), "{found:?}");
    let after: i32 = sqlx::query_scalar(generations).fetch_one(&mut owner).await.unwrap();
    assert_eq!((after, parked(&mut owner).await), (before, 0), "no view was built again");
    // The server that builds the views knows it, though nobody told it.
    let rated = rate(8).await;
    assert!(format!("{:?}", read(rated).await).contains("importance: 8"));
    at_rest(&supported.world.cluster).await;
    let rebuilt = supported.world.cluster.run(&["rebuild"]).unwrap();
    assert!(rebuilt.status.success(), "equal to the first rebuild: {rebuilt:?}");
}
