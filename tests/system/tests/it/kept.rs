//! What a person keeps to few: consultations of their own, and what is more sensitive than the rest of one.

use client::{Client, request_id};
use proto::access::v1::{Action, Purpose, RecordCategory, Sensitivity, SensitivityLevel};
use proto::consultations::v1::{
    Consultation, ListConsultationsRequest, Mode, OfferOptionRequest, RaiseAgendaItemRequest, RecordPersonViewRequest,
    RequestConsultationRequest, ShareConsultationRequest,
};
use proto::sharing::v1::DenyProvisionRequest;
use proto::sharing::v1::provision_actor::Actor;
use tonic::{Code, Status};

use crate::world::{Callers, Supported};

/// What a worker sees of the consultations, page by page of this size; no page but the last may be less than full.
async fn seen(worker: &Client, callers: &Callers, at_least: u64, page_size: i32) -> Vec<Consultation> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let list = ListConsultationsRequest {
            person_id: callers.pair.person_id(),
            purpose: Purpose::CareCoordination.into(),
            page_size,
            page_token,
            at_least_position: at_least,
            ..Default::default()
        };
        let page = worker.consultations().list_consultations(list).await.unwrap().into_inner();
        assert!(page.next_page_token.is_empty() || page.consultations.len() == usize::try_from(page_size).unwrap());
        all.extend(page.consultations);
        if page.next_page_token.is_empty() {
            return all;
        }
        page_token = page.next_page_token;
    }
}

/// The person begins a conversation for these workers.
async fn begin(callers: &Callers, topic: &str, staff_ids: Vec<String>) -> Result<(String, u64), Status> {
    let begin = RequestConsultationRequest {
        request_id: request_id(),
        mode: Mode::PersonLed.into(),
        topic: topic.into(),
        staff_ids,
        ..Default::default()
    };
    let begun = callers.person.consultations().request_consultation(begin).await?.into_inner();
    Ok((begun.consultation_id, begun.position))
}

fn level(level: SensitivityLevel) -> Option<Sensitivity> {
    Some(Sensitivity { level: level.into(), labels: vec![] })
}

