//! Whatever is written about a person can be read by them: every free text of every request about somebody is found in an answer to
//! them. A new text is missed here as soon as it is declared.

use std::collections::BTreeSet;

use prost::Message as _;
use prost_reflect::{DynamicMessage, Kind, MethodDescriptor};
use proto::access::v1::AccessClass;
use serde_json::{Value, json};
use tonic::transport::Channel;

use crate::access_matrix::call;
use crate::world::{Callers, Supported, at_rest};

/// Who changes something about a person.
const ABOUT_SOMEBODY: [AccessClass; 3] = [AccessClass::Self_, AccessClass::Contribute, AccessClass::StaffWrite];
/// What looks like a text, and says nothing of anybody: a search, which changes nothing; the code that came to an address.
const SAYS_NOTHING: [&str; 8] = [
    "EnterAcceptance.code",
    "EnterChoice.code",
    "FindWorkers.text",
    "ConfirmNoticeAddress.code",
    "UseCode.code",
    // Of somebody who is not here yet: whoever claims it reads it (`joined`).
    "InvitePerson.name",
    "InvitePerson.reach",
    "InvitePerson.offer",
];

fn method(name: &str) -> MethodDescriptor {
    proto::rpcs().map(|(method, _)| method).find(|method| method.name() == name).unwrap()
}

/// The free texts of every request about somebody, as in `SetGoal.text`.
fn texts() -> BTreeSet<String> {
    let about = proto::rpcs().filter(|(_, class)| ABOUT_SOMEBODY.contains(class));
    let texts = about.flat_map(|(method, _)| {
        let is_text = |name: &str| !name.ends_with("_id") && !name.ends_with("_ids") && name != "page_token";
        let fields: Vec<_> = method.input().fields().collect();
        let texts = fields.into_iter().filter(move |field| field.kind() == Kind::String && is_text(field.name()));
        texts.map(move |field| format!("{}.{}", method.name(), field.name())).collect::<Vec<_>>()
    });
    texts.filter(|text| !SAYS_NOTHING.contains(&text.as_str())).collect()
}

/// Somebody who calls.
struct Caller {
    channel: Channel,
    token: String,
}

impl Caller {
    /// Calls an RPC; every free text that is `*` is its own name, in words that are long enough.
    async fn call(&self, name: &str, mut request: Value) -> Value {
        let (method, fields) = (method(name), request.as_object_mut().unwrap());
        for (field, value) in fields.iter_mut().filter(|(_, value)| **value == "*") {
            *value = json!(said(&format!("{name}.{field}")));
        }
        if method.input().get_field_by_name("request_id").is_some() {
            fields.insert("request_id".into(), json!(client::request_id()));
        }
        let body = DynamicMessage::deserialize(method.input(), request).unwrap().encode_to_vec();
        let answer = call(&self.channel, &proto::path(&method), body, Some(&self.token)).await;
        let answer = answer.unwrap_or_else(|status| panic!("{name}: {status:?}"));
        serde_json::to_value(DynamicMessage::decode(method.output(), answer.as_slice()).unwrap()).unwrap()
    }
}

/// What a free text says.
fn said(text: &str) -> String {
    format!("the words of {text} are these")
}

/// So many days from now, as JSON says it.
fn in_days(days: u64) -> String {
    let at = std::time::SystemTime::now() + std::time::Duration::from_secs(days * 24 * 60 * 60);
    jiff::Timestamp::try_from(at).unwrap().to_string()
}

/// An id in an answer.
fn id(answer: &Value) -> Value {
    let ids = answer.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("Id"));
    ids.map(|(_, id)| id.clone()).next().unwrap()
}

/// A request with more fields.
fn and(mut request: Value, mut more: Value) -> Value {
    request.as_object_mut().unwrap().append(more.as_object_mut().unwrap());
    request
}

