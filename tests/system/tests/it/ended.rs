//! What has ended stays ended (rule 23), and who comes back starts anew.

use client::{Client, request_id};
use harness::Node;
use proto::access::v1::{
    AllowEmergencyAccessRequest, CloseEmergencyAccessRequest, DeclareEmergencyAccessRequest,
    DeclareEmergencyAccessResponse, Purpose, Receipt, ReviewEmergencyAccessRequest, ReviewEmergencyAccessResponse,
    receipt,
};
use proto::agencies::v1::{CorrectStaffNameRequest, RemoveStaffRequest};
use proto::relationships::v1::{AcceptSupportRequest, ProposeSupportRequest, Relationship, RelationshipState};
use proto::sharing::v1::GetMySharingRequest;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::world::{Callers, Pair, World};

const REASON: &str = "found unconscious at home by a neighbour";

async fn declare(worker: &Client, pair: &Pair) -> Result<DeclareEmergencyAccessResponse, Status> {
    let (request_id, person_id) = (request_id(), pair.person_id());
    let emergency = DeclareEmergencyAccessRequest { request_id, person_id, reason: REASON.into(), minutes: 60 };
    Ok(worker.access().declare_emergency_access(emergency).await?.into_inner())
}

/// Somebody new at the pair's agency, signed in at this server; and their id.
async fn colleague(world: &World, node: &Node, callers: &Callers, subject: &str, role: &str) -> (Client, String) {
    world.adds(node, callers, callers.pair.joins(subject, &format!("{subject} of {role}s"), role)).await
}

fn remove(staff_id: String) -> RemoveStaffRequest {
    RemoveStaffRequest { request_id: request_id(), staff_id }
}

async fn looks_in_an_emergency(worker: &Client, pair: &Pair) -> bool {
    worker.look(&pair.person_id(), Purpose::BreakGlass, &[], 0).await.is_ok()
}

