use proptest::prelude::*;
use uuid::Uuid;

use super::{Dice, play, wishes};
use crate::access::{Ask, Decision, decide};
use crate::ids::{AccessRequestId, AgencyId, EmergencyId, ProvisionId, RelationshipId, SignInId, StaffId};
use crate::issuers::Parts;
use crate::sharing::events::{SharingEvent as Event, SharingStarted};
use crate::sharing::*;
use crate::staff::Staff;
use crate::staff::events::StaffJoined;
use crate::vocabulary::*;
use crate::{Aggregate as _, Command as _, Refusal};

const NOW: Timestamp = Timestamp(1_000);
const LEVELS: [Level; 3] = [Level::Normal, Level::Restricted, Level::VeryRestricted];
const PURPOSES: [Purpose; 4] = [Purpose::CareCoordination, Purpose::Treatment, Purpose::BreakGlass, Purpose::Legal];
const CATEGORIES: [Category; 3] = [Category::Goals, Category::Health, Category::Strengths];

/// Three workers, the first two of one agency.
fn worker(n: u8) -> Worker {
    let n = u128::from(n % 3);
    Worker::new(AgencyId(Uuid::from_u128(1 + n / 2)), StaffId(Uuid::from_u128(10 + n)))
}

fn sign_in(n: u8) -> SignInId {
    SignInId(Uuid::from_u128(50 + u128::from(n % 3)))
}

fn id<Id: From<Uuid>>(n: u8) -> Id {
    Uuid::from_u128(u128::from(n % 6) + 1).into()
}

fn terms([_, which, by, how]: Dice) -> Terms {
    let who = worker(by);
    let actor = match which % 5 {
        0 => ProvisionActor::Staff(who.staff()),
        1 => ProvisionActor::Agency(who.agency()),
        2 => ProvisionActor::RoleAt(who.agency(), "nurse".into()),
        3 => ProvisionActor::Role("nurse".into()),
        _ => ProvisionActor::Everybody,
    };
    let bits =
        |list: &[Category]| list.iter().enumerate().filter(|(nth, _)| how & (1 << nth) != 0).map(|(_, c)| *c).collect();
    let actions = if how & 64 == 0 { vec![] } else { vec![Action::Contribute] };
    let until = (how & 128 != 0).then_some(Timestamp(NOW.0 + i64::from(which)));
    Terms {
        actor,
        except: vec![],
        categories: bits(&CATEGORIES),
        level: LEVELS[usize::from(how >> 3) % 3],
        labels: vec![],
        purposes: vec![PURPOSES[usize::from(how >> 5) % 4]],
        actions,
        from: None,
        until,
    }
}

fn wish(state: &Sharing, dice: Dice) -> Result<Vec<Event>, Refusal> {
    let [what, which, by, how] = dice;
    let (provision, agency, worker) = (id::<ProvisionId>(which), worker(by).agency(), worker(by));
    let (now, without_telling, request) = (NOW, how % 2 == 0, id::<AccessRequestId>(how));
    let relationship = id::<RelationshipId>(by);
    match what % 17 {
        0..=2 => GrantProvision { provision: id(how), terms: terms(dice), without_telling, now }.decide(state),
        3 | 4 => DenyProvision { provision: id(how), terms: terms(dice), now }.decide(state),
        5 => {
            let (categories, level) = (vec![CATEGORIES[usize::from(how) % 3]], LEVELS[usize::from(by) % 3]);
            NarrowProvision { provision, categories, level, without_telling }.decide(state)
        }
        6 => WithdrawProvision { provision, without_telling }.decide(state),
        7 => BlockAgency { agency }.decide(state),
        8 => UnblockAgency { agency }.decide(state),
        9 => BlockWorker { worker, sign_in: Some(sign_in(by)) }.decide(state),
        10 => UnblockWorker { worker }.decide(state),
        11 if state.relationship_open(worker) => CloseRelationshipAccess { relationship }.decide(state),
        11 => OpenRelationshipAccess { relationship, worker }.decide(state),
        12 => {
            let reason = "she was found alone at the bus station".into();
            OpenEmergencyAccess { emergency: id::<EmergencyId>(how), worker, reason, now, minutes: 60 }.decide(state)
        }
        13 => {
            let reason = "to plan your visits with you".into();
            RequestAccess { request, worker, terms: terms(dice), reason, now }.decide(state)
        }
        14 => invoke(state, dice),
        15 => {
            let end = EndLawfulBasis { basis: id(how), by: officer(by) };
            end_lawful_basis((state, &Parts::default()), &works(officer(by), "privacy officer"), end)
        }
        _ if how % 2 == 0 => GrantAccess { request, provision, terms: None, without_telling, now }.decide(state),
        _ => RefuseAccess { request, not_again: by % 2 == 0, now }.decide(state),
    }
}

/// A privacy officer at the agency of a worker.
fn officer(n: u8) -> SignedIn {
    let worker = Worker::new(worker(n).agency(), StaffId(Uuid::from_u128(40 + u128::from(n % 3))));
    SignedIn::new(worker, SignInId(Uuid::from_u128(60 + u128::from(n % 3))))
}

