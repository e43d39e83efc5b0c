use super::*;
use crate::Aggregate;
use crate::ids::{AgencyId, EmergencyId, ProvisionId, RelationshipId, SignInId, StaffId};
use crate::sharing::events::*;
use crate::staff::events::{StaffLeft, StaffRolesChanged};
use crate::staff::fixtures::{AGENCY, BY, SIGN_IN, WORKER, joined};
use crate::vocabulary::{ProvisionActor, Terms, Worker};
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_000_000_000);

fn agency() -> AgencyId {
    AGENCY
}

fn worker() -> Worker {
    WORKER
}

fn nurse() -> Staff {
    Staff::folded(&[joined("nurse")])
}

fn ask(purpose: Purpose) -> Ask {
    Ask { by: BY, purpose, action: Action::Read, now: NOW }
}

fn terms(actor: ProvisionActor, categories: &[Category]) -> Terms {
    Terms {
        actor,
        except: vec![],
        categories: categories.to_vec(),
        level: Level::Normal,
        labels: vec![],
        purposes: vec![Purpose::Treatment],
        actions: vec![],
        from: None,
        until: None,
    }
}

fn relationship() -> SharingEvent {
    let relationship = RelationshipId(Uuid::from_u128(3));
    RelationshipAccessOpened { relationship, worker: worker() }.into()
}

pub(crate) fn permit(n: u128, terms: Terms) -> SharingEvent {
    ProvisionGranted {
        provision: ProvisionId(Uuid::from_u128(n)),
        terms,
        without_telling: false,
        word: None,
        request: None,
    }
    .into()
}

pub(crate) fn deny(n: u128, terms: Terms) -> SharingEvent {
    ProvisionDenied { provision: ProvisionId(Uuid::from_u128(n)), terms, word: None }.into()
}

fn goals_for_the_agency() -> SharingEvent {
    permit(10, terms(ProvisionActor::Agency(agency()), &[Category::Goals]))
}

fn emergency(until: Timestamp) -> SharingEvent {
    let emergency = EmergencyId(Uuid::from_u128(4));
    EmergencyAccessOpened { emergency, worker: worker(), reason: "found unconscious at home".into(), until, nth: 1 }
        .into()
}

/// The decision on a permit of these categories to the worker's agency.
pub(crate) fn scope_of(categories: &[Category]) -> Decision {
    let permit = permit(10, terms(ProvisionActor::Agency(agency()), categories));
    decided(&[relationship(), permit], &ask(Purpose::Treatment))
}

fn decided(events: &[SharingEvent], ask: &Ask) -> Decision {
    decide(&Sharing::folded(events), &nurse(), ask)
}

fn covers(decision: &Decision, category: Category, level: Level, labels: &[&str]) -> bool {
    let labels = labels.iter().map(ToString::to_string).collect();
    matches!(decision, Decision::Permit(scope) if scope.covers(category, &Sensitivity { level, labels }))
}

#[test]
fn rule_1_denies_by_default() {
    assert_eq!(decided(&[], &ask(Purpose::Treatment)), Decision::Deny(DenialRule::NoOpenAccess));
    assert_eq!(decided(&[relationship()], &ask(Purpose::Treatment)), Decision::Deny(DenialRule::NothingPermits));
}

#[test]
fn rule_1_a_deny_beats_a_permit_whatever_their_order() {
    let deny = deny(11, terms(ProvisionActor::Staff(worker().staff()), &[Category::Goals]));
    for events in
        [[relationship(), goals_for_the_agency(), deny.clone()], [deny, relationship(), goals_for_the_agency()]]
    {
        assert_eq!(decided(&events, &ask(Purpose::Treatment)), Decision::Deny(DenialRule::DenyBeatsPermit));
    }
}

#[test]
fn rule_1_a_deny_of_one_category_leaves_the_others() {
    let both = permit(10, terms(ProvisionActor::Agency(agency()), &[Category::Goals, Category::Health]));
    let deny = deny(11, Terms { purposes: vec![], ..terms(ProvisionActor::Everybody, &[Category::Health]) });
    let decision = decided(&[relationship(), both, deny], &ask(Purpose::Treatment));
    assert!(covers(&decision, Category::Goals, Level::Normal, &[]));
    assert!(!covers(&decision, Category::Health, Level::Normal, &[]));
}

#[test]
fn rule_1_a_blocked_agency_beats_permits_and_emergency_access() {
    let blocked = AgencyBlocked { agency: agency() }.into();
    let events = [relationship(), goals_for_the_agency(), emergency(NOW.plus_minutes(60)), blocked];
    for purpose in [Purpose::Treatment, Purpose::BreakGlass] {
        assert_eq!(decided(&events, &ask(purpose)), Decision::Deny(DenialRule::AgencyBlocked));
    }
}

