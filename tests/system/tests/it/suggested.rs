//! What an import says of people and agencies is said to the person: nobody is let in, and nobody acts.

use domain::ids::PersonId;
use proto::access::v1::{Action, Purpose, RecordCategory, SensitivityLevel};
use proto::agencies::v1::{GetAgencyRequest, ListAgenciesRequest};
use proto::relationships::v1::{
    AcceptSupportRequest, DismissSuggestionRequest, GetCaseloadRequest, InviteSupporterRequest, ListMyProposalsRequest,
    Proposal, Relationship, RelationshipState,
};
use proto::sharing::v1::provision_actor::Actor;
use tonic::{Code, Status};

use crate::import::import_case;
use crate::world::{Callers, Pair, World, at_rest, rule};

/// How the person reads of the pair's worker.
async fn of_the_worker(callers: &Callers, at_least: u64) -> Relationship {
    let theirs = |r: &Relationship| r.supporter.as_ref().unwrap().staff_id == callers.pair.staff_id();
    callers.person.my_people(at_least).await.unwrap().into_iter().find(theirs).unwrap()
}

/// What waits for the worker, or for an answer to them.
async fn waits(callers: &Callers, at_least: u64) -> Result<Vec<Proposal>, Status> {
    let mine = ListMyProposalsRequest { at_least_position: at_least, ..ListMyProposalsRequest::default() };
    Ok(callers.worker.relationships().list_my_proposals(mine).await?.into_inner().proposals)
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_26_whom_a_source_names_acts_in_nothing_and_is_invited_by_the_person() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let channel = node.channel().await.unwrap();
    let callers = Callers::unenrolled(&world.cluster, &channel, &pair);
    let head = at_rest(&world.cluster).await;

    // The person reads what the source says; nothing waits for an answer, and no agency can be chosen.
    let people = callers.person.my_people(head).await.unwrap();
    assert!(people.iter().all(|r| r.state() == RelationshipState::Suggested), "{people:?}");
    let suggested = of_the_worker(&callers, head).await;
    assert!(suggested.offer.starts_with("They have seen you"), "{}", suggested.offer);
    assert_eq!(suggested.suggested_by, interop::SAMPLES);
    assert!(!suggested.supporter.as_ref().unwrap().name.is_empty());
    let agencies = ListAgenciesRequest::default();
    let agencies = callers.person.agencies().list_agencies(agencies).await.unwrap().into_inner().agencies;
    assert_eq!(agencies, []);
    let named = GetAgencyRequest { agency_id: pair.agency_id(), at_least_position: head };
    let named = callers.person.agencies().get_agency(named).await.unwrap().into_inner().agency.unwrap();
    assert!(!named.registered && !named.name.is_empty());

    // Nobody could be told of an invitation, and it cannot be accepted.
    let relationship_id = suggested.relationship_id;
    let invite = async |message: &str| callers.person.invite(&relationship_id, message).await;
    assert_eq!(rule(invite("please").await), "supporter_not_here");
    let accept = AcceptSupportRequest { request_id: client::request_id(), relationship_id: relationship_id.clone() };
    assert_eq!(callers.person.relationships().accept_support(accept).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(waits(&callers, head).await.unwrap_err().code(), Code::PermissionDenied);

    // Their agency is registered and adds them. They are not told that somebody may invite them.
    let callers = Callers::new(&world.cluster, &channel, &pair).await;
    let head = at_rest(&world.cluster).await;
    assert_eq!(waits(&callers, head).await.unwrap(), []);
    let invite = async |message: &str| callers.person.invite(&relationship_id, message).await;
    let invited = invite("It is Ailsa; please come again").await.unwrap();
    invite("Again").await.unwrap();
    let mine = waits(&callers, invited).await.unwrap();
    assert_eq!((mine.len(), mine[0].invited, mine[0].offer.as_str()), (1, true, "It is Ailsa; please come again"));
    let read = of_the_worker(&callers, invited).await;
    assert_eq!((read.state(), read.invitation.unwrap().message), (RelationshipState::Invited, mine[0].offer.clone()));
    callers.is_refused().await;

    // Taken back it is gone; invited again, they propose and the person accepts.
    let relationship = relationship_id.clone();
    let dismiss = DismissSuggestionRequest { request_id: client::request_id(), relationship_id: relationship };
    let dismissed = callers.person.relationships().dismiss_suggestion(dismiss).await.unwrap().into_inner().position;
    assert_eq!(waits(&callers, dismissed).await.unwrap(), []);
    assert_eq!(of_the_worker(&callers, dismissed).await.state(), RelationshipState::Dismissed);
    invite("Please").await.unwrap();
    let accepted = callers.accept().await;
    let read = of_the_worker(&callers, accepted).await;
    assert_eq!((read.state(), read.offer.as_str()), (RelationshipState::Active, "A visit every Tuesday"));
    assert_eq!(read.earlier, [], "what was only suggested is nothing that was");
    callers.is_refused().await;
    callers.grant().await;
    callers.look().await.unwrap();

    // Somebody else's suggestion is nobody's to take up.
    let stranger = world.import(2).remove(1);
    let stranger = Callers::unenrolled(&world.cluster, &channel, &stranger);
    let invite = InviteSupporterRequest { request_id: client::request_id(), relationship_id, message: String::new() };
    let refused = stranger.person.relationships().invite_supporter(invite).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_as_sensitive_as_its_source_says() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let report = import_case(&world.cluster, "e02");
    let person = PersonId(report["person_id"].as_str().unwrap().parse().unwrap());
    let node = world.start().await;
    let channel = node.channel().await.unwrap();
    Callers::new(&world.cluster, &channel, &pair).await;
    let callers = Callers::unenrolled(&world.cluster, &channel, &Pair { person, ..pair });
    callers.accept().await;
    let share = async |level: SensitivityLevel| {
        let (agency, contact) = (Actor::AgencyId(callers.pair.agency_id()), [RecordCategory::Contact]);
        let terms = client::terms(agency, contact, Purpose::CareCoordination, [Action::Read]);
        let terms = proto::sharing::v1::ProvisionTerms { level: level.into(), ..terms };
        callers.person.grant(terms).await.unwrap().position
    };
    let name = async |at_least: u64| {
        let caseload = GetCaseloadRequest {
            purpose: Purpose::CareCoordination.into(),
            at_least_position: at_least,
            ..GetCaseloadRequest::default()
        };
        callers.worker.relationships().get_caseload(caseload).await.unwrap().into_inner().rows.remove(0).name
    };
    let normal = share(SensitivityLevel::Normal).await;
    assert_eq!(name(normal).await, "");
    assert_eq!(callers.look().await.unwrap().entries, []);
    let restricted = share(SensitivityLevel::Restricted).await;
    assert_eq!(name(restricted).await, "e02 Case");
    assert_eq!(callers.look().await.unwrap().entries.len(), 1);
}
