//! A law under which somebody may look: never silent, just what it names, and over when it ends.

use client::{Client, request_id, terms};
use proto::access::v1::{ListMyTimelineRequest, Purpose, RecordCategory, receipt};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{
    EndLawfulBasisRequest, GetMySharingRequest, GetMySharingResponse, InvokeLawfulBasisRequest, ProvisionTerms,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::world::{Callers, Supported, World, at_rest, in_days, views_equal_a_rebuild};

const STATUTE: &str = "Adult Support and Protection (Scotland) Act 2007, section 10";

fn of(staff_id: &str) -> ProvisionTerms {
    let terms = terms(Actor::StaffId(staff_id.into()), [RecordCategory::Strengths], Purpose::Legal, []);
    ProvisionTerms { until: in_days(7), ..terms }
}

fn invoke(person_id: &str, terms: ProvisionTerms) -> InvokeLawfulBasisRequest {
    InvokeLawfulBasisRequest {
        request_id: request_id(),
        person_id: person_id.into(),
        terms: Some(terms),
        statute: STATUTE.into(),
        reason: "a neighbour told us of harm at home".into(),
    }
}

async fn named(by: &Client, invoke: InvokeLawfulBasisRequest) -> Result<String, Status> {
    Ok(by.sharing().invoke_lawful_basis(invoke).await?.into_inner().lawful_basis_id)
}

async fn sees(by: &Client, callers: &Callers, purpose: Purpose) -> Result<usize, Code> {
    let look = by.look(&callers.pair.person_id(), purpose, &[], 0).await;
    look.map(|plan| plan.entries.len()).map_err(|status| status.code())
}

async fn sharing(callers: &Callers) -> GetMySharingResponse {
    callers.person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner()
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_1_a_law_opens_what_it_names_to_one_worker_and_never_silently() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let ([here, elsewhere_node], callers, elsewhere) = world.start_two(&pair).await;
    let Callers { person, worker, .. } = &callers;
    let written = person.strength("I sing in a choir").await.unwrap();
    person.my_record(written.position).await.unwrap();
    person.block(&pair.agency_id()).await.unwrap();
    let joins = |subject: &'static str, role| pair.joins(subject, "Isla Ross", role);
    let (officer, officer_id) = world.adds(&here, &callers, joins("officer", "privacy officer")).await;
    let (colleague, _) = world.adds(&here, &callers, joins("colleague", "nurse")).await;
    let (refused, person_id) = (Err(Code::PermissionDenied), pair.person_id());
    assert_eq!(sees(worker, &callers, Purpose::Legal).await, refused);

    // Who decides is a privacy officer, and not whoever looks; of nobody else, and nobody who is not here.
    let denied = |status: Status, why: &str| {
        assert!(status.code() == Code::PermissionDenied && status.message().contains(why), "{status:?}");
    };
    let by_a_colleague = named(&colleague, invoke(&person_id, of(&pair.staff_id()))).await.unwrap_err();
    denied(by_a_colleague, "only a privacy officer decides");
    let own = named(&officer, invoke(&person_id, of(&officer_id))).await.unwrap_err();
    denied(own, "nobody decides that they may look themselves");
    let nobody = named(&officer, invoke(&request_id(), of(&pair.staff_id()))).await.unwrap_err();
    assert_eq!(nobody.code(), Code::PermissionDenied);
    let unknown = named(&officer, invoke(&person_id, of(&request_id()))).await.unwrap_err();
    assert_eq!(unknown.get_details_bad_request().unwrap().field_violations[0].field, "terms.actor.staff_id");

    let basis = named(&officer, invoke(&person_id, of(&pair.staff_id()))).await.unwrap();
    assert_eq!(named(&officer, invoke(&person_id, of(&pair.staff_id()))).await.unwrap(), basis, "twice is once");
    assert_eq!(sees(worker, &callers, Purpose::Legal).await, Ok(1), "what it names, and nothing else");
    assert_eq!(sees(&elsewhere.worker, &callers, Purpose::Legal).await, Ok(1));
    assert_eq!(sees(worker, &callers, Purpose::Treatment).await, refused, "for what it names");
    assert_eq!(sees(&colleague, &callers, Purpose::Legal).await, refused, "to whom it names");

    // The person reads that it is so, who decided it, under which law, and every look under it.
    let bases = sharing(&callers).await.lawful_bases;
    let [told] = &bases[..] else { panic!("{bases:?}") };
    assert_eq!((told.lawful_basis_id.as_str(), told.statute.as_str()), (basis.as_str(), STATUTE));
    assert_eq!(told.party.as_ref().unwrap().staff_id, pair.staff_id());
    assert_eq!(told.decided_by.as_ref().unwrap().staff_id, officer_id);
    let position = at_rest(&world.cluster).await;
    let receipts = person.history(position).await.unwrap();
    let of_kind = |kind| receipts.iter().filter(move |receipt| receipt.kind() == kind);
    let invoked: Vec<_> = of_kind(receipt::Kind::LawfulBasis).collect();
    assert_eq!(invoked.len(), 1);
    assert!(invoked[0].summary.contains(STATUTE) && invoked[0].reason.contains("a neighbour"), "{invoked:?}");
    let looks: Vec<_> =
        of_kind(receipt::Kind::Viewed).filter(|look| look.lawful_basis_ids == [basis.clone()]).collect();
    assert_eq!(looks.len(), 2, "{receipts:?}");
    let timeline = ListMyTimelineRequest { page_size: 100, ..Default::default() };
    let told = person.access().list_my_timeline(timeline).await.unwrap().into_inner().items;
    let says = |words: &str| told.iter().any(|item| item.sentence.contains(words));
    assert!(says("says that a law lets this be so") && says("A law let them, whatever you share."), "{told:?}");

    // It is over when it is ended, on every server.
    let end = |by: &Client| {
        let (request_id, person_id) = (request_id(), person_id.clone());
        let end = EndLawfulBasisRequest { request_id, person_id, lawful_basis_id: basis.clone() };
        let mut sharing = by.sharing();
        async move { sharing.end_lawful_basis(end).await }
    };
    denied(end(&colleague).await.unwrap_err(), "only a privacy officer decides");
    let position = at_rest(&world.cluster).await;
    let tried = person.history(position).await.unwrap();
    let tried = tried.iter().filter(|receipt| receipt.summary.contains("not theirs to name a law"));
    assert_eq!(tried.count(), 3, "whoever tries leaves a trace");
    end(&officer).await.unwrap();
    end(&officer).await.unwrap();
    for by in [worker, &elsewhere.worker] {
        assert_eq!(sees(by, &callers, Purpose::Legal).await, refused);
    }
    assert!(sharing(&callers).await.lawful_bases.is_empty());
    let head = at_rest(&world.cluster).await;
    drop((here, elsewhere_node));
    views_equal_a_rebuild(&world.cluster, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_law_lets_nobody_look_who_has_left() {
    let supported = Supported::without_consent(0).await;
    let callers = &supported.callers;
    let written = callers.person.strength("I sing in a choir").await.unwrap();
    callers.person.my_record(written.position).await.unwrap();
    let (officer, _) = supported.joins("officer", "Isla Ross", "privacy officer").await;
    let (colleague, staff_id) = supported.joins("colleague", "Ailsa Munro", "nurse").await;
    named(&officer, invoke(&callers.pair.person_id(), of(&staff_id))).await.unwrap();
    assert_eq!(sees(&colleague, callers, Purpose::Legal).await, Ok(1));
    let removed = proto::agencies::v1::RemoveStaffRequest { request_id: request_id(), staff_id };
    callers.operator.agencies().remove_staff(removed).await.unwrap();
    assert_eq!(sees(&colleague, callers, Purpose::Legal).await, Err(Code::PermissionDenied));
    assert!(sharing(callers).await.lawful_bases.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_keeps_to_themselves_no_law_opens() {
    let supported = Supported::without_consent(0).await;
    let Callers { person, worker, pair, .. } = &supported.callers;
    let check_in = proto::people::v1::CheckInWellbeingRequest {
        request_id: request_id(),
        wellbeing: 3,
        words: "a hard day".into(),
        private: true,
        ..Default::default()
    };
    person.people().check_in_wellbeing(check_in).await.unwrap();
    let begin = proto::consultations::v1::RequestConsultationRequest {
        request_id: request_id(),
        mode: proto::consultations::v1::Mode::PersonLed.into(),
        topic: "Something of mine".into(),
        ..Default::default()
    };
    let kept = person.consultations().request_consultation(begin).await.unwrap().into_inner().position;
    let (officer, _) = supported.joins("officer", "Isla Ross", "privacy officer").await;
    let all = [RecordCategory::Wellbeing, RecordCategory::Consultations];
    let terms = terms(Actor::StaffId(pair.staff_id()), all, Purpose::Legal, []);
    let level = proto::access::v1::SensitivityLevel::VeryRestricted.into();
    named(&officer, invoke(&pair.person_id(), ProvisionTerms { until: in_days(7), level, ..terms })).await.unwrap();
    assert_eq!(sees(worker, &supported.callers, Purpose::Legal).await, Ok(0));
    let list = proto::consultations::v1::ListConsultationsRequest {
        person_id: pair.person_id(),
        purpose: Purpose::Legal.into(),
        at_least_position: kept,
        ..Default::default()
    };
    let seen = worker.consultations().list_consultations(list).await.unwrap().into_inner();
    assert!(seen.consultations.is_empty(), "{seen:?}");
}