/// Everything that can be said in a consultation.
async fn say_in_consultations(person: &Caller, worker: &Caller, person_id: &str) {
    let asked = json!({"person_id": person_id, "mode": "MODE_INVOLVE", "topic": "*"});
    let consultation = id(&worker.call("RequestConsultation", asked).await);
    let on = |more| and(json!({"person_id": person_id, "consultation_id": consultation}), more);
    let own = |more| and(json!({"consultation_id": consultation}), more);
    let item = id(&worker.call("RaiseAgendaItem", on(json!({"text": "*"}))).await);
    worker.call("AddressAgendaItem", on(json!({"item_id": item, "note": "*"}))).await;
    worker.call("OfferOption", on(json!({"text": "*", "benefits": "*", "risks": "*"}))).await;
    person.call("OfferOption", own(json!({"text": "*", "benefits": "*", "risks": "*"}))).await;
    worker.call("ScheduleConsultation", on(json!({"at": in_days(3), "place": "*"}))).await;
    worker.call("ShareInformation", on(json!({"text": "*"}))).await;
    let withheld = json!({"ground": "WITHHELD_GROUND_ANOTHER_PERSON", "reason": "*", "review_by": in_days(30)});
    let withheld = id(&worker.call("WithholdInformation", on(withheld)).await);
    let again = json!({"ground": "WITHHELD_GROUND_ANOTHER_PERSON", "reason": "*", "review_by": in_days(60)});
    worker.call("ReviewWithheldInformation", on(and(again, json!({"information_id": withheld})))).await;
    worker.call("RevealInformation", on(json!({"information_id": withheld, "text": "*"}))).await;
    person.call("RespondToInvitation", own(json!({"comes": false, "words": "*"}))).await;
    person.call("RecordPersonView", own(json!({"view": "*"}))).await;
    let on_word = on(json!({"view": "Mornings are bad, to be sure", "on_their_word": "*"}));
    worker.call("RecordPersonView", on_word).await;
    let on_word = on(json!({"view": "Evenings are bad", "on_their_word": "rang me on 4 March, and said so"}));
    let view = worker.call("RecordPersonView", on_word).await["viewId"].clone();
    worker.call("TakeBackView", on(json!({"view_id": view, "on_their_word": "*"}))).await;
    let decision = id(&worker.call("ProposeDecision", on(json!({"text": "*"}))).await);
    person.call("ObjectToDecision", own(json!({"decision_id": decision, "reason": "*"}))).await;
    person.call("TakeBackAnswer", own(json!({"decision_id": decision, "reason": "*"}))).await;
    let on_word = json!({"decision_id": decision, "reason": "No, to be sure", "on_their_word": "*"});
    worker.call("ObjectToDecision", on(on_word)).await;
    person.call("TakeBackAnswer", own(json!({"decision_id": decision, "reason": "no"}))).await;
    worker.call("DeclineToTakePart", on(json!({"decision_id": decision, "words": "*"}))).await;
    worker.call("WithdrawDecision", on(json!({"decision_id": decision, "reason": "*"}))).await;
    worker.call("CancelConsultation", on(json!({"reason": "*"}))).await;
    // One about which the person has not said what they think.
    let asked = json!({"person_id": person_id, "mode": "MODE_CONSULT", "topic": "*"});
    let consultation = id(&worker.call("RequestConsultation", asked).await);
    let on = |more| and(json!({"person_id": person_id, "consultation_id": consultation}), more);
    let decision = id(&worker.call("ProposeDecision", on(json!({"text": "*"}))).await);
    let without = json!({"decision_id": decision, "ground": "WITHOUT_PERSON_GROUND_UNREACHABLE", "evidence": "*"});
    worker.call("DecideWithoutPerson", on(without)).await;
    let reported = json!({"decision_id": decision, "outcome": "OUTCOME_PARTLY", "words": "*"});
    worker.call("ReportOutcome", on(reported)).await;
    let disputed = json!({"consultation_id": consultation, "decision_id": decision, "words": "*"});
    person.call("DisputeOutcome", disputed).await;
}

