//! Pages are filled after everything that is left out of them, and a token is given only if a row follows: every list, from the
//! descriptor set. A short page would tell that something is withheld.

use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use proto::access::v1::AccessClass;
use serde_json::{Map, Value, json};
use tonic::transport::Channel;

use crate::access_matrix::call;
use crate::world::{Callers, Pair, Supported, at_rest};

/// One page of a list: its rows, and the token of the next.
async fn page(
    channel: &Channel,
    token: &str,
    method: &MethodDescriptor,
    request: &Map<String, Value>,
    (page_size, page_token): (i64, &str),
) -> (Vec<String>, String) {
    let mut request = request.clone();
    request.extend([("page_size".to_owned(), json!(page_size)), ("page_token".to_owned(), json!(page_token))]);
    let request = Value::Object(request);
    let body = DynamicMessage::deserialize(method.input(), request).unwrap().encode_to_vec();
    let answer = call(channel, &proto::path(method), body, Some(token)).await;
    let answer = answer.unwrap_or_else(|status| panic!("{}: {status:?}", method.full_name()));
    let answer = serde_json::to_value(DynamicMessage::decode(method.output(), answer.as_slice()).unwrap()).unwrap();
    // Receipts are of the request, not of the row.
    let rows = answer.as_object().unwrap().values().filter_map(Value::as_array).flatten().cloned();
    let rows: Vec<Value> = rows
        .map(|mut row| {
            row.as_object_mut().map(|row| row.remove("receiptId"));
            row
        })
        .collect();
    let next = answer["nextPageToken"].as_str().unwrap_or_default().to_owned();
    (rows.iter().map(ToString::to_string).collect(), next)
}

/// A record of which some is hidden from the worker, and lists of which some is left out, in between.
async fn fill(supported: &Supported) {
    let (manager, _) = supported.joins("manager", "Ailsa Munro", "manager").await;
    for question in ["When should the drop-in be open?", "Where should it be?"] {
        crate::surveyed::open(&manager, question).await.unwrap();
    }
    let Callers { person, operator, pair, .. } = &supported.callers;
    operator.agencies().add_staff(pair.joins("colleague", "Isla Munro", "nurse")).await.unwrap();
    let restricted = proto::access::v1::SensitivityLevel::VeryRestricted;
    for n in 0..5 {
        person.strength(&format!("strength {n}")).await.unwrap();
        let hidden = proto::people::v1::RecordStrengthRequest {
            request_id: client::request_id(),
            text: format!("hidden {n}"),
            sensitivity: Some(proto::access::v1::Sensitivity { level: restricted.into(), labels: vec![] }),
            ..Default::default()
        };
        person.people().record_strength(hidden).await.unwrap();
        let give =
            proto::people::v1::GiveCodeRequest { request_id: client::request_id(), message: format!("code {n}") };
        person.joining().give_code(give).await.unwrap();
        let begin = |staff_ids| proto::consultations::v1::RequestConsultationRequest {
            request_id: client::request_id(),
            mode: proto::consultations::v1::Mode::PersonLed.into(),
            topic: format!("topic {n}"),
            staff_ids,
            ..Default::default()
        };
        for staff_ids in [vec![], vec![pair.staff_id()], vec![]] {
            person.consultations().request_consultation(begin(staff_ids)).await.unwrap();
        }
        let register = proto::agencies::v1::RegisterAgencyRequest {
            request_id: client::request_id(),
            name: format!("Agency {n}"),
            kind: "health".into(),
            ..Default::default()
        };
        let agency_id = operator.agencies().register_agency(register).await.unwrap().into_inner().agency_id;
        let close = proto::agencies::v1::CloseAgencyRequest { request_id: client::request_id(), agency_id };
        if n % 2 == 0 {
            operator.agencies().close_agency(close).await.unwrap();
        }
    }
    for category in [proto::access::v1::RecordCategory::Goals, proto::access::v1::RecordCategory::Health] {
        let actor = proto::sharing::v1::provision_actor::Actor::StaffId(pair.staff_id());
        let terms = client::terms(actor, [category], proto::access::v1::Purpose::Research, []);
        let ask = proto::sharing::v1::RequestAccessRequest {
            request_id: client::request_id(),
            person_id: pair.person_id(),
            terms: Some(terms),
            reason: "to learn what helps people like you".into(),
        };
        supported.callers.worker.sharing().request_access(ask).await.unwrap();
    }
    supported.callers.look().await.unwrap();
    let granted = supported.callers.grant().await;
    let receipt_id = person.history(granted.position).await.unwrap().remove(0).receipt_id;
    for question in ["why?", "and why then?"] {
        let (request_id, question) = (client::request_id(), question.to_owned());
        let ask = proto::access::v1::QueryAccessRequest { request_id, receipt_id: receipt_id.clone(), question };
        person.access().query_access(ask).await.unwrap();
    }
}