#[test]
fn rule_2_needs_current_staff_of_that_agency() {
    let sharing = Sharing::folded(&[relationship(), goals_for_the_agency()]);
    let mut left = nurse();
    left.evolve(&StaffLeft {}.into());
    assert_eq!(decide(&sharing, &left, &ask(Purpose::Treatment)), Decision::Deny(DenialRule::NotCurrentStaff));
    assert_eq!(
        decide(&sharing, &Staff::default(), &ask(Purpose::Treatment)),
        Decision::Deny(DenialRule::NotCurrentStaff)
    );
    let elsewhere = Worker::new(AgencyId(Uuid::from_u128(99)), worker().staff());
    for (by, rule) in [
        (SignedIn::new(elsewhere, SIGN_IN), DenialRule::NotCurrentStaff),
        (SignedIn::new(worker(), SignInId(Uuid::from_u128(99))), DenialRule::FormerSignIn),
    ] {
        let ask = Ask { by, ..ask(Purpose::Treatment) };
        assert_eq!(decide(&sharing, &nurse(), &ask), Decision::Deny(rule));
    }
}

#[test]
fn rule_2_needs_an_open_relationship() {
    let closed = RelationshipAccessClosed { relationship: RelationshipId(Uuid::from_u128(3)) }.into();
    let events = [relationship(), goals_for_the_agency(), closed];
    assert_eq!(decided(&events, &ask(Purpose::Treatment)), Decision::Deny(DenialRule::NoOpenAccess));
}

#[test]
fn rule_2_needs_the_right_category_purpose_and_action() {
    let events = [relationship(), goals_for_the_agency()];
    let decision = decided(&events, &ask(Purpose::Treatment));
    assert!(covers(&decision, Category::Goals, Level::Normal, &[]));
    assert!(!covers(&decision, Category::Health, Level::Normal, &[]));
    assert_eq!(decided(&events, &ask(Purpose::Research)), Decision::Deny(DenialRule::NothingPermits));
    let contribute = Ask { action: Action::Contribute, ..ask(Purpose::Treatment) };
    assert_eq!(decided(&events, &contribute), Decision::Deny(DenialRule::NothingPermits));
}

#[test]
fn rule_2_needs_a_high_enough_level_and_every_label() {
    let wide = Terms {
        level: Level::Restricted,
        labels: vec!["PSY".into()],
        ..terms(ProvisionActor::Role("Nurse".into()), &[Category::Health])
    };
    let decision = decided(&[relationship(), permit(10, wide)], &ask(Purpose::Treatment));
    assert!(covers(&decision, Category::Health, Level::Restricted, &["PSY"]));
    assert!(!covers(&decision, Category::Health, Level::Normal, &["PSY", "HIV"]));
    assert!(!covers(&decision, Category::Health, Level::VeryRestricted, &[]));
}

#[test]
fn rule_2_needs_the_period_to_be_now() {
    for (from, until) in [(Some(NOW.plus_minutes(1)), None), (None, Some(NOW))] {
        let outside = Terms { from, until, ..terms(ProvisionActor::Everybody, &[Category::Goals]) };
        let decision = decided(&[relationship(), permit(10, outside)], &ask(Purpose::Treatment));
        assert_eq!(decision, Decision::Deny(DenialRule::NothingPermits));
    }
}

#[test]
fn rule_8_emergency_access_opens_all_but_the_very_restricted_until_its_time_is_up() {
    let decision = decided(&[emergency(NOW.plus_minutes(1))], &ask(Purpose::BreakGlass));
    assert!(covers(&decision, Category::Health, Level::Restricted, &["PSY"]));
    assert!(!covers(&decision, Category::Health, Level::VeryRestricted, &[]));
    assert_eq!(decided(&[emergency(NOW)], &ask(Purpose::BreakGlass)), Decision::Deny(DenialRule::NoOpenAccess));
}

#[test]
fn rule_8_emergency_access_serves_emergency_purposes_only() {
    let decision = decided(&[emergency(NOW.plus_minutes(1))], &ask(Purpose::Research));
    assert_eq!(decision, Decision::Deny(DenialRule::NothingPermits));
}

#[test]
fn a_denied_category_stays_denied_in_an_emergency() {
    let deny = deny(11, Terms { purposes: vec![], ..terms(ProvisionActor::Everybody, &[Category::Health]) });
    let decision = decided(&[emergency(NOW.plus_minutes(1)), deny], &ask(Purpose::BreakGlass));
    assert!(!covers(&decision, Category::Health, Level::Normal, &[]));
    assert!(covers(&decision, Category::Contingency, Level::Normal, &[]));
}

