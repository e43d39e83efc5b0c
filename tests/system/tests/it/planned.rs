//! The plan, in the person's words: what it stands on, who owns what, what is theirs to say, and what is corrected.

use client::{Client, request_id};
use proto::access::v1::{
    Action, DeclareEmergencyAccessRequest, Purpose, RecordCategory, Sensitivity, SensitivityLevel, party,
};
use proto::people::v1::agree_action_request::Who;
use proto::people::v1::entry::Content;
use proto::people::v1::{
    ActivatePlanRequest, AdoptGoalRequest, AgreeActionRequest, BarrierKind, CheckInWellbeingRequest,
    ChooseNotToSayRequest, CommunicationNeed, CorrectEntryRequest, Entry, GetMyRecordRequest, IdentifyBarrierRequest,
    Link, LinkKind, OwnBarrierRequest, Progress, RateGoalRequest, RecordStrengthRequest, RecordWhatMattersRequest,
    SetContactPreferencesRequest, SetGoalRequest, StrengthKind,
};
use proto::sharing::v1::provision_actor::Actor;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::world::{Callers, Supported, rule};

async fn mine(person: &Client, at_least_position: u64) -> Vec<Entry> {
    let mine = GetMyRecordRequest { page_size: 100, at_least_position, ..Default::default() };
    person.people().get_my_record(mine).await.unwrap().into_inner().entries
}

fn one(entries: Vec<Entry>, entry_id: &str) -> Entry {
    entries.into_iter().find(|entry| entry.entry_id == entry_id).unwrap()
}