async fn support_some(supported: &Supported, channel: &Channel, people: &[Pair]) {
    // The worker supports some, and has proposed to others; of those some have blocked the agency.
    for (n, other) in people.iter().enumerate().skip(1) {
        let pair = Pair { person: other.person, ..supported.callers.pair.clone() };
        let callers = Callers::unenrolled(&supported.world.cluster, channel, &pair);
        let proposed = callers.propose().await;
        if n < 4 {
            callers.person.accept(&proposed).await.unwrap();
        }
        if n % 2 == 0 {
            callers.person.block(&pair.agency_id()).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_list_fills_its_pages_whatever_is_left_out() {
    let supported = Supported::sharing(0).await;
    let people = supported.world.import(7);
    let channel = supported.node.channel().await.unwrap();
    support_some(&supported, &channel, &people).await;
    fill(&supported).await;
    crate::fed::receive_and_take_back(&supported, 2).await;
    at_rest(&supported.world.cluster).await;
    let (signer, pair) = (&supported.world.cluster.signer, &supported.callers.pair);
    let person = signer.person(pair.person).unwrap();
    let worker = signer.staff(pair.worker.agency(), &pair.staff_id()).unwrap();
    let operator = signer.operator().unwrap();
    let system = signer.staff(pair.worker.agency(), "record-system").unwrap();
    let officer = signer.staff(pair.worker.agency(), "boss").unwrap();
    let mut walked = Vec::new();
    let is_list = |(method, _): &(MethodDescriptor, AccessClass)| {
        // Its pages are those of a question that has closed: `surveyed` reads them.
        method.input().get_field_by_name("page_size").is_some() && method.name() != "ListSurveyWords"
    };
    for (method, class) in proto::rpcs().filter(is_list) {
        let token = match class {
            AccessClass::StaffRead if method.name() == "ListAgencyRecalls" => &officer,
            AccessClass::Self_ | AccessClass::SignedIn | AccessClass::Contribute => &person,
            AccessClass::StaffRead | AccessClass::StaffWrite => &worker,
            AccessClass::Operator | AccessClass::Administration => &operator,
            AccessClass::AgencySystem => &system,
            AccessClass::Public
            | AccessClass::Unspecified
            | AccessClass::Newcomer
            | AccessClass::AgencyAdministrator => {
                panic!("{} is a list for anybody", method.full_name())
            }
        };
        let mut request = Map::new();
        for (field, value) in [
            ("person_id", json!(pair.person_id())),
            ("agency_id", json!(pair.agency_id())),
            ("purpose", json!("PURPOSE_CARE_COORDINATION")),
        ] {
            // A filter by agency is not meant here.
            let wanted = field != "agency_id" || ["ListStaff", "ListAgencyRecalls"].contains(&method.name());
            if wanted && method.input().get_field_by_name(field).is_some() {
                request.insert(field.to_owned(), value);
            }
        }
        // What reading leaves behind is not in the list that is read on: the history goes by the newest first.
        let (mut all, end) = page(&channel, token, &method, &request, (100, "")).await;
        assert_eq!(end, "", "{}", method.full_name());
        let (mut read, mut next, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let (some, token) = page(&channel, token, &method, &request, (1, &next)).await;
            assert!(some.len() == 1 || all.is_empty(), "{} has a page of {}", method.full_name(), some.len());
            read.extend(some);
            (next, pages) = (token, pages + 1);
            if next.is_empty() {
                break;
            }
        }
        assert_eq!(pages, all.len().max(1), "{}", method.full_name());
        // An answer may have several lists, which are one in its pages.
        all.sort();
        read.sort();
        assert_eq!(read, all, "{}", method.full_name());
        walked.push((method.name().to_owned(), all.len()));
    }
    assert!(walked.len() >= 14, "{walked:?}");
    // Enough that something can have been left out between the rows.
    let few: Vec<_> = walked.iter().filter(|(name, rows)| *rows < 2 && name != "ListMyQuestions").collect();
    assert!(few.is_empty(), "{few:?}");
}

/// What is read one by one: the list and its field, the RPC and its field, and what names one.
const ONE_BY_ONE: [(&str, &str, &str, &str, &str); 14] = [
    ("ListAccessHistory", "receipts", "GetReceipt", "receipt", "receipt_id"),
    ("ListMyQuestions", "questions", "GetMyQuestion", "question", "query_id"),
    ("ListMyDeliveries", "days", "GetMyDelivery", "day", "delivery_id"),
    ("ListMyProposals", "proposals", "GetMyProposal", "proposal", "relationship_id"),
    ("ListMyRecalls", "recalls", "GetMyRecall", "recall", "recall_id"),
    ("GetMyRecord", "entries", "GetMyEntry", "entry", "entry_id"),
    ("GetSharedPlan", "entries", "GetSharedEntry", "entry", "entry_id"),
    ("ListMyPeople", "relationships", "GetMyRelationship", "relationship", "relationship_id"),
    ("ListMyInvitations", "invitations", "GetMyInvitation", "invitation", "invitation_id"),
    ("ListAccessRequests", "requests", "GetAccessRequest", "accessRequest", "access_request_id"),
    ("ListMySurveys", "surveys", "GetMySurvey", "survey", "survey_id"),
    ("ListSurveys", "surveys", "GetSurvey", "survey", "survey_id"),
    ("ListMyConsultations", "consultations", "GetMyConsultation", "consultation", "consultation_id"),
    ("ListConsultations", "consultations", "GetConsultation", "consultation", "consultation_id"),
];

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_listed_is_read_by_itself_and_nobody_elses_is() {
    let supported = Supported::sharing(0).await;
    fill(&supported).await;
    let newcomer = supported.world.import(3).remove(2).person.to_string();
    supported.callers.worker.propose(&newcomer, "help with forms").await.unwrap();
    crate::fed::receive_and_take_back(&supported, 2).await;
    at_rest(&supported.world.cluster).await;
    let (signer, pair) = (&supported.world.cluster.signer, &supported.callers.pair);
    let other = supported.world.import(2).remove(1);
    let (person, other) = (signer.person(pair.person).unwrap(), signer.person(other.person).unwrap());
    let worker = signer.staff(pair.worker.agency(), &pair.staff_id()).unwrap();
    let channel = supported.node.channel().await.unwrap();
    let about = json!({"person_id": pair.person_id(), "purpose": "PURPOSE_CARE_COORDINATION"});
    let ask = async |name: &str, token: &str, more: Value| {
        let (method, class) = proto::rpcs().find(|(method, _)| method.name() == name).unwrap();
        let mut request = if class == AccessClass::StaffRead { about.as_object().unwrap().clone() } else { Map::new() };
        request.extend(more.as_object().unwrap().clone());
        request.retain(|field, _| method.input().get_field_by_name(field).is_some());
        let body = DynamicMessage::deserialize(method.input(), Value::Object(request)).unwrap().encode_to_vec();
        let answer = call(&channel, &proto::path(&method), body, Some(token)).await?;
        let answer = DynamicMessage::decode(method.output(), answer.as_slice()).unwrap();
        Ok::<_, tonic::Status>((serde_json::to_value(answer).unwrap(), class))
    };
    for (list, rows, get, row, id) in ONE_BY_ONE {
        let (_, class) = proto::rpcs().find(|(method, _)| method.name() == list).unwrap();
        let token = if class == AccessClass::StaffRead { &worker } else { &person };
        let (listed, _) = ask(list, token, json!({"page_size": 100})).await.unwrap();
        let camel = id.split('_').enumerate().map(|(nth, part)| {
            let (first, rest) = part.split_at(1);
            if nth == 0 { part.to_owned() } else { first.to_uppercase() + rest }
        });
        let camel: String = camel.collect();
        let all = listed[rows].as_array().unwrap_or_else(|| panic!("{list} is empty"));
        for one in all.iter().take(3) {
            let (read, _) = ask(get, token, json!({id: one[&camel]})).await.unwrap();
            assert_eq!(&read[row], one, "{get}");
            // It is another person's: there is no such thing.
            if class != AccessClass::StaffRead {
                let others = ask(get, &other, json!({id: one[&camel]})).await.unwrap_err();
                assert_eq!(others.code(), tonic::Code::NotFound, "{get}");
            }
        }
        let nothing = ask(get, token, json!({id: client::request_id()})).await.unwrap_err();
        assert_eq!(nothing.code(), tonic::Code::NotFound, "{get}");
    }
}
