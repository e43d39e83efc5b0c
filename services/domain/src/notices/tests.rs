use uuid::Uuid;

use super::events::{AddressConfirmed, AddressGiven, NoticeFailed, NoticeSent, NoticesChosen, NoticesStopped};
use super::*;
use crate::scenario::given;
use crate::{Command as _, Reason};

const NOW: Timestamp = Timestamp(1_000_000_000_000);

fn give(n: u128) -> GiveAddress {
    let address = Address { channel: Channel::Email, text: format!("{n}@example.org") };
    GiveAddress { reference: Uuid::from_u128(n), address, now: NOW, quietly: false }
}

fn was_given(n: u128) -> NoticesEvent {
    let GiveAddress { reference, address: Address { channel, text }, now, quietly } = give(n);
    AddressGiven { reference, channel, address: text, given_at: now, expires_at: now.plus_days(1), quietly }.into()
}

fn quietly_given(n: u128) -> NoticesEvent {
    let NoticesEvent::AddressGiven(e) = was_given(n) else { unreachable!() };
    AddressGiven { quietly: true, ..e }.into()
}

fn confirmed(n: u128) -> NoticesEvent {
    AddressConfirmed { reference: Uuid::from_u128(n), since: NOW }.into()
}

fn stopped(quietly: bool) -> NoticesEvent {
    NoticesStopped { quietly }.into()
}

#[test]
fn an_address_is_given_and_is_used_once_its_code_was_said_in_time() {
    let say = |n: u128, now| ConfirmAddress { reference: Some(Uuid::from_u128(n)), now };
    given([]).when(give(1)).then([was_given(1)]);
    given([was_given(1)]).when(say(1, NOW)).then([confirmed(1)]);
    given([was_given(1)]).when(say(1, NOW.plus_days(1))).then_refused(Reason::Rule, "no_address_waits");
    given([]).when(say(1, NOW)).then_refused(Reason::Rule, "no_address_waits");
    given([was_given(1)]).when(say(2, NOW)).then_refused(Reason::Invalid, "code");
    given([was_given(1)]).when(ConfirmAddress { reference: None, now: NOW }).then_refused(Reason::Invalid, "code");
    // Only the one that was given last.
    given([was_given(1), was_given(2)]).when(say(1, NOW)).then_refused(Reason::Invalid, "code");
    given([was_given(1), confirmed(1)]).when(say(1, NOW)).then_refused(Reason::Rule, "no_address_waits");
    let notices = Notices::folded(&[was_given(1)]);
    assert!(notices.confirmed().is_none() && notices.given().is_some());
    let notices = Notices::folded(&[was_given(1), confirmed(1)]);
    assert_eq!(notices.confirmed(), Some((&give(1).address, NOW)));
}

#[test]
fn an_address_that_is_used_is_given_once_and_is_not_told_that_it_is_left() {
    given([was_given(1), confirmed(1)]).when(give(1)).then_nothing();
    // Unless another waits: then it is to stay.
    let again = AddressGiven { reference: Uuid::from_u128(3), ..first() };
    let now = GiveAddress { reference: Uuid::from_u128(3), ..give(1) };
    given([was_given(1), confirmed(1), was_given(2)]).when(now).then([again.clone().into()]);
    let events = [was_given(1), confirmed(1), was_given(2), again.into(), confirmed(3)];
    assert!(Notices::folded(&events).left().is_empty());
}

fn first() -> AddressGiven {
    let NoticesEvent::AddressGiven(e) = was_given(1) else { unreachable!() };
    e
}

#[test]
fn an_address_has_the_form_of_its_channel_and_few_are_taken_in_a_day() {
    let to = |channel, text: &str| GiveAddress { address: Address { channel, text: text.into() }, ..give(1) };
    for text in ["", "0131 234", "+44 131 234 5678", "+", "+4413123456789012", "+44131234567x"] {
        given([]).when(to(Channel::Sms, text)).then_refused(Reason::Invalid, "address");
    }
    assert_eq!(to(Channel::Sms, "+441312345678").decide(&Notices::default()).unwrap().len(), 1);
    // A letter takes its time.
    let letter = to(Channel::Letter, "1 High Street, Anytown").decide(&Notices::default()).unwrap();
    let notices = Notices::folded(&letter);
    assert_eq!(notices.given().unwrap().expires_at, NOW.plus_days(14));
    given([]).when(to(Channel::Letter, &"x".repeat(201))).then_refused(Reason::Invalid, "address");
    let many = || (1..=ADDRESSES_A_DAY as u128).map(was_given);
    given(many()).when(give(9)).then_refused(Reason::Rule, "addresses_a_day");
    let tomorrow = GiveAddress { now: NOW.plus_days(1), ..give(9) };
    assert_eq!(tomorrow.decide(&Notices::folded(&many().collect::<Vec<_>>())).unwrap().len(), 1);
}

