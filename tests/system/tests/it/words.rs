//! Every word keeps its speaker and its time (rule 25), and what a person reads about looks is what happened (rule 5).

use client::{Client, request_id};
use proto::access::v1::{Purpose, QueryAccessRequest, RecordCategory, party, receipt};
use proto::agencies::v1::ChangeStaffRolesRequest;
use proto::consultations::v1::{
    CancelConsultationRequest, Consultation, ListConsultationsRequest, ListMyConsultationsRequest, Mode,
    OfferOptionRequest, RaiseAgendaItemRequest, RequestConsultationRequest, said,
};
use proto::people::v1::agree_action_request::Who;
use proto::people::v1::entry_change::What;
use proto::people::v1::{
    AgreeActionRequest, CompleteActionRequest, DropActionRequest, Entry, Progress, RateActionRequest,
    RecordStrengthRequest, ReopenActionRequest,
};
use proto::sharing::v1::DenyProvisionRequest;
use proto::sharing::v1::provision_actor::Actor;
use tonic::Code;

use crate::world::{Callers, Supported};

async fn entry(person: &Client, position: u64, entry_id: &str) -> Entry {
    person.my_record(position).await.unwrap().into_iter().find(|entry| entry.entry_id == entry_id).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_25_a_word_keeps_its_speaker_in_the_role_that_they_had() {
    let supported = Supported::sharing(0).await;
    let Callers { person, worker, operator, pair } = &supported.callers;
    let (person_id, purpose) = (pair.person_id(), Purpose::CareCoordination.into());
    let strength = RecordStrengthRequest {
        request_id: request_id(),
        person_id: person_id.clone(),
        purpose,
        text: "bakes".into(),
        ..Default::default()
    };
    let written = worker.people().record_strength(strength).await.unwrap().into_inner();
    let agree = AgreeActionRequest {
        request_id: request_id(),
        text: "walk to the shop".into(),
        who: Some(Who::ThePerson(true)),
        ..Default::default()
    };
    let action_id = person.people().agree_action(agree).await.unwrap().into_inner().entry_id;
    let give_up = DropActionRequest {
        request_id: request_id(),
        person_id: person_id.clone(),
        purpose,
        action_id: action_id.clone(),
        reason: "the hip comes first".into(),
    };
    worker.people().drop_action(give_up).await.unwrap();
    let role = ChangeStaffRolesRequest {
        request_id: request_id(),
        staff_id: pair.staff_id(),
        roles: vec!["receptionist".into()],
    };
    operator.agencies().change_staff_roles(role).await.unwrap();
    // The person takes it back, and rates it: that it was dropped, by whom and why stays to be read.
    let reopen = ReopenActionRequest {
        request_id: request_id(),
        action_id: action_id.clone(),
        reason: "I decide that".into(),
        ..Default::default()
    };
    person.people().reopen_action(reopen).await.unwrap();
    let rate = || RateActionRequest { request_id: request_id(), action_id: action_id.clone(), confidence: 9 };
    person.people().rate_action(rate()).await.unwrap();
    person.people().rate_action(rate()).await.unwrap();
    let complete =
        || CompleteActionRequest { request_id: request_id(), action_id: action_id.clone(), ..Default::default() };
    person.people().complete_action(complete()).await.unwrap();
    let position = person.people().complete_action(complete()).await.unwrap().into_inner().position;

    let bakes = entry(person, position, &written.entry_id).await;
    assert_eq!(bakes.author.unwrap().role, "district nurse");
    let changes = entry(person, position, &action_id).await.changes;
    are_told_as_they_were_said(&changes);
    // A wish of staff that is fulfilled adds nothing, and leaves no receipt of anything added.
    let added = |receipts: &[proto::access::v1::Receipt]| {
        receipts.iter().filter(|receipt| receipt.kind() == receipt::Kind::Contributed).count()
    };
    let before = added(&person.history(position).await.unwrap());
    let again = CompleteActionRequest { person_id, purpose, ..complete() };
    worker.people().complete_action(again).await.unwrap();
    let position = person.strength("x").await.unwrap().position;
    assert_eq!(added(&person.history(position).await.unwrap()), before);
}

fn are_told_as_they_were_said(changes: &[proto::people::v1::EntryChange]) {
    let told: Vec<_> = changes
        .iter()
        .map(|change| {
            let author = change.author.as_ref().unwrap();
            assert!(change.said_at.is_some());
            (author.kind(), author.role.as_str(), change.what.unwrap(), change.words.as_str())
        })
        .collect();
    let stands = |progress: Progress| What::Progress(progress.into());
    let expected = [
        (party::Kind::Staff, "district nurse", stands(Progress::Ended), "the hip comes first"),
        (party::Kind::Person, "", stands(Progress::Open), "I decide that"),
        (party::Kind::Person, "", What::Confidence(9), ""),
        (party::Kind::Person, "", stands(Progress::Done), ""),
    ];
    assert_eq!(told, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_25_a_consultation_tells_who_said_what_and_when() {
    let supported = Supported::sharing(0).await;
    let Callers { person, worker, pair, .. } = &supported.callers;
    let (person_id, topic) = (pair.person_id(), "Visits".to_owned());
    let ask = RequestConsultationRequest {
        request_id: request_id(),
        person_id: person_id.clone(),
        mode: Mode::Involve.into(),
        topic,
        ..Default::default()
    };
    let consultation_id = worker.consultations().request_consultation(ask).await.unwrap().into_inner().consultation_id;
    let raise = RaiseAgendaItemRequest {
        request_id: request_id(),
        consultation_id: consultation_id.clone(),
        text: "my evenings".into(),
        ..Default::default()
    };
    let item_id = person.consultations().raise_agenda_item(raise).await.unwrap().into_inner().item_id;
    let offer = OfferOptionRequest {
        request_id: request_id(),
        person_id: person_id.clone(),
        consultation_id: consultation_id.clone(),
        text: "mornings".into(),
        ..Default::default()
    };
    let option_id = worker.consultations().offer_option(offer).await.unwrap().into_inner().option_id;
    let cancel = || CancelConsultationRequest {
        request_id: request_id(),
        person_id: person_id.clone(),
        consultation_id: consultation_id.clone(),
        reason: "they are in hospital".into(),
    };
    // While something that the person raised is open, only they end it.
    assert!(worker.consultations().cancel_consultation(cancel()).await.is_err());
    person.consultations().cancel_consultation(cancel()).await.unwrap();
    let position = person.consultations().cancel_consultation(cancel()).await.unwrap().into_inner().position;
    let told = |consultations: Vec<Consultation>| {
        let found = consultations.into_iter().find(|c| c.consultation_id == consultation_id).unwrap();
        let said = found.said.into_iter().map(|said| {
            assert!(said.said_at.is_some());
            let author = said.author.clone().unwrap();
            (said.kind(), author.kind(), author.role, said.about_id, said.words)
        });
        said.collect::<Vec<_>>()
    };
    let mine = ListMyConsultationsRequest { at_least_position: position, ..Default::default() };
    let mine = told(person.consultations().list_my_consultations(mine).await.unwrap().into_inner().consultations);
    let (nurse, none) = ("district nurse".to_owned(), String::new);
    let expected = [
        (said::Kind::Requested, party::Kind::Staff, nurse.clone(), none(), none()),
        (said::Kind::ItemRaised, party::Kind::Person, none(), item_id, none()),
        (said::Kind::OptionOffered, party::Kind::Staff, nurse, option_id, none()),
        (said::Kind::Cancelled, party::Kind::Person, none(), none(), "they are in hospital".to_owned()),
    ];
    assert_eq!(mine, expected);
    let purpose = Purpose::CareCoordination.into();
    let theirs = ListConsultationsRequest { person_id: person_id.clone(), purpose, ..Default::default() };
    let theirs = worker.consultations().list_consultations(theirs).await.unwrap().into_inner();
    assert_eq!(told(theirs.consultations), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_5_a_look_at_what_is_not_shared_is_told_as_one() {
    let supported = Supported::without_consent(0).await;
    let callers = &supported.callers;
    let strengths = client::terms(
        Actor::AgencyId(callers.pair.agency_id()),
        [RecordCategory::Strengths],
        Purpose::CareCoordination,
        [],
    );
    callers.person.grant(strengths).await.unwrap();
    callers.person.strength("bakes").await.unwrap();
    let newest = async || {
        let position = callers.person.strength("x").await.unwrap().position;
        callers.person.history(position).await.unwrap().remove(0)
    };
    // Only what is not shared: a denied attempt at it, though the worker is told no more than that there is nothing.
    let answer = callers.look_for(&[RecordCategory::Health], 0).await.unwrap();
    assert_eq!(answer.entries, []);
    let denied = newest().await;
    assert_eq!(
        (denied.kind(), denied.categories.as_slice()),
        (receipt::Kind::Denied, &[i32::from(RecordCategory::Health)][..])
    );
    assert_eq!(denied.receipt_id, answer.receipt_id);
    assert!(
        denied.summary.contains("tried to use your health and was refused: nothing that you share covers it"),
        "{denied:?}"
    );
    // More than is shared: both are said.
    let answer =
        callers.look_for(&[RecordCategory::Strengths, RecordCategory::Health], supported.position).await.unwrap();
    assert!(!answer.entries.is_empty());
    let viewed = newest().await;
    assert_eq!(viewed.kind(), receipt::Kind::Viewed);
    let [strengths, health] =
        [RecordCategory::Strengths, RecordCategory::Health].map(|category| vec![i32::from(category)]);
    assert_eq!((&viewed.categories, &viewed.refused), (&strengths, &health));
    assert!(viewed.summary.contains("asked for your health too"), "{viewed:?}");

    // The person can ask again about the same look, and the same question is one.
    let ask = async |question: &str| {
        let (request_id, receipt_id) = (request_id(), viewed.receipt_id.clone());
        let ask = QueryAccessRequest { request_id, receipt_id, question: question.into() };
        callers.person.access().query_access(ask).await.unwrap().into_inner()
    };
    let first = ask("Why my health?").await.query_id;
    assert_eq!(ask("Why my health?").await.query_id, first);
    let second = ask("And who told you?").await;
    let history = callers.person.history(second.position).await.unwrap();
    let asked = &history.iter().find(|receipt| receipt.receipt_id == viewed.receipt_id).unwrap().queries;
    let asked: Vec<_> = asked.iter().map(|query| query.query_id.as_str()).collect();
    assert_eq!(asked, [first.as_str(), second.query_id.as_str()]);
    assert_eq!(callers.person.my_questions(second.position).await.unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_has_roles_of_which_a_permit_needs_one_and_a_deny_matches_any() {
    let supported = Supported::without_consent(0).await;
    let callers = &supported.callers;
    let both = || vec!["district nurse".to_owned(), "Privacy Officer".to_owned()];
    let change = |roles| ChangeStaffRolesRequest { request_id: request_id(), staff_id: callers.pair.staff_id(), roles };
    for none in [vec![], vec!["nurse ".to_owned()], vec![String::new()]] {
        let refused = callers.operator.agencies().change_staff_roles(change(none)).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
    }
    callers.operator.agencies().change_staff_roles(change(both())).await.unwrap();
    let of_role = |role: &str| {
        let everything = (1..).map_while(|code| RecordCategory::try_from(code).ok());
        client::terms(Actor::Role(role.into()), everything, Purpose::CareCoordination, [])
    };
    // The agency's own words for the role that the rules speak of.
    callers.person.grant(of_role("PRIVACY OFFICER")).await.unwrap();
    let position = callers.look().await.unwrap().position;
    let head = crate::world::at_rest(&supported.world.cluster).await.max(position);
    let looked = callers.person.history(head).await.unwrap().remove(0);
    assert_eq!(looked.party.unwrap().role, "privacy officer", "the role through which it was permitted");
    let everybody = RecordCategory::Goals;
    callers
        .person
        .grant(client::terms(Actor::Everybody(true), [everybody], Purpose::CareCoordination, []))
        .await
        .unwrap();
    callers.look().await.unwrap();
    let head = crate::world::at_rest(&supported.world.cluster).await;
    let looked = callers.person.history(head).await.unwrap().remove(0);
    assert_eq!(looked.party.unwrap().role, "district nurse, privacy officer", "all of them");
    // Unless they name one, of their own.
    let look_in = async |role: &str| {
        let worker = callers.worker.in_role(role).unwrap();
        worker.look(&callers.pair.person_id(), Purpose::CareCoordination, &[], 0).await
    };
    look_in("Privacy%20officer").await.unwrap();
    let head = crate::world::at_rest(&supported.world.cluster).await;
    let looked = callers.person.history(head).await.unwrap().remove(0);
    assert_eq!(looked.party.unwrap().role, "privacy officer", "the one that they named");
    for nobodys in ["administrator", "", "%ff"] {
        let refused = look_in(nobodys).await.unwrap_err();
        assert_eq!((refused.code(), refused.message().contains("alongside-role")), (Code::InvalidArgument, true));
    }
    let person = callers.person.in_role("district nurse").unwrap();
    assert_eq!(person.my_record(0).await.unwrap_err().code(), Code::InvalidArgument);
    let deny =
        DenyProvisionRequest { request_id: request_id(), terms: Some(of_role("District Nurse")), ..Default::default() };
    callers.person.sharing().deny_provision(deny).await.unwrap();
    callers.is_refused().await;
}
