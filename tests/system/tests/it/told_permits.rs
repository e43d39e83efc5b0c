//! What an agency's system is told of permits to its agency as a whole: that one began, was narrowed or ended, and of what it is.

use client::{request_id, terms};
use proto::access::v1::{Action, ListMyDeliveriesRequest, Purpose, RecordCategory, SensitivityLevel, told_permit};
use proto::feeds::v1::{ChangeFeedRequest, ContentLevel, OpenFeedRequest};
use proto::sharing::v1::provision_actor::Actor;
use proto::sharing::v1::{
    DenyProvisionRequest, GetMySharingRequest, GrantProvisionRequest, NarrowProvisionRequest, ProvisionTerms,
    WithdrawProvisionRequest,
};
use serde_json::{Value, json};
use tonic::Status;

use crate::fed::{Fed, Reading, opens, permit, reason};
use crate::on_nats::{OnNats, next, stands};
use crate::world::Callers;

const BEGAN: &str = "alongside.permit.began.v1";
const NARROWED: &str = "alongside.permit.narrowed.v1";
const ENDED: &str = "alongside.permit.ended.v1";
const RECALLED: &str = "alongside.recall.requested.v1";

/// The feed tells of everything from now on.
async fn tells_all(fed: &Fed) {
    let change = ChangeFeedRequest {
        request_id: request_id(),
        agency_id: fed.supported.callers.pair.agency_id(),
        feed_id: fed.feed.clone(),
        content: ContentLevel::Full.into(),
        ..Default::default()
    };
    fed.admin.feeds().change_feed(change).await.unwrap();
}

async fn fed() -> (Fed, Reading) {
    let fed = Fed::new(ContentLevel::Full).await;
    tells_all(&fed).await;
    let reading = fed.read(false, "").await.unwrap();
    (fed, reading)
}

async fn withdraw(callers: &Callers, provision_id: &str, without_telling_them: bool) -> Result<(), Status> {
    let provision_id = provision_id.to_owned();
    let request =
        WithdrawProvisionRequest { request_id: request_id(), provision_id, without_telling_them, ..Default::default() };
    callers.person.sharing().withdraw_provision(request).await.map(drop)
}

async fn narrow(callers: &Callers, provision_id: &str, without_telling_them: bool) {
    let narrow = NarrowProvisionRequest {
        request_id: request_id(),
        provision_id: provision_id.to_owned(),
        categories: vec![RecordCategory::Strengths.into()],
        up_to: SensitivityLevel::Unspecified.into(),
        without_telling_them,
        ..Default::default()
    };
    callers.person.sharing().narrow_provision(narrow).await.unwrap();
}

/// Strengths and what matters, seen and received by somebody.
fn both(actor: Actor) -> ProvisionTerms {
    let categories = [RecordCategory::Strengths, RecordCategory::WhatMatters];
    terms(actor, categories, Purpose::CareCoordination, [Action::Read, Action::Subscribe])
}

async fn grant_without_telling(callers: &Callers) -> String {
    let terms = Some(both(Actor::AgencyId(callers.pair.agency_id())));
    let grant =
        GrantProvisionRequest { request_id: request_id(), terms, without_telling_them: true, ..Default::default() };
    callers.person.sharing().grant_provision(grant).await.unwrap().into_inner().provision_id
}

fn is(event: &Value, published: &str, permit: &str, categories: &[&str]) {
    assert_eq!(event["type"], published, "{event}");
    let scope = json!({
        "content": "id-only", "permitId": permit, "categories": categories, "purpose": "COC", "upTo": "normal",
    });
    assert_eq!(event["data"], scope, "{event}");
}