fn coordinating() -> i32 {
    Purpose::CareCoordination.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_13_a_plan_begins_with_what_is_strong_and_what_matters() {
    let supported = Supported::sharing(0).await;
    let Callers { person, worker, pair, .. } = &supported.callers;
    let activate = || ActivatePlanRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        purpose: coordinating(),
        ..Default::default()
    };
    assert_eq!(rule(worker.people().activate_plan(activate()).await), "strengths_first");
    let resource = RecordStrengthRequest {
        request_id: request_id(),
        text: "the allotment".into(),
        kind: StrengthKind::Resource.into(),
        link: Some(Link {
            kind: LinkKind::Aliss.into(),
            name: "Leith allotments".into(),
            url: "https://www.aliss.org/services/leith-allotments".into(),
        }),
        ..Default::default()
    };
    let strength = person.people().record_strength(resource).await.unwrap().into_inner();
    assert_eq!(rule(worker.people().activate_plan(activate()).await), "strengths_first");
    let unsaid = ChooseNotToSayRequest { request_id: request_id(), category: RecordCategory::WhatMatters.into() };
    person.people().choose_not_to_say(unsaid).await.unwrap();
    let activated = worker.people().activate_plan(activate()).await.unwrap().into_inner();
    let record = mine(person, activated.position).await;
    let Some(Content::Strength(told)) = one(record.clone(), &strength.entry_id).content else { panic!("a strength") };
    assert_eq!((told.kind(), told.link.unwrap().kind()), (StrengthKind::Resource, LinkKind::Aliss));
    assert!(record.iter().any(|entry| entry.content == Some(Content::NotSaid(true))));
    assert_eq!(one(record, &activated.entry_id).content, Some(Content::Plan(true)));
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_14_what_lies_outside_the_person_is_owned_by_an_agency() {
    let supported = Supported::sharing(0).await;
    let Callers { person, worker, pair, .. } = &supported.callers;
    let identify = IdentifyBarrierRequest {
        request_id: request_id(),
        kind: BarrierKind::External.into(),
        text: "no bus on Sundays".into(),
        ..Default::default()
    };
    let barrier_id = person.people().identify_barrier(identify).await.unwrap().into_inner().entry_id;
    let own = || OwnBarrierRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        purpose: coordinating(),
        barrier_id: barrier_id.clone(),
        words: "we send a car".into(),
    };
    // It is never the person's: they cannot even ask for that.
    assert_eq!(person.people().own_barrier(own()).await.unwrap_err().code(), Code::PermissionDenied);
    let position = worker.people().own_barrier(own()).await.unwrap().into_inner().position;
    let Some(Content::Barrier(barrier)) = one(mine(person, position).await, &barrier_id).content else {
        panic!("a barrier")
    };
    let owner = barrier.owner.clone().unwrap();
    assert_eq!((owner.kind(), owner.agency_id.as_str()), (party::Kind::Agency, pair.agency_id().as_str()));
    assert!(!owner.agency_name.is_empty() && barrier.progress() == Progress::Open, "{barrier:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_15_a_goal_that_a_worker_proposes_is_the_persons_once_they_say_it_themselves() {
    let supported = Supported::sharing(0).await;
    let Callers { person, worker, pair, .. } = &supported.callers;
    let propose = SetGoalRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        purpose: coordinating(),
        text: "mobility improves".into(),
        ..Default::default()
    };
    let goal_id = worker.people().set_goal(propose).await.unwrap().into_inner().entry_id;
    let rate = || RateGoalRequest { request_id: request_id(), goal_id: goal_id.clone(), importance: 9 };
    assert_eq!(rule(person.people().rate_goal(rate()).await), "proposed_goal");
    let adopt =
        AdoptGoalRequest { request_id: request_id(), goal_id: goal_id.clone(), text: "walk to the loch".into() };
    person.people().adopt_goal(adopt).await.unwrap();
    let position = person.people().rate_goal(rate()).await.unwrap().into_inner().position;
    let goal = one(mine(person, position).await, &goal_id);
    assert_eq!(goal.changes[0].before, "mobility improves");
    let Some(Content::Goal(told)) = goal.content else { panic!("a goal") };
    assert_eq!((told.text.as_str(), told.importance, told.progress()), ("walk to the loch", 9, Progress::Open));
    let seen = supported.callers.look_for(&[RecordCategory::Goals], position).await.unwrap();
    assert!(one(seen.entries, &goal_id).changes.iter().all(|change| change.before.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_action_is_somebodys_and_how_to_communicate_is_said_in_the_fields_terms() {
    let supported = Supported::sharing(0).await;
    let Callers { person, worker, pair, .. } = &supported.callers;
    let agree = |who| AgreeActionRequest {
        request_id: request_id(),
        text: "ring on Monday".into(),
        who: Some(who),
        ..Default::default()
    };
    let staff = Who::StaffId(pair.staff_id());
    let action = person.people().agree_action(agree(staff)).await.unwrap().into_inner();
    let nobody = person.people().agree_action(agree(Who::StaffId(request_id()))).await.unwrap_err();
    assert_eq!(nobody.get_details_bad_request().unwrap().field_violations[0].field, "staff_id");
    let prefer = SetContactPreferencesRequest {
        request_id: request_id(),
        needs: vec![CommunicationNeed::Bsl.into(), CommunicationNeed::WriteDoNotRing.into()],
        ..Default::default()
    };
    let preferences = person.people().set_contact_preferences(prefer).await.unwrap().into_inner();
    let seen = worker.look(&pair.person_id(), Purpose::CareCoordination, &[], preferences.position).await.unwrap();
    let Some(Content::Action(told)) = one(seen.entries.clone(), &action.entry_id).content else { panic!("an action") };
    let owner = told.owned_by.unwrap();
    assert_eq!((owner.kind(), owner.staff_id), (party::Kind::Staff, pair.staff_id()));
    let Some(Content::Communication(told)) = one(seen.entries, &preferences.entry_id).content else {
        panic!("preferences")
    };
    assert_eq!(told.needs().collect::<Vec<_>>(), [CommunicationNeed::Bsl, CommunicationNeed::WriteDoNotRing]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_keeps_to_themselves_no_permit_and_no_emergency_opens() {
    let supported = Supported::sharing(0).await;
    let Callers { person, worker, pair, .. } = &supported.callers;
    let check_in = |private| CheckInWellbeingRequest {
        request_id: request_id(),
        wellbeing: 3,
        words: "a bad night".into(),
        private,
        ..Default::default()
    };
    let shared = person.people().check_in_wellbeing(check_in(false)).await.unwrap().into_inner().entry_id;
    let private = person.people().check_in_wellbeing(check_in(true)).await.unwrap().into_inner();
    // All that can be permitted is.
    let labels = person.access().list_labels(proto::access::v1::ListLabelsRequest {}).await.unwrap().into_inner();
    for labels in labels.labels.chunks(8) {
        let everybody = Actor::Everybody(true);
        let mut terms =
            client::terms(everybody, [RecordCategory::Wellbeing], Purpose::CareCoordination, [Action::Read]);
        terms.level = SensitivityLevel::VeryRestricted.into();
        terms.labels = labels.iter().map(|label| label.code.clone()).collect();
        person.grant(terms).await.unwrap();
    }
    let emergency = DeclareEmergencyAccessRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        reason: "found unconscious at home".into(),
        minutes: 30,
    };
    worker.access().declare_emergency_access(emergency).await.unwrap();
    for purpose in [Purpose::CareCoordination, Purpose::BreakGlass] {
        let seen = worker.look(&pair.person_id(), purpose, &[RecordCategory::Wellbeing], private.position).await;
        let seen: Vec<_> = seen.unwrap().entries.into_iter().map(|entry| entry.entry_id).collect();
        assert_eq!(seen, std::slice::from_ref(&shared), "{purpose:?}");
    }
    let Some(Content::CheckIn(own)) = one(mine(person, private.position).await, &private.entry_id).content else {
        panic!("a check-in")
    };
    assert!(own.private && own.words == "a bad night");
    // Nobody can say that something else is private, or permit what is.
    let mut terms = client::terms(Actor::Everybody(true), [RecordCategory::Wellbeing], Purpose::Treatment, []);
    terms.labels = vec!["PRIVATE".into()];
    assert_eq!(person.grant(terms).await.unwrap_err().code(), Code::InvalidArgument);
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_4_what_is_corrected_is_so_from_its_acknowledgement_and_only_the_person_reads_what_it_said() {
    let supported = Supported::sharing(0).await;
    let callers = &supported.callers;
    let Callers { person, worker, pair, .. } = callers;
    let write = RecordWhatMattersRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        purpose: coordinating(),
        text: "her dog".into(),
        ..Default::default()
    };
    let entry_id = worker.people().record_what_matters(write).await.unwrap().into_inner().entry_id;
    let correct = |text: &str, level: Option<SensitivityLevel>| CorrectEntryRequest {
        request_id: request_id(),
        entry_id: entry_id.clone(),
        text: text.into(),
        sensitivity: level.map(|level| Sensitivity { level: level.into(), labels: vec![] }),
        reason: "not a dog".into(),
        ..Default::default()
    };
    let matters = [RecordCategory::WhatMatters];
    for nth in 0..10 {
        let text = format!("my cat, said {nth} times");
        person.people().correct_entry(correct(&text, None)).await.unwrap();
        // Not waited for: whatever is behind, a look that comes later tells no older words.
        let seen = one(callers.look_for(&matters, 0).await.unwrap().entries, &entry_id);
        assert!(seen.changes.iter().all(|change| change.before.is_empty()), "{seen:?}");
        assert_eq!(seen.content, Some(Content::WhatMatters(proto::people::v1::WhatMatters { text })));
    }
    // The agency that wrote it may close it further, and not open it.
    let by_worker = |request: CorrectEntryRequest| CorrectEntryRequest {
        person_id: pair.person_id(),
        purpose: coordinating(),
        ..request
    };
    let position = person.people().correct_entry(correct("my cat", Some(SensitivityLevel::Restricted))).await.unwrap();
    let withheld = worker.people().correct_entry(by_worker(correct("a cat", None))).await.unwrap_err();
    assert_eq!(withheld.code(), Code::NotFound, "what is closed to them is as if it were not there");
    let seen = callers.look_for(&matters, 0).await.unwrap().entries;
    assert!(seen.iter().all(|entry| entry.entry_id != entry_id), "{seen:?}");
    let own = one(mine(person, position.into_inner().position).await, &entry_id);
    let before: Vec<_> = own.changes.iter().map(|change| change.before.as_str()).collect();
    assert_eq!((before.len(), before[0], before[10]), (11, "her dog", "my cat, said 9 times"));
}
