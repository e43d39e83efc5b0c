//! Pages to print and to post, for whoever has no screen: codes, who has looked, and consultations.

use client::{request_id, terms};
use proto::access::v1::{
    ListAccessHistoryRequest, PrintAccessHistoryRequest, PrintMyAccessHistoryRequest, Purpose, RecordCategory, receipt,
};
use proto::consultations::v1::{GetConsultationRequest, GetMyConsultationRequest, Mode, OfferOptionRequest};
use proto::people::v1::{GiveCodeRequest, InvitePersonRequest};
use proto::sharing::v1::provision_actor::Actor;
use tonic::Code;

use crate::consulted::Held;
use crate::world::{Callers, Supported, at_rest};

/// A page that stands by itself: nothing is fetched and nothing runs.
fn is_a_page(html: &str) {
    assert!(html.starts_with("<!DOCTYPE html>") && html.contains("@media print"), "{html}");
    for other in ["<script", "src=", "href=", "http"] {
        assert!(!html.contains(other), "{other}: {html}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_looked_is_printed_for_the_person_and_for_whom_they_let_know_who_supports_them() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, pair, .. } = callers;
    let written = person.strength("I sing").await.unwrap();
    callers.look_for(&[], written.position).await.unwrap();
    person.my_record(0).await.unwrap();
    at_rest(&supported.world.cluster).await;
    let own = |agency_id: &str| PrintMyAccessHistoryRequest { agency_id: agency_id.into(), ..Default::default() };
    let mine = person.access().print_my_access_history(own("")).await.unwrap().into_inner();
    is_a_page(&mine.html);
    assert!(mine.html.contains("looked at your") && mine.html.contains("You can ask anybody here why they looked."));
    let elsewhere = person.access().print_my_access_history(own(&request_id())).await.unwrap().into_inner();
    assert!(elsewhere.html.contains("There is nobody to tell of.") && elsewhere.html.contains("It is a part of it"));
    assert!(!elsewhere.html.contains("looked at your"));

    // Who looks tells who supports them: a worker prints it for them only if they may see that because the person asked.
    let print = || PrintAccessHistoryRequest { person_id: pair.person_id(), ..Default::default() };
    let refused = worker.access().print_access_history(print()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let network = |of| terms(Actor::StaffId(pair.staff_id()), [of], Purpose::PersonRequest, []);
    person.grant(network(RecordCategory::Goals)).await.unwrap();
    let refused = worker.access().print_access_history(print()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied, "something else is permitted for it");
    person.grant(network(RecordCategory::SupportNetwork)).await.unwrap();
    let theirs = worker.access().print_access_history(print()).await.unwrap().into_inner();
    is_a_page(&theirs.html);
    assert!(theirs.html.contains("looked at your") && theirs.html.contains("It does not say who tried"));
    assert!(mine.html.contains("You looked") && theirs.html.contains("You looked"), "one's own looks, too");
    assert!(!theirs.html.contains("was refused"), "attempts are for the person alone");
    let position = at_rest(&supported.world.cluster).await;
    let history = person.history(position).await.unwrap();
    let printed = history.iter().find(|receipt| receipt.receipt_id == theirs.receipt_id).unwrap();
    assert_eq!(printed.purpose(), Purpose::PersonRequest);
    assert_eq!(history.iter().filter(|receipt| receipt.kind() == receipt::Kind::Denied).count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_is_read_by_agency_category_kind_and_time() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, pair, .. } = callers;
    let written = person.strength("I sing").await.unwrap();
    callers.look_for(&[RecordCategory::Strengths], written.position).await.unwrap();
    worker.look(&pair.person_id(), Purpose::Research, &[RecordCategory::Health], 0).await.unwrap_err();
    let at_least_position = at_rest(&supported.world.cluster).await;
    let read = async |request: ListAccessHistoryRequest| {
        let request = ListAccessHistoryRequest { at_least_position, page_size: 100, ..request };
        person.access().list_access_history(request).await.map(|answer| answer.into_inner().receipts)
    };
    let of = ListAccessHistoryRequest::default;
    let all = read(of()).await.unwrap();
    let kinds = |kind: receipt::Kind| ListAccessHistoryRequest { kinds: vec![kind.into()], ..of() };
    let denied = read(kinds(receipt::Kind::Denied)).await.unwrap();
    assert!(!denied.is_empty() && denied.iter().all(|receipt| receipt.kind() == receipt::Kind::Denied));
    assert_eq!(read(kinds(receipt::Kind::Unspecified)).await.unwrap_err().code(), Code::InvalidArgument);
    let strengths = ListAccessHistoryRequest { categories: vec![RecordCategory::Strengths.into()], ..of() };
    let strengths = read(strengths).await.unwrap();
    assert!(strengths.iter().all(|one| one.categories().any(|category| category == RecordCategory::Strengths)));
    assert!(!strengths.is_empty() && strengths.len() < all.len());
    let newest = all[0].time;
    let since = read(ListAccessHistoryRequest { from: newest, ..of() }).await.unwrap();
    let before = read(ListAccessHistoryRequest { until: newest, ..of() }).await.unwrap();
    assert_eq!((since.len(), before.len()), (1, all.len() - 1));
    let elsewhere = read(ListAccessHistoryRequest { agency_id: request_id(), ..of() }).await.unwrap();
    assert!(elsewhere.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consultation_is_read_by_itself_and_printed_and_what_is_kept_is_not_there() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, pair, .. } = callers;
    let held = Held::asked(callers, Mode::Involve).await;
    let offer = OfferOptionRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        consultation_id: held.consultation_id.clone(),
        text: "Visits in the <morning>".into(),
        benefits: "You are awake".into(),
        risks: "The bus is full".into(),
        ..Default::default()
    };
    let position = worker.consultations().offer_option(offer).await.unwrap().into_inner().position;
    let mine = |consultation_id: &str| GetMyConsultationRequest {
        consultation_id: consultation_id.into(),
        as_page: true,
        at_least_position: position,
    };
    let own = person.consultations().get_my_consultation(mine(&held.consultation_id)).await.unwrap().into_inner();
    is_a_page(&own.html);
    for said in ["You choose this together with others.", "Visits in the &#60;morning&#62;", "The bus is full"] {
        assert!(own.html.contains(said), "{said}: {}", own.html);
    }
    assert_eq!(own.consultation.unwrap().options.len(), 1);
    let get = |consultation_id: &str, as_page| GetConsultationRequest {
        person_id: pair.person_id(),
        purpose: Purpose::CareCoordination.into(),
        consultation_id: consultation_id.into(),
        as_page,
        at_least_position: position,
    };
    let theirs = worker.consultations().get_consultation(get(&held.consultation_id, true)).await.unwrap().into_inner();
    assert!(theirs.html.contains("The bus is full") && !theirs.receipt_id.is_empty());
    let plain = worker.consultations().get_consultation(get(&held.consultation_id, false)).await.unwrap().into_inner();
    assert!(plain.html.is_empty() && plain.consultation.is_some());
    // What the person keeps to themselves is as if it were not there.
    let kept = proto::consultations::v1::RequestConsultationRequest {
        request_id: request_id(),
        mode: Mode::PersonLed.into(),
        topic: "Something of mine".into(),
        ..Default::default()
    };
    let kept = person.consultations().request_consultation(kept).await.unwrap().into_inner().consultation_id;
    let [hidden, nowhere] = [kept, request_id()].map(|id| get(&id, true));
    let hidden = worker.consultations().get_consultation(hidden).await.unwrap_err();
    let nowhere = worker.consultations().get_consultation(nowhere).await.unwrap_err();
    assert_eq!((hidden.code(), hidden.message()), (nowhere.code(), nowhere.message()));
    assert_eq!(hidden.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_comes_as_a_page_too() {
    let supported = Supported::without_consent(0).await;
    let Callers { person, worker, .. } = &supported.callers;
    let invite = InvitePersonRequest { request_id: request_id(), name: "Isla".into(), ..Default::default() };
    let invited = worker.joining().invite_person(invite).await.unwrap().into_inner();
    let give = GiveCodeRequest { request_id: request_id(), message: "it is me".into() };
    let given = person.joining().give_code(give).await.unwrap().into_inner();
    for (html, code, said) in [
        (&invited.html, &invited.code, "you can make a place here that is your own"),
        (&given.html, &given.code, "by whom you want to be found"),
    ] {
        is_a_page(html);
        assert!(html.contains(code.as_str()) && html.contains(said), "{html}");
    }
}
