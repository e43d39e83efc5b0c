//! What is created is returned as it is read.

use client::request_id;
use proto::access::v1::{GetMyQuestionRequest, Purpose, QueryAccessRequest, RecordCategory};
use proto::agencies::v1::{GetAgencyRequest, GetStaffRequest, RegisterAgencyRequest};
use proto::consultations::v1::{GetMyConsultationRequest, GetSurveyRequest, Mode, RequestConsultationRequest};
use proto::people::v1::{GetMyEntryRequest, GetSharedEntryRequest, RecordStrengthRequest, SetGoalRequest};
use proto::relationships::v1::{GetMyProposalRequest, ProposeSupportRequest};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{GetMySharingRequest, GrantProvisionRequest};

use crate::world::{Callers, Supported};

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_is_written_is_returned_whole_to_whoever_wrote_it() {
    let supported = Supported::sharing(0).await;
    let Callers { person, worker, pair, .. } = &supported.callers;
    let strength = RecordStrengthRequest { request_id: request_id(), text: "knits".into(), ..Default::default() };
    let written = person.people().record_strength(strength.clone()).await.unwrap().into_inner();
    let read = GetMyEntryRequest { entry_id: written.entry_id.clone(), at_least_position: written.position };
    let read = person.people().get_my_entry(read).await.unwrap().into_inner();
    assert!(read.entry.is_some() && written.entry == read.entry, "{written:?}");
    // The same wish again is answered with the same.
    assert_eq!(person.people().record_strength(strength).await.unwrap().into_inner(), written);
    let goal = SetGoalRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        purpose: Purpose::CareCoordination.into(),
        text: "walk to the shop".into(),
        ..Default::default()
    };
    let written = worker.people().set_goal(goal).await.unwrap().into_inner();
    let read = GetSharedEntryRequest {
        person_id: pair.person_id(),
        entry_id: written.entry_id.clone(),
        purpose: Purpose::CareCoordination.into(),
        at_least_position: written.position,
    };
    let read = worker.people().get_shared_entry(read).await.unwrap().into_inner();
    assert!(read.entry.is_some() && written.entry == read.entry, "{written:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn consultations_proposals_questions_and_choices_are_returned_whole() {
    let supported = Supported::sharing(0).await;
    let Callers { person, worker, operator, pair, .. } = &supported.callers;
    let begin = RequestConsultationRequest {
        request_id: request_id(),
        mode: Mode::PersonLed.into(),
        topic: "mornings".into(),
        ..Default::default()
    };
    let begun = person.consultations().request_consultation(begin).await.unwrap().into_inner();
    let read = GetMyConsultationRequest {
        consultation_id: begun.consultation_id.clone(),
        at_least_position: begun.position,
        ..Default::default()
    };
    let read = person.consultations().get_my_consultation(read).await.unwrap().into_inner();
    assert!(read.consultation.is_some() && begun.consultation == read.consultation, "{begun:?}");

    let person_id = supported.world.import(2).remove(1).person.to_string();
    let propose = ProposeSupportRequest { request_id: request_id(), person_id, offer: "help with forms".into() };
    let proposed = worker.relationships().propose_support(propose).await.unwrap().into_inner();
    let read = GetMyProposalRequest {
        relationship_id: proposed.relationship_id.clone(),
        at_least_position: proposed.position,
    };
    let read = worker.relationships().get_my_proposal(read).await.unwrap().into_inner();
    assert!(read.proposal.is_some() && proposed.proposal == read.proposal, "{proposed:?}");

    let receipt_id = supported.callers.look().await.unwrap().receipt_id;
    let is_read = async || Ok(person.history(0).await?.iter().any(|receipt| receipt.receipt_id == receipt_id));
    harness::wait_until("the receipt of the look", is_read).await.unwrap();
    let ask = QueryAccessRequest { request_id: request_id(), receipt_id, question: "Why?".into() };
    let asked = person.access().query_access(ask).await.unwrap().into_inner();
    let read = GetMyQuestionRequest { query_id: asked.query_id.clone(), at_least_position: asked.position };
    let read = person.access().get_my_question(read).await.unwrap().into_inner();
    assert!(read.question.is_some() && asked.question == read.question, "{asked:?}");

    let terms = client::terms(Actor::StaffId(pair.staff_id()), [RecordCategory::Health], Purpose::Research, []);
    let grant = GrantProvisionRequest { request_id: request_id(), terms: Some(terms), ..Default::default() };
    let granted = person.sharing().grant_provision(grant).await.unwrap().into_inner();
    let listed = person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner().provisions;
    let listed = listed.into_iter().find(|one| one.provision_id == granted.provision_id);
    assert!(listed.is_some() && granted.provision == listed, "{granted:?}");

    let register = RegisterAgencyRequest { request_id: request_id(), name: "Glen Trust".into(), ..Default::default() };
    let register = RegisterAgencyRequest { kind: "housing".into(), ..register };
    let registered = operator.agencies().register_agency(register).await.unwrap().into_inner();
    let read = GetAgencyRequest { agency_id: registered.agency_id.clone(), at_least_position: registered.position };
    let read = operator.agencies().get_agency(read).await.unwrap().into_inner();
    assert!(read.agency.is_some() && registered.agency == read.agency, "{registered:?}");

    let joins = pair.joins("colleague", "Isla Munro", "nurse");
    let joined = operator.agencies().add_staff(joins).await.unwrap().into_inner();
    let read = GetStaffRequest { staff_id: joined.staff_id.clone(), at_least_position: joined.position };
    let read = operator.agencies().get_staff(read).await.unwrap().into_inner();
    assert!(read.staff.is_some() && joined.staff == read.staff, "{joined:?}");

    let (manager, _) = supported.joins("manager", "Ailsa Munro", "manager").await;
    let put = crate::surveyed::put(&manager, "When should the drop-in be open?").await.unwrap();
    let read = GetSurveyRequest { survey_id: put.survey_id.clone(), at_least_position: put.position };
    let read = manager.surveys().get_survey(read).await.unwrap().into_inner();
    assert!(read.survey.is_some() && put.survey == read.survey, "{put:?}");
}