fn invoke(state: &Sharing, dice: Dice) -> Result<Vec<Event>, Refusal> {
    let [_, _, by, how] = dice;
    let (who, officer) = (worker(by), officer(by));
    let (actor, until) = (ProvisionActor::Staff(who.staff()), Some(NOW.plus_days(2)));
    let terms = Terms { actor, actions: vec![], purposes: vec![Purpose::Legal], until, ..terms(dice) };
    let statute = "Adult Support and Protection (Scotland) Act 2007, section 10".into();
    let reason = "a duty to inquire, after what the neighbours told us".into();
    let invoke = InvokeLawfulBasis { basis: id(how), by: officer, statute, reason, terms, now: NOW };
    invoke_lawful_basis(state, &works(officer, "privacy officer"), (who.staff(), &staff(by)), invoke)
}

fn works(by: SignedIn, role: &str) -> Staff {
    let (agency, sign_in, role) = (by.worker().agency(), by.sign_in(), role.to_owned());
    let (issuer, subject, name) = ("https://north".into(), "subject".into(), String::from("Morag Reid"));
    Staff::folded(&[StaffJoined { agency, issuer, subject, sign_in, name, role }.into()])
}

fn staff(n: u8) -> Staff {
    works(SignedIn::new(worker(n), sign_in(n)), if n % 2 == 0 { "nurse" } else { "doctor" })
}

/// Rules 1 and 2 as they are written, entry by entry, on what the directive holds.
fn may_read(after: &Sharing, n: u8, purpose: Purpose, category: Category, level: Level) -> bool {
    let who = worker(n);
    let names = |terms: &Terms| terms.categories.contains(&category) && level <= terms.level;
    let mut bases = after.lawful_bases(NOW).map(|(_, basis)| basis);
    if purpose == Purpose::Legal && bases.any(|basis| basis.invoked.worker == who && names(&basis.invoked.terms)) {
        return true;
    }
    let let_in = after.relationship_open(who);
    let emergency = after.emergency_until(who, NOW).is_some();
    if after.is_blocked(who.agency()) || !(let_in || emergency) {
        return false;
    }
    let is_nurse = n % 2 == 0;
    let means = |terms: &Terms| match &terms.actor {
        ProvisionActor::Staff(staff) => *staff == who.staff(),
        ProvisionActor::Agency(agency) => *agency == who.agency(),
        ProvisionActor::RoleAt(agency, _) => *agency == who.agency() && is_nurse,
        ProvisionActor::Role(_) => is_nurse,
        ProvisionActor::Everybody => true,
    };
    let holds = |terms: &Terms| {
        means(terms)
            && terms.until.is_none_or(|until| NOW < until)
            && terms.purposes.contains(&purpose)
            && terms.categories.contains(&category)
    };
    let permits = |provision: &Provision| match provision {
        Provision::Permit(terms) => holds(terms) && terms.actions.is_empty() && level <= terms.level,
        Provision::Deny(_) => false,
    };
    let denies = |provision: &Provision| match provision {
        Provision::Deny(terms) => holds(terms) && terms.actions.is_empty() && terms.level <= level,
        Provision::Permit(_) => false,
    };
    // A block of the worker takes the permits; an emergency that their officer allowed opens what an emergency opens.
    let by_emergency = emergency && purpose == Purpose::BreakGlass && level <= Level::Restricted;
    let permitted = !after.shuts_out(who) && after.provisions().any(permits);
    (permitted || by_emergency) && !after.provisions().any(denies)
}

proptest! {
    #![proptest_config(super::config())]

    #[test]
    fn no_directive_lets_anybody_see_what_the_rules_do_not(wishes in wishes()) {
        let history = play([SharingStarted {}.into()], &wishes, wish, |_, _| {});
        let sharing = Sharing::folded(&history);
        for n in 0..3 {
            for purpose in PURPOSES {
                let ask = Ask { by: SignedIn::new(worker(n), sign_in(n)), purpose, action: Action::Read, now: NOW };
                let decision = decide(&sharing, &staff(n), &ask);
                for category in CATEGORIES {
                    for level in LEVELS {
                        let sensitivity = Sensitivity { level, labels: vec![] };
                        let seen = match &decision {
                            Decision::Permit(scope) => scope.covers(category, &sensitivity),
                            Decision::Deny(_) => false,
                        };
                        prop_assert_eq!(seen, may_read(&sharing, n, purpose, category, level), "{:?} {:?}", n, history);
                    }
                }
            }
        }
        // The same wish twice is one (rule 24).
        let held: Vec<_> = sharing.held().collect();
        for (nth, (one, said)) in held.iter().enumerate() {
            for (other, also) in &held[nth + 1..] {
                let alike = sharing.is_untold(*one) == sharing.is_untold(*other) && !said.has_ended(NOW);
                prop_assert!(!(alike && said.says_the_same(also, NOW)) || was_narrowed(&history, *one, *other));
            }
        }
    }
}

/// Whether one of two came to say what the other says by being narrowed, or untold since: each was a wish of its own.
fn was_narrowed(history: &[Event], one: ProvisionId, other: ProvisionId) -> bool {
    history.iter().any(|event| matches!(event, Event::ProvisionNarrowed(e) if [one, other].contains(&e.provision)))
}
