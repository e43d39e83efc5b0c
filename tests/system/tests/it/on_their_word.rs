//! Somebody who has no screen takes part: what they said is entered by a worker, marked so, and theirs to take back.

use client::{Client, request_id, terms};
use proto::access::v1::{Action, ListMyTimelineRequest, Party, Purpose, RecordCategory, party};
use proto::consultations::v1::{
    DecideWithoutPersonRequest, ListMyConsultationsRequest, Mode, ObjectToDecisionRequest, RecordPersonViewRequest,
    TakeBackAnswerRequest, TakeBackViewRequest, WithoutPersonGround, said,
};
use proto::relationships::v1::{
    ConfirmAcceptanceAsOperatorRequest, ConfirmAcceptanceRequest, EnterAcceptanceRequest, EnterEndOfSupportRequest,
    Relationship, RelationshipState,
};
use proto::sharing::v1::provision_actor::Actor;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::consulted::Held;
use crate::requested::another;
use crate::world::{Callers, Supported, World, rule};

const ACCOUNT: &str = "told me on 3 March, in her kitchen";

async fn one(person: &Client, relationship_id: &str, at_least: u64) -> Relationship {
    let people = person.my_people(at_least).await.unwrap();
    people.into_iter().find(|one| one.relationship_id == relationship_id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_11_an_acceptance_that_opens_access_to_whoever_enters_it_waits_for_somebody_else() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
    let Callers { person, worker, operator, .. } = &callers;
    let (relationship_id, person_id) = (callers.propose().await, pair.person_id());
    let enter = |account: &str| EnterAcceptanceRequest {
        request_id: request_id(),
        person_id: person_id.clone(),
        relationship_id: relationship_id.clone(),
        on_their_word: account.into(),
        code: String::new(),
    };
    let vague = worker.relationships().enter_acceptance(enter("she said so")).await.unwrap_err();
    assert_eq!(vague.get_details_bad_request().unwrap().field_violations[0].field, "on_their_word");
    // A colleague who has nothing to do with them learns nothing.
    let (colleague, _) = world.adds(&node, &callers, pair.joins("colleague", "Isla Munro", "nurse")).await;
    let stranger = colleague.relationships().enter_acceptance(enter(ACCOUNT)).await.unwrap_err();
    assert_eq!(stranger.code(), Code::PermissionDenied);
    let entered = worker.relationships().enter_acceptance(enter(ACCOUNT)).await.unwrap().into_inner();
    callers.grant().await;
    callers.is_refused().await;
    let read = one(person, &relationship_id, entered.position).await;
    let word = read.on_their_word.clone().unwrap();
    assert_eq!((read.state(), word.account.as_str()), (RelationshipState::Proposed, ACCOUNT));
    assert!(word.confirmed_by.is_none() && !word.entered_by.unwrap().name.is_empty());
    // Nobody who gains by it confirms it.
    let reason = "I rang her, and she said so herself".to_owned();
    let (request_id, person_id) = (request_id(), person_id.clone());
    let confirm = ConfirmAcceptanceRequest {
        request_id: request_id.clone(),
        person_id: person_id.clone(),
        relationship_id: relationship_id.clone(),
        reason: reason.clone(),
    };
    assert_eq!(rule(worker.relationships().confirm_acceptance(confirm).await), "another_agency");
    let confirm = ConfirmAcceptanceAsOperatorRequest {
        request_id,
        person_id,
        relationship_id: relationship_id.clone(),
        reason: reason.clone(),
    };
    let confirmed = operator.relationships().confirm_acceptance_as_operator(confirm).await.unwrap().into_inner();
    callers.look().await.unwrap();
    let read = one(person, &relationship_id, confirmed.position).await;
    let word = read.on_their_word.clone().unwrap();
    assert_eq!((read.state(), word.confirmation), (RelationshipState::Active, reason));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_and_an_objection_are_entered_on_their_word_marked_so_and_theirs_to_take_back() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, pair, .. } = callers;
    let held = Held::asked(callers, Mode::Consult).await;
    let (consultation_id, decision_id) = (held.consultation_id.clone(), held.proposed(None).await.unwrap());
    let view = |person_id: String, account: &str| RecordPersonViewRequest {
        request_id: request_id(),
        person_id,
        consultation_id: consultation_id.clone(),
        decision_id: decision_id.clone(),
        view: "Not before ten".into(),
        on_their_word: account.into(),
        ..Default::default()
    };
    // Nobody enters it without saying when and how they heard it; who says it themselves says no such thing.
    for (who, person_id, account) in [(worker, pair.person_id(), ""), (person, String::new(), ACCOUNT)] {
        let refused = who.consultations().record_person_view(view(person_id, account)).await.unwrap_err();
        assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, "on_their_word");
    }
    let entered =
        worker.consultations().record_person_view(view(pair.person_id(), ACCOUNT)).await.unwrap().into_inner();
    let object = ObjectToDecisionRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        consultation_id: consultation_id.clone(),
        decision_id: decision_id.clone(),
        reason: "Mornings are bad".into(),
        on_their_word: ACCOUNT.into(),
    };
    let objected = worker.consultations().object_to_decision(object).await.unwrap().into_inner();
    let read = async |at_least_position| {
        let mine = ListMyConsultationsRequest { at_least_position, ..Default::default() };
        person.consultations().list_my_consultations(mine).await.unwrap().into_inner().consultations.remove(0)
    };
    let marked = read(objected.position).await;
    let told = &marked.views[0];
    assert_eq!((told.view_id.as_str(), told.on_their_word.as_str()), (entered.view_id.as_str(), ACCOUNT));
    assert_eq!(told.entered_by.as_ref().unwrap().staff_id, pair.staff_id());
    assert_eq!(marked.decisions[0].objection_entered_by.as_ref().unwrap().staff_id, pair.staff_id());
    let of_them: Vec<_> = marked.said.iter().filter(|said| said.on_their_word == ACCOUNT).map(|s| s.kind()).collect();
    assert_eq!(of_them, [said::Kind::ViewRecorded, said::Kind::DecisionObjected]);
    // Both they take back, and then nothing is said of them that they did not say.
    let take_back = TakeBackViewRequest {
        request_id: request_id(),
        consultation_id: consultation_id.clone(),
        view_id: entered.view_id,
        ..Default::default()
    };
    person.consultations().take_back_view(take_back).await.unwrap();
    let take_back = TakeBackAnswerRequest {
        request_id: request_id(),
        consultation_id: consultation_id.clone(),
        decision_id: decision_id.clone(),
        ..Default::default()
    };
    let position = person.consultations().take_back_answer(take_back).await.unwrap().into_inner().position;
    let after = read(position).await;
    assert!(after.views.is_empty() && after.decisions[0].objection.is_empty(), "{after:?}");
    assert!(after.said.iter().all(|said| said.words != "Not before ten"), "{after:?}");
    let decide = DecideWithoutPersonRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        consultation_id,
        decision_id,
        ground: WithoutPersonGround::StatutoryDuty.into(),
        evidence: "the Adults with Incapacity (Scotland) Act 2000".into(),
    };
    worker.consultations().decide_without_person(decide).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_4_on_their_word_support_is_ended_at_once_and_whoever_was_wronged_asks_again() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, pair, .. } = callers;
    let relationship_id = callers.active(supported.position).await;
    let other = another(&supported).await;
    let end = |account: &str| EnterEndOfSupportRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        relationship_id: relationship_id.clone(),
        on_their_word: account.into(),
    };
    // Nobody says of the person that they ended what they end themselves.
    assert_eq!(rule(worker.relationships().enter_end_of_support(end(ACCOUNT)).await), "another_agency");
    // Whoever may not see who supports the person learns nothing of it.
    let blind = other.relationships().enter_end_of_support(end(ACCOUNT)).await.unwrap_err();
    assert_eq!(blind.code(), Code::PermissionDenied);
    let elsewhere = |party: &Party| party.agency_id != pair.agency_id();
    let people = person.my_people(0).await.unwrap();
    let party = people.into_iter().filter_map(|one| one.supporter).find(elsewhere).unwrap();
    let network = [RecordCategory::SupportNetwork];
    let (actor, purpose) = (Actor::AgencyId(party.agency_id.clone()), Purpose::CareCoordination);
    person.grant(terms(actor, network, purpose, [Action::Read])).await.unwrap();
    let vague = other.relationships().enter_end_of_support(end("she said so")).await.unwrap_err();
    assert_eq!(vague.get_details_bad_request().unwrap().field_violations[0].field, "on_their_word");
    callers.look().await.unwrap();
    let ended = other.relationships().enter_end_of_support(end(ACCOUNT)).await.unwrap().into_inner();
    callers.is_refused().await;
    let read = one(person, &relationship_id, ended.position).await;
    let how = read.end.clone().unwrap();
    assert_eq!((read.state(), how.by.unwrap().kind()), (RelationshipState::Ended, party::Kind::Person));
    let word = how.on_their_word.unwrap();
    let by = word.entered_by.unwrap();
    assert_eq!((word.account.as_str(), &by.staff_id), (ACCOUNT, &party.staff_id));
    assert!(!by.name.is_empty(), "{by:?}");
    // Again it is nothing new; and it bars nobody from asking.
    other.relationships().enter_end_of_support(end(ACCOUNT)).await.unwrap();
    worker.propose(&pair.person_id(), "a visit").await.unwrap();
    let timeline = person.access().list_my_timeline(ListMyTimelineRequest::default()).await.unwrap().into_inner();
    let said = timeline.items.iter().filter(|item| item.sentence.contains("You ended the support")).collect::<Vec<_>>();
    assert!(said.len() == 1 && said[0].sentence.contains("wrote this down for you"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_21_what_was_entered_is_taken_back_on_their_word_but_an_objection_not_by_whoever_it_holds_up() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, pair, .. } = callers;
    let other = another(&supported).await;
    let people = person.my_people(0).await.unwrap();
    let elsewhere = |party: &Party| party.agency_id != pair.agency_id();
    let party = people.into_iter().filter_map(|one| one.supporter).find(elsewhere).unwrap();
    let (actor, purpose) = (Actor::AgencyId(party.agency_id), Purpose::CareCoordination);
    let takes_part = [Action::Read, Action::Contribute];
    person.grant(terms(actor, [RecordCategory::Consultations], purpose, takes_part)).await.unwrap();
    let held = Held::asked(callers, Mode::Consult).await;
    let (consultation_id, decision_id) = (held.consultation_id.clone(), held.proposed(None).await.unwrap());
    let object = ObjectToDecisionRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        consultation_id: consultation_id.clone(),
        decision_id: decision_id.clone(),
        reason: "Mornings are bad".into(),
        on_their_word: ACCOUNT.into(),
    };
    worker.consultations().object_to_decision(object).await.unwrap();
    let view = RecordPersonViewRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        consultation_id: consultation_id.clone(),
        view: "Not before ten".into(),
        on_their_word: ACCOUNT.into(),
        ..Default::default()
    };
    let view_id = worker.consultations().record_person_view(view).await.unwrap().into_inner().view_id;
    let take_back = || TakeBackAnswerRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        consultation_id: consultation_id.clone(),
        decision_id: decision_id.clone(),
        reason: "after ten is well".into(),
        on_their_word: ACCOUNT.into(),
    };
    assert_eq!(rule(worker.consultations().take_back_answer(take_back()).await), "another_agency");
    other.consultations().take_back_answer(take_back()).await.unwrap();
    let back = || TakeBackViewRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        consultation_id: consultation_id.clone(),
        view_id: view_id.clone(),
        on_their_word: ACCOUNT.into(),
    };
    assert_eq!(rule(worker.consultations().take_back_view(back()).await), "another_agency");
    let position = other.consultations().take_back_view(back()).await.unwrap().into_inner().position;
    let mine = ListMyConsultationsRequest { at_least_position: position, ..Default::default() };
    let read = person.consultations().list_my_consultations(mine).await.unwrap().into_inner().consultations.remove(0);
    assert!(read.views.is_empty() && read.decisions[0].objection.is_empty(), "{read:?}");
    let marked: Vec<_> = read.said.iter().filter(|said| said.on_their_word == ACCOUNT).map(|s| s.kind()).collect();
    assert!(marked.contains(&said::Kind::AnswerTakenBack) && marked.contains(&said::Kind::ViewTakenBack), "{read:?}");
    let timeline = ListMyTimelineRequest { at_least_position: position, ..Default::default() };
    let timeline = person.access().list_my_timeline(timeline).await.unwrap().into_inner();
    let told = timeline.items.iter().map(|item| item.sentence.clone()).collect::<Vec<_>>().join("\n");
    assert!(told.contains("wrote down for you that you took it back") && !told.contains("Not before ten"), "{told}");
}
