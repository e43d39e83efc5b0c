//! The right of reply: the person's side of an entry goes wherever the entry goes, and is answered by who wrote it (rule 16).

use client::request_id;
use proto::access::v1::{Purpose, RecordCategory};
use proto::feeds::v1::ContentLevel;
use proto::people::v1::{
    AnswerReplyRequest, AttachReplyRequest, DescribeConditionRequest, Entry, RecordStrengthRequest, ReplyKind,
    TakeBackReplyRequest,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::fed::{Fed, entry};
use crate::world::{Callers, Supported};

async fn strength(callers: &Callers) -> String {
    let strength = RecordStrengthRequest {
        request_id: request_id(),
        person_id: callers.pair.person_id(),
        purpose: Purpose::CareCoordination.into(),
        text: "Lives alone by choice".into(),
        ..Default::default()
    };
    callers.worker.people().record_strength(strength).await.unwrap().into_inner().entry_id
}

async fn attach(callers: &Callers, entry_id: &str, kind: ReplyKind, words: &str) -> Result<String, Status> {
    let (entry_id, kind, words) = (entry_id.to_owned(), kind.into(), words.to_owned());
    let attach = AttachReplyRequest { request_id: request_id(), entry_id, kind, words };
    Ok(callers.person.people().attach_reply(attach).await?.into_inner().reply_id)
}

async fn answer(callers: &Callers, entry_id: &str, reply_id: &str) -> Result<u64, Status> {
    let answer = AnswerReplyRequest {
        request_id: request_id(),
        person_id: callers.pair.person_id(),
        purpose: Purpose::CareCoordination.into(),
        entry_id: entry_id.to_owned(),
        reply_id: reply_id.to_owned(),
        words: "We are sorry, and write it your way from now on".into(),
    };
    Ok(callers.worker.people().answer_reply(answer).await?.into_inner().position)
}

async fn mine(callers: &Callers, position: u64, entry_id: &str) -> Entry {
    let record = callers.person.my_record(position).await.unwrap();
    record.into_iter().find(|entry| entry.entry_id == entry_id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_16_a_reply_goes_wherever_its_entry_goes_and_is_answered() {
    let fed = Fed::new(ContentLevel::Full).await;
    let callers = &fed.supported.callers;
    callers.grant().await;
    fed.permit().await;
    let mut reading = fed.read(false, "").await.unwrap();
    let written = strength(callers).await;
    assert_eq!(reading.next(1).await[0]["data"]["replies"], serde_json::json!([]));
    let reply = attach(callers, &written, ReplyKind::Words, "It is not by choice").await.unwrap();
    let told = reading.next(1).await.remove(0);
    assert_eq!((told["type"].as_str(), entry(&told)), (Some("alongside.record.reply.attached.v1"), written.as_str()));
    let side = &told["data"]["replies"][0];
    assert_eq!(
        (side["words"].as_str(), side["kind"].as_str()),
        (Some("It is not by choice"), Some("these words hurt"))
    );
    let position = answer(callers, &written, &reply).await.unwrap();
    let told = reading.next(1).await.remove(0);
    assert_eq!(told["type"].as_str(), Some("alongside.record.reply.answered.v1"));
    // The person and the worker read it with the entry, with who said what.
    let theirs = callers.look_for(&[RecordCategory::Strengths], position).await.unwrap().entries;
    let theirs = theirs.into_iter().find(|entry| entry.entry_id == written).unwrap();
    let own = mine(callers, position, &written).await;
    assert_eq!(theirs.replies, own.replies);
    let read = &own.replies[0];
    let answered = read.answer.as_ref().unwrap();
    assert_eq!((read.kind(), read.overdue, read.answer_by.is_some()), (ReplyKind::Words, false, true));
    assert_eq!(answered.author.as_ref().unwrap().name, own.author.as_ref().unwrap().name);
    assert!(answered.words.starts_with("We are sorry"), "{read:?}");
    let again = answer(callers, &written, &reply).await.unwrap_err();
    assert_eq!(again.get_details_precondition_failure().unwrap().violations[0].subject, "waiting_reply");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_16_a_withheld_entry_takes_its_replies_with_it_and_a_reply_is_taken_back() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    // What the person writes about their health they deny the agency afterwards.
    let condition = DescribeConditionRequest { request_id: request_id(), text: "Asthma".into(), ..Default::default() };
    let kept = callers.person.people().describe_condition(condition).await.unwrap().into_inner().entry_id;
    let own = attach(callers, &kept, ReplyKind::Context, "Only in spring").await.unwrap();
    let whom = proto::sharing::v1::provision_actor::Actor::AgencyId(callers.pair.agency_id());
    let terms = client::terms(whom, [RecordCategory::Health], Purpose::CareCoordination, []);
    let deny =
        proto::sharing::v1::DenyProvisionRequest { request_id: request_id(), terms: Some(terms), ..Default::default() };
    let position = callers.person.sharing().deny_provision(deny).await.unwrap().into_inner().position;
    let seen = callers.look_for(&[], position).await.unwrap();
    assert!(!format!("{seen:?}").contains("Only in spring"));
    let refused = answer(callers, &kept, &own).await.unwrap_err();
    let absent = answer(callers, &uuid::Uuid::now_v7().to_string(), &own).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::NotFound, absent.message()), "as if it were not there");
    // Nobody is to answer to what the person wrote themselves.
    let read = mine(callers, position, &kept).await;
    assert_eq!((read.replies[0].answer_by, read.replies[0].words.as_str()), (None, "Only in spring"));
    let written = strength(callers).await;
    let reply = attach(callers, &written, ReplyKind::Correction, "With my cat").await.unwrap();
    let take_back =
        TakeBackReplyRequest { request_id: request_id(), entry_id: written.clone(), reply_id: reply.clone() };
    let position = callers.person.people().take_back_reply(take_back).await.unwrap().into_inner().position;
    let seen = callers.look_for(&[RecordCategory::Strengths], position).await.unwrap();
    assert!(!format!("{seen:?}").contains("With my cat"));
    let late = answer(callers, &written, &reply).await.unwrap_err();
    assert_eq!(late.get_details_precondition_failure().unwrap().violations[0].subject, "waiting_reply");
    // A bad wish is refused by name.
    for (entry_id, words, code) in [(written.as_str(), "", Code::InvalidArgument), (&reply, "x", Code::NotFound)] {
        assert_eq!(attach(callers, entry_id, ReplyKind::Context, words).await.unwrap_err().code(), code);
    }
    let none = attach(callers, &written, ReplyKind::Unspecified, "x").await.unwrap_err();
    assert_eq!(none.get_details_bad_request().unwrap().field_violations[0].field, "kind");
}