/// The person's relationship with the pair's worker.
async fn with_the_worker(callers: &Callers) -> Relationship {
    let theirs = |r: &Relationship| r.supporter.as_ref().unwrap().staff_id == callers.pair.staff_id();
    callers.person.my_people(0).await.unwrap().into_iter().find(theirs).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_23_all_that_hung_on_a_worker_is_over_when_they_leave() {
    let world = World::distributed().await;
    let [pair, other] = world.import(2).try_into().unwrap();
    let ([first, second], here, elsewhere) = world.start_two(&pair).await;
    here.accept().await;
    here.grant().await;
    declare(&here.worker, &pair).await.unwrap();
    here.look().await.unwrap();
    assert!(looks_in_an_emergency(&here.worker, &pair).await);
    // And an offer to somebody else waits.
    let (request_id, person_id) = (request_id(), other.person_id());
    let offer = ProposeSupportRequest { request_id, person_id, offer: "walks".into() };
    let offered = here.worker.relationships().propose_support(offer).await.unwrap().into_inner();
    let asked = Callers::unenrolled(&world.cluster, &second.channel().await.unwrap(), &other).person;
    assert!(!asked.my_people(offered.position).await.unwrap().is_empty());

    // The worker's own client is signed in by the subject that somebody else is given next.
    here.operator.agencies().remove_staff(remove(pair.staff_id())).await.unwrap();
    let again = pair.joins(&pair.staff_id(), "Somebody Else", "receptionist");
    let new = here.operator.agencies().add_staff(again).await.unwrap().into_inner();
    assert_ne!(new.staff_id, pair.staff_id(), "who comes is another worker");
    for callers in [&here, &elsewhere] {
        callers.is_refused().await;
        assert!(!looks_in_an_emergency(&callers.worker, &pair).await);
    }
    // The person reads so at once, though their own events follow.
    let ended = with_the_worker(&elsewhere).await;
    let end = ended.end.unwrap();
    assert!(ended.state == i32::from(RelationshipState::Ended) && end.supporter_left && end.ended_at.is_some());
    assert_eq!(ended.supporter.unwrap().role, "district nurse", "as it was when they proposed");
    let sharing = elsewhere.person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner();
    assert_eq!(sharing.open_access, []);
    let accept = AcceptSupportRequest { request_id: client::request_id(), relationship_id: offered.relationship_id };
    let late = asked.relationships().accept_support(accept).await.unwrap_err();
    let late = late.get_details_precondition_failure().unwrap().violations.remove(0);
    // Whether it stands in the log already or not.
    assert!(["supporter_left", "waiting_for_the_person"].contains(&late.subject.as_str()), "{late:?}");
    // And soon it stands in the log, at the same time, whatever server wrote it.
    let told = async || {
        let receipts = elsewhere.person.history(0).await?;
        Ok(receipts.iter().any(|receipt| receipt.kind() == receipt::Kind::EmergencyEnded))
    };
    harness::wait_until("the emergency access to be ended", told).await.unwrap();
    let settled = async || Ok(asked.my_people(0).await?.iter().any(|r| r.not_again || r.end.is_some()));
    harness::wait_until("the offer to be over", settled).await.unwrap();
    assert_eq!(with_the_worker(&elsewhere).await.end.unwrap().ended_at, end.ended_at);
    // Once: a settled departure is left alone.
    let ends = |receipts: Vec<Receipt>| {
        receipts.iter().filter(|receipt| receipt.kind() == receipt::Kind::EmergencyEnded).count()
    };
    drop(first);
    let third = world.start().await;
    let person = Callers::unenrolled(&world.cluster, &third.channel().await.unwrap(), &pair).person;
    let position = person.strength("still here").await.unwrap().position;
    assert_eq!(ends(person.history(position).await.unwrap()), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_23_a_misspelt_name_is_corrected_and_nobody_takes_over_the_past() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
    let (boss, _) = colleague(&world, &node, &callers, "boss", "administrator").await;
    let joins = pair.joins("reception1", "Morga Ried", "district nurse");
    let staff_id = boss.agencies().add_staff(joins).await.unwrap().into_inner().staff_id;
    let token = world.cluster.signer.staff(pair.worker.agency(), "reception1").unwrap();
    let reception = Client::new(node.channel().await.unwrap(), &token).unwrap();
    reception.look(&pair.person_id(), Purpose::CareCoordination, &[], 0).await.unwrap_err();

    let correct = |name: &str| {
        let (request_id, staff_id, name) = (request_id(), staff_id.clone(), name.to_owned());
        CorrectStaffNameRequest { request_id, staff_id, name }
    };
    let another = boss.agencies().correct_staff_name(correct("Fergus Bain")).await.unwrap_err();
    assert_eq!(another.code(), Code::FailedPrecondition);
    let corrected = boss.agencies().correct_staff_name(correct("Morag Reid")).await.unwrap().into_inner();
    let who = async |position| {
        let receipt =
            callers.person.history(position).await.unwrap().into_iter().find(|r| r.kind() == receipt::Kind::Denied);
        let party = receipt.unwrap().party.unwrap();
        (party.name, party.role)
    };
    let morag = ("Morag Reid".to_owned(), "district nurse".to_owned());
    assert_eq!(who(corrected.position).await, morag);
    // The sign-in goes to somebody else: the past stays whose it was.
    boss.agencies().remove_staff(remove(staff_id.clone())).await.unwrap();
    let joins = pair.joins("reception1", "Ann Newcomer", "receptionist");
    let position = boss.agencies().add_staff(joins).await.unwrap().into_inner().position;
    assert_eq!(who(position).await, morag);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_8_an_unjustified_emergency_ends_with_its_review() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let ([node, _second], here, elsewhere) = world.start_two(&pair).await;
    let (officer, _) = colleague(&world, &node, &here, "officer", "privacy officer").await;
    let (friend, friend_id) = colleague(&world, &node, &here, "friend", "nurse").await;
    let review = async |staff_id: &str, declared: DeclareEmergencyAccessResponse| {
        let (request_id, staff_id) = (request_id(), staff_id.to_owned());
        let (emergency_id, finding) = (declared.emergency_id, "nobody was in danger".to_owned());
        let review = ReviewEmergencyAccessRequest {
            request_id,
            staff_id,
            emergency_id,
            justified: false,
            corrects: false,
            finding,
        };
        officer.access().review_emergency_access(review).await.map(tonic::Response::into_inner)
    };
    let close = async |by: &Client, declared: &DeclareEmergencyAccessResponse| {
        let (request_id, person_id) = (request_id(), pair.person_id());
        let emergency_id = declared.emergency_id.clone();
        by.access().close_emergency_access(CloseEmergencyAccessRequest { request_id, person_id, emergency_id }).await
    };
    let declared = declare(&here.worker, &pair).await.unwrap();
    assert!(looks_in_an_emergency(&elsewhere.worker, &pair).await);
    let ReviewEmergencyAccessResponse { nth, .. } = review(&pair.staff_id(), declared).await.unwrap();
    assert_eq!(nth, 1);
    for callers in [&here, &elsewhere] {
        assert!(!looks_in_an_emergency(&callers.worker, &pair).await, "it ends with its review");
    }
    // Not again by the same worker; the person finds the attempt. A colleague may: nobody in danger waits for an office.
    let again = declare(&elsewhere.worker, &pair).await.unwrap_err();
    let again = again.get_details_precondition_failure().unwrap().violations.remove(0);
    assert_eq!(again.subject, "emergency_allowed_first");
    let history = async || {
        let position = here.person.strength("x").await.unwrap().position;
        here.person.history(position).await.unwrap()
    };
    let newest = history().await.remove(0);
    assert!(newest.kind() == receipt::Kind::Denied && newest.summary.contains("found unjustified"), "{newest:?}");
    let second = declare(&friend, &pair).await.unwrap();
    let told = history().await.remove(0);
    assert!(told.nth == 2 && told.summary.contains("the second of this agency"), "{told:?}");
    assert!(told.until.is_some());
    // The officer closes any; a colleague does not. Twice is once.
    assert_eq!(close(&here.worker, &second).await.unwrap_err().code(), Code::NotFound);
    assert!(looks_in_an_emergency(&friend, &pair).await);
    close(&officer, &second).await.unwrap();
    close(&officer, &second).await.unwrap();
    assert!(!looks_in_an_emergency(&friend, &pair).await);
    let ended = history().await;
    let ended: Vec<_> = ended.iter().filter(|r| r.kind() == receipt::Kind::EmergencyEnded).collect();
    assert_eq!(ended.len(), 2, "with its review, and by the officer");
    assert_eq!(review(&friend_id, second).await.unwrap().nth, 2);

    // Until an officer allows it, with a reason that the person reads; nobody allows it to themselves.
    let allow = |reason: &str| AllowEmergencyAccessRequest {
        request_id: request_id(),
        staff_id: pair.staff_id(),
        person_id: pair.person_id(),
        reason: reason.to_owned(),
    };
    for (by, reason) in [(&friend, "please"), (&here.worker, "please"), (&officer, " ")] {
        assert!(by.access().allow_emergency_access(allow(reason)).await.is_err());
    }
    officer.access().allow_emergency_access(allow("we spoke about when to use it")).await.unwrap();
    officer.access().allow_emergency_access(allow("twice is once")).await.unwrap();
    let told = history().await;
    let told: Vec<_> = told.iter().filter(|r| r.kind() == receipt::Kind::EmergencyAllowed).collect();
    assert!(told.len() == 1 && told[0].reason == "we spoke about when to use it", "{told:?}");
    declare(&elsewhere.worker, &pair).await.unwrap();
}