/// Everything that can be said about somebody, by them and by a worker.
async fn say_all(person: &Caller, worker: &Caller, officer: &Caller, person_id: &str, staff_id: &str) {
    let with = |more| and(json!({"person_id": person_id, "purpose": "PURPOSE_CARE_COORDINATION"}), more);
    for (name, request) in [
        ("WriteAboutMe", json!({"heading": "*", "text": "*"})),
        ("RecordStrength", json!({"text": "*"})),
        ("RecordWhatMatters", json!({"text": "*"})),
        ("WriteContingencyPlan", json!({"text": "*"})),
        ("DescribeCondition", json!({"text": "*", "impact": "*"})),
        ("SetContactPreferences", json!({"language": "*", "text": "*"})),
    ] {
        worker.call(name, with(request)).await;
    }
    let strength = id(&worker.call("RecordStrength", with(json!({"text": "*"}))).await);
    let own = json!({"entry_id": strength, "kind": "REPLY_KIND_WORDS", "words": "*"});
    let reply = id(&person.call("AttachReply", own).await);
    let answered = json!({"entry_id": strength, "reply_id": reply, "words": "*"});
    worker.call("AnswerReply", with(answered)).await;
    worker.call("CorrectEntry", with(json!({"entry_id": strength, "text": "*", "reason": "*"}))).await;
    let barrier = with(json!({"kind": "BARRIER_KIND_EXTERNAL", "text": "*"}));
    let barrier = id(&worker.call("IdentifyBarrier", barrier).await);
    worker.call("OwnBarrier", with(json!({"barrier_id": barrier, "words": "*"}))).await;
    worker.call("LiftBarrier", with(json!({"barrier_id": barrier, "words": "*"}))).await;
    person.call("CheckInWellbeing", json!({"wellbeing": 3, "words": "*"})).await;
    let goal = id(&worker.call("SetGoal", with(json!({"text": "*"}))).await);
    person.call("DeclineGoal", json!({"goal_id": goal, "reason": "*"})).await;
    let goal = id(&worker.call("SetGoal", with(json!({"text": "*"}))).await);
    person.call("AdoptGoal", json!({"goal_id": goal, "text": "*"})).await;
    person.call("SetGoalAside", json!({"goal_id": goal, "reason": "*"})).await;
    person.call("ReopenGoal", json!({"goal_id": goal, "reason": "*"})).await;
    let action = with(json!({"text": "*", "owner": "*", "due": "2031-05-06"}));
    let action = id(&worker.call("AgreeAction", action).await);
    worker.call("ProgressAction", with(json!({"action_id": action, "note": "*"}))).await;
    worker.call("DropAction", with(json!({"action_id": action, "reason": "*"}))).await;
    person.call("ReopenAction", json!({"action_id": action, "reason": "*"})).await;

    say_in_consultations(person, worker, person_id).await;

    let declared = json!({"person_id": person_id, "reason": "*", "minutes": 5});
    let emergency = id(&worker.call("DeclareEmergencyAccess", declared).await);
    let review = json!({"staff_id": staff_id, "emergency_id": emergency, "justified": false, "finding": "*"});
    officer.call("ReviewEmergencyAccess", review).await;
    let allow = json!({"staff_id": staff_id, "person_id": person_id, "reason": "*"});
    officer.call("AllowEmergencyAccess", allow).await;
}

/// An agency that speaks for others, and somebody there.
async fn add_advocate(callers: &Callers, agency_id: &str) {
    let register = proto::agencies::v1::RegisterAgencyRequest {
        request_id: client::request_id(),
        agency_id: agency_id.to_owned(),
        name: "Voices of Leith".into(),
        kind: "advocacy".into(),
        ..Default::default()
    };
    callers.operator.agencies().register_agency(register).await.unwrap();
    let agency = agency_id.parse::<uuid::Uuid>().unwrap().into();
    let issuer = node::tokens::issuer_name(gate::Binding::Agency(agency));
    let joins = callers.pair.joins("advocate", "Una Bain", "advocate");
    let joins = proto::agencies::v1::AddStaffRequest { agency_id: agency_id.to_owned(), issuer, ..joins };
    callers.operator.agencies().add_staff(joins).await.unwrap();
}

