//! What the person decides holds at once, on every server, and every look leaves a receipt.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::ids::PersonId;
use node::client::Client;
use proto::access::v1::{
    ListAccessHistoryRequest, Purpose, Receipt, RecordCategory, Sensitivity, SensitivityLevel, receipt,
};
use proto::agencies::v1::RemoveStaffRequest;
use proto::people::v1::entry::Content;
use proto::people::v1::{
    AgreeActionRequest, GetMyRecordRequest, GetSharedPlanRequest, RecordStrengthRequest, RecordWhatMattersRequest,
    SetGoalRequest,
};
use proto::relationships::v1::{EndSupportRequest, GetCaseloadRequest, ListMyPeopleRequest, RelationshipState};
use proto::sharing::v1::{BlockAgencyRequest, UnblockAgencyRequest, WithdrawProvisionRequest};
use tonic::Code;
use uuid::Uuid;

use crate::world::{Callers, World, accept, grant, look, pair, request};

/// Every receipt of the person, all pages.
async fn receipts(callers: &Callers, at_least: u64) -> Vec<Receipt> {
    let mut all = Vec::new();
    let mut token = String::new();
    loop {
        let list = ListAccessHistoryRequest {
            page_size: 100,
            page_token: token,
            at_least_position: at_least,
            ..Default::default()
        };
        let page = callers.person.access().list_access_history(list).await.unwrap().into_inner();
        all.extend(page.receipts);
        token = page.next_page_token;
        if token.is_empty() {
            return all;
        }
    }
}

/// What each reader asks for: by it a receipt tells whose look it is of.
const ASKED: [RecordCategory; 4] =
    [RecordCategory::Strengths, RecordCategory::WhatMatters, RecordCategory::Goals, RecordCategory::Actions];

/// A look, as the one who looked knows it: whether it was answered, and between which times it happened, in microseconds.
#[derive(Debug)]
struct Look {
    answered: bool,
    from: i64,
    until: i64,
}

/// Looks again and again until five looks after `withdrawn` was set were refused.
async fn reader(worker: Client, person: PersonId, asked: RecordCategory, withdrawn: Arc<AtomicBool>) -> Vec<Look> {
    let (mut looks, mut refused_after) = (Vec::new(), 0);
    while refused_after < 5 {
        let look = GetSharedPlanRequest {
            person_id: person.to_string(),
            purpose: Purpose::CareCoordination.into(),
            categories: vec![asked.into()],
            ..Default::default()
        };
        // The order of acknowledgements, as the callers see it.
        let (after, from) = (withdrawn.load(Ordering::SeqCst), engine::now().0);
        let answer = worker.people().get_shared_plan(look).await;
        looks.push(Look { answered: answer.is_ok(), from, until: engine::now().0 });
        match answer {
            Ok(answer) => {
                assert!(!after, "a read that began after the withdrawal was acknowledged succeeded");
                assert!(!answer.into_inner().entries.is_empty());
            }
            Err(status) => {
                assert_eq!(status.code(), Code::PermissionDenied, "{status:?}");
                refused_after += u32::from(after);
            }
        }
    }
    looks
}

