//! How people come in: with a code, by what they sign in with at an identity provider of theirs.

use client::{Client, request_id};
use gate::Binding;
use proto::access::v1::RecordCategory;
use proto::people::v1::{
    ClaimInvitationRequest, ConfirmReturnAsOperatorRequest, ConfirmReturnRequest, GetMyRecordRequest, GiveCodeRequest,
    InvitePersonRequest, InviteReturnRequest, ListMyInvitationsRequest, ListMySignInsRequest, RevokeCodeRequest,
    ShutSignInsRequest, UnlinkSignInRequest, UseCodeRequest, invitation,
};
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::world::{Callers, Supported, at_rest, rule};

/// Somebody who signs in at an identity provider of people.
async fn visitor(supported: &Supported, subject: &str) -> Client {
    let token = supported.world.cluster.signer.sign(Binding::People, subject).unwrap();
    Client::new(supported.node.channel().await.unwrap(), &token).unwrap()
}

async fn invited(worker: &Client, name: &str) -> String {
    let invite = InvitePersonRequest {
        request_id: request_id(),
        name: name.into(),
        reach: "07700 900123".into(),
        offer: "a visit on Tuesdays".into(),
    };
    worker.joining().invite_person(invite).await.unwrap().into_inner().code
}

async fn claimed(who: &Client, code: &str, confirm: bool) -> Result<String, Status> {
    let claim = ClaimInvitationRequest { request_id: request_id(), code: code.into(), confirm, ..Default::default() };
    Ok(who.joining().claim_invitation(claim).await?.into_inner().person_id)
}