/// An objection that an advocate hears.
async fn an_advocate_hears(person: &Caller, worker: &Caller, advocate: &Caller, (person_id, agency_id): (&str, &str)) {
    let offer = json!({"person_id": person_id, "offer": "I speak for you"});
    let offered = advocate.call("ProposeSupport", offer).await;
    person.call("AcceptSupport", json!({"relationship_id": offered["relationshipId"]})).await;
    let consultations = json!({
        "actor": {"agency_id": agency_id},
        "categories": ["RECORD_CATEGORY_CONSULTATIONS"],
        "purposes": ["PURPOSE_CARE_COORDINATION"],
        "actions": ["ACTION_CONTRIBUTE"],
    });
    person.call("GrantProvision", json!({"terms": consultations})).await;
    let asked = json!({"person_id": person_id, "mode": "MODE_CONSULT", "topic": "Visits"});
    let consultation = id(&worker.call("RequestConsultation", asked).await);
    let on = |more| and(json!({"person_id": person_id, "consultation_id": consultation}), more);
    let own = |more| and(json!({"consultation_id": consultation}), more);
    let decision = id(&worker.call("ProposeDecision", on(json!({"text": "Visits in the morning"}))).await);
    person.call("ObjectToDecision", own(json!({"decision_id": decision, "reason": "Mornings are bad"}))).await;
    let take = json!({"decision_id": decision, "agency_id": agency_id, "words": "*"});
    person.call("TakeToAdvocate", own(take)).await;
    advocate.call("AnswerAsAdvocate", on(json!({"decision_id": decision, "words": "*"}))).await;
    let decision = id(&worker.call("ProposeDecision", on(json!({"text": "Visits in the evening"}))).await);
    let on_word = "rang me on 4 March, and said so";
    let object = json!({"decision_id": decision, "reason": "Evenings are bad", "on_their_word": on_word});
    worker.call("ObjectToDecision", on(object)).await;
    let back = json!({"decision_id": decision, "reason": "well, then", "on_their_word": "*"});
    advocate.call("TakeBackAnswer", on(back)).await;
}

async fn a_law_is_named(officer: &Caller, person_id: &str, staff_id: &str) {
    let of_law = json!({"actor": {"staff_id": staff_id}, "categories": ["RECORD_CATEGORY_GOALS"],
        "purposes": ["PURPOSE_LEGAL"], "until": in_days(2)});
    let law = json!({"person_id": person_id, "terms": of_law, "statute": "*", "reason": "*"});
    officer.call("InvokeLawfulBasis", law).await;
}

async fn many_are_asked(person: &Caller, manager: &Caller) {
    let options = json!({"question": "*", "options": [said("OpenSurvey.options"), "another"], "closes_at": in_days(8)});
    let survey = manager.call("OpenSurvey", options).await["surveyId"].clone();
    person.call("AnswerSurvey", json!({"survey_id": survey, "option": 1, "words": "*"})).await;
}

