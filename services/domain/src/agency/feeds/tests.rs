use uuid::Uuid;

use super::*;
use crate::Command as _;
use crate::agency::events::{
    AgencyClosed, AgencyEvent, AgencyRegistered, FeedChanged, FeedClosed, FeedOpened, FeedPaused, FeedResumed,
    FeedSecretRotated, FeedTested, ServiceAccountAdded, ServiceAccountRemoved,
};
use crate::ids::{AgencyId, StaffId};
use crate::scenario::given;
use crate::sign_in::SignIn;
use crate::sign_in::events::SignInLinked;
use crate::staff::Identity;
use crate::{Aggregate as _, Reason};

fn registered() -> AgencyEvent {
    AgencyRegistered { name: "A".into(), kind: "health".into(), place: String::new(), numbers: vec![] }.into()
}

fn feed(n: u128) -> FeedId {
    FeedId(Uuid::from_u128(n))
}

fn selection() -> Selection {
    let categories = vec![Category::Goals, Category::Health];
    Selection { categories, types: vec![], content: ContentLevel::IdOnly }
}

fn open(n: u128) -> OpenFeed {
    let (name, door, purpose) = (format!("feed {n}"), Door::Grpc, Purpose::CareCoordination);
    OpenFeed { feed: feed(n), name, door, purpose, selection: selection(), target: String::new() }
}

fn opened(n: u128) -> AgencyEvent {
    let OpenFeed { feed, name, door, purpose, selection, target } = open(n);
    FeedOpened { feed, name, door, purpose, selection, target }.into()
}

const TARGET: &str = "https://example.org/events";

fn webhook(target: &str) -> OpenFeed {
    OpenFeed { door: Door::Webhook, target: target.into(), ..open(1) }
}

fn webhook_opened() -> AgencyEvent {
    let OpenFeed { feed, name, door, purpose, selection, target } = webhook(TARGET);
    FeedOpened { feed, name, door, purpose, selection, target }.into()
}

#[test]
fn a_webhook_has_a_target_and_no_other_feed_has_one() {
    given([registered()]).when(webhook(TARGET)).then([webhook_opened()]);
    for none in [webhook(""), webhook(&"x".repeat(2_001)), OpenFeed { target: TARGET.into(), ..open(1) }] {
        given([registered()]).when(none).then_refused(Reason::Invalid, "target");
    }
    let change = |target: &str| ChangeFeed { feed: feed(1), selection: selection(), target: target.into() };
    let elsewhere = "https://example.org/elsewhere";
    let changed = FeedChanged { feed: feed(1), selection: selection(), target: elsewhere.into() };
    given([registered(), webhook_opened()]).when(change(TARGET)).then_nothing();
    given([registered(), webhook_opened()]).when(change(elsewhere)).then([changed.into()]);
    given([registered(), webhook_opened()]).when(change("")).then_refused(Reason::Invalid, "target");
    given([registered(), opened(1)]).when(change(TARGET)).then_refused(Reason::Invalid, "target");
}

#[test]
fn a_webhook_signs_with_the_secret_before_only_for_as_long_as_is_said() {
    let rotate = |previous_until| RotateFeedSecret { feed: feed(1), previous_until };
    let rotated =
        |secret, previous_until| AgencyEvent::from(FeedSecretRotated { feed: feed(1), secret, previous_until });
    let until = Some(Timestamp(10));
    let before = || [registered(), webhook_opened()];
    given(before()).when(rotate(until)).then([rotated(2, until)]);
    given(before().into_iter().chain([rotated(2, until)])).when(rotate(None)).then([rotated(3, None)]);
    given([registered(), opened(1)]).when(rotate(until)).then_refused(Reason::Invalid, "feed_id");
    let closed = FeedClosed { feed: feed(1) }.into();
    given(before().into_iter().chain([closed])).when(rotate(until)).then_refused(Reason::NotFound, "feed");
    let signs = |events: &[AgencyEvent], at| {
        let agency = Agency::folded(events);
        agency.feed(feed(1)).unwrap().secrets.at(Timestamp(at)).collect::<Vec<_>>()
    };
    let [registered, opened] = before();
    assert_eq!(signs(&[registered.clone(), opened.clone()], 0), [1]);
    let twice = [registered, opened, rotated(2, until)];
    assert_eq!((signs(&twice, 9), signs(&twice, 10)), (vec![2, 1], vec![2]));
}

