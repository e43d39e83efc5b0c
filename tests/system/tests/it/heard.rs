//! Who else takes part in a consultation: whom somebody invites, and an advocate who is heard before anything is taken up again.

use client::{Client, request_id, terms};
use proto::access::v1::{Action, Purpose, RecordCategory};
use proto::consultations::v1::{
    AnswerAsAdvocateRequest, InviteParticipantRequest, ListConsultationsRequest, ListMyConsultationsRequest, Mode,
    RespondToInvitationRequest, TakeBackAnswerRequest, TakeToAdvocateRequest, WithoutPersonGround, participant,
};
use proto::sharing::v1::provision_actor::Actor;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::consulted::Held;
use crate::explained::voices;
use crate::world::{Callers, Supported, rule};

#[tokio::test(flavor = "multi_thread")]
async fn rule_21_an_advocate_is_heard_before_anything_is_taken_up_again() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, pair, .. } = callers;
    let held = Held::asked(callers, Mode::Consult).await;
    let (consultation_id, decision_id) = (held.consultation_id.clone(), held.proposed(None).await.unwrap());
    held.objected(&decision_id).await;
    let (advocate, agency_id) = voices(&supported).await;
    let take = |agency_id: &str| TakeToAdvocateRequest {
        request_id: request_id(),
        consultation_id: consultation_id.clone(),
        decision_id: decision_id.clone(),
        agency_id: agency_id.to_owned(),
        words: "please stand by me".into(),
    };
    // One who does not support them would not read it; and whoever proposed is no advocate.
    for none in [&agency_id, &pair.agency_id()] {
        assert_eq!(rule(person.consultations().take_to_advocate(take(none)).await), "independent_advocate");
    }
    let offer = advocate.propose(&pair.person_id(), "I speak for you, if you like").await.unwrap();
    person.accept(&offer.relationship_id).await.unwrap();
    let consultations = [RecordCategory::Consultations];
    let actions = [Action::Read, Action::Contribute];
    person
        .grant(terms(Actor::AgencyId(agency_id.clone()), consultations, Purpose::CareCoordination, actions))
        .await
        .unwrap();
    let taken = person.consultations().take_to_advocate(take(&agency_id)).await.unwrap().into_inner();
    held.at(taken.position);
    let told = held.read().await.decisions.remove(0).advocate.unwrap();
    assert_eq!((told.agency.unwrap().agency_name.as_str(), told.answer.as_str()), ("Voices of Leith", ""));
    assert!(!told.overdue);
    // Until then nobody but the person takes anything up again.
    assert_eq!(rule(held.proposed(None).await), "advocate_first");
    let unreachable = WithoutPersonGround::Unreachable;
    let over_their_head = held.decided_without(&decision_id, unreachable).await;
    assert_eq!(rule(over_their_head), "advocate_first");
    let answer = || AnswerAsAdvocateRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        consultation_id: consultation_id.clone(),
        decision_id: decision_id.clone(),
        words: "She is right: nobody asked her when she sleeps".into(),
    };
    assert_eq!(rule(worker.consultations().answer_as_advocate(answer()).await), "asked_advocate");
    let answered = advocate.consultations().answer_as_advocate(answer()).await.unwrap().into_inner();
    held.at(answered.position);
    let told = held.read().await.decisions.remove(0).advocate.unwrap();
    assert_eq!((told.answer, told.answered_by.unwrap().name), (answer().words, "Una Bain".to_owned()));
    held.proposed(None).await.unwrap();
    // Staff of other agencies read that there is one, and not which, without the person's network.
    let deny = [RecordCategory::SupportNetwork];
    let deny = terms(Actor::AgencyId(pair.agency_id()), deny, Purpose::CareCoordination, []);
    let (request_id, terms) = (request_id(), Some(deny));
    let deny = proto::sharing::v1::DenyProvisionRequest { request_id, terms, ..Default::default() };
    person.sharing().deny_provision(deny).await.unwrap();
    let (person_id, purpose) = (pair.person_id(), Purpose::CareCoordination.into());
    let list = ListConsultationsRequest { person_id, purpose, ..Default::default() };
    let listed = worker.consultations().list_consultations(list).await.unwrap().into_inner();
    assert!(!format!("{listed:?}").contains("Voices of Leith") && !format!("{listed:?}").contains(&agency_id));
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_21_what_the_person_said_no_to_is_not_decided_without_them_in_another_consultation() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let person = &callers.person;
    let (here, elsewhere) = (Held::asked(callers, Mode::Consult).await, Held::asked(callers, Mode::Consult).await);
    let (first, again) = (here.proposed(None).await.unwrap(), elsewhere.proposed(None).await.unwrap());
    here.objected(&first).await;
    let unreachable = WithoutPersonGround::Unreachable;
    let over_their_head = elsewhere.decided_without(&again, unreachable).await;
    assert_eq!(rule(over_their_head), "objection_elsewhere");
    // Once they have taken it back it is a decision as any.
    let take_back = TakeBackAnswerRequest {
        request_id: request_id(),
        consultation_id: here.consultation_id.clone(),
        decision_id: first.clone(),
        ..Default::default()
    };
    person.consultations().take_back_answer(take_back).await.unwrap();
    elsewhere.decided_without(&again, unreachable).await.unwrap();
    // What the law requires is decided all the same.
    here.objected(&first).await;
    let last = elsewhere.proposed(None).await.unwrap();
    assert_eq!(rule(elsewhere.decided_without(&last, unreachable).await), "objection_elsewhere");
    elsewhere.decided_without(&last, WithoutPersonGround::StatutoryDuty).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_invited_answers_and_sees_what_the_person_lets_them() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, pair, .. } = callers;
    let (colleague, staff_id) = supported.joins("colleague", "Isla Munro", "nurse").await;
    let offer = colleague.propose(&pair.person_id(), "a call").await.unwrap();
    person.accept(&offer.relationship_id).await.unwrap();
    // What the person keeps to few is for whom they invite.
    let held = Held::asked_by(person, callers, Mode::PersonLed).await;
    let consultation_id = held.consultation_id.clone();
    let sees = async |who: &Client| {
        let (person_id, purpose) = (pair.person_id(), Purpose::CareCoordination.into());
        let list = ListConsultationsRequest { person_id, purpose, ..Default::default() };
        let listed = who.consultations().list_consultations(list).await.unwrap().into_inner();
        listed.consultations.iter().any(|one| one.consultation_id == consultation_id)
    };
    assert!(!sees(&colleague).await);
    // How to talk with them stands before whatever they are asked.
    let how = proto::people::v1::SetContactPreferencesRequest {
        request_id: request_id(),
        text: "Ring twice, I am slow to the phone".into(),
        ..Default::default()
    };
    person.people().set_contact_preferences(how).await.unwrap();
    let (person_id, purpose) = (pair.person_id(), Purpose::CareCoordination.into());
    let list = ListConsultationsRequest { person_id, purpose, ..Default::default() };
    let listed = worker.consultations().list_consultations(list).await.unwrap().into_inner();
    assert!(listed.communication.unwrap().text.contains("Ring twice"));
    let mine = ListMyConsultationsRequest::default();
    let mine = person.consultations().list_my_consultations(mine).await.unwrap().into_inner();
    assert!(mine.communication.is_some());
    let invite = |staff_id: &str| InviteParticipantRequest {
        request_id: request_id(),
        consultation_id: consultation_id.clone(),
        staff_id: staff_id.to_owned(),
        ..Default::default()
    };
    let nobody = person.consultations().invite_participant(invite(&request_id())).await.unwrap_err();
    assert_eq!(nobody.get_details_bad_request().unwrap().field_violations[0].field, "staff_id");
    person.consultations().invite_participant(invite(&staff_id)).await.unwrap();
    assert!(sees(&colleague).await && !sees(worker).await);
    let respond = |comes, words: &str| RespondToInvitationRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        consultation_id: consultation_id.clone(),
        comes,
        words: words.into(),
    };
    // Whoever does not see it learns nothing of it.
    let unseen = worker.consultations().respond_to_invitation(respond(true, "")).await.unwrap_err();
    assert_eq!(unseen.code(), Code::NotFound);
    colleague.consultations().respond_to_invitation(respond(true, "by phone")).await.unwrap();
    let own = person.consultations().respond_to_invitation(respond(false, "I am away")).await.unwrap().into_inner();
    held.at(own.position);
    let told = held.read().await.participants;
    let told: Vec<_> = told.iter().map(|one| (one.party.as_ref().unwrap().staff_id.as_str(), one.answer())).collect();
    let (comes, does_not) = (participant::Answer::Comes, participant::Answer::DoesNotCome);
    assert_eq!(told, [(staff_id.as_str(), comes), ("", does_not)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_a_worker_invites_is_told_by_name_only_where_their_agency_tells_names_or_they_have_spoken() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let Callers { worker, pair, operator, .. } = callers;
    let (colleague, staff_id) = supported.joins("colleague", "Isla Munro", "nurse").await;
    let keep = proto::agencies::v1::ChangeStaffListingRequest {
        request_id: request_id(),
        agency_id: pair.agency_id(),
        by_name: false,
    };
    operator.agencies().change_staff_listing(keep).await.unwrap();
    let held = Held::asked(callers, Mode::Consult).await;
    let invite = InviteParticipantRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        consultation_id: held.consultation_id.clone(),
        staff_id: staff_id.clone(),
    };
    held.at(worker.consultations().invite_participant(invite).await.unwrap().into_inner().position);
    crate::world::at_rest(&supported.world.cluster).await;
    let name = async || {
        let told = held.read().await.participants.remove(0).party.unwrap();
        assert_eq!(told.staff_id, staff_id);
        told.name
    };
    assert!(name().await.starts_with("worker "), "{}", name().await);
    let timeline = proto::access::v1::ListMyTimelineRequest { page_size: 100, ..Default::default() };
    let told = callers.person.access().list_my_timeline(timeline).await.unwrap().into_inner().items;
    assert!(told.iter().all(|item| !item.sentence.contains("Isla Munro")), "{told:?}");
    // Whom they support, and whoever says something, they know.
    let proposed = colleague.propose(&pair.person_id(), "a visit").await.unwrap();
    callers.person.accept(&proposed.relationship_id).await.unwrap();
    let respond = RespondToInvitationRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        consultation_id: held.consultation_id.clone(),
        comes: true,
        words: String::new(),
    };
    held.at(colleague.consultations().respond_to_invitation(respond).await.unwrap().into_inner().position);
    assert_eq!(name().await, "Isla Munro");
}