async fn all_that_they_read(person: &Caller) -> String {
    let mut read = String::new();
    for list in [
        "GetMyRecord",
        "ListAccessHistory",
        "ListMyQuestions",
        "ListMyPeople",
        "ListMyConsultations",
        "GetMySharing",
        "ListMyInvitations",
        "ListAccessRequests",
        "ListMySurveys",
    ] {
        read.push_str(&person.call(list, json!({"page_size": 100})).await.to_string());
    }
    read
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_25_whatever_is_written_about_a_person_can_be_read_by_them() {
    let Supported { node, world, callers, .. } = Supported::sharing(0).await;
    let (channel, signer, pair) = (node.channel().await.unwrap(), &world.cluster.signer, &callers.pair);
    let caller = |token: anyhow::Result<String>| Caller { channel: channel.clone(), token: token.unwrap() };
    let mut joins = pair.joins("officer", "Isla Munro", "privacy officer");
    joins.roles.push("manager".into());
    callers.operator.agencies().add_staff(joins).await.unwrap();
    let (agency, person_id, staff_id) = (pair.worker.agency(), pair.person_id(), pair.staff_id());
    let person = caller(signer.person(pair.person));
    let (worker, officer) = (caller(signer.staff(agency, &staff_id)), caller(signer.staff(agency, "officer")));
    say_all(&person, &worker, &officer, &person_id, &staff_id).await;

    // A relationship, from an invitation to its end, of whoever else was suggested.
    let people = callers.person.my_people(0).await.unwrap();
    let elsewhere = |agency_id: &str| agency_id != pair.agency_id();
    let suggested = people.iter().find(|r| elsewhere(&r.supporter.as_ref().unwrap().agency_id)).unwrap();
    let party = suggested.supporter.as_ref().unwrap();
    node::dev::enrol(&callers.operator, party).await.unwrap();
    let other = caller(signer.staff(party.agency_id.parse::<uuid::Uuid>().unwrap().into(), &party.staff_id));
    let with = |more| and(json!({"relationship_id": suggested.relationship_id}), more);
    let offer = || json!({"person_id": person_id, "offer": "*"});
    person.call("InviteSupporter", with(json!({"message": "*"}))).await;
    other.call("ProposeSupport", offer()).await;
    person.call("DeclineSupport", with(json!({"reason": "*"}))).await;
    person.call("AllowAsking", with(json!({}))).await;
    other.call("ProposeSupport", offer()).await;
    let entered = json!({"person_id": person_id, "on_their_word": "*"});
    other.call("EnterAcceptance", with(entered)).await;
    let confirmed = json!({"person_id": person_id, "reason": "*"});
    worker.call("ConfirmAcceptance", with(confirmed)).await;
    let back = worker.call("InviteReturn", json!({"person_id": person_id, "reason": "*"})).await;
    let confirm = json!({"person_id": person_id, "invitation_id": back["invitationId"], "reason": "*"});
    other.call("ConfirmReturn", confirm).await;
    other.call("EndSupport", with(json!({"person_id": person_id, "reason": "*"}))).await;
    other.call("ProposeSupport", offer()).await;
    person.call("AcceptSupport", with(json!({}))).await;
    worker.call("EnterEndOfSupport", with(json!({"person_id": person_id, "on_their_word": "*"}))).await;
    let to = |staff_id: &str| {
        let actor = json!({"staff_id": staff_id});
        json!({"actor": actor, "categories": ["RECORD_CATEGORY_GOALS"], "purposes": ["PURPOSE_RESEARCH"]})
    };
    worker.call("RequestAccess", json!({"person_id": person_id, "terms": to(&staff_id), "reason": "*"})).await;
    let deny = json!({"person_id": person_id, "deny": to(&party.staff_id), "on_their_word": "*"});
    worker.call("EnterChoice", deny).await;
    a_law_is_named(&officer, &person_id, &staff_id).await;
    let agencies = people.iter().map(|r| r.supporter.as_ref().unwrap().agency_id.clone());
    let agency_id = agencies.into_iter().find(|id| elsewhere(id) && *id != party.agency_id).unwrap();
    add_advocate(&callers, &agency_id).await;
    let advocate = caller(signer.staff(agency_id.parse::<uuid::Uuid>().unwrap().into(), "advocate"));
    an_advocate_hears(&person, &worker, &advocate, (&person_id, &agency_id)).await;
    person.call("GiveCode", json!({"message": "*"})).await;
    at_rest(&world.cluster).await;
    let looks = callers.person.history(0).await.unwrap();
    let by_worker = looks.iter().find(|look| look.party.as_ref().is_some_and(|party| party.staff_id == staff_id));
    let receipt = by_worker.unwrap().receipt_id.clone();
    let asked = id(&person.call("QueryAccess", json!({"receipt_id": receipt, "question": "*"})).await);
    at_rest(&world.cluster).await;
    let about = |more| and(json!({"person_id": person_id, "query_id": asked}), more);
    worker.call("ExplainAccess", about(json!({"words": "*"}))).await;
    many_are_asked(&person, &officer).await;
    person.call("EscalateQuery", json!({"query_id": asked, "words": "*"})).await;
    officer.call("ResolveQuery", about(json!({"words": "*"}))).await;
    at_rest(&world.cluster).await;

    let read = all_that_they_read(&person).await;
    let unread: Vec<_> = texts().into_iter().filter(|text| !read.contains(&said(text))).collect();
    // What came of a question to many is told once it has closed: `surveyed` reads it.
    assert_eq!(unread, ["AgreeAction.due", "ReportSurveyOutcome.words"], "{read}");
    assert!(read.contains("2031-05-06"));
}