#[test]
fn a_feed_is_paused_once_and_resumed_once() {
    let paused = || AgencyEvent::from(FeedPaused { feed: feed(1), why: "away".into() });
    let (pause, resume) = (|| PauseFeed { feed: feed(1), why: "away".into() }, || ResumeFeed { feed: feed(1) });
    let resumed = || AgencyEvent::from(FeedResumed { feed: feed(1) });
    given([registered(), webhook_opened()]).when(pause()).then([paused()]);
    given([registered(), webhook_opened(), paused()]).when(pause()).then_nothing();
    given([registered(), webhook_opened(), paused()]).when(resume()).then([resumed()]);
    given([registered(), webhook_opened()]).when(resume()).then_nothing();
    given([registered(), webhook_opened(), paused(), resumed()]).when(pause()).then([paused()]);
    let closed = || AgencyEvent::from(FeedClosed { feed: feed(1) });
    given([registered(), webhook_opened(), closed()]).when(pause()).then_refused(Reason::NotFound, "feed");
    given([registered(), webhook_opened(), paused(), closed()]).when(resume()).then_refused(Reason::NotFound, "feed");
}

#[test]
fn a_feed_is_opened_once_and_for_a_purpose_that_a_system_can_have() {
    given([registered()]).when(open(1)).then([opened(1)]);
    given([]).when(open(1)).then_refused(Reason::NotFound, "agency");
    given([registered(), AgencyClosed {}.into()]).when(open(1)).then_refused(Reason::NotFound, "agency");
    given([registered(), opened(1)]).when(open(1)).then_refused(Reason::AlreadyExists, "feed");
    let same_name = OpenFeed { name: "feed 1".into(), ..open(2) };
    given([registered(), opened(1)]).when(same_name).then_refused(Reason::AlreadyExists, "feed");
    given([registered()]).when(OpenFeed { name: " ".into(), ..open(1) }).then_refused(Reason::Invalid, "name");
    for purpose in [Purpose::BreakGlass, Purpose::EmergencyTreatment, Purpose::PersonRequest, Purpose::Legal] {
        given([registered()]).when(OpenFeed { purpose, ..open(1) }).then_refused(Reason::Invalid, "purpose");
    }
    let full = || std::iter::once(registered()).chain((1..=FEEDS_LIMIT as u128).map(opened));
    given(full()).when(open(99)).then_refused(Reason::Rule, "feeds_limit");
    given(full().chain([FeedClosed { feed: feed(3) }.into()])).when(open(99)).then([opened(99)]);
}

#[test]
fn a_feed_is_changed_while_it_is_open_and_stays_closed() {
    let other = || Selection { content: ContentLevel::Full, ..selection() };
    let change = |selection| ChangeFeed { feed: feed(1), selection, target: String::new() };
    let changed = || AgencyEvent::from(FeedChanged { feed: feed(1), selection: other(), target: String::new() });
    let before = || [registered(), opened(1)];
    given(before()).when(change(other())).then([changed()]);
    let otherwise = Selection { categories: vec![Category::Health, Category::Goals], ..selection() };
    given(before()).when(change(otherwise)).then_nothing();
    given([registered()]).when(change(other())).then_refused(Reason::NotFound, "feed");
    let many = Selection { types: vec!["t".into(); TYPES_LIMIT + 1], ..selection() };
    given(before()).when(change(many)).then_refused(Reason::Invalid, "types");
    let closed = || AgencyEvent::from(FeedClosed { feed: feed(1) });
    given(before()).when(CloseFeed { feed: feed(1) }).then([closed()]);
    given(before().into_iter().chain([closed()])).when(CloseFeed { feed: feed(1) }).then_nothing();
    given(before().into_iter().chain([closed()])).when(change(other())).then_refused(Reason::NotFound, "feed");
    let agency = Agency::folded(&[registered(), opened(1), changed()]);
    assert_eq!(agency.open_feed(feed(1)).unwrap().selection, other());
    assert_eq!(Agency::folded(&[registered(), opened(1), AgencyClosed {}.into()]).open_feed(feed(1)), None);
}

#[test]
fn an_open_feed_is_tested_as_often_as_somebody_wants() {
    let tested = || AgencyEvent::from(FeedTested { feed: feed(1) });
    given([registered(), opened(1)]).when(TestFeed { feed: feed(1) }).then([tested()]);
    given([registered(), opened(1), tested()]).when(TestFeed { feed: feed(1) }).then([tested()]);
    let closed = FeedClosed { feed: feed(1) }.into();
    given([registered(), opened(1), closed]).when(TestFeed { feed: feed(1) }).then_refused(Reason::NotFound, "feed");
}

