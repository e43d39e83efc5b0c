//! What an agency's system is told of beside the record: its own workers' relationships, and consultations that all of them may see.

use client::{request_id, terms};
use proto::access::v1::receipt::Kind;
use proto::access::v1::{
    Action, EscalateQueryRequest, ExplainAccessRequest, Purpose, QueryAccessRequest, RecordCategory, Sensitivity,
    SensitivityLevel,
};
use proto::consultations::v1::{Mode, RequestConsultationRequest, ShareConsultationRequest};
use proto::feeds::v1::ContentLevel;
use proto::sharing::v1::provision_actor::Actor;
use serde_json::Value;

use crate::fed::{Fed, Reading};

fn is(event: &Value, published: &str, name: &str, id: &str) {
    assert_eq!(event["type"], format!("alongside.{published}.v1"), "{event}");
    assert_eq!(event["data"][name], id, "{event}");
    assert_eq!(event["data"]["content"], "id-only", "{event}");
}

/// A person who lets the agency's systems and workers have these categories.
async fn permits(fed: &Fed, categories: &[RecordCategory]) -> String {
    let agency = Actor::AgencyId(fed.supported.callers.pair.agency_id());
    let actions = [Action::Read, Action::Contribute, Action::Subscribe];
    let permit = terms(agency, categories.iter().copied(), Purpose::CareCoordination, actions);
    fed.person().grant(permit).await.unwrap().provision_id
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agencys_system_is_told_of_its_own_workers_relationships_and_asked_to_give_that_back() {
    let fed = Fed::new(ContentLevel::Full).await;
    let provision = permits(&fed, &[RecordCategory::SupportNetwork]).await;
    let mut reading = fed.read(false, "").await.unwrap();
    // The one that was there before.
    let before = reading.next(2).await;
    let relationship = before[0]["data"]["relationshipId"].as_str().unwrap().to_owned();
    is(&before[0], "support.proposed", "relationshipId", &relationship);
    is(&before[1], "support.accepted", "relationshipId", &relationship);
    assert_eq!(before[0]["data"]["category"], "support network");
    let person = fed.supported.callers.pair.person_id();
    let (colleague, _) = fed.supported.joins("colleague", "Alex Somebody", "nurse").await;
    let proposed = colleague.propose(&person, "help with letters").await.unwrap().relationship_id;
    is(&reading.next(1).await[0], "support.proposed", "relationshipId", &proposed);
    // Of another agency's workers it hears nothing.
    let other = fed.supported.world.import(2).remove(1);
    fed.supported.world.cluster.trust(other.worker.agency());
    let node = fed.supported.world.start().await;
    let callers =
        crate::world::Callers::new(&fed.supported.world.cluster, &node.channel().await.unwrap(), &other).await;
    callers.worker.propose(&person, "help in the garden").await.unwrap();
    fed.person().accept(&proposed).await.unwrap();
    is(&reading.next(1).await[0], "support.accepted", "relationshipId", &proposed);
    fed.person().withdraw(&provision).await.unwrap();
    let recall = reading.next(1).await.remove(0);
    assert_eq!(recall["data"]["recalled"].as_array().unwrap().len(), 4, "{recall}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consultation_is_told_while_every_worker_of_the_agency_may_see_it() {
    let fed = Fed::new(ContentLevel::Full).await;
    permits(&fed, &[RecordCategory::Consultations]).await;
    let mut reading: Reading = fed.read(false, "").await.unwrap();
    let callers = &fed.supported.callers;
    let ask = |mode: Mode, person_id: String, staff_ids: Vec<String>| RequestConsultationRequest {
        request_id: request_id(),
        person_id,
        mode: mode.into(),
        topic: "care at home".into(),
        staff_ids,
        ..Default::default()
    };
    // One that the person keeps to few is for them alone.
    let kept = ask(Mode::PersonLed, String::new(), vec![callers.pair.staff_id()]);
    let kept = fed.person().consultations().request_consultation(kept).await.unwrap().into_inner().consultation_id;
    let asked = ask(Mode::Involve, callers.pair.person_id(), vec![]);
    let asked = callers.worker.consultations().request_consultation(asked).await.unwrap().into_inner();
    is(&reading.next(1).await[0], "consultation.requested", "consultationId", &asked.consultation_id);
    let share = async |consultation_id: &str, level: SensitivityLevel| {
        let sensitivity = Some(Sensitivity { level: level.into(), labels: vec![] });
        let share =
            ShareConsultationRequest { request_id: request_id(), consultation_id: consultation_id.into(), sensitivity };
        fed.person().consultations().share_consultation(share).await.unwrap();
    };
    share(&kept, SensitivityLevel::Normal).await;
    let shared = reading.next(1).await.remove(0);
    is(&shared, "consultation.shared", "consultationId", &kept);
    // More sensitive from now on, and asked back.
    share(&asked.consultation_id, SensitivityLevel::VeryRestricted).await;
    let recall = reading.next(1).await.remove(0);
    assert_eq!(recall["type"], "alongside.recall.requested.v1");
    assert_eq!(recall["data"]["recalled"].as_array().unwrap().len(), 1, "{recall}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_waits_is_told_to_the_systems_of_the_agency_that_is_asked_without_who_asks_and_what() {
    let fed = Fed::new(ContentLevel::Full).await;
    let mut reading: Reading = fed.read(false, "").await.unwrap();
    let callers = &fed.supported.callers;
    // A look that is refused leaves a receipt, too, and can be asked about.
    callers.look().await.unwrap_err();
    let attempts = async || {
        let receipts = callers.person.history(0).await?.into_iter();
        Ok::<_, tonic::Status>(receipts.filter(|receipt| receipt.kind() == Kind::Denied).collect::<Vec<_>>())
    };
    harness::wait_until("the receipt of the attempt", async || Ok(!attempts().await?.is_empty())).await.unwrap();
    let receipt_id = attempts().await.unwrap().remove(0).receipt_id;
    let question = "Why did you look, Morag?".to_owned();
    let ask = QueryAccessRequest { request_id: request_id(), receipt_id, question };
    let query_id = callers.person.access().query_access(ask).await.unwrap().into_inner().query_id;
    let asked = reading.next(1).await.remove(0);
    assert_eq!(asked["type"], "alongside.question.asked.v1", "{asked}");
    let explain = ExplainAccessRequest {
        request_id: request_id(),
        person_id: callers.pair.person_id(),
        query_id: query_id.clone(),
        words: "I wanted to ring you".into(),
    };
    callers.worker.access().explain_access(explain).await.unwrap();
    let escalate = EscalateQueryRequest {
        request_id: request_id(),
        query_id: query_id.clone(),
        words: "that is no reason".into(),
        reviewer_id: String::new(),
    };
    callers.person.access().escalate_query(escalate).await.unwrap();
    let further = reading.next(1).await.remove(0);
    assert_eq!(further["type"], "alongside.question.escalated.v1", "{further}");
    for told in [&asked, &further] {
        assert!(told["data"]["answerBy"].is_string() && told.get("subject").is_none(), "{told}");
        // Nor which look it is about: an id that follows from its receipt would tell.
        let told = told.to_string();
        assert!(!["Morag", &callers.pair.person_id(), &query_id].iter().any(|said| told.contains(*said)), "{told}");
    }
    reading.is_silent().await;
}
