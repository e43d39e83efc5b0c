use uuid::Uuid;

use super::*;
use crate::Command as _;
use crate::agency::events::{
    AgencyClosed, AgencyEvent, AgencyRegistered, FeedChanged, FeedClosed, FeedOpened, FeedTested, ServiceAccountAdded,
    ServiceAccountRemoved,
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
    OpenFeed { feed: feed(n), name, door, purpose, selection: selection() }
}

fn opened(n: u128) -> AgencyEvent {
    let OpenFeed { feed, name, door, purpose, selection } = open(n);
    FeedOpened { feed, name, door, purpose, selection }.into()
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
    let change = |selection| ChangeFeed { feed: feed(1), selection };
    let changed = || AgencyEvent::from(FeedChanged { feed: feed(1), selection: other() });
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
    AddServiceAccount { account: AccountId(Uuid::from_u128(n)), name: "record system".into(), identity: identity(n) }
}

fn added(n: u128) -> AgencyEvent {
    let AddServiceAccount { account, name, identity: Identity { issuer, subject, sign_in } } = add(n);
    ServiceAccountAdded { account, name, issuer, subject, sign_in }.into()
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
fn what_a_worker_signs_in_with_is_no_systems() {
    let agency = Agency::folded(&[registered()]);
    assert!(add_service_account(add(1), &agency, &SignIn::default()).is_ok());
    let linked = SignInLinked { agency: AgencyId(Uuid::nil()), staff: StaffId(Uuid::nil()) };
    let refused = add_service_account(add(1), &agency, &SignIn::folded(&[linked.into()])).unwrap_err();
    assert_eq!((refused.reason, refused.subject), (Reason::Invalid, "subject"));
}