#[test]
fn a_selection_carries_what_it_names_and_all_when_it_names_nothing() {
    let all = Selection { categories: vec![], types: vec![], content: ContentLevel::Full };
    assert!(all.carries(Category::Contact, "t") && !selection().carries(Category::Contact, "t"));
    let typed = Selection { types: vec!["t".into()], ..selection() };
    assert!(typed.carries(Category::Goals, "t") && !typed.carries(Category::Goals, "u"));
}

fn identity(n: u128) -> Identity {
    let sign_in = SignInId(Uuid::from_u128(n));
    Identity { issuer: "https://id.example".into(), subject: format!("client-{n}"), sign_in }
}

fn add(n: u128) -> AddServiceAccount {
    AddServiceAccount {
        account: AccountId(Uuid::from_u128(n)),
        name: "record system".into(),
        identity: identity(n),
        scopes: vec![Scope::Receive],
    }
}

fn added(n: u128) -> AgencyEvent {
    let AddServiceAccount { account, name, identity: Identity { issuer, subject, sign_in }, scopes } = add(n);
    ServiceAccountAdded { account, name, issuer, subject, sign_in, scopes }.into()
}

#[test]
fn a_system_signs_in_as_itself_until_it_is_removed() {
    let remove = |n| RemoveServiceAccount { account: AccountId(Uuid::from_u128(n)) };
    let removed = |n| AgencyEvent::from(ServiceAccountRemoved { account: AccountId(Uuid::from_u128(n)) });
    given([registered()]).when(add(1)).then([added(1)]);
    given([]).when(add(1)).then_refused(Reason::NotFound, "agency");
    given([registered(), added(1)]).when(add(1)).then_refused(Reason::AlreadyExists, "account");
    let again = AddServiceAccount { identity: identity(1), ..add(2) };
    given([registered(), added(1)]).when(again.clone()).then_refused(Reason::AlreadyExists, "account");
    given([registered(), added(1)]).when(remove(1)).then([removed(1)]);
    given([registered(), added(1), removed(1)]).when(remove(1)).then_nothing();
    given([registered()]).when(remove(1)).then_refused(Reason::NotFound, "account");
    // What has ended stays ended: the same sign-in is another account.
    assert_eq!(again.decide(&Agency::folded(&[registered(), added(1), removed(1)])).unwrap().len(), 1);
    let sign_in = |n| identity(n).sign_in;
    let agency = Agency::folded(&[registered(), added(1), added(2), removed(2)]);
    assert!(agency.account_of(sign_in(1)).is_some() && agency.account_of(sign_in(2)).is_none());
    let closed = Agency::folded(&[registered(), added(1), AgencyClosed {}.into()]);
    assert!(closed.account_of(sign_in(1)).is_none());
    let full = || std::iter::once(registered()).chain((1..=ACCOUNTS_LIMIT as u128).map(added));
    given(full()).when(add(99)).then_refused(Reason::Rule, "accounts_limit");
}

#[test]
fn a_system_may_do_what_its_account_names() {
    given([registered()]).when(AddServiceAccount { scopes: vec![], ..add(1) }).then_refused(Reason::Invalid, "scopes");
    let scopes = |added| Agency::folded(&[registered(), added]).accounts()[0].scopes.clone();
    assert_eq!(scopes(added(1)), [Scope::Receive]);
    // As it was stored before there were scopes.
    let AgencyEvent::ServiceAccountAdded(e) = added(1) else { unreachable!() };
    assert_eq!(scopes(ServiceAccountAdded { scopes: vec![], ..e }.into()), Scope::ALL);
}

#[test]
fn what_a_worker_signs_in_with_is_no_systems() {
    let agency = Agency::folded(&[registered()]);
    assert!(add_service_account(add(1), &agency, &SignIn::default()).is_ok());
    let linked = SignInLinked { agency: AgencyId(Uuid::nil()), staff: StaffId(Uuid::nil()) };
    let refused = add_service_account(add(1), &agency, &SignIn::folded(&[linked.into()])).unwrap_err();
    assert_eq!((refused.reason, refused.subject), (Reason::Invalid, "subject"));
}