#[test]
fn rule_2_needs_a_provision_for_the_right_actor() {
    for (actor, permitted) in [
        (ProvisionActor::Agency(agency()), true),
        (ProvisionActor::Agency(AgencyId(Uuid::from_u128(99))), false),
        (ProvisionActor::Staff(worker().staff()), true),
        (ProvisionActor::Staff(StaffId(Uuid::from_u128(99))), false),
        (ProvisionActor::Role("NURSE".into()), true),
        (ProvisionActor::Role("cleaner".into()), false),
        (ProvisionActor::RoleAt(agency(), "NURSE".into()), true),
        (ProvisionActor::RoleAt(agency(), "cleaner".into()), false),
        (ProvisionActor::RoleAt(AgencyId(Uuid::from_u128(99)), "nurse".into()), false),
        (ProvisionActor::Everybody, true),
    ] {
        let permit = permit(10, terms(actor.clone(), &[Category::Goals]));
        let decision = decided(&[relationship(), permit], &ask(Purpose::Treatment));
        assert_eq!(covers(&decision, Category::Goals, Level::Normal, &[]), permitted, "{actor:?}");
    }
}

#[test]
fn rule_2_a_period_holds_from_its_beginning_until_just_before_its_end() {
    let (from, until) = (Some(NOW), Some(Timestamp(NOW.0 + 1)));
    let inside = Terms { from, until, ..terms(ProvisionActor::Everybody, &[Category::Goals]) };
    let decision = decided(&[relationship(), permit(10, inside)], &ask(Purpose::Treatment));
    assert!(covers(&decision, Category::Goals, Level::Normal, &[]));
}

#[test]
fn rule_1_a_deny_of_one_purpose_or_action_leaves_the_others() {
    for narrower in [
        Terms { purposes: vec![Purpose::Research], ..terms(ProvisionActor::Everybody, &[Category::Goals]) },
        Terms { actions: vec![Action::Contribute], ..terms(ProvisionActor::Everybody, &[Category::Goals]) },
    ] {
        let events = [relationship(), goals_for_the_agency(), deny(11, narrower)];
        assert!(covers(&decided(&events, &ask(Purpose::Treatment)), Category::Goals, Level::Normal, &[]));
    }
}

#[test]
fn rule_5_a_decision_says_whether_it_relied_on_an_emergency() {
    let relied = |decision| matches!(decision, Decision::Permit(scope) if scope.relied_on_emergency());
    let events = [relationship(), goals_for_the_agency(), emergency(NOW.plus_minutes(1))];
    assert!(relied(decided(&events, &ask(Purpose::BreakGlass))));
    assert!(!relied(decided(&events, &ask(Purpose::Treatment))));
    // Whoever has no relationship was let in by the emergency, whatever permits the rest.
    let contribute = Ask { action: Action::Contribute, ..ask(Purpose::Treatment) };
    let actions = vec![Action::Read, Action::Contribute];
    let permit = permit(10, Terms { actions, ..terms(ProvisionActor::Everybody, &[Category::Goals]) });
    let events = [permit, emergency(NOW.plus_minutes(1))];
    assert!(relied(decided(&events, &ask(Purpose::Treatment))) && relied(decided(&events, &contribute)));
}

#[test]
fn a_deny_of_an_agency_leaves_out_its_exceptions_and_permits_them_nothing() {
    let but = |staff| {
        let terms = terms(ProvisionActor::Agency(agency()), &[Category::Goals]);
        deny(11, Terms { except: vec![staff], purposes: vec![], ..terms })
    };
    let (own, other) = (worker().staff(), StaffId(Uuid::from_u128(99)));
    let with = |deny| decided(&[relationship(), goals_for_the_agency(), deny], &ask(Purpose::Treatment));
    assert!(covers(&with(but(own)), Category::Goals, Level::Normal, &[]));
    assert_eq!(with(but(other)), Decision::Deny(DenialRule::DenyBeatsPermit));
    let alone = decided(&[relationship(), but(own)], &ask(Purpose::Treatment));
    assert_eq!(alone, Decision::Deny(DenialRule::NothingPermits));
}