/// A colleague of the worker who is let in as they are.
async fn colleague(supported: &Supported) -> (Client, String) {
    let callers = &supported.callers;
    let (client, staff_id) = supported.joins("colleague", "Isla Munro", "nurse").await;
    let proposed = client.propose(&callers.pair.person_id(), "visits").await.unwrap();
    callers.person.accept(&proposed.relationship_id).await.unwrap();
    (client, staff_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_begins_is_for_whom_they_name_until_they_share_it() {
    let supported = Supported::sharing(0).await;
    let (callers, (colleague, their_id)) = (&supported.callers, colleague(&supported).await);
    let own = callers.pair.staff_id();
    let topics = |consultations: &[Consultation]| consultations.iter().map(|c| c.topic.clone()).collect::<Vec<_>>();
    // Three for the worker among some for nobody; each page is full, though what is between them is not theirs to see.
    let mut position = 0;
    for (n, staff_ids) in [vec![own.clone()], vec![], vec![own.clone(), their_id.clone()], vec![], vec![own.clone()]]
        .into_iter()
        .enumerate()
    {
        position = begin(callers, &format!("Topic {n}"), staff_ids).await.unwrap().1;
    }
    for size in [1, 2, 5] {
        assert_eq!(topics(&seen(&callers.worker, callers, position, size).await), ["Topic 0", "Topic 2", "Topic 4"]);
        assert_eq!(topics(&seen(&colleague, callers, position, size).await), ["Topic 2"]);
    }
    // Whom else the person named is who else supports them.
    let both = seen(&colleague, callers, position, 5).await.remove(0);
    assert_eq!((both.kept, both.staff_ids), (true, vec![their_id.clone()]));

    // For everybody else it is as if it were not there, whatever they send.
    let (consultation_id, _) = begin(callers, "Leaving my partner safely", vec![own.clone()]).await.unwrap();
    let raise = async |by: &Client, consultation_id: String, text: &str| {
        let (request_id, person_id) = (request_id(), callers.pair.person_id());
        let raise = RaiseAgendaItemRequest { request_id, person_id, consultation_id, text: text.into() };
        by.consultations().raise_agenda_item(raise).await.map(drop).map_err(|refused| {
            let message = refused.message().to_owned();
            (refused.code(), message)
        })
    };
    for text in ["hello", ""] {
        let absent = raise(&colleague, uuid::Uuid::now_v7().to_string(), text).await;
        assert!(absent.is_err());
        assert_eq!(raise(&colleague, consultation_id.clone(), text).await, absent);
    }
    raise(&callers.worker, consultation_id.clone(), "hello").await.unwrap();

    // Shared wider they see it, as far as its sensitivity is shared with them.
    let share = async |to| {
        let (request_id, consultation_id) = (request_id(), consultation_id.clone());
        let share = ShareConsultationRequest { request_id, consultation_id, sensitivity: level(to) };
        callers.person.consultations().share_consultation(share).await.unwrap().into_inner().position
    };
    let shared = share(SensitivityLevel::Restricted).await;
    assert_eq!(seen(&colleague, callers, shared, 5).await.len(), 1);
    assert_eq!(seen(&callers.worker, callers, shared, 5).await.len(), 3, "it is not kept for them any more either");
    let shared = share(SensitivityLevel::Normal).await;
    assert_eq!(topics(&seen(&colleague, callers, shared, 5).await)[1], "Leaving my partner safely");

    // What cannot take effect is refused.
    for staff_ids in [vec![uuid::Uuid::now_v7().to_string()], vec!["nobody".into()]] {
        assert_eq!(begin(callers, "x", staff_ids).await.unwrap_err().code(), Code::InvalidArgument);
    }
    let by_worker = RequestConsultationRequest {
        request_id: request_id(),
        person_id: callers.pair.person_id(),
        mode: Mode::Involve.into(),
        topic: "x".into(),
        staff_ids: vec![their_id],
        ..Default::default()
    };
    let refused = callers.worker.consultations().request_consultation(by_worker).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);

    // A deny beats being named.
    let terms = client::terms(Actor::StaffId(own), [RecordCategory::Consultations], Purpose::Research, [Action::Read]);
    let terms = proto::sharing::v1::ProvisionTerms {
        purposes: vec![],
        level: SensitivityLevel::VeryRestricted.into(),
        ..terms
    };
    let deny = DenyProvisionRequest { request_id: request_id(), terms: Some(terms), ..Default::default() };
    let denied = callers.person.sharing().deny_provision(deny).await.unwrap().into_inner().position;
    assert_eq!(topics(&seen(&callers.worker, callers, denied, 5).await), ["Leaving my partner safely"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn options_and_views_may_be_more_sensitive_than_the_rest() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let ask = |sensitivity| RequestConsultationRequest {
        request_id: request_id(),
        person_id: callers.pair.person_id(),
        mode: Mode::Involve.into(),
        topic: "Visits".into(),
        sensitivity,
        ..Default::default()
    };
    let request = async |sensitivity| callers.worker.consultations().request_consultation(ask(sensitivity)).await;
    let refused = request(level(SensitivityLevel::Restricted)).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "they may not add what they may not see");
    let consultation_id = request(None).await.unwrap().into_inner().consultation_id;
    let mut position = 0;
    for (words, sensitivity) in [("mornings", None), ("at the refuge", level(SensitivityLevel::Restricted))] {
        let (consultation_id, person_id) = (consultation_id.clone(), String::new());
        let offer = OfferOptionRequest {
            request_id: request_id(),
            person_id,
            consultation_id: consultation_id.clone(),
            text: words.into(),
            sensitivity: sensitivity.clone(),
            ..Default::default()
        };
        callers.person.consultations().offer_option(offer).await.unwrap();
        let view = words.to_owned();
        let decision_id = String::new();
        let view = RecordPersonViewRequest {
            request_id: request_id(),
            consultation_id,
            view,
            sensitivity,
            decision_id,
            ..Default::default()
        };
        position = callers.person.consultations().record_person_view(view).await.unwrap().into_inner().position;
    }
    let read = seen(&callers.worker, callers, position, 5).await.remove(0);
    assert_eq!(
        (read.options.len(), read.views.iter().map(|view| &*view.words).collect::<Vec<_>>(), read.said.len()),
        (1, vec!["mornings"], 3)
    );
    assert!(!format!("{read:?}").contains("refuge"));
}
