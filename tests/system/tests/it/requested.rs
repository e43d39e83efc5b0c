//! A worker asks for what they are not permitted, the person answers; and a choice of somebody who has no screen is entered on their word.

use client::{Client, request_id, terms};
use proto::access::v1::{Purpose, RecordCategory};
use proto::sharing::v1::enter_choice_request::Choice;
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{
    AccessRequest, EnterChoiceRequest, GetMySharingRequest, GrantAccessRequest, ListAccessRequestsRequest,
    PreviewSharingRequest, Provision, ProvisionTerms, RefuseAccessRequest, RequestAccessRequest,
    preview_sharing_request,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::world::{Callers, Supported, rule};

const ACCOUNT: &str = "told me on 3 March, in her kitchen";

fn of_worker(callers: &Callers, category: RecordCategory) -> ProvisionTerms {
    terms(Actor::StaffId(callers.pair.staff_id()), [category], Purpose::CareCoordination, [])
}

fn ask(callers: &Callers, terms: ProvisionTerms) -> RequestAccessRequest {
    let (person_id, reason) = (callers.pair.person_id(), "to plan your visits together with you".into());
    RequestAccessRequest { request_id: request_id(), person_id, terms: Some(terms), reason }
}

async fn requests(callers: &Callers) -> (Vec<AccessRequest>, u64) {
    let all = ListAccessRequestsRequest::default();
    let all = callers.person.sharing().list_access_requests(all).await.unwrap().into_inner();
    (all.requests, all.directive_version)
}

async fn held(callers: &Callers) -> Vec<Provision> {
    callers.person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner().provisions
}

async fn sees_strengths(callers: &Callers) -> bool {
    callers.look_for(&[RecordCategory::Strengths], 0).await.is_ok_and(|plan| !plan.entries.is_empty())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_asks_for_they_see_once_the_person_grants_it_and_never_by_asking_again() {
    let supported = Supported::without_consent(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, .. } = callers;
    person.strength("I sing").await.unwrap();
    let strengths = || of_worker(callers, RecordCategory::Strengths);
    // Only somebody whom the person has let in asks; and not for others.
    let (colleague, _) = supported.joins("colleague", "Isla Munro", "nurse").await;
    let stranger = colleague.sharing().request_access(ask(callers, strengths())).await.unwrap_err();
    assert_eq!(stranger.code(), Code::PermissionDenied);
    let for_all = terms(Actor::Everybody(true), [RecordCategory::Strengths], Purpose::CareCoordination, []);
    let for_all = worker.sharing().request_access(ask(callers, for_all)).await.unwrap_err();
    assert_eq!(for_all.get_details_bad_request().unwrap().field_violations[0].field, "terms.actor");
    let asked = worker.sharing().request_access(ask(callers, strengths())).await.unwrap().into_inner();
    worker.sharing().request_access(ask(callers, strengths())).await.unwrap();
    callers.is_refused().await;
    let (waiting, version) = requests(callers).await;
    assert_eq!(waiting.len(), 1, "the same wish twice is one");
    let one = &waiting[0];
    assert_eq!(one.access_request_id, asked.access_request_id);
    assert!(one.summary.contains("see your strengths") && !one.party.as_ref().unwrap().name.is_empty(), "{one:?}");
    // What would be seen is told before it is granted.
    let choice = Some(preview_sharing_request::Choice::GrantAccessRequestId(asked.access_request_id.clone()));
    let preview = PreviewSharingRequest { choice, ..Default::default() };
    let preview = person.sharing().preview_sharing(preview).await.unwrap().into_inner();
    assert!(preview.parties.iter().any(|party| party.changes && party.summary.contains("strengths")), "{preview:?}");
    let grant = |expected_version| GrantAccessRequest {
        request_id: request_id(),
        access_request_id: asked.access_request_id.clone(),
        expected_version,
        ..Default::default()
    };
    // Somebody else's choice meanwhile is not passed over.
    assert_eq!(rule(person.sharing().grant_access(grant(version - 1)).await), "directive_version");
    let granted = person.sharing().grant_access(grant(version)).await.unwrap().into_inner();
    assert!(sees_strengths(callers).await);
    let permit = held(callers).await.into_iter().find(|held| held.provision_id == granted.provision_id).unwrap();
    assert_eq!(permit.access_request_id, asked.access_request_id);
    assert!(requests(callers).await.0.is_empty() && permit.entered_by.is_none());
    // A no is a no, also to the same in other words, and also when the permit is withdrawn meanwhile.
    let asked = worker.sharing().request_access(ask(callers, of_worker(callers, RecordCategory::Health))).await;
    let refuse = RefuseAccessRequest {
        request_id: request_id(),
        access_request_id: asked.unwrap().into_inner().access_request_id,
        ..Default::default()
    };
    person.sharing().refuse_access(refuse).await.unwrap();
    let more = terms(
        Actor::AgencyId(callers.pair.agency_id()),
        [RecordCategory::Health, RecordCategory::Goals],
        Purpose::CareCoordination,
        [],
    );
    assert_eq!(rule(worker.sharing().request_access(ask(callers, more)).await), "refused_before");
    assert!(requests(callers).await.0.is_empty());
}

/// Somebody of another agency whom the person lets in, too.
pub(crate) async fn another(supported: &Supported) -> Client {
    let Callers { person, operator, pair, .. } = &supported.callers;
    let people = person.my_people(0).await.unwrap();
    let elsewhere = |agency_id: &str| agency_id != pair.agency_id();
    let party = people.into_iter().filter_map(|r| r.supporter).find(|party| elsewhere(&party.agency_id)).unwrap();
    node::dev::enrol(operator, &party).await.unwrap();
    let agency = party.agency_id.parse::<uuid::Uuid>().unwrap().into();
    let token = supported.world.cluster.signer.staff(agency, &party.staff_id).unwrap();
    let other = Client::new(supported.node.channel().await.unwrap(), &token).unwrap();
    let proposed = other.propose(&pair.person_id(), "a call every week").await.unwrap();
    person.accept(&proposed.relationship_id).await.unwrap();
    other
}

async fn enter(by: &Client, callers: &Callers, account: &str, choice: Choice) -> Result<String, Status> {
    let (request_id, person_id) = (request_id(), callers.pair.person_id());
    let enter = EnterChoiceRequest {
        request_id,
        person_id,
        on_their_word: account.into(),
        choice: Some(choice),
        code: String::new(),
    };
    Ok(by.sharing().enter_choice(enter).await?.into_inner().provision_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_is_entered_on_their_word_by_nobody_whom_it_lets_in_marked_so_and_theirs_to_take_back() {
    let supported = Supported::without_consent(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, .. } = callers;
    person.strength("I sing").await.unwrap();
    let other = another(&supported).await;
    let strengths = || of_worker(callers, RecordCategory::Strengths);
    // Not by whoever it lets in, nor by whoever the person does not know.
    let grant = || Choice::Grant(strengths());
    assert_eq!(rule(enter(worker, callers, ACCOUNT, grant()).await), "another_agency");
    let (colleague, _) = supported.joins("colleague", "Isla Munro", "nurse").await;
    let stranger = enter(&colleague, callers, ACCOUNT, grant()).await.unwrap_err();
    assert_eq!(stranger.code(), Code::PermissionDenied);
    let vague = enter(&other, callers, "yes", grant()).await.unwrap_err();
    assert_eq!(vague.get_details_bad_request().unwrap().field_violations[0].field, "on_their_word");
    let asked = worker.sharing().request_access(ask(callers, strengths())).await.unwrap().into_inner();
    let answer = || Choice::GrantAccessRequestId(asked.access_request_id.clone());
    assert_eq!(rule(enter(worker, callers, ACCOUNT, answer()).await), "another_agency");
    enter(&other, callers, ACCOUNT, answer()).await.unwrap();
    assert!(sees_strengths(callers).await);
    let permit =
        held(callers).await.into_iter().find(|held| held.access_request_id == asked.access_request_id).unwrap();
    assert_eq!(permit.on_their_word, ACCOUNT);
    assert!(!permit.entered_by.unwrap().name.is_empty());
    // What takes access away holds at once, whoever enters it; what would give it back is not theirs to enter.
    let denied = enter(worker, callers, ACCOUNT, Choice::Deny(strengths())).await.unwrap();
    assert!(!sees_strengths(callers).await);
    let withdraw = Choice::WithdrawProvisionId(denied.clone());
    assert_eq!(rule(enter(worker, callers, ACCOUNT, withdraw).await), "another_agency");
    person.withdraw(&denied).await.unwrap();
    assert!(sees_strengths(callers).await);
    person.withdraw(&permit.provision_id).await.unwrap();
    assert!(!sees_strengths(callers).await);
    // Whom the person has shut out enters nothing more.
    person.block(&callers.pair.agency_id()).await.unwrap();
    let shut_out = enter(worker, callers, ACCOUNT, Choice::Deny(strengths())).await.unwrap_err();
    assert_eq!(shut_out.code(), Code::PermissionDenied);
}