#[test]
fn rule_1_a_blocked_worker_reaches_nothing_but_in_an_emergency_and_then_not_what_others_are_permitted() {
    let blocked = || WorkerBlocked { worker: worker(), sign_in: None }.into();
    let restricted = Terms {
        level: Level::VeryRestricted,
        purposes: vec![Purpose::BreakGlass, Purpose::Treatment],
        ..terms(ProvisionActor::Everybody, &[Category::Goals])
    };
    let events = [relationship(), goals_for_the_agency(), permit(12, restricted), blocked()];
    for purpose in [Purpose::Treatment, Purpose::BreakGlass] {
        assert_eq!(decided(&events, &ask(purpose)), Decision::Deny(DenialRule::WorkerBlocked));
    }
    // One that was opened after it: their privacy officer has allowed it.
    let events: Vec<_> = events.into_iter().chain([emergency(NOW.plus_minutes(60))]).collect();
    assert_eq!(decided(&events, &ask(Purpose::Treatment)), Decision::Deny(DenialRule::WorkerBlocked));
    let in_danger = decided(&events, &ask(Purpose::BreakGlass));
    assert!(covers(&in_danger, Category::Goals, Level::Restricted, &[]));
    assert!(!covers(&in_danger, Category::Goals, Level::VeryRestricted, &[]));
    // A colleague is not meant.
    let another = WorkerBlocked { worker: Worker::new(agency(), StaffId(Uuid::from_u128(99))), sign_in: None }.into();
    let decision = decided(&[relationship(), goals_for_the_agency(), another], &ask(Purpose::Treatment));
    assert!(covers(&decision, Category::Goals, Level::Normal, &[]));
}

#[test]
fn rule_2_roles_are_a_set_of_which_a_permit_needs_one_and_a_deny_matches_any() {
    let both = StaffRolesChanged { roles: vec!["nurse".into(), "Privacy officer".into()] };
    let staff = Staff::folded(&[joined("nurse"), both.into()]);
    let of_role = |role: &str| terms(ProvisionActor::Role(role.into()), &[Category::Goals]);
    let decided = |events: &[SharingEvent]| decide(&Sharing::folded(events), &staff, &ask(Purpose::Treatment));
    let role_in = |decision: &Decision, category: Category, named: &str| match decision {
        Decision::Permit(scope) => scope.role(&BTreeSet::from([category]), named),
        Decision::Deny(rule) => panic!("{rule:?}"),
    };
    let role = |decision: &Decision| role_in(decision, Category::Goals, "");
    for (named, told) in [("NURSE", "nurse"), ("privacy officer", "Privacy officer")] {
        let permitted = decided(&[relationship(), permit(10, of_role(named))]);
        assert!(covers(&permitted, Category::Goals, Level::Normal, &[]));
        assert_eq!(role(&permitted), told);
        let denied = decided(&[relationship(), goals_for_the_agency(), deny(11, of_role(named))]);
        assert_eq!(denied, Decision::Deny(DenialRule::DenyBeatsPermit));
    }
    // What is permitted to more than their roles is not through one of them.
    let permitted = decided(&[relationship(), permit(10, of_role("nurse")), goals_for_the_agency()]);
    assert_eq!(role(&permitted), "nurse, Privacy officer");
    // Then it is the one that they name, if it is theirs, and hides none that permitted something.
    assert_eq!(role_in(&permitted, Category::Goals, "NURSE"), "nurse");
    assert_eq!(role_in(&permitted, Category::Goals, "privacy officer"), "nurse, Privacy officer");
    let for_all = decided(&[relationship(), goals_for_the_agency()]);
    assert_eq!(role_in(&for_all, Category::Goals, "privacy OFFICER"), "Privacy officer");
    assert_eq!(role_in(&permitted, Category::Goals, "doctor"), "nurse, Privacy officer");
    // Whatever permits something else does not matter.
    let health = permit(11, terms(ProvisionActor::Everybody, &[Category::Health]));
    let permitted = decided(&[relationship(), permit(10, of_role("nurse")), health]);
    assert_eq!(role_in(&permitted, Category::Goals, "privacy officer"), "nurse");
    assert_eq!(role_in(&permitted, Category::Health, "privacy officer"), "Privacy officer");
}

#[test]
fn rule_23_a_block_follows_whoever_leaves_and_comes_back() {
    let before = Worker::new(agency(), StaffId(Uuid::from_u128(99)));
    let blocked = |sign_in| WorkerBlocked { worker: before, sign_in }.into();
    let again =
        |sign_in| decided(&[relationship(), goals_for_the_agency(), blocked(sign_in)], &ask(Purpose::Treatment));
    assert_eq!(again(Some(SIGN_IN)), Decision::Deny(DenialRule::WorkerBlocked));
    assert!(covers(&again(Some(SignInId(Uuid::from_u128(98)))), Category::Goals, Level::Normal, &[]));
}
