//! Signing in with a real OpenID provider, which an agency brings along and changes while the system runs.

use client::{Client, request_id};
use harness::{Node, Provider};
use proto::agencies::v1::{
    AddStaffRequest, ChangeAgencyIssuerRequest, ChangeStaffSignInRequest, ListAgenciesRequest, RegisterAgencyRequest,
};
use proto::relationships::v1::ListMyProposalsRequest;
use tonic::{Code, Status};

use crate::world::World;

/// What a worker calls who supports nobody: answered when they are current staff.
async fn call(node: &Node, token: &str) -> Result<(), Status> {
    let client = Client::new(node.channel().await.unwrap(), token).unwrap();
    client.relationships().list_my_proposals(ListMyProposalsRequest::default()).await.map(drop)
}

fn refused(answer: Result<(), Status>) {
    assert_eq!(answer.unwrap_err().code(), Code::Unauthenticated);
}

async fn register(operator: &Client, issuer: &str) -> Result<String, Status> {
    // Each is called otherwise.
    let (request_id, kind) = (request_id(), "housing".into());
    let name = format!("Riverside {request_id}");
    let audience = if issuer.is_empty() { String::new() } else { "alongside".into() };
    let agency = RegisterAgencyRequest {
        request_id,
        name,
        kind,
        issuer: issuer.into(),
        audience,
        ..RegisterAgencyRequest::default()
    };
    Ok(operator.agencies().register_agency(agency).await?.into_inner().agency_id)
}

async fn change_issuer(operator: &Client, agency_id: &str, issuer: String) -> Result<(), Status> {
    let (request_id, agency_id, audience) = (request_id(), agency_id.to_owned(), "alongside".into());
    let change = ChangeAgencyIssuerRequest { request_id, agency_id, issuer, audience };
    operator.agencies().change_agency_issuer(change).await.map(drop)
}

async fn add(operator: &Client, agency_id: &str, issuer: &str) -> Result<String, Status> {
    let add = AddStaffRequest {
        request_id: request_id(),
        agency_id: agency_id.to_owned(),
        subject: "nurse-1".into(),
        name: "Nurse One".into(),
        roles: vec!["nurse".into()],
        issuer: issuer.to_owned(),
        ..AddStaffRequest::default()
    };
    Ok(operator.agencies().add_staff(add).await?.into_inner().staff_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agencys_issuer_takes_effect_and_ends_without_a_restart_on_every_server() {
    let world = World::distributed().await;
    let (here, elsewhere) = (world.start().await, world.start().await);
    let mut provider = Provider::start("k1", &["nurse-1"]).await.unwrap();
    let operator = world.cluster.signer.operator().unwrap();
    let operator = &Client::new(here.channel().await.unwrap(), &operator).unwrap();
    refused(call(&here, &provider.token("nurse-1").await.unwrap()).await);

    let agency_id = register(operator, &provider.issuer()).await.unwrap();
    let staff_id = add(operator, &agency_id, &provider.issuer()).await.unwrap();
    let first = provider.token("nurse-1").await.unwrap();
    call(&here, &first).await.unwrap();
    harness::wait_until("the other server", || async { Ok(call(&elsewhere, &first).await.is_ok()) }).await.unwrap();
    // It is one agency's, and keys are fetched only where nobody on the way can change them.
    assert_eq!(register(operator, &provider.issuer()).await.unwrap_err().code(), Code::AlreadyExists);
    assert_eq!(register(operator, "http://id.example").await.unwrap_err().code(), Code::InvalidArgument);

    // The provider makes a new key: its tokens are taken, and what the old key had signed is not any more.
    provider.restart("k2").await.unwrap();
    let second = provider.token("nurse-1").await.unwrap();
    for node in [&here, &elsewhere] {
        harness::wait_until("the new key", || async { Ok(call(node, &second).await.is_ok()) }).await.unwrap();
        refused(call(node, &first).await);
    }
    // While the provider is away, what is known of its keys still holds.
    provider.stop().unwrap();
    call(&here, &second).await.unwrap();
    provider.restart("k2").await.unwrap();

    // Another provider: from the acknowledgement on, tokens of the one before speak for nobody, on any server.
    let another = Provider::start("k1", &["nurse-1"]).await.unwrap();
    change_issuer(operator, &agency_id, another.issuer()).await.unwrap();
    for node in [&here, &elsewhere] {
        refused(call(node, &second).await);
    }
    let (request_id, subject, issuer) = (request_id(), "nurse-1".into(), another.issuer());
    let moved = ChangeStaffSignInRequest { request_id, staff_id, subject, issuer };
    operator.agencies().change_staff_sign_in(moved).await.unwrap();
    let third = another.token("nurse-1").await.unwrap();
    for node in [&here, &elsewhere] {
        call(node, &third).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_cannot_be_reached_fails_closed_for_itself_alone() {
    let world = World::distributed().await;
    let node = world.start().await;
    let operator = world.cluster.signer.operator().unwrap();
    let operator = &Client::new(node.channel().await.unwrap(), &operator).unwrap();
    let mut away = Provider::start("k1", &["nurse-1"]).await.unwrap();
    let token = away.token("nurse-1").await.unwrap();
    away.stop().unwrap();
    let agency_id = register(operator, "").await.unwrap();
    assert_eq!(add(operator, &agency_id, &away.issuer()).await.unwrap_err().code(), Code::InvalidArgument);
    change_issuer(operator, &agency_id, away.issuer()).await.unwrap();
    add(operator, &agency_id, &away.issuer()).await.unwrap();
    assert_eq!(call(&node, &token).await.unwrap_err().code(), Code::Unavailable);
    operator.agencies().list_agencies(ListAgenciesRequest::default()).await.unwrap();
    // It comes back, with another key.
    away.restart("k2").await.unwrap();
    let token = away.token("nurse-1").await.unwrap();
    harness::wait_until("the provider's keys", || async { Ok(call(&node, &token).await.is_ok()) }).await.unwrap();
}
