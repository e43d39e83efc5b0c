//! What the person decides holds at once, on every server, and every look leaves a receipt.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use client::{Client, request_id};
use proto::access::v1::{Purpose, Receipt, RecordCategory, Sensitivity, SensitivityLevel, receipt};
use proto::agencies::v1::{ListAgenciesRequest, RemoveStaffRequest};
use proto::people::v1::entry::Content;
use proto::people::v1::{
    AgreeActionRequest, GetSharedPlanRequest, RecordStrengthRequest, RecordWhatMattersRequest, SetGoalRequest,
};
use proto::relationships::v1::{EndSupportRequest, GetCaseloadRequest, ProposeSupportRequest, Relationship};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{
    BlockAgencyRequest, DenyProvisionRequest, GetMySharingRequest, ProvisionActor, ProvisionTerms,
    UnblockAgencyRequest, WithdrawProvisionRequest,
};
use tonic::Code;
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::world::{Callers, Supported, World};

/// A sensitivity without labels.
fn level(level: SensitivityLevel) -> Option<Sensitivity> {
    Some(Sensitivity { level: level.into(), labels: vec![] })
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
async fn reader(callers: Arc<Callers>, asked: RecordCategory, withdrawn: Arc<AtomicBool>) -> Vec<Look> {
    let (mut looks, mut refused_after) = (Vec::new(), 0);
    while refused_after < 5 {
        // The order of acknowledgements, as the callers see it.
        let (after, from) = (withdrawn.load(Ordering::SeqCst), engine::now().0);
        let answer = callers.look_for(&[asked], 0).await;
        looks.push(Look { answered: answer.is_ok(), from, until: engine::now().0 });
        match answer {
            Ok(answer) => {
                assert!(!after, "a read that began after the withdrawal was acknowledged succeeded");
                assert!(!answer.entries.is_empty());
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
    let pair = world.import(3).remove(2);
    let (_servers, callers, elsewhere) = world.start_two(&pair).await;
    let (callers, elsewhere) = (Arc::new(callers), Arc::new(elsewhere));
    callers.accept().await;
    an_entry_of_each(&callers.person).await;
    let mut looks: [Vec<Look>; 4] = Default::default();
    for _ in 0..5 {
        let provision = callers.grant().await.provision_id;
        let withdrawn = Arc::new(AtomicBool::new(false));
        let sides = [&callers, &elsewhere, &callers, &elsewhere].into_iter().zip(ASKED);
        let readers =
            sides.map(|(side, asked)| tokio::spawn(reader(side.clone(), asked, withdrawn.clone()))).collect::<Vec<_>>();
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        elsewhere.person.withdraw(&provision).await.unwrap();
        withdrawn.store(true, Ordering::SeqCst);
        for (looks, reader) in looks.iter_mut().zip(readers) {
            looks.extend(reader.await.unwrap());
        }
    }
    // A write that comes after every look has a position beyond all their receipts.
    let position = callers.person.strength("x").await.unwrap().position;
    let mut history = callers.person.history(position).await.unwrap();
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
    person.strength(&text).await.unwrap();
    let matters = RecordWhatMattersRequest { request_id: request_id(), text: text.clone(), ..Default::default() };
    person.people().record_what_matters(matters).await.unwrap();
    let goal = SetGoalRequest { request_id: request_id(), text: text.clone(), ..Default::default() };
    person.people().set_goal(goal).await.unwrap();
    let action = AgreeActionRequest { request_id: request_id(), text, owner, ..Default::default() };
    let position = person.people().agree_action(action).await.unwrap().into_inner().position;
    // Whoever looks from now on sees them: readers name no position.
    person.my_record(position).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_10_ending_support_closes_access_at_once() {
    let Supported { callers, position, .. } = &Supported::sharing(1).await;
    callers.look().await.unwrap();
    // The supporter may end it too.
    let (person_id, relationship_id) = (callers.pair.person_id(), callers.active(*position).await);
    let end = EndSupportRequest { request_id: request_id(), person_id, relationship_id, reason: String::new() };
    callers.worker.relationships().end_support(end).await.unwrap();
    callers.is_refused().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retried_write_happens_once_and_nobody_can_replay_anothers() {
    let world = World::distributed().await;
    let [first, second] = world.import(2).try_into().unwrap();
    let node = world.start().await;
    let channel = node.channel().await.unwrap();
    let [first, second] = [first, second].map(|pair| Callers::unenrolled(&world.cluster, &channel, &pair));
    let id = request_id();
    let strength = || RecordStrengthRequest { request_id: id.clone(), text: "patient".into(), ..Default::default() };
    let once = first.person.people().record_strength(strength()).await.unwrap().into_inner();
    let again = first.person.people().record_strength(strength()).await.unwrap().into_inner();
    assert_eq!((once.position, &once.entry_id), (again.position, &again.entry_id));
    let theirs = second.person.people().record_strength(strength()).await.unwrap().into_inner();
    assert_ne!(once.entry_id, theirs.entry_id);
    let entries = first.person.my_record(theirs.position).await.unwrap();
    assert_eq!(entries.iter().filter(|e| e.entry_id == once.entry_id).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_cover_a_record_once_and_withheld_entries_leave_no_gap() {
    let Supported { callers, .. } = &Supported::without_consent(7).await;
    for n in 0..30 {
        // Every other one is beyond what the grant covers.
        let sensitivity = level(if n % 2 == 0 { SensitivityLevel::Restricted } else { SensitivityLevel::Normal });
        let text = format!("strength {n}");
        let strength = RecordStrengthRequest { request_id: request_id(), text, sensitivity, ..Default::default() };
        callers.person.people().record_strength(strength).await.unwrap();
    }
    let position = callers.grant().await.position;
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let page = GetSharedPlanRequest {
            person_id: callers.pair.person_id(),
            purpose: Purpose::CareCoordination.into(),
            categories: vec![RecordCategory::Strengths.into()],
            page_size: 4,
            page_token: token,
            at_least_position: position,
            ..Default::default()
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
async fn lists_stand_in_the_order_in_which_things_happened_whatever_ids_callers_chose() {
    let Supported { callers, .. } = &Supported::without_consent(7).await;
    let (mut told, mut position) = (Vec::new(), 0);
    for n in 0..12 {
        // Ids follow from the request's: random ones are in no order.
        let mut random = uuid::Uuid::now_v7().into_bytes();
        random.reverse();
        let request_id = uuid::Builder::from_random_bytes(random).into_uuid().to_string();
        let strength = RecordStrengthRequest { request_id, text: format!("strength {n}"), ..Default::default() };
        let recorded = callers.person.people().record_strength(strength).await.unwrap().into_inner();
        told.push(recorded.entry_id);
        position = recorded.position;
    }
    let record = callers.person.my_record(position).await.unwrap();
    let listed: Vec<_> = record.into_iter().map(|entry| entry.entry_id).filter(|id| told.contains(id)).collect();
    assert_eq!(listed, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_keeps_in_memory_follows_what_is_written_elsewhere() {
    let world = World::distributed().await;
    let pair = &world.import(1)[0];
    let (all, reads) = (world.start().await, world.cluster.start("people").await.unwrap());
    let person = |channel| Callers::unenrolled(&world.cluster, &channel, pair).person;
    let (writer, reader) = (person(all.channel().await.unwrap()), person(reads.channel().await.unwrap()));
    let shows = |entries: Vec<proto::people::v1::Entry>, id: &str| entries.iter().any(|entry| entry.entry_id == id);
    for n in 0..10 {
        let asked = writer.strength(&format!("asked for {n}")).await.unwrap();
        assert!(shows(reader.my_record(asked.position).await.unwrap(), &asked.entry_id), "as far as it was asked for");
        let seen = writer.strength(&format!("seen {n}")).await.unwrap();
        let shown = || async { Ok(shows(reader.my_record(0).await?, &seen.entry_id)) };
        harness::wait_until("the entry, a moment later", shown).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caseload_leaves_out_who_has_blocked_the_agency_and_tells_nothing_to_who_has_left() {
    let Supported { callers, position, .. } = &Supported::sharing(0).await;
    let caseload = || GetCaseloadRequest {
        purpose: Purpose::CareCoordination.into(),
        at_least_position: *position,
        ..Default::default()
    };
    let relationships = || callers.worker.relationships();
    let rows = relationships().get_caseload(caseload()).await.unwrap().into_inner().rows;
    assert!(rows.len() == 1 && !rows[0].name.is_empty(), "{rows:?}");
    callers.person.block(&callers.pair.agency_id()).await.unwrap();
    let rows = relationships().get_caseload(caseload()).await.unwrap().into_inner().rows;
    assert!(rows.is_empty(), "{rows:?}");
    let remove = RemoveStaffRequest { request_id: request_id(), staff_id: callers.pair.staff_id() };
    callers.operator.agencies().remove_staff(remove).await.unwrap();
    let status = relationships().get_caseload(caseload()).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_on_an_old_memory_is_never_acknowledged_as_done() {
    let Supported { callers, .. } = &Supported::sharing(0).await;
    let (person, agency) = (&callers.person, callers.pair.agency_id());
    for _ in 0..3 {
        person.block(&agency).await.unwrap();
        // The refused look makes the server remember that the agency is blocked.
        callers.is_refused().await;
        person.unblock(&agency).await.unwrap();
        person.block(&agency).await.unwrap();
        callers.is_refused().await;
        person.unblock(&agency).await.unwrap();
        callers.look().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn support_that_was_accepted_on_another_server_closes_with_its_access() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let (_servers, here, elsewhere) = world.start_two(&pair).await;
    // This server remembers a directive without any relationship.
    here.is_refused().await;
    let position = elsewhere.accept().await;
    elsewhere.grant().await;
    let relationship_id = here.active(position).await;
    let end = EndSupportRequest { request_id: request_id(), relationship_id, ..Default::default() };
    here.person.relationships().end_support(end).await.unwrap();
    for side in [&here, &elsewhere] {
        side.is_refused().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_id_is_bound_to_what_was_asked_on_every_server() {
    let world = World::distributed().await;
    let [pair, other] = world.import(2).try_into().unwrap();
    let (one, two) = (world.start().await, world.start().await);
    let here = Callers::unenrolled(&world.cluster, &one.channel().await.unwrap(), &pair);
    let id = request_id();
    let block = |agency_id: String| BlockAgencyRequest { request_id: id.clone(), agency_id, ..Default::default() };
    let blocked = here.person.sharing().block_agency(block(pair.agency_id())).await.unwrap().into_inner();
    // A server that remembers nothing, as after a restart.
    let elsewhere = Callers::unenrolled(&world.cluster, &two.channel().await.unwrap(), &pair);
    for side in [&here, &elsewhere] {
        let again = side.person.sharing().block_agency(block(pair.agency_id())).await.unwrap().into_inner();
        assert_eq!(again, blocked, "a retry returns the first result");
        let unblock =
            UnblockAgencyRequest { request_id: id.clone(), agency_id: pair.agency_id(), ..Default::default() };
        let withdraw =
            WithdrawProvisionRequest { request_id: id.clone(), provision_id: request_id(), ..Default::default() };
        let strength = RecordStrengthRequest { request_id: id.clone(), text: "I bake".into(), ..Default::default() };
        for refused in [
            // Another message, another method, and one that writes elsewhere.
            side.person.sharing().block_agency(block(other.agency_id())).await.map(drop).unwrap_err(),
            side.person.sharing().unblock_agency(unblock).await.map(drop).unwrap_err(),
            side.person.sharing().withdraw_provision(withdraw).await.map(drop).unwrap_err(),
            side.person.people().record_strength(strength).await.map(drop).unwrap_err(),
        ] {
            let reason = refused.get_details_error_info().unwrap().reason;
            assert_eq!((refused.code(), reason.as_str()), (Code::AlreadyExists, "REQUEST_ID_REUSED"));
        }
    }
    // Also one that found nothing to do: asked again, it does not undo what came after it.
    let nothing = UnblockAgencyRequest { request_id: request_id(), agency_id: other.agency_id(), ..Default::default() };
    here.person.sharing().unblock_agency(nothing.clone()).await.unwrap();
    let after = BlockAgencyRequest { request_id: request_id(), agency_id: other.agency_id(), ..Default::default() };
    let position = here.person.sharing().block_agency(after).await.unwrap().into_inner().position;
    elsewhere.person.sharing().unblock_agency(nothing).await.unwrap();
    let mine = GetMySharingRequest { at_least_position: position, ..Default::default() };
    let blocked = here.person.sharing().get_my_sharing(mine).await.unwrap().into_inner().blocked_agencies;
    assert!(blocked.iter().any(|agency| agency.agency_id == other.agency_id()), "{blocked:?}");
    // Nobody else's id is touched by that.
    let theirs = Callers::unenrolled(&world.cluster, &one.channel().await.unwrap(), &other);
    theirs.person.sharing().block_agency(block(other.agency_id())).await.unwrap();
    // An id that tells something is none.
    let guessed = Uuid::new_v8([7; 16]).to_string();
    let strength = RecordStrengthRequest { request_id: guessed, text: "I bake".into(), ..Default::default() };
    let refused = here.person.people().record_strength(strength).await.unwrap_err();
    assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, "request_id");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withheld_goal_does_not_show_through_an_action() {
    let Supported { callers, .. } = &Supported::without_consent(0).await;
    let agree = |goal_id: String| AgreeActionRequest {
        request_id: request_id(),
        text: "walk".into(),
        owner: "me".into(),
        goal_id,
        ..Default::default()
    };
    let mut goals = Vec::new();
    for sensitivity in [SensitivityLevel::Restricted, SensitivityLevel::Normal].map(level) {
        let (request_id, text) = (request_id(), "sleep".into());
        let goal = SetGoalRequest { request_id, text, sensitivity, ..Default::default() };
        let goal_id = callers.person.people().set_goal(goal).await.unwrap().into_inner().entry_id;
        let action = callers.person.people().agree_action(agree(goal_id.clone())).await.unwrap().into_inner();
        goals.push((goal_id, action.entry_id));
    }
    let position = callers.grant().await.position;
    let entries = callers.look_for(&[], position).await.unwrap().entries;
    let goal_of = |action_id: &str| match &entries.iter().find(|e| e.entry_id == action_id).unwrap().content {
        Some(Content::Action(action)) => action.goal_id.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!((goal_of(&goals[0].1), goal_of(&goals[1].1)), (String::new(), goals[1].0.clone()));
    for goal_id in [goals[0].0.clone(), Uuid::now_v7().to_string()] {
        let (person_id, purpose) = (callers.pair.person_id(), Purpose::CareCoordination.into());
        let action = AgreeActionRequest { person_id, purpose, ..agree(goal_id) };
        assert_eq!(callers.worker.people().agree_action(action).await.unwrap_err().code(), Code::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_3_the_person_always_sees_their_own_record_and_what_staff_did_to_it() {
    let Supported { callers, .. } = &Supported::sharing(0).await;
    let by_staff = RecordStrengthRequest {
        request_id: request_id(),
        person_id: callers.pair.person_id(),
        purpose: Purpose::CareCoordination.into(),
        text: "keeps every appointment".into(),
        ..Default::default()
    };
    let by_staff = callers.worker.people().record_strength(by_staff).await.unwrap().into_inner().entry_id;
    let position = callers.person.block(&callers.pair.agency_id()).await.unwrap();
    let entries = callers.person.my_record(position).await.unwrap();
    let entry = entries.iter().find(|e| e.entry_id == by_staff).unwrap();
    assert_eq!(entry.author.as_ref().unwrap().staff_id, callers.pair.staff_id());
    // The import left receipts of the same kind and by the same worker, but none about strengths.
    let history = callers.person.history(position).await.unwrap();
    let strengths = [i32::from(RecordCategory::Strengths)];
    let added = history.iter().filter(|r| r.kind() == receipt::Kind::Contributed && r.categories == strengths);
    let by: Vec<_> = added.map(|r| r.party.as_ref().unwrap().staff_id.clone()).collect();
    assert_eq!(by, [callers.pair.staff_id()], "{history:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rule_5_one_receipt_for_each_request_of_what_was_disclosed_and_of_a_denied_attempt_too() {
    let Supported { callers, .. } = &Supported::without_consent(0).await;
    callers.is_refused().await;
    callers.grant().await;
    let asked = [RecordCategory::Health, RecordCategory::Wellbeing, RecordCategory::Contact];
    let answer = callers.look_for(&asked, 0).await.unwrap();
    let position = callers.person.strength("x").await.unwrap().position;
    let history = callers.person.history(position).await.unwrap();
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

#[tokio::test(flavor = "multi_thread")]
async fn a_directive_of_many_provisions_is_read_whole_page_by_page() {
    let Supported { callers, .. } = &Supported::without_consent(0).await;
    let mut granted = Vec::new();
    for seconds in 4_000_000_000..4_000_000_060 {
        let mut terms = client::terms(Actor::Everybody(true), [RecordCategory::Goals], Purpose::Treatment, []);
        terms.until = Some(prost_types::Timestamp { seconds, nanos: 0 });
        granted.push(callers.person.grant(terms).await.unwrap().provision_id);
    }
    let at = callers.person.block(&callers.pair.agency_id()).await.unwrap();
    let mut request = GetMySharingRequest { at_least_position: at, ..Default::default() };
    let (mut read, mut blocked) = (Vec::new(), 0);
    loop {
        let page = callers.person.sharing().get_my_sharing(request.clone()).await.unwrap().into_inner();
        let lists = [page.provisions.len(), page.blocked_agencies.len(), page.open_access.len()];
        assert!((1..=25).contains(&lists.iter().sum::<usize>()), "{lists:?}");
        read.extend(page.provisions.into_iter().map(|provision| provision.provision_id));
        blocked += page.blocked_agencies.len();
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!((read, blocked), (granted, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_choice_that_cannot_take_effect_is_refused() {
    let Supported { callers, .. } = &Supported::without_consent(0).await;
    let now =
        i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let at = |seconds, nanos| Some(prost_types::Timestamp { seconds, nanos });
    let deny = |change: &dyn Fn(&mut ProvisionTerms)| {
        let mut terms = client::terms(Actor::Everybody(true), [RecordCategory::Health], Purpose::Treatment, []);
        change(&mut terms);
        DenyProvisionRequest { request_id: request_id(), terms: Some(terms), ..Default::default() }
    };
    let actor = |actor| Some(ProvisionActor { actor: Some(actor) });
    let unknown = || Uuid::now_v7().to_string();
    type Change<'a> = &'a dyn Fn(&mut ProvisionTerms);
    let wrong: [(&str, Change<'_>); 9] = [
        ("terms.actor.agency_id", &|terms| terms.actor = actor(Actor::AgencyId(unknown()))),
        ("terms.actor.staff_id", &|terms| terms.actor = actor(Actor::StaffId(unknown()))),
        ("terms.actor.role", &|terms| terms.actor = actor(Actor::Role("nurse ".into()))),
        ("terms.actor.role", &|terms| terms.actor = actor(Actor::Role("beekeeper".into()))),
        ("terms.labels", &|terms| terms.labels = vec!["psy".into()]),
        ("terms.until", &|terms| terms.until = at(now - 60, 0)),
        ("terms.until", &|terms| terms.until = at(1_000_000_000_000, 0)),
        ("terms.until", &|terms| terms.until = at(now + 60, -1)),
        ("terms.from", &|terms| terms.from = at(now + 60, 1_000_000_000)),
    ];
    for (field, change) in wrong {
        let refused = callers.person.sharing().deny_provision(deny(change)).await.unwrap_err();
        assert_eq!(refused.get_details_bad_request().unwrap().field_violations[0].field, field, "{refused:?}");
    }
    // A role is one that somebody has, however it is written; and all are told which there are.
    let listed = callers.person.agencies().list_agencies(ListAgenciesRequest::default()).await.unwrap().into_inner();
    let roles: Vec<_> = listed.agencies.into_iter().flat_map(|agency| agency.roles).collect();
    assert!(!roles.is_empty() && roles.iter().all(|role| role != "beekeeper"), "{roles:?}");
    for role in roles {
        let known = deny(&|terms| terms.actor = actor(Actor::Role(role.to_uppercase())));
        let denied = callers.person.sharing().deny_provision(known).await.unwrap().into_inner();
        let provision_id = denied.provision_id;
        let withdraw = WithdrawProvisionRequest { request_id: request_id(), provision_id, ..Default::default() };
        callers.person.sharing().withdraw_provision(withdraw).await.unwrap();
    }
    // What has ended by itself is not "now".
    let soon = deny(&|terms| terms.until = at(now + 2, 0));
    let position = callers.person.sharing().deny_provision(soon).await.unwrap().into_inner().position;
    let list = || GetMySharingRequest { at_least_position: position, ..Default::default() };
    harness::wait_until("the end of it", || async {
        Ok(callers.person.sharing().get_my_sharing(list()).await?.into_inner().provisions.is_empty())
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_add_to_one_record_at_once_all_succeed_and_readers_go_on() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let (_servers, here, elsewhere) = world.start_two(&pair).await;
    here.accept().await;
    here.grant().await;
    let write = |side: &Callers, n: usize| {
        let (person, text) = (side.person.clone(), format!("strength {n}"));
        tokio::spawn(async move { person.strength(&text).await.map(|done| (done.entry_id, done.position)) })
    };
    let writers: Vec<_> = (0..40).map(|n| write(if n % 2 == 0 { &here } else { &elsewhere }, n)).collect();
    for side in [&here, &elsewhere, &here] {
        side.look().await.unwrap();
    }
    let mut written = Vec::new();
    for writer in writers {
        written.push(writer.await.unwrap().unwrap());
    }
    let head = written.iter().map(|(_, position)| *position).max().unwrap();
    let record = here.person.my_record(head).await.unwrap();
    assert!(written.iter().all(|(id, _)| record.iter().filter(|entry| entry.entry_id == *id).count() == 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_does_not_meet_itself() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let callers = Callers::unenrolled(&world.cluster, &node.channel().await.unwrap(), &pair);
    for _ in 0..5 {
        callers.person.strength("one after the other").await.unwrap();
    }
    let metrics = node.admin_get("/metrics").await.unwrap();
    assert!(metrics.contains("alongside_engine_append_conflicts_total 0"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caseloads_pages_tell_nothing_of_who_was_left_out() {
    let world = World::distributed().await;
    let pairs = world.import(4);
    let node = world.start().await;
    let channel = node.channel().await.unwrap();
    let worker = Callers::new(&world.cluster, &channel, &pairs[0]).await.worker;
    let mut position = 0;
    let mut people = Vec::new();
    for pair in &pairs {
        let person = Callers::unenrolled(&world.cluster, &channel, pair).person;
        let (request_id, person_id) = (request_id(), pair.person_id());
        let offer = ProposeSupportRequest { request_id, person_id, offer: "walks".into() };
        // The first is supported by this worker already, as the import has it.
        let proposed = worker.relationships().propose_support(offer).await;
        let at_least = proposed.as_ref().map_or(0, |answer| answer.get_ref().position);
        let theirs = |r: &Relationship| r.supporter.as_ref().unwrap().staff_id == pairs[0].staff_id();
        harness::wait_until("the proposal", || async { Ok(person.my_people(at_least).await?.iter().any(theirs)) })
            .await
            .unwrap();
        let proposal = person.my_people(at_least).await.unwrap().into_iter().find(theirs).unwrap();
        position = person.accept(&proposal.relationship_id).await.unwrap();
        people.push(person);
    }
    let pages = async |at_least_position| {
        let (mut pages, mut page_token) = (Vec::new(), String::new());
        loop {
            let purpose = Purpose::CareCoordination.into();
            let page = GetCaseloadRequest { purpose, page_size: 1, page_token, at_least_position };
            let page = worker.relationships().get_caseload(page).await.unwrap().into_inner();
            pages.push(page.rows.into_iter().map(|row| row.person_id).collect::<Vec<_>>());
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return pages;
            }
        }
    };
    let ids = pages(position).await;
    assert!(ids.len() == 4 && ids.iter().all(|page| page.len() == 1), "{ids:?}");
    let block = async |nth: usize| {
        let of = pairs.iter().position(|pair| pair.person_id() == ids[nth][0]).unwrap();
        people[of].block(&pairs[0].agency_id()).await.unwrap()
    };
    // The first, one in the middle and the last: what is left is told as if there had been nobody else.
    for (blocks, left) in [(0, &ids[1..]), (3, &ids[1..3]), (1, &ids[2..3])] {
        let position = block(blocks).await;
        assert_eq!(pages(position).await, left);
    }
    let position = block(2).await;
    assert_eq!(pages(position).await, [Vec::<String>::new()]);
}