#[tokio::test(flavor = "multi_thread")]
async fn that_a_permit_to_the_agency_began_was_narrowed_and_ended_is_told_with_its_scope() {
    let (fed, mut reading) = fed().await;
    let (callers, person) = (&fed.supported.callers, fed.person());
    let provision = fed.permit().await;
    let began = reading.next(1).await.remove(0);
    is(&began, BEGAN, &provision, &["strengths", "what matters"]);
    assert_eq!(began["subject"], callers.pair.person_id());
    // What gives a system nothing it is not told of, nor what is denied.
    let agency = || Actor::AgencyId(callers.pair.agency_id());
    for nothing in [
        ProvisionTerms { actions: vec![], ..both(agency()) },
        ProvisionTerms { purposes: vec![Purpose::Treatment.into()], ..both(agency()) },
        both(Actor::StaffId(callers.pair.staff_id())),
        both(Actor::Role("administrator".into())),
    ] {
        let granted = person.grant(nothing).await.unwrap();
        withdraw(callers, &granted.provision_id, false).await.unwrap();
    }
    let everybody = terms(Actor::Everybody(true), [RecordCategory::WhatMatters], Purpose::CareCoordination, []);
    let deny = DenyProvisionRequest { request_id: request_id(), terms: Some(everybody), ..Default::default() };
    let denied = person.sharing().deny_provision(deny).await.unwrap().into_inner().provision_id;
    reading.is_silent().await;
    withdraw(callers, &denied, false).await.unwrap();
    narrow(callers, &provision, false).await;
    let narrowed = reading.next(1).await.remove(0);
    is(&narrowed, NARROWED, &provision, &["strengths"]);
    withdraw(callers, &provision, false).await.unwrap();
    let ended = reading.next(1).await.remove(0);
    is(&ended, ENDED, &provision, &["strengths"]);
    // Whoever begins again is told what is so now: under its id, and with no second receipt.
    drop(reading);
    let mut again = fed.read_when_free(true, "").await;
    assert_eq!(again.next(1).await, [ended]);
    again.is_silent().await;
    let days = ListMyDeliveriesRequest::default();
    let day = person.access().list_my_deliveries(days).await.unwrap().into_inner().days.remove(0);
    let changes: Vec<_> = day.permits.iter().map(|told| (told.provision_id.clone(), told.change())).collect();
    let of = |change| (provision.clone(), change);
    use told_permit::Change;
    assert_eq!(changes, [of(Change::Began), of(Change::Narrowed), of(Change::Ended)]);
    assert!(day.summary.contains("was told that you let it receive something, "), "{}", day.summary);
    assert!(day.summary.contains("you took back something that you had let it receive"), "{}", day.summary);
    assert_eq!(fed.receipts().await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_telling_them_nothing_is_told_and_what_was_received_is_asked_back_all_the_same() {
    let (fed, mut reading) = fed().await;
    let (callers, person) = (&fed.supported.callers, fed.person());
    let comes = async |reading: &mut Reading, published: &str| {
        let event = reading.next(1).await.remove(0);
        assert_eq!(event["type"], published, "{event}");
    };
    let quiet = grant_without_telling(callers).await;
    person.strength("received").await.unwrap();
    comes(&mut reading, "alongside.record.strength.recorded.v1").await;
    // One that says the same and is told of is another; taken back, it leaves this one.
    let told = permit(callers).await;
    assert_ne!(told, quiet);
    comes(&mut reading, BEGAN).await;
    let shared = person.sharing().get_my_sharing(GetMySharingRequest::default()).await.unwrap().into_inner();
    let quietly: Vec<_> =
        shared.provisions.iter().filter(|p| p.without_telling_them).map(|p| &p.provision_id).collect();
    assert_eq!(quietly, [&quiet]);
    withdraw(callers, &told, false).await.unwrap();
    comes(&mut reading, ENDED).await;
    withdraw(callers, &quiet, false).await.unwrap();
    comes(&mut reading, RECALLED).await;
    reading.is_silent().await;
    // Once that was said of a permit nothing more of it is told.
    let told = permit(callers).await;
    comes(&mut reading, BEGAN).await;
    narrow(callers, &told, true).await;
    person.strength("received, too").await.unwrap();
    comes(&mut reading, "alongside.record.strength.recorded.v1").await;
    withdraw(callers, &told, false).await.unwrap();
    comes(&mut reading, RECALLED).await;
    reading.is_silent().await;
    // What may have been told already is not promised to be kept from anybody.
    let told = permit(callers).await;
    comes(&mut reading, BEGAN).await;
    withdraw(callers, &told, false).await.unwrap();
    comes(&mut reading, ENDED).await;
    let late = withdraw(callers, &told, true).await.unwrap_err();
    assert_eq!(reason(&late), "RULE_REFUSED", "{late:?}");
    withdraw(callers, &told, false).await.unwrap();
    reading.is_silent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_shut_out_or_was_never_let_in_is_told_of_no_permit() {
    let (fed, mut reading) = fed().await;
    let (callers, person) = (&fed.supported.callers, fed.person());
    let agency = callers.pair.agency_id();
    person.block(&agency).await.unwrap();
    let shut = permit(callers).await;
    withdraw(callers, &shut, false).await.unwrap();
    person.unblock(&agency).await.unwrap();
    let provision = permit(callers).await;
    is(&reading.next(1).await[0], BEGAN, &provision, &["strengths", "what matters"]);
    person.block(&agency).await.unwrap();
    withdraw(callers, &provision, false).await.unwrap();
    reading.is_silent().await;
    // One that is opened later hears nothing of what was over before; nor one of other headings.
    person.unblock(&agency).await.unwrap();
    let open = async |categories: Vec<i32>| {
        let opens = opens(&callers.pair, ContentLevel::Full);
        let opens = OpenFeedRequest { name: format!("of {categories:?}"), types: vec![], categories, ..opens };
        let feed_id = fed.admin.feeds().open_feed(opens).await.unwrap().into_inner().feed_id;
        let subscribe = proto::feeds::v1::SubscribeRequest { feed_id, ..Default::default() };
        Reading::of(&fed.system, subscribe).await.unwrap()
    };
    let (mut later, mut other) = (open(vec![]).await, open(vec![RecordCategory::Health.into()]).await);
    later.is_silent().await;
    let provision = permit(callers).await;
    is(&later.next(1).await[0], BEGAN, &provision, &["strengths", "what matters"]);
    narrow(callers, &provision, false).await;
    is(&later.next(1).await[0], NARROWED, &provision, &["strengths"]);
    // One that comes when something is taken out already hears of what stands, and not of that.
    let mut latest = open(vec![RecordCategory::Strengths.into()]).await;
    is(&latest.next(1).await[0], BEGAN, &provision, &["strengths"]);
    latest.is_silent().await;
    withdraw(callers, &provision, false).await.unwrap();
    is(&later.next(1).await[0], ENDED, &provision, &["strengths"]);
    other.is_silent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_on_jetstream_of_a_permit_that_is_over_is_removed_unless_it_says_so() {
    let on = OnNats::new(ContentLevel::Full, &[]).await;
    tells_all(&on.fed).await;
    let (callers, stream) = (&on.fed.supported.callers, on.stream().await);
    let provision = permit(callers).await;
    stands(&stream, 1).await;
    withdraw(callers, &provision, true).await.unwrap();
    stands(&stream, 0).await;
    let provision = permit(callers).await;
    stands(&stream, 1).await;
    withdraw(callers, &provision, false).await.unwrap();
    is(&next(&on.reader().await, 1).await[0], ENDED, &provision, &["strengths", "what matters"]);
    stands(&stream, 0).await;
}
