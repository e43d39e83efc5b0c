//! Somebody whom the person fears works at an agency: they learn nothing and reach nothing, and are not told.

use client::request_id;
use proto::access::v1::{AllowEmergencyAccessRequest, DeclareEmergencyAccessRequest, Purpose, RecordCategory, receipt};
use proto::agencies::v1::{ChangeStaffListingRequest, FindWorkersRequest, FoundWorker};
use proto::relationships::v1::{GetCaseloadRequest, ListMyProposalsRequest};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{
    BlockWorkerRequest, DenyProvisionRequest, GetMySharingRequest, GetMySharingResponse, ProvisionTerms,
    UnblockWorkerRequest,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::world::{Callers, Supported};

async fn block(callers: &Callers) -> u64 {
    let block =
        BlockWorkerRequest { request_id: request_id(), staff_id: callers.pair.staff_id(), ..Default::default() };
    callers.person.sharing().block_worker(block).await.unwrap().into_inner().position
}

async fn find(callers: &Callers, text: &str) -> Result<Vec<FoundWorker>, Status> {
    let find = FindWorkersRequest { agency_id: callers.pair.agency_id(), text: text.into(), at_least_position: 0 };
    Ok(callers.person.agencies().find_workers(find).await?.into_inner().workers)
}

async fn sharing(callers: &Callers) -> GetMySharingResponse {
    callers.person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner()
}

async fn declare(by: &client::Client, person_id: String) -> Result<(), Status> {
    let reason = "Found unconscious at the bus station".to_owned();
    let declare = DeclareEmergencyAccessRequest { request_id: request_id(), person_id, reason, minutes: 30 };
    by.access().declare_emergency_access(declare).await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_whom_the_person_blocks_reaches_nothing_and_is_not_told() {
    let Supported { node, world, callers, .. } = Supported::sharing(0).await;
    let elsewhere = world.start().await;
    let elsewhere = Callers::unenrolled(&world.cluster, &elsewhere.channel().await.unwrap(), &callers.pair);
    callers.look().await.unwrap();
    let party = callers.person.my_people(0).await.unwrap();
    let theirs = party.iter().filter_map(|r| r.supporter.as_ref()).find(|p| p.staff_id == callers.pair.staff_id());
    let name = theirs.unwrap().name.clone();

    // They are found by a few letters, and blocked.
    let letters: String = name.split_whitespace().last().unwrap().chars().take(3).collect();
    let found = find(&callers, &letters.to_uppercase()).await.unwrap();
    assert_eq!(found.iter().map(|worker| worker.name.as_str()).collect::<Vec<_>>(), [name.as_str()]);
    assert_eq!(find(&callers, "Mo").await.unwrap_err().code(), Code::InvalidArgument);
    assert_eq!(find(&callers, &letters[1..]).await.unwrap_err().code(), Code::InvalidArgument);
    block(&callers).await;
    let blocked = block(&callers).await;

    // From then on, on every server, they reach nothing: as if nobody had ever shared anything.
    for callers in [&callers, &elsewhere] {
        callers.is_refused().await;
        let caseload = GetCaseloadRequest {
            purpose: Purpose::CareCoordination.into(),
            at_least_position: blocked,
            ..GetCaseloadRequest::default()
        };
        assert_eq!(callers.worker.relationships().get_caseload(caseload).await.unwrap().into_inner().rows, []);
    }
    let read = sharing(&callers).await;
    assert_eq!(read.blocked_workers.iter().map(|w| w.name.as_str()).collect::<Vec<_>>(), [name.as_str()]);
    assert_eq!(read.open_access, []);
    let receipts = callers.person.history(blocked).await.unwrap();
    let denied = receipts.iter().find(|receipt| receipt.kind() == receipt::Kind::Denied).unwrap();
    assert!(
        denied.summary.starts_with(&name) && denied.summary.ends_with("you have blocked them"),
        "{}",
        denied.summary
    );

    // An emergency by them needs their privacy officer; a colleague's does not.
    let person_id = callers.pair.person_id();
    let refused = declare(&callers.worker, person_id.clone()).await.unwrap_err();
    let violations = refused.get_details_precondition_failure().unwrap().violations;
    assert_eq!(violations[0].subject, "emergency_allowed_first");
    assert!(!refused.message().contains("block"), "{}", refused.message());
    let add = async |subject: &str, role: &str| {
        world.adds(&node, &callers, callers.pair.joins(subject, "Isla Munro", role)).await.0
    };
    let (officer, colleague) = (add("officer", "privacy officer").await, add("colleague", "nurse").await);
    declare(&colleague, person_id.clone()).await.unwrap();
    let allow = async |reason: &str| {
        let allow = AllowEmergencyAccessRequest {
            request_id: request_id(),
            staff_id: callers.pair.staff_id(),
            person_id: person_id.clone(),
            reason: reason.into(),
        };
        officer.access().allow_emergency_access(allow).await.unwrap();
    };
    allow("Nobody else is on duty tonight").await;
    declare(&callers.worker, person_id.clone()).await.unwrap();
    let look = async |purpose| callers.worker.look(&person_id, purpose, &[], 0).await;
    look(Purpose::BreakGlass).await.unwrap();
    assert_eq!(look(Purpose::CareCoordination).await.unwrap_err().code(), Code::PermissionDenied);
    // Blocking again after that ends it; so does nothing else the worker does.
    let unblock =
        UnblockWorkerRequest { request_id: request_id(), staff_id: callers.pair.staff_id(), ..Default::default() };
    callers.person.sharing().unblock_worker(unblock).await.unwrap();
    callers.look().await.unwrap();
    block(&callers).await;
    assert_eq!(look(Purpose::BreakGlass).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_blocked_worker_proposes_waits_for_nobody() {
    let world = crate::world::World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
    let blocked = block(&callers).await;
    let before = callers.person.my_people(blocked).await.unwrap();
    let proposed = callers.worker.propose(&pair.person_id(), "A weekly call").await.unwrap();
    assert_eq!(callers.person.my_people(proposed.position).await.unwrap(), before);
    let mine = ListMyProposalsRequest { at_least_position: proposed.position, ..ListMyProposalsRequest::default() };
    let mine = callers.worker.relationships().list_my_proposals(mine).await.unwrap().into_inner().proposals;
    assert_eq!(mine.len(), 1, "it waits, as they are told");
    let receipts = callers.person.history(proposed.position).await.unwrap();
    assert!(receipts[0].summary.ends_with("you have blocked them"), "{}", receipts[0].summary);
    let invited = callers.person.invite(&proposed.relationship_id, "").await.unwrap_err();
    assert_eq!(invited.get_details_precondition_failure().unwrap().violations[0].subject, "blocked");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_that_keeps_names_to_itself_is_not_made_to_tell_them() {
    let world = crate::world::World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
    let add = callers.pair.joins("refuge", "Isla Munro", "advocate");
    let staff_id = callers.operator.agencies().add_staff(add).await.unwrap().into_inner().staff_id;
    let listed = async |by_name| {
        let (request_id, agency_id) = (request_id(), callers.pair.agency_id());
        let change = ChangeStaffListingRequest { request_id, agency_id, by_name };
        callers.operator.agencies().change_staff_listing(change).await.unwrap().into_inner().position
    };
    harness::wait_until("the directory", || async { Ok(find(&callers, "isla").await?.len() == 1) }).await.unwrap();
    let changed = listed(false).await;
    assert_eq!(find(&callers, "isla").await.unwrap(), []);
    let found = find(&callers, "advo").await.unwrap();
    assert_eq!((found.len(), found[0].staff_id.as_str(), found[0].role.as_str()), (1, staff_id.as_str(), "advocate"));
    assert!(found[0].name.starts_with("worker "), "{found:?}");
    // Nor does a choice about somebody, once it is made.
    let terms = client::terms(Actor::StaffId(staff_id.clone()), [RecordCategory::Goals], Purpose::CareCoordination, []);
    callers.person.grant(terms).await.unwrap();
    let block = BlockWorkerRequest { request_id: request_id(), staff_id, ..Default::default() };
    callers.person.sharing().block_worker(block).await.unwrap();
    harness::wait_until("the directory", || async {
        let read = callers.person.sharing().get_my_sharing(GetMySharingRequest::default()).await?.into_inner();
        Ok(!format!("{read:?}").contains("Isla"))
    })
    .await
    .unwrap();
    let read = sharing(&callers).await;
    assert!(read.provisions[0].summary.starts_with(&found[0].name), "{:?}", read.provisions);
    assert_eq!(read.blocked_workers[0].name, found[0].name);
    assert!(listed(true).await > changed);
    // A few searches a minute, and no more.
    let mut asked = 0;
    let limited = loop {
        match find(&callers, "isla").await {
            Ok(_) => asked += 1,
            Err(status) => break status,
        }
        assert!(asked <= 30);
    };
    assert_eq!(limited.code(), Code::ResourceExhausted);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_an_agency_but_one() {
    let Supported { callers, node, world, .. } = Supported::sharing(0).await;
    let colleague = callers.pair.joins("colleague", "Isla Munro", "nurse");
    let colleague = callers.operator.agencies().add_staff(colleague).await.unwrap().into_inner().staff_id;
    let deny = async |except: Vec<String>, actor| {
        let terms =
            client::terms(actor, (1..).map_while(|code| RecordCategory::try_from(code).ok()), Purpose::Research, []);
        let terms = ProvisionTerms { except_staff_ids: except, purposes: vec![], ..terms };
        let deny = DenyProvisionRequest { request_id: request_id(), terms: Some(terms), ..Default::default() };
        callers.person.sharing().deny_provision(deny).await.map(|done| done.into_inner().provision_id)
    };
    let agency = || Actor::AgencyId(callers.pair.agency_id());
    let own = callers.pair.staff_id();
    // What cannot take effect is refused.
    for (except, actor) in [
        (vec![own.clone()], Actor::Everybody(true)),
        (vec![uuid::Uuid::now_v7().to_string()], agency()),
        (vec!["nobody".into()], agency()),
    ] {
        assert_eq!(deny(except, actor).await.unwrap_err().code(), Code::InvalidArgument);
    }
    let denied = deny(vec![own.clone()], agency()).await.unwrap();
    callers.look().await.unwrap();
    let read = sharing(&callers).await;
    let said = read.provisions.iter().find(|provision| provision.provision_id == denied).unwrap();
    assert!(said.summary.starts_with("Nobody at ") && said.summary.contains(" but "), "{}", said.summary);
    assert_eq!(said.terms.as_ref().unwrap().except_staff_ids, [own]);
    // Another exception is another wish; and without one it is meant for them, too.
    assert_ne!(deny(vec![colleague], agency()).await.unwrap(), denied);
    callers.is_refused().await;
    drop((node, world));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_and_comes_back_is_blocked_all_the_same_and_nothing_wrong_tells_of_it() {
    let Supported { node, world, callers, .. } = Supported::sharing(0).await;
    block(&callers).await;
    // What is wrong with the words is told as to anybody.
    let wrong = DeclareEmergencyAccessRequest {
        request_id: request_id(),
        person_id: callers.pair.person_id(),
        reason: "short".into(),
        minutes: 0,
    };
    let refused = callers.worker.access().declare_emergency_access(wrong).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    // The same sign-in, as another worker.
    let (agencies, staff_id) = (callers.operator.agencies(), callers.pair.staff_id());
    let remove = proto::agencies::v1::RemoveStaffRequest { request_id: request_id(), staff_id: staff_id.clone() };
    agencies.clone().remove_staff(remove).await.unwrap();
    let again = callers.pair.joins(&staff_id, "Somebody", "district nurse");
    let again = agencies.clone().add_staff(again).await.unwrap().into_inner().staff_id;
    assert_ne!(again, staff_id);
    let before = callers.person.my_people(0).await.unwrap().len();
    let proposed = callers.worker.propose(&callers.pair.person_id(), "A weekly call").await.unwrap();
    assert_eq!(callers.person.my_people(proposed.position).await.unwrap().len(), before);
    let refused = declare(&callers.worker, callers.pair.person_id()).await.unwrap_err();
    let violations = refused.get_details_precondition_failure().unwrap().violations;
    assert_eq!(violations[0].subject, "emergency_allowed_first");
    drop((node, world));
}
