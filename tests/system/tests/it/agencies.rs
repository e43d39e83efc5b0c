//! Agencies are told apart, are called otherwise, become one and are no more; what people chose about them holds through all of it.

use client::request_id;
use proto::access::v1::receipt;
use proto::access::v1::{Purpose, RecordCategory};
use proto::agencies::v1::{
    Agency, AgencyNumber, ChangeStaffRolesRequest, CloseAgencyRequest, ListAgenciesRequest, MergeAgenciesRequest,
    RegisterAgencyRequest, RenameAgencyRequest, agency_number,
};
use proto::relationships::v1::RelationshipState;
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{UnblockAgencyRequest, WithdrawProvisionRequest};
use tonic::{Code, Status};

use crate::world::{Callers, Supported, rule};

fn ods(number: &str) -> Vec<AgencyNumber> {
    vec![AgencyNumber { registry: agency_number::Registry::Ods.into(), number: number.into() }]
}

async fn register(callers: &Callers, agency: RegisterAgencyRequest) -> Result<String, Status> {
    let register = RegisterAgencyRequest { request_id: request_id(), kind: "health".into(), ..agency };
    Ok(callers.operator.agencies().register_agency(register).await?.into_inner().agency_id)
}

fn called(name: &str, place: &str, confirmed: bool) -> RegisterAgencyRequest {
    RegisterAgencyRequest { name: name.into(), place: place.into(), confirmed, ..Default::default() }
}

async fn listed(callers: &Callers, at_least: u64) -> Vec<Agency> {
    let list = ListAgenciesRequest { page_size: 100, at_least_position: at_least, ..Default::default() };
    callers.person.agencies().list_agencies(list).await.unwrap().into_inner().agencies
}

async fn rename(callers: &Callers, agency_id: &str, name: &str) -> Result<u64, Status> {
    let (agency_id, name) = (agency_id.to_owned(), name.to_owned());
    let rename = RenameAgencyRequest { request_id: request_id(), agency_id, name, ..Default::default() };
    Ok(callers.operator.agencies().rename_agency(rename).await?.into_inner().position)
}