async fn returned(who: &Client, code: &str, second: &str) -> Result<String, Status> {
    let claim = ClaimInvitationRequest {
        request_id: request_id(),
        code: code.into(),
        second_code: second.into(),
        ..Default::default()
    };
    Ok(who.joining().claim_invitation(claim).await?.into_inner().person_id)
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_comes_in_with_a_code_and_what_they_sign_in_with_is_theirs() {
    let supported = Supported::without_consent(0).await;
    let worker = &supported.callers.worker;
    let ailsa = visitor(&supported, "ailsa").await;
    // Before that nobody is known here who signs in with it.
    let unknown = ailsa.my_record(0).await.unwrap_err();
    assert_eq!(unknown.get_details_error_info().unwrap().reason, "CALLER_NOT_ADMITTED");
    assert!(unknown.message().contains("ClaimInvitation"), "{unknown:?}");

    let code = invited(worker, "Ailsa").await;
    for wrong in [code.replace(|c: char| c != '-', "7"), "not a code".into()] {
        let refused = claimed(&ailsa, &wrong, false).await.unwrap_err();
        assert!(matches!(refused.code(), Code::NotFound | Code::InvalidArgument), "{refused:?}");
    }
    let request = ClaimInvitationRequest { request_id: request_id(), code: code.to_lowercase(), ..Default::default() };
    let claimed_as = ailsa.joining().claim_invitation(request.clone()).await.unwrap().into_inner();
    // Tried again it is the same, and the code is nobody else's.
    assert_eq!(ailsa.joining().claim_invitation(request).await.unwrap().into_inner(), claimed_as);
    let morag = visitor(&supported, "morag").await;
    assert_eq!(claimed(&morag, &code, false).await.unwrap_err().code(), Code::NotFound);

    let record = GetMyRecordRequest { at_least_position: claimed_as.position, ..Default::default() };
    let record = ailsa.people().get_my_record(record).await.unwrap().into_inner();
    assert_eq!(record.entries[0].category(), RecordCategory::Contact);
    let mine = ListMyInvitationsRequest { at_least_position: claimed_as.position, ..Default::default() };
    let mine = ailsa.joining().list_my_invitations(mine).await.unwrap().into_inner().invitations;
    let [one] = &mine[..] else { panic!("{mine:?}") };
    assert_eq!(
        (one.kind(), one.name.as_str(), one.words.as_str()),
        (invitation::Kind::Newcomer, "Ailsa", "a visit on Tuesdays")
    );
    assert!(one.used_by.is_some() && !one.by.as_ref().unwrap().name.is_empty(), "{one:?}");
    // Whoever invited may propose now, and nothing more.
    let people = ailsa.my_people(claimed_as.position).await.unwrap();
    assert_eq!(people[0].supporter.as_ref().unwrap().staff_id, supported.callers.pair.staff_id());
    worker.propose(&claimed_as.person_id, "a visit on Tuesdays").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_twice_is_one_by_their_own_word() {
    let supported = Supported::without_consent(0).await;
    let ailsa = visitor(&supported, "ailsa").await;
    let first = claimed(&ailsa, &invited(&supported.callers.worker, "Ailsa Reid").await, false).await.unwrap();
    let (other, _) = supported.joins("isla", "Isla Munro", "nurse").await;
    let code = invited(&other, "A. Reid").await;
    assert_eq!(rule(claimed(&ailsa, &code, false).await), "confirm_it_is_you");
    assert_eq!(claimed(&ailsa, &code, true).await.unwrap(), first);
    let record = ailsa.my_record(0).await.unwrap();
    assert_eq!(record.iter().filter(|entry| entry.category() == RecordCategory::Contact).count(), 1);
    // What the second one said comes along under its own name.
    harness::wait_until("both invitations", || async {
        let mine = ailsa.joining().list_my_invitations(ListMyInvitationsRequest::default()).await?.into_inner();
        let names: Vec<_> = mine.invitations.iter().map(|one| one.name.as_str()).collect();
        Ok(names == ["Ailsa Reid", "A. Reid"])
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_is_replaced_by_two_and_opens_nothing_from_then_on() {
    let supported = Supported::without_consent(0).await;
    let Callers { worker, operator, .. } = &supported.callers;
    let lost = visitor(&supported, "lost phone").await;
    let person = claimed(&lost, &invited(worker, "Ailsa").await, false).await.unwrap();
    let ask = |person_id: &str| InviteReturnRequest {
        request_id: request_id(),
        person_id: person_id.to_owned(),
        reason: "her phone was taken; I have known her for years".into(),
    };
    // Only by somebody who supports them; who does not learns nothing.
    let stranger = worker.joining().invite_return(ask(&person)).await.unwrap_err();
    let nobody = worker.joining().invite_return(ask(&request_id())).await.unwrap_err();
    assert_eq!((stranger.code(), stranger.message()), (nobody.code(), nobody.message()));
    let proposed = worker.propose(&person, "a visit").await.unwrap();
    lost.accept(&proposed.relationship_id).await.unwrap();
    let asked = worker.joining().invite_return(ask(&person)).await.unwrap().into_inner();
    let found = visitor(&supported, "new phone").await;
    assert_eq!(
        claimed(&found, &asked.code, false).await.unwrap_err().code(),
        Code::NotFound,
        "nobody has confirmed it"
    );
    let confirm = |reason: &str| ConfirmReturnRequest {
        request_id: request_id(),
        person_id: person.clone(),
        invitation_id: asked.invitation_id.clone(),
        reason: reason.into(),
    };
    let reason = "I rang her, and she was with her sister";
    let own = worker.joining().confirm_return(confirm(reason)).await;
    assert_eq!(rule(own), "another_agency");
    let ConfirmReturnRequest { request_id, person_id, invitation_id, reason } = confirm(reason);
    let confirm = ConfirmReturnAsOperatorRequest { request_id, person_id, invitation_id, reason };
    let confirmed = operator.joining().confirm_return_as_operator(confirm.clone()).await.unwrap().into_inner();
    // Tried again it is the same code, and asked anew there is no other one.
    let again = operator.joining().confirm_return_as_operator(confirm.clone()).await.unwrap().into_inner();
    assert_eq!(again, confirmed);
    let anew = ConfirmReturnAsOperatorRequest { request_id: client::request_id(), ..confirm };
    let anew = operator.joining().confirm_return_as_operator(anew).await.unwrap_err();
    assert_eq!(anew.code(), Code::AlreadyExists);
    // Neither of the two who vouch can take the place alone.
    for (code, second) in [(&asked.code, ""), (&asked.code, asked.code.as_str()), (&confirmed.code, &confirmed.code)] {
        assert_eq!(returned(&found, code, second).await.unwrap_err().code(), Code::NotFound);
    }
    assert_eq!(returned(&found, &asked.code, &confirmed.code).await.unwrap(), person);
    assert_eq!(lost.my_record(0).await.unwrap_err().code(), Code::PermissionDenied);
    assert!(!found.my_record(0).await.unwrap().is_empty());
    // All of it they read.
    harness::wait_until("their invitations", || async {
        let mine = found.joining().list_my_invitations(ListMyInvitationsRequest::default()).await?.into_inner();
        let [.., last] = &mine.invitations[..] else { return Ok(false) };
        Ok(last.kind() == invitation::Kind::Return && last.confirmation.contains("sister") && last.used_by.is_some())
    })
    .await
    .unwrap();
}

async fn an_operator_shuts_all(supported: &Supported, person: &str, in_their_place: [&Client; 2]) {
    let Callers { worker, operator, .. } = &supported.callers;
    // Whoever may have what they sign in with is shut out by those who run the system, the person's last way in, too.
    let reason = "she rang: her phone was taken from her at home".to_owned();
    let shut = ShutSignInsRequest { request_id: request_id(), person_id: person.to_owned(), reason };
    let vague = ShutSignInsRequest { reason: "lost".into(), ..shut.clone() };
    assert_eq!(operator.joining().shut_sign_ins(vague).await.unwrap_err().code(), Code::InvalidArgument);
    let nobody = ShutSignInsRequest { request_id: request_id(), person_id: request_id(), ..shut.clone() };
    assert_eq!(operator.joining().shut_sign_ins(nobody).await.unwrap_err().code(), Code::NotFound);
    operator.joining().shut_sign_ins(shut.clone()).await.unwrap();
    operator.joining().shut_sign_ins(shut).await.unwrap();
    for who in in_their_place {
        assert_eq!(who.my_record(0).await.unwrap_err().code(), Code::PermissionDenied);
    }
    // Two vouch for her, and she reads why.
    let reason = "I know her voice, and where she lives".to_owned();
    let ask = || InviteReturnRequest { request_id: request_id(), person_id: person.to_owned(), reason: reason.clone() };
    let asked = worker.joining().invite_return(ask()).await.unwrap().into_inner();
    let (request, invitation_id) = (request_id(), asked.invitation_id.clone());
    let confirm = ConfirmReturnAsOperatorRequest {
        request_id: request,
        person_id: person.to_owned(),
        invitation_id,
        reason: reason.clone(),
    };
    let second = operator.joining().confirm_return_as_operator(confirm).await.unwrap().into_inner().code;
    let new = visitor(supported, "new phone").await;
    assert_eq!(returned(&new, &asked.code, &second).await.unwrap(), person);
    let told = proto::access::v1::ListMyTimelineRequest { page_size: 100, ..Default::default() };
    harness::wait_until("the timeline", || async {
        let told = new.access().list_my_timeline(told.clone()).await?.into_inner().items;
        Ok(told.iter().any(|item| item.sentence.contains("her phone was taken")))
    })
    .await
    .unwrap();
    // A worker asks for a few, and no more.
    for _ in 0..3 {
        worker.joining().invite_return(ask()).await.unwrap();
    }
    at_rest(&supported.world.cluster).await;
    assert_eq!(rule(worker.joining().invite_return(ask()).await), "open_returns");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unlinked_opens_nothing_on_any_server_and_the_last_one_stays() {
    let supported = Supported::without_consent(0).await;
    let worker = &supported.callers.worker;
    let here = visitor(&supported, "here").await;
    let person = claimed(&here, &invited(worker, "Ailsa").await, false).await.unwrap();
    let proposed = worker.propose(&person, "a visit").await.unwrap();
    here.accept(&proposed.relationship_id).await.unwrap();
    let sign_ins = async |who: &Client| {
        let list = who.joining().list_my_sign_ins(ListMySignInsRequest {}).await.unwrap();
        list.into_inner().sign_ins
    };
    let [first] = &sign_ins(&here).await[..] else { panic!("one sign-in") };
    assert!(first.this_one);
    let unlink = |sign_in_id: &str| UnlinkSignInRequest { request_id: request_id(), sign_in_id: sign_in_id.into() };
    let last = here.joining().unlink_sign_in(unlink(&first.sign_in_id)).await;
    assert_eq!(rule(last), "last_identity");
    // Another one, beside it.
    let reason = "she wants to sign in with her bank, too".to_owned();
    let ask = InviteReturnRequest { request_id: request_id(), person_id: person.clone(), reason: reason.clone() };
    let asked = worker.joining().invite_return(ask).await.unwrap().into_inner();
    let (request, person_id, invitation_id) = (request_id(), person.clone(), asked.invitation_id.clone());
    let confirm = ConfirmReturnAsOperatorRequest { request_id: request, person_id, invitation_id, reason };
    let confirmed = supported.callers.operator.joining().confirm_return_as_operator(confirm).await.unwrap();
    let there = visitor(&supported, "there").await;
    let claim = ClaimInvitationRequest {
        request_id: request_id(),
        code: asked.code,
        second_code: confirmed.into_inner().code,
        keep_others: true,
        ..Default::default()
    };
    there.joining().claim_invitation(claim).await.unwrap();
    let elsewhere = supported.world.start().await;
    let token = supported.world.cluster.signer.sign(Binding::People, "here").unwrap();
    let stolen = Client::new(elsewhere.channel().await.unwrap(), &token).unwrap();
    assert!(!stolen.my_record(0).await.unwrap().is_empty());
    there.joining().unlink_sign_in(unlink(&first.sign_in_id)).await.unwrap();
    assert_eq!(stolen.my_record(0).await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(stolen.strength("x").await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(sign_ins(&there).await.len(), 1);
    an_operator_shuts_all(&supported, &person, [&there, &stolen]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_finds_somebody_by_the_code_that_they_gave_them() {
    let supported = Supported::without_consent(0).await;
    let (isla, staff_id) = supported.joins("isla", "Isla Munro", "nurse").await;
    let person = &supported.callers.person;
    let give = GiveCodeRequest { request_id: request_id(), message: "we met on Monday".into() };
    let given = person.joining().give_code(give).await.unwrap().into_inner();
    let use_code = |code: &str| UseCodeRequest { request_id: request_id(), code: code.into() };
    let found = isla.joining().use_code(use_code(&given.code)).await.unwrap().into_inner();
    assert_eq!(found.person_id, supported.callers.pair.person_id());
    // For one worker: another one learns nothing by it.
    let late = supported.callers.worker.joining().use_code(use_code(&given.code)).await.unwrap_err();
    assert_eq!(late.code(), Code::NotFound);
    let proposed = isla.propose(&found.person_id, "a visit").await.unwrap();
    assert_eq!(proposed.relationship_id, found.relationship_id);
    // Whom they have blocked meanwhile finds nobody.
    let give = GiveCodeRequest { request_id: request_id(), message: String::new() };
    let given = person.joining().give_code(give).await.unwrap().into_inner();
    let block = proto::sharing::v1::BlockWorkerRequest { request_id: request_id(), staff_id, ..Default::default() };
    person.sharing().block_worker(block).await.unwrap();
    assert_eq!(isla.joining().use_code(use_code(&given.code)).await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_person_takes_back_or_whoever_they_shut_out_brings_nobody_in() {
    let supported = Supported::without_consent(0).await;
    let Callers { person, worker, operator, pair, .. } = &supported.callers;
    let proposed = supported.callers.propose().await;
    person.accept(&proposed).await.unwrap();
    let ask = || InviteReturnRequest {
        request_id: request_id(),
        person_id: pair.person_id(),
        reason: "she has lost her phone, as she tells me".into(),
    };
    let vouched = async || {
        let asked = worker.joining().invite_return(ask()).await.unwrap().into_inner();
        let (person_id, invitation_id) = (pair.person_id(), asked.invitation_id.clone());
        let (request_id, reason) = (request_id(), "I rang her at home, and she said so".into());
        let confirm = ConfirmReturnAsOperatorRequest { request_id, person_id, invitation_id, reason };
        let second = operator.joining().confirm_return_as_operator(confirm).await.unwrap().into_inner().code;
        (asked, second)
    };
    let found = visitor(&supported, "whoever holds the phone").await;
    let revoke =
        |invitation_id: &str| RevokeCodeRequest { request_id: request_id(), invitation_id: invitation_id.into() };
    // The person, who is here, takes it back; nobody else does.
    let (asked, second) = vouched().await;
    let other = visitor(&supported, "somebody else").await;
    claimed(&other, &invited(worker, "Morag").await, false).await.unwrap();
    let refused = other.joining().revoke_code(revoke(&asked.invitation_id)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    person.joining().revoke_code(revoke(&asked.invitation_id)).await.unwrap();
    assert_eq!(returned(&found, &asked.code, &second).await.unwrap_err().code(), Code::NotFound);
    // Whoever asked for it is blocked before it is claimed.
    let (asked, second) = vouched().await;
    let block = proto::sharing::v1::BlockWorkerRequest {
        request_id: request_id(),
        staff_id: pair.staff_id(),
        ..Default::default()
    };
    person.sharing().block_worker(block).await.unwrap();
    assert_eq!(returned(&found, &asked.code, &second).await.unwrap_err().code(), Code::NotFound);
}