#[test]
fn an_address_that_is_left_is_told_unless_that_is_unsafe() {
    let left = |events: &[NoticesEvent]| Notices::folded(events).left().last().cloned();
    let before = || [was_given(1), confirmed(1)];
    let [given_first, confirmed_first] = before();
    assert_eq!(left(&before()), None);
    let changed = [given_first.clone(), confirmed_first.clone(), was_given(2), confirmed(2)];
    assert_eq!(left(&changed), Some(give(1).address));
    let quietly = [given_first.clone(), confirmed_first.clone(), quietly_given(2), confirmed(2)];
    assert_eq!(left(&quietly), None);
    assert_eq!(left(&[given_first.clone(), confirmed_first.clone(), stopped(false)]), Some(give(1).address));
    assert_eq!(left(&[given_first, confirmed_first, stopped(true)]), None);
    // Nor is what was still to be said to one that was left before, until there is another.
    let is_silent = |events: &[NoticesEvent]| Notices::folded(events).is_silent();
    let silent: Vec<_> = changed.into_iter().chain([stopped(true)]).collect();
    assert!(left(&silent).is_none() && is_silent(&silent));
    assert!(!is_silent(&[stopped(true), was_given(3)]));
    let after: Vec<_> = silent.into_iter().chain([was_given(3), confirmed(3)]).collect();
    assert_eq!(left(&after), None);
    // What was said to be unsafe is, until it was done: another code changes nothing.
    let again = [was_given(1), confirmed(1), quietly_given(2), was_given(3), confirmed(3)];
    assert_eq!(left(&again), None);
}

#[test]
fn nothing_goes_anywhere_once_it_was_stopped_and_stopping_twice_is_once() {
    let before = || [was_given(1), confirmed(1)];
    given(before()).when(StopNotices { quietly: true }).then([stopped(true)]);
    given(before().into_iter().chain([stopped(false)])).when(StopNotices { quietly: false }).then_nothing();
    given(before().into_iter().chain([stopped(false)])).when(StopNotices { quietly: true }).then([stopped(true)]);
    given(before().into_iter().chain([stopped(true)])).when(StopNotices { quietly: true }).then_nothing();
    given([was_given(1)]).when(StopNotices { quietly: false }).then([stopped(false)]);
    given([]).when(StopNotices { quietly: false }).then_nothing();
    given([]).when(StopNotices { quietly: true }).then([stopped(true)]);
    let notices = Notices::folded(&[was_given(1), confirmed(1), was_given(2), stopped(false)]);
    assert!(notices.confirmed().is_none() && notices.given().is_none());
}

#[test]
fn somebody_is_told_at_once_unless_they_have_chosen_otherwise() {
    let choose = || ChooseNotices { emergency: When::AtOnce, first_look: When::Daily, proposal: When::Never };
    let ChooseNotices { emergency, first_look, proposal } = choose();
    let chosen = || NoticesEvent::from(NoticesChosen { emergency, first_look, proposal });
    given([]).when(choose()).then([chosen()]);
    given([chosen()]).when(choose()).then_nothing();
    let at_once = ChooseNotices { emergency, first_look: When::AtOnce, proposal: When::AtOnce };
    given([]).when(at_once).then_nothing();
    let notices = Notices::folded(&[chosen()]);
    let when = [NoticeKind::Emergency, NoticeKind::FirstLook, NoticeKind::Proposal].map(|kind| notices.when(kind));
    assert_eq!(when, [When::AtOnce, When::Daily, When::Never]);
    let never = NoticesChosen { emergency: When::Never, first_look: When::Never, proposal: When::Never };
    assert_eq!(Notices::folded(&[never.into()]).when(NoticeKind::InTheirPlace), When::AtOnce);
}

#[test]
fn why_the_last_notice_could_not_be_sent_is_known_until_one_is() {
    let (notice, kind, channel) = (Uuid::from_u128(7), NoticeKind::Emergency, Channel::Email);
    let failed = NoticesEvent::from(NoticeFailed { notice, kind, channel, why: "no such mailbox".into() });
    let sent = NoticesEvent::from(NoticeSent { notice, kind, channel });
    assert_eq!(Notices::folded(std::slice::from_ref(&failed)).failure(), Some("no such mailbox"));
    assert_eq!(Notices::folded(&[failed, sent]).failure(), None);
}