#[tokio::test(flavor = "multi_thread")]
async fn agencies_are_told_apart() {
    let Supported { callers, node, world, .. } = Supported::without_consent(0).await;
    register(&callers, called("North Health", "Leith", false)).await.unwrap();
    assert_eq!(rule(register(&callers, called("north  health", "leith", true)).await), "agency_told_apart");
    assert_eq!(rule(register(&callers, called("North Health", "Perth", false)).await), "likely_double");
    register(&callers, called("North Health", "Perth", true)).await.unwrap();
    let numbered = |name: &str| RegisterAgencyRequest { numbers: ods("RR8"), ..called(name, "", false) };
    let trust = register(&callers, numbered("Leeds Trust")).await.unwrap();
    assert_eq!(rule(register(&callers, numbered("Another Trust")).await), "agency_number_taken");
    let wrong = RegisterAgencyRequest { numbers: ods("no"), ..called("X", "", false) };
    assert_eq!(register(&callers, wrong).await.unwrap_err().code(), Code::InvalidArgument);
    // Two at once with one name are one, and one that is refused.
    let both =
        tokio::join!(register(&callers, called("Twin", "", false)), register(&callers, called("Twin", "", false)));
    let refused = [both.0, both.1].into_iter().filter(Result::is_err).map(rule).collect::<Vec<_>>();
    assert_eq!(refused, ["agency_told_apart"]);
    // Nor does another name make one of two.
    assert_eq!(rule(rename(&callers, &trust, "Twin").await.map(drop)), "agency_told_apart");
    drop((node, world));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_keeps_the_name_of_its_day() {
    let Supported { callers, node, world, .. } = Supported::sharing(0).await;
    callers.look().await.unwrap();
    let before = listed(&callers, 0).await.remove(0).name;
    let renamed = rename(&callers, &callers.pair.agency_id(), "Northside Health").await.unwrap();
    assert_eq!(listed(&callers, renamed).await.remove(0).name, "Northside Health");
    callers.look().await.unwrap();
    let read = crate::world::at_rest(&world.cluster).await;
    let history = callers.person.history(read).await.unwrap();
    let looks = history.iter().filter(|receipt| receipt.kind() == receipt::Kind::Viewed);
    let names: Vec<_> = looks.map(|receipt| receipt.party.as_ref().unwrap().agency_name.clone()).collect();
    assert_eq!(names, ["Northside Health".to_owned(), before.clone()]);
    let summaries: Vec<_> = history.iter().map(|receipt| receipt.summary.clone()).collect();
    assert!(summaries.iter().any(|said| said.contains(&format!(", {before} looked"))), "{summaries:?}");
    drop(node);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_24_a_choice_about_one_of_two_that_became_one_holds_for_both() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let elsewhere = supported.world.start().await;
    let elsewhere = Callers::unenrolled(&supported.world.cluster, &elsewhere.channel().await.unwrap(), &callers.pair);
    let other = register(callers, called("Trust", "", false)).await.unwrap();
    callers.person.block(&other).await.unwrap();
    elsewhere.look().await.unwrap();
    let merge = |from: &str, into: &str| {
        let (agency_id, into_agency_id) = (from.to_owned(), into.to_owned());
        let merge = MergeAgenciesRequest { request_id: request_id(), agency_id, into_agency_id };
        let operator = callers.operator.clone();
        async move { operator.agencies().merge_agencies(merge).await.map(|merged| merged.into_inner().position) }
    };
    // From the acknowledgement on the stricter choice holds, on a server that has remembered otherwise, too.
    let own = callers.pair.agency_id();
    let merged = merge(&own, &other).await.unwrap();
    for callers in [callers, &elsewhere] {
        callers.is_refused().await;
    }
    merge(&own, &other).await.unwrap();
    assert_eq!(merge(&other, &own).await.unwrap_err().code(), Code::NotFound, "that is a part of it");
    assert_eq!(merge(&other, &other).await.unwrap_err().code(), Code::InvalidArgument);
    let agencies = listed(callers, merged).await;
    assert_eq!(agencies.iter().map(|agency| agency.agency_id.as_str()).collect::<Vec<_>>(), [other.as_str()]);
    // Who works there goes on to have the roles that they have; nobody new comes.
    let (staff_id, roles) = (callers.pair.staff_id(), vec!["team lead".to_owned()]);
    let change = ChangeStaffRolesRequest { request_id: request_id(), staff_id, roles };
    callers.operator.agencies().change_staff_roles(change).await.unwrap();
    let new = callers.operator.agencies().add_staff(callers.pair.joins("new", "Isla Munro", "nurse")).await;
    assert_eq!(new.unwrap_err().code(), Code::NotFound);
    // Nothing was rewritten: taking the block back opens what was permitted before.
    let whole = other.clone();
    let unblock = UnblockAgencyRequest { request_id: request_id(), agency_id: other, ..Default::default() };
    callers.person.sharing().unblock_agency(unblock).await.unwrap();
    elsewhere.look().await.unwrap();
    // Who takes back a permit of the one is told of that of the other.
    let everything = (1..).map_while(|code| RecordCategory::try_from(code).ok());
    let terms = client::terms(Actor::AgencyId(own), everything, Purpose::CareCoordination, []);
    let granted = callers.person.grant(terms.clone()).await.unwrap();
    let whole = client::terms(Actor::AgencyId(whole), [RecordCategory::Goals], Purpose::CareCoordination, []);
    let other = callers.person.grant(whole).await.unwrap().provision_id;
    let (request_id, provision_id) = (request_id(), granted.provision_id);
    let withdraw = WithdrawProvisionRequest { request_id, provision_id, ..Default::default() };
    let withdrawn = callers.person.sharing().withdraw_provision(withdraw).await.unwrap().into_inner();
    assert!(withdrawn.still_permitting.iter().any(|still| still.provision_id == other), "{withdrawn:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_agency_that_closes_everybody_leaves() {
    let Supported { callers, node, world, .. } = Supported::sharing(0).await;
    let colleague = callers.pair.joins("colleague", "Isla Munro", "nurse");
    callers.operator.agencies().add_staff(colleague.clone()).await.unwrap();
    callers.look().await.unwrap();
    let close = || CloseAgencyRequest { request_id: request_id(), agency_id: callers.pair.agency_id() };
    callers.operator.agencies().close_agency(close()).await.unwrap();
    callers.is_refused().await;
    let again = callers.operator.agencies().close_agency(close()).await.unwrap().into_inner().position;
    assert_eq!(listed(&callers, again).await, []);
    let people = callers.person.my_people(again).await.unwrap();
    let theirs = people.iter().find(|r| r.supporter.as_ref().unwrap().staff_id == callers.pair.staff_id()).unwrap();
    assert_eq!(theirs.state(), RelationshipState::Ended);
    assert!(theirs.end.as_ref().unwrap().supporter_left);
    let joins = proto::agencies::v1::AddStaffRequest { request_id: request_id(), subject: "new".into(), ..colleague };
    assert_eq!(callers.operator.agencies().add_staff(joins).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(rename(&callers, &callers.pair.agency_id(), "X").await.unwrap_err().code(), Code::NotFound);
    drop((node, world));
}