/// The receipts are those of the looks, one for each, in their order and at their time.
fn match_one_to_one(looks: &[Look], receipts: &[&Receipt]) {
    assert_eq!(looks.len(), receipts.len(), "looks and receipts");
    for (look, receipt) in looks.iter().zip(receipts) {
        let time = receipt.time.unwrap();
        let at = time.seconds * 1_000_000 + i64::from(time.nanos) / 1_000;
        let kind = if look.answered { receipt::Kind::Viewed } else { receipt::Kind::Denied };
        assert!(receipt.kind() == kind && (look.from..=look.until).contains(&at), "{look:?} {receipt:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_4_after_an_acknowledged_withdrawal_no_read_succeeds_on_any_server_and_every_look_has_its_receipt() {
    let world = World::distributed().await;
    world.import(3);
    let (one, two) = (world.start().await, world.start().await);
    let pair = pair(2);
    let callers = Callers::new(&world.cluster, &one.channel().await.unwrap(), &pair);
    let elsewhere = Callers::new(&world.cluster, &two.channel().await.unwrap(), &pair);
    accept(&callers, &pair).await;
    an_entry_of_each(&callers.person).await;
    let mut looks: [Vec<Look>; 4] = Default::default();
    for _ in 0..5 {
        let (provision, _) = grant(&callers, &pair).await;
        let withdrawn = Arc::new(AtomicBool::new(false));
        let sides = [&callers, &elsewhere, &callers, &elsewhere].into_iter().zip(ASKED);
        let readers = sides
            .map(|(side, asked)| tokio::spawn(reader(side.worker.clone(), pair.person, asked, withdrawn.clone())))
            .collect::<Vec<_>>();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let withdraw = WithdrawProvisionRequest { request_id: request(), provision_id: provision };
        elsewhere.person.sharing().withdraw_provision(withdraw).await.unwrap();
        withdrawn.store(true, Ordering::SeqCst);
        for (looks, reader) in looks.iter_mut().zip(readers) {
            looks.extend(reader.await.unwrap());
        }
    }
    // A write that comes after every look has a position beyond all their receipts.
    let strength = RecordStrengthRequest { request_id: request(), text: "x".into(), ..Default::default() };
    let position = callers.person.people().record_strength(strength).await.unwrap().into_inner().position;
    let mut history = receipts(&callers, position).await;
    history.reverse();
    for (looks, asked) in looks.iter().zip(ASKED) {
        assert!(looks.iter().any(|look| look.answered), "nobody looked at {asked:?}");
        let is_look = |r: &&Receipt| matches!(r.kind(), receipt::Kind::Viewed | receipt::Kind::Denied);
        let theirs: Vec<_> = history.iter().filter(is_look).filter(|r| r.categories == [i32::from(asked)]).collect();
        match_one_to_one(looks, &theirs);
    }
    let kept = history.iter().filter(|r| matches!(r.kind(), receipt::Kind::Viewed | receipt::Kind::Denied)).count();
    assert_eq!(kept, looks.iter().map(Vec::len).sum::<usize>(), "a receipt of no look");
}

/// The person's record gets a strength, something that matters, a goal and an action.
async fn an_entry_of_each(person: &Client) {
    let (text, owner) = ("x".to_owned(), "me".to_owned());
    let strength = RecordStrengthRequest { request_id: request(), text: text.clone(), ..Default::default() };
    person.people().record_strength(strength).await.unwrap();
    let matters = RecordWhatMattersRequest { request_id: request(), text: text.clone(), ..Default::default() };
    person.people().record_what_matters(matters).await.unwrap();
    let goal = SetGoalRequest { request_id: request(), text: text.clone(), ..Default::default() };
    person.people().set_goal(goal).await.unwrap();
    let action = AgreeActionRequest { request_id: request(), text, owner, ..Default::default() };
    person.people().agree_action(action).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_10_ending_support_closes_access_at_once() {
    let world = World::distributed().await;
    world.import(3);
    let node = world.start().await;
    let pair = pair(1);
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair);
    accept(&callers, &pair).await;
    let (_, position) = grant(&callers, &pair).await;
    look(&callers.worker, &pair).await.unwrap();
    let list = ListMyPeopleRequest { page_size: 100, at_least_position: position, ..Default::default() };
    let people = callers.person.relationships().list_my_people(list).await.unwrap().into_inner().relationships;
    let active = people.iter().find(|r| r.state() == RelationshipState::Active).unwrap();
    // The supporter may end it too.
    let person_id = pair.person.to_string();
    let end = EndSupportRequest {
        request_id: request(),
        person_id,
        relationship_id: active.relationship_id.clone(),
        reason: String::new(),
    };
    callers.worker.relationships().end_support(end).await.unwrap();
    assert_eq!(look(&callers.worker, &pair).await.unwrap_err().code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retried_write_happens_once_and_nobody_can_replay_anothers() {
    let world = World::distributed().await;
    world.import(2);
    let node = world.start().await;
    let channel = node.channel().await.unwrap();
    let (first, second) =
        (Callers::new(&world.cluster, &channel, &pair(0)), Callers::new(&world.cluster, &channel, &pair(1)));
    let id = Uuid::now_v7().to_string();
    let strength = || RecordStrengthRequest { request_id: id.clone(), text: "patient".into(), ..Default::default() };
    let once = first.person.people().record_strength(strength()).await.unwrap().into_inner();
    let again = first.person.people().record_strength(strength()).await.unwrap().into_inner();
    assert_eq!((once.position, &once.entry_id), (again.position, &again.entry_id));
    let theirs = second.person.people().record_strength(strength()).await.unwrap().into_inner();
    assert_ne!(once.entry_id, theirs.entry_id);
    let record = GetMyRecordRequest { page_size: 100, at_least_position: theirs.position, ..Default::default() };
    let entries = first.person.people().get_my_record(record).await.unwrap().into_inner().entries;
    assert_eq!(entries.iter().filter(|e| e.entry_id == once.entry_id).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_cover_a_record_once_and_withheld_entries_leave_no_gap() {
    let world = World::distributed().await;
    world.import(8);
    let node = world.start().await;
    let pair = pair(7);
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair);
    accept(&callers, &pair).await;
    for n in 0..30 {
        // Every other one is beyond what the grant covers.
        let level = if n % 2 == 0 { SensitivityLevel::Restricted } else { SensitivityLevel::Normal };
        let sensitivity = Some(Sensitivity { level: level.into(), labels: vec![] });
        let strength = RecordStrengthRequest {
            request_id: request(),
            text: format!("strength {n}"),
            sensitivity,
            ..Default::default()
        };
        callers.person.people().record_strength(strength).await.unwrap();
    }
    let (_, position) = grant(&callers, &pair).await;
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let page = GetSharedPlanRequest {
            person_id: pair.person.to_string(),
            purpose: Purpose::CareCoordination.into(),
            categories: vec![RecordCategory::Strengths.into()],
            page_size: 4,
            page_token: token,
            at_least_position: position,
        };
        let page = callers.worker.people().get_shared_plan(page).await.unwrap().into_inner();
        let full = page.entries.len() == 4;
        seen.extend(page.entries.into_iter().map(|e| e.entry_id));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
        assert!(full, "a page before the last is full, whatever was withheld");
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((count, seen.len()), (15, 15));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caseload_leaves_out_who_has_blocked_the_agency_and_tells_nothing_to_who_has_left() {
    let world = World::distributed().await;
    world.import(2);
    let node = world.start().await;
    let pair = pair(0);
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair);
    accept(&callers, &pair).await;
    let (_, position) = grant(&callers, &pair).await;
    let caseload = || GetCaseloadRequest {
        purpose: Purpose::CareCoordination.into(),
        at_least_position: position,
        ..Default::default()
    };
    let relationships = || callers.worker.relationships();
    let rows = relationships().get_caseload(caseload()).await.unwrap().into_inner().rows;
    assert!(rows.len() == 1 && !rows[0].name.is_empty(), "{rows:?}");
    let block = BlockAgencyRequest { request_id: request(), agency_id: pair.agency.to_string() };
    callers.person.sharing().block_agency(block).await.unwrap();
    let rows = relationships().get_caseload(caseload()).await.unwrap().into_inner().rows;
    assert!(rows.is_empty(), "{rows:?}");
    let remove = RemoveStaffRequest { request_id: request(), staff_id: pair.staff_id.clone() };
    callers.operator.agencies().remove_staff(remove).await.unwrap();
    let status = relationships().get_caseload(caseload()).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_on_an_old_memory_is_never_acknowledged_as_done() {
    let world = World::distributed().await;
    world.import(2);
    let node = world.start().await;
    let pair = pair(0);
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair);
    accept(&callers, &pair).await;
    grant(&callers, &pair).await;
    let agency_id = pair.agency.to_string();
    let block = || BlockAgencyRequest { request_id: request(), agency_id: agency_id.clone() };
    let unblock = || UnblockAgencyRequest { request_id: request(), agency_id: agency_id.clone() };
    for _ in 0..3 {
        callers.person.sharing().block_agency(block()).await.unwrap();
        // The refused look makes the server remember that the agency is blocked.
        assert_eq!(look(&callers.worker, &pair).await.unwrap_err().code(), Code::PermissionDenied);
        callers.person.sharing().unblock_agency(unblock()).await.unwrap();
        callers.person.sharing().block_agency(block()).await.unwrap();
        assert_eq!(look(&callers.worker, &pair).await.unwrap_err().code(), Code::PermissionDenied);
        callers.person.sharing().unblock_agency(unblock()).await.unwrap();
        look(&callers.worker, &pair).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn support_that_was_accepted_on_another_server_closes_with_its_access() {
    let world = World::distributed().await;
    world.import(2);
    let (one, two) = (world.start().await, world.start().await);
    let pair = pair(0);
    let here = Callers::new(&world.cluster, &one.channel().await.unwrap(), &pair);
    let elsewhere = Callers::new(&world.cluster, &two.channel().await.unwrap(), &pair);
    // This server remembers a directive without any relationship.
    assert_eq!(look(&here.worker, &pair).await.unwrap_err().code(), Code::PermissionDenied);
    let position = accept(&elsewhere, &pair).await;
    grant(&elsewhere, &pair).await;
    let list = ListMyPeopleRequest { page_size: 100, at_least_position: position, ..Default::default() };
    let people = here.person.relationships().list_my_people(list).await.unwrap().into_inner().relationships;
    let relationship_id =
        people.iter().find(|r| r.state() == RelationshipState::Active).unwrap().relationship_id.clone();
    let end = EndSupportRequest { request_id: request(), relationship_id, ..Default::default() };
    here.person.relationships().end_support(end).await.unwrap();
    for worker in [&here.worker, &elsewhere.worker] {
        assert_eq!(look(worker, &pair).await.unwrap_err().code(), Code::PermissionDenied);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_used_with_another_method_is_another_request() {
    let world = World::distributed().await;
    world.import(2);
    let node = world.start().await;
    let pair = pair(0);
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair);
    let agency_id = pair.agency.to_string();
    let id = request();
    let block = BlockAgencyRequest { request_id: id.clone(), agency_id: agency_id.clone() };
    let blocked = callers.person.sharing().block_agency(block).await.unwrap().into_inner().position;
    let unblock = UnblockAgencyRequest { request_id: id, agency_id };
    let unblocked = callers.person.sharing().unblock_agency(unblock).await.unwrap().into_inner().position;
    assert!(unblocked > blocked, "the unblocking was taken for the blocking done before");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_goal_does_not_show_through_an_action() {
    let world = World::distributed().await;
    world.import(2);
    let node = world.start().await;
    let pair = pair(0);
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair);
    accept(&callers, &pair).await;
    let sensitivity = |level: SensitivityLevel| Some(Sensitivity { level: level.into(), labels: vec![] });
    let mut goals = Vec::new();
    for level in [SensitivityLevel::Restricted, SensitivityLevel::Normal] {
        let goal = SetGoalRequest {
            request_id: request(),
            text: "sleep".into(),
            sensitivity: sensitivity(level),
            ..Default::default()
        };
        let goal_id = callers.person.people().set_goal(goal).await.unwrap().into_inner().entry_id;
        let (text, owner) = ("walk".to_owned(), "me".to_owned());
        let action =
            AgreeActionRequest { request_id: request(), text, owner, goal_id: goal_id.clone(), ..Default::default() };
        let action_id = callers.person.people().agree_action(action).await.unwrap().into_inner().entry_id;
        goals.push((goal_id, action_id));
    }
    let (_, position) = grant(&callers, &pair).await;
    let shared = GetSharedPlanRequest {
        person_id: pair.person.to_string(),
        purpose: Purpose::CareCoordination.into(),
        page_size: 100,
        at_least_position: position,
        ..Default::default()
    };
    let entries = callers.worker.people().get_shared_plan(shared).await.unwrap().into_inner().entries;
    let goal_of = |action_id: &str| match &entries.iter().find(|e| e.entry_id == action_id).unwrap().content {
        Some(Content::Action(action)) => action.goal_id.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((goal_of(&goals[0].1), goal_of(&goals[1].1)), (String::new(), goals[1].0.clone()));
    for (goal_id, expected) in [(goals[0].0.clone(), Code::NotFound), (Uuid::now_v7().to_string(), Code::NotFound)] {
        let action = AgreeActionRequest {
            request_id: request(),
            person_id: pair.person.to_string(),
            purpose: Purpose::CareCoordination.into(),
            text: "walk".into(),
            owner: "me".into(),
            goal_id,
            ..Default::default()
        };
        assert_eq!(callers.worker.people().agree_action(action).await.unwrap_err().code(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_3_the_person_always_sees_their_own_record_and_what_staff_did_to_it() {
    let world = World::distributed().await;
    world.import(2);
    let node = world.start().await;
    let pair = pair(0);
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair);
    accept(&callers, &pair).await;
    grant(&callers, &pair).await;
    let by_staff = RecordStrengthRequest {
        request_id: request(),
        person_id: pair.person.to_string(),
        purpose: Purpose::CareCoordination.into(),
        text: "keeps every appointment".into(),
        ..Default::default()
    };
    let by_staff = callers.worker.people().record_strength(by_staff).await.unwrap().into_inner().entry_id;
    let block = BlockAgencyRequest { request_id: request(), agency_id: pair.agency.to_string() };
    let position = callers.person.sharing().block_agency(block).await.unwrap().into_inner().position;
    let record = GetMyRecordRequest { page_size: 100, at_least_position: position, ..Default::default() };
    let entries = callers.person.people().get_my_record(record).await.unwrap().into_inner().entries;
    let entry = entries.iter().find(|e| e.entry_id == by_staff).unwrap();
    assert_eq!(entry.author.as_ref().unwrap().staff_id, pair.staff_id);
    let history = receipts(&callers, position).await;
    // The import left receipts of the same kind and by the same worker, but none about strengths.
    let strengths = [i32::from(RecordCategory::Strengths)];
    let added = history.iter().filter(|r| r.kind() == receipt::Kind::Contributed && r.categories == strengths);
    let by: Vec<_> = added.map(|r| r.party.as_ref().unwrap().staff_id.as_str()).collect();
    assert_eq!(by, [pair.staff_id.as_str()], "{history:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_5_one_receipt_for_each_request_of_what_was_disclosed_and_of_a_denied_attempt_too() {
    let world = World::distributed().await;
    world.import(2);
    let node = world.start().await;
    let pair = pair(0);
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair);
    accept(&callers, &pair).await;
    look(&callers.worker, &pair).await.unwrap_err();
    grant(&callers, &pair).await;
    let asked = vec![RecordCategory::Health.into(), RecordCategory::Wellbeing.into(), RecordCategory::Contact.into()];
    let shared = GetSharedPlanRequest {
        person_id: pair.person.to_string(),
        purpose: Purpose::CareCoordination.into(),
        categories: asked,
        page_size: 100,
        ..Default::default()
    };
    let answer = callers.worker.people().get_shared_plan(shared).await.unwrap().into_inner();
    let strength = RecordStrengthRequest { request_id: request(), text: "x".into(), ..Default::default() };
    let position = callers.person.people().record_strength(strength).await.unwrap().into_inner().position;
    let history = receipts(&callers, position).await;
    let theirs = |kind| history.iter().filter(move |r| r.kind() == kind).collect::<Vec<_>>();
    assert_eq!(theirs(receipt::Kind::Denied).len(), 1);
    let viewed = theirs(receipt::Kind::Viewed);
    assert_eq!(viewed.len(), 1);
    // Nothing about wellbeing was there to disclose, though it was asked for.
    let disclosed = [RecordCategory::Health, RecordCategory::Contact].map(i32::from);
    assert_eq!(
        (viewed[0].entries as usize, viewed[0].categories.as_slice()),
        (answer.entries.len(), disclosed.as_slice())
    );
}
