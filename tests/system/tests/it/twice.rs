//! The same wish twice is one wish, and taking it back takes it back (rule 24).

use client::{request_id, terms};
use proto::access::v1::{CloseEmergencyAccessRequest, DeclareEmergencyAccessRequest, Purpose, RecordCategory};
use proto::agencies::v1::RemoveStaffRequest;
use proto::relationships::v1::{
    DeclineSupportRequest, EndSupportRequest, ProposeSupportRequest, WithdrawProposalRequest,
};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{DenyProvisionRequest, GetMySharingRequest, NarrowProvisionRequest, WithdrawProvisionRequest};

use crate::world::{Callers, World};

#[tokio::test(flavor = "multi_thread")]
async fn rule_24_a_double_click_is_one_permit_and_withdrawing_it_takes_it_back() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let (_servers, here, elsewhere) = world.start_two(&pair).await;
    here.accept().await;
    // At once, on two servers, under two request ids.
    let (one, two) = tokio::join!(here.grant(), elsewhere.grant());
    assert_eq!(one.provision_id, two.provision_id);
    here.look().await.unwrap();
    let withdraw = async |callers: &Callers, provision_id: &str| {
        let provision_id = provision_id.to_owned();
        let withdraw = WithdrawProvisionRequest { request_id: request_id(), provision_id, ..Default::default() };
        callers.person.sharing().withdraw_provision(withdraw).await.unwrap().into_inner().still_permitting
    };
    assert_eq!(withdraw(&here, &one.provision_id).await, []);
    for callers in [&here, &elsewhere] {
        callers.is_refused().await;
        assert_eq!(withdraw(callers, &one.provision_id).await, [], "and again it is fulfilled");
    }
    // What still permits is named: "I withdrew it and they still look" is no surprise.
    let whole = here.grant().await.provision_id;
    let worker = terms(Actor::StaffId(pair.staff_id()), [RecordCategory::Goals], Purpose::CareCoordination, []);
    let own = here.person.grant(worker.clone()).await.unwrap().provision_id;
    let narrow = NarrowProvisionRequest {
        request_id: request_id(),
        provision_id: whole.clone(),
        categories: vec![RecordCategory::Strengths.into()],
        ..Default::default()
    };
    let narrowed = here.person.sharing().narrow_provision(narrow).await.unwrap().into_inner();
    let named =
        |still: Vec<proto::sharing::v1::Provision>| still.into_iter().map(|p| p.provision_id).collect::<Vec<_>>();
    assert_eq!(named(narrowed.still_permitting), std::slice::from_ref(&own));
    here.look_for(&[RecordCategory::Goals], 0).await.unwrap();
    let still = withdraw(&here, &whole).await;
    assert!(still[0].summary.contains("may see your goals"), "{still:?}");
    assert_eq!(named(still), std::slice::from_ref(&own));
    assert_eq!(withdraw(&elsewhere, &own).await, []);
    here.is_refused().await;
    // A deny said twice is one, too.
    let deny = async || {
        let deny = DenyProvisionRequest { request_id: request_id(), terms: Some(worker.clone()), ..Default::default() };
        here.person.sharing().deny_provision(deny).await.unwrap().into_inner().provision_id
    };
    assert_eq!(deny().await, deny().await);
    let sharing = here.person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner();
    assert_eq!(sharing.provisions.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_24_what_is_fulfilled_is_fulfilled_again() {
    let world = World::distributed().await;
    let [pair, other] = world.import(2).try_into().unwrap();
    let ([_first, second], here, elsewhere) = world.start_two(&pair).await;
    let position = here.accept().await;
    let relationship_id = here.active(position).await;
    for callers in [&here, &elsewhere] {
        callers.person.accept(&relationship_id).await.unwrap();
        callers.person.block(&pair.agency_id()).await.unwrap();
    }
    for callers in [&here, &elsewhere] {
        callers.person.unblock(&pair.agency_id()).await.unwrap();
    }
    let reason = "found unconscious at home by a neighbour".to_owned();
    let declare =
        DeclareEmergencyAccessRequest { request_id: request_id(), person_id: pair.person_id(), reason, minutes: 5 };
    let emergency_id = here.worker.access().declare_emergency_access(declare).await.unwrap().into_inner().emergency_id;
    for callers in [&here, &elsewhere] {
        let (request_id, person_id, emergency_id) = (request_id(), pair.person_id(), emergency_id.clone());
        let close = CloseEmergencyAccessRequest { request_id, person_id, emergency_id };
        callers.worker.access().close_emergency_access(close).await.unwrap();
    }
    for callers in [&here, &elsewhere] {
        let (request_id, relationship_id) = (request_id(), relationship_id.clone());
        let end = EndSupportRequest { request_id, relationship_id, reason: "enough".into(), ..Default::default() };
        callers.person.relationships().end_support(end).await.unwrap();
    }
    // Who ended it is who did so first, and why.
    let (request_id_of_worker, person_id) = (request_id(), pair.person_id());
    let end = EndSupportRequest {
        request_id: request_id_of_worker,
        person_id,
        relationship_id: relationship_id.clone(),
        reason: String::new(),
    };
    let position = here.worker.relationships().end_support(end).await.unwrap().into_inner().position;
    let ended =
        here.person.my_people(position).await.unwrap().into_iter().find(|r| r.relationship_id == relationship_id);
    let end = ended.unwrap().end.unwrap();
    assert_eq!((end.reason.as_str(), end.by.unwrap().kind()), ("enough", proto::access::v1::party::Kind::Person));

    // Proposals: declined twice, withdrawn twice.
    let asked = Callers::unenrolled(&world.cluster, &second.channel().await.unwrap(), &other).person;
    let propose =
        ProposeSupportRequest { request_id: request_id(), person_id: other.person_id(), offer: "walks".into() };
    let offered = here.worker.relationships().propose_support(propose).await.unwrap().into_inner();
    for _ in 0..2 {
        let (request_id, person_id) = (request_id(), other.person_id());
        let withdraw = WithdrawProposalRequest { request_id, person_id };
        here.worker.relationships().withdraw_proposal(withdraw).await.unwrap();
        let (request_id, relationship_id) = (client::request_id(), offered.relationship_id.clone());
        let decline = DeclineSupportRequest { request_id, relationship_id, ..Default::default() };
        asked.relationships().decline_support(decline).await.unwrap();
    }
    for callers in [&here, &elsewhere] {
        let remove = RemoveStaffRequest { request_id: request_id(), staff_id: pair.staff_id() };
        callers.operator.agencies().remove_staff(remove).await.unwrap();
    }
}
