//! What an agency's system may receive (rule 27).

use std::collections::{BTreeMap, BTreeSet};

use super::decision::decide_by_choices;
use super::events::PermitChange;
use super::{Ask, Decision, Scope};
use crate::agency::{Agency, same_role};
use crate::consultation::Circle;
use crate::ids::{AgencyId, ProvisionId, StaffId};
use crate::sharing::{Provision, Sharing};
use crate::staff::Staff;
use crate::vocabulary::{
    Action, Category, DenialRule, ProvisionActor, Purpose, Sensitivity, SignedIn, Terms, Timestamp, Worker,
};

/// What is asked of a person's directive for an agency's system.
#[derive(Debug, Clone, Copy)]
pub struct SystemAsk<'a> {
    /// The agencies that are one with the system's, and itself.
    pub one: &'a BTreeSet<AgencyId>,
    /// The purpose that its feed declares.
    pub purpose: Purpose,
    /// When.
    pub now: Timestamp,
}

/// What was looked up for it: the agencies that are one, and the standing of each worker of [`whom_to_ask`].
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The agencies.
    pub agencies: &'a [&'a Agency],
    /// The workers.
    pub workers: &'a BTreeMap<StaffId, &'a Staff>,
}

/// What a system may receive of a person: what each current worker of its agency could get whom the person lets in, as far as a permit to
/// the agency or to everybody covers receiving it, and no deny closes it.
#[derive(Debug, Clone)]
pub struct SystemScope {
    workers: Vec<Scope>,
    permits: Vec<(ProvisionId, Provision)>,
    denies: Vec<Provision>,
    until: Option<Timestamp>,
}

impl SystemScope {
    /// Whether an entry of this category and sensitivity is covered.
    #[must_use]
    pub fn covers(&self, category: Category, sensitivity: &Sensitivity) -> bool {
        self.permits.iter().any(|(_, permit)| permit.covers(category, sensitivity))
            && !self.denies.iter().any(|deny| deny.covers(category, sensitivity))
            && self.workers.iter().all(|scope| scope.covers(category, sensitivity))
    }

    /// Whether a consultation with this circle is covered: for each of the workers, and for the system.
    #[must_use]
    pub fn covers_consultation(&self, circle: &Circle) -> bool {
        self.covers(Category::Consultations, circle.sensitivity())
            && self.workers.iter().all(|scope| circle.is_covered(scope))
    }

    /// The person's choices that let it be received.
    pub fn choices(&self, category: Category, sensitivity: &Sensitivity) -> impl Iterator<Item = ProvisionId> {
        self.permits.iter().filter(move |(_, permit)| permit.covers(category, sensitivity)).map(|(id, _)| *id)
    }

    /// Until when the decision holds, if time alone ends it.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }
}

/// The most workers whose standing is asked for: of a directive that names more a system receives nothing.
const MOST_ASKED: usize = 200;

/// The workers of the agency whom the person lets in: what is decided relies on their standing.
#[must_use]
pub fn whom_it_relies_on(sharing: &Sharing, one: &BTreeSet<AgencyId>) -> BTreeSet<StaffId> {
    sharing.supporters().filter(|worker| one.contains(&worker.agency())).map(Worker::staff).collect()
}

/// The workers whose standing a decision about a system needs: those of the agency who are let in, and those whom a deny names, who stay
/// at the agency that they joined. None when they are too many.
#[must_use]
pub fn whom_to_ask(sharing: &Sharing, one: &BTreeSet<AgencyId>) -> Option<BTreeSet<StaffId>> {
    let denied = sharing.provisions().filter(|p| !p.permits()).filter_map(|p| p.terms().actor.staff());
    let asked: BTreeSet<_> = whom_it_relies_on(sharing, one).into_iter().chain(denied).collect();
    (asked.len() <= MOST_ASKED).then_some(asked)
}

/// Decides what a system may receive. Default deny.
///
/// # Errors
/// The rule by which it receives nothing.
pub fn decide_for_system(
    sharing: &Sharing,
    standing: Standing<'_>,
    ask: SystemAsk<'_>,
) -> Result<SystemScope, DenialRule> {
    let SystemAsk { one, purpose, now } = ask;
    if one.iter().any(|agency| sharing.is_blocked(*agency)) {
        return Err(DenialRule::AgencyBlocked);
    }
    // Whoever is kept out in person would read it in the system.
    if sharing.blocked_workers().any(|worker| one.contains(&worker.agency())) {
        return Err(DenialRule::WorkerBlocked);
    }
    let current = sharing.supporters().filter(|worker| one.contains(&worker.agency())).filter_map(|worker| {
        let staff = *standing.workers.get(&worker.staff())?;
        staff.works_for(worker.agency()).then_some((worker, staff))
    });
    let current: Vec<_> = current.collect();
    if current.is_empty() {
        return Err(DenialRule::NoOpenAccess);
    }
    let (mut workers, mut refused) = (Vec::with_capacity(current.len()), None);
    for (worker, staff) in &current {
        let sign_in = staff.sign_in().ok_or(DenialRule::NotCurrentStaff)?;
        let ask = Ask { by: SignedIn::new(*worker, sign_in), purpose, action: Action::Read, now };
        match decide_by_choices(sharing, staff, &ask) {
            Decision::Permit(scope) => workers.push(scope),
            // Whoever is shut out counts first, in whatever order they are.
            Decision::Deny(rule @ (DenialRule::NothingPermits | DenialRule::DenyBeatsPermit)) => {
                refused.get_or_insert(rule);
            }
            Decision::Deny(rule) => return Err(rule),
        }
    }
    if let Some(rule) = refused {
        return Err(rule);
    }
    let permits: Vec<_> = sharing.held().filter(|(_, p)| permits_receiving(p, one, purpose, now)).collect();
    if permits.is_empty() {
        return Err(DenialRule::NothingPermits);
    }
    let roles: Vec<&str> = standing.agencies.iter().flat_map(|agency| agency.roles()).collect();
    let is_role = |role: &str| {
        roles.iter().any(|known| same_role(known, role)) || current.iter().any(|(_, staff)| staff.roles().has(role))
    };
    let is_worker = |id: &StaffId| {
        let agency = standing.workers.get(id).and_then(|staff| staff.agency());
        // Of whom nothing is known it is not known that they are not.
        agency.is_none_or(|agency| one.contains(&agency))
    };
    let touches = |actor: &ProvisionActor| match actor {
        ProvisionActor::Agency(agency) | ProvisionActor::RoleAt(agency, _) => one.contains(agency),
        ProvisionActor::Staff(staff) => is_worker(staff),
        ProvisionActor::Role(role) => is_role(role),
        ProvisionActor::Everybody => true,
    };
    let denies = || sharing.provisions().filter(|p| is_about_getting(p) && touches(&p.terms().actor));
    let begin = denies().filter_map(|p| p.terms().from).filter(|from| now < *from);
    let ends = permits.iter().filter_map(|(_, p)| p.terms().until);
    let until = workers.iter().filter_map(Scope::until).chain(begin).chain(ends).min();
    let holds = |p: &&Provision| p.terms().from.is_none_or(|from| from <= now) && !p.has_ended(now);
    let denies = denies().filter(holds).cloned().collect();
    let permits = permits.into_iter().map(|(id, p)| (id, p.clone())).collect();
    Ok(SystemScope { workers, permits, denies, until })
}

/// Whether a permit lets a system receive now.
fn permits_receiving(provision: &Provision, one: &BTreeSet<AgencyId>, purpose: Purpose, now: Timestamp) -> bool {
    let terms = provision.terms();
    provision.permits()
        && is_about_receiving(terms, one, purpose)
        && terms.from.is_none_or(|from| from <= now)
        && !provision.has_ended(now)
}

/// Whether what a permit says lets a system receive: one to its agency or to everybody, never one to a role or a worker.
fn is_about_receiving(terms: &Terms, one: &BTreeSet<AgencyId>, purpose: Purpose) -> bool {
    let whom = match &terms.actor {
        ProvisionActor::Agency(agency) => one.contains(agency),
        ProvisionActor::Everybody => true,
        ProvisionActor::Role(_) | ProvisionActor::RoleAt(..) | ProvisionActor::Staff(_) => false,
    };
    whom && terms.purposes.contains(&purpose) && terms.actions.contains(&Action::Subscribe)
}

/// What a system may be told of a change of a permit that lets it receive something, now or from a later time on: also where a deny leaves it
/// nothing of that, for of denies it learns nothing. Nothing while the person has shut its agency out, or a worker there, nor later of what they
/// took back then; and nothing while nobody there supports them.
#[must_use]
pub fn tells_system_of(
    (sharing, decision): (&Sharing, Result<&SystemScope, DenialRule>),
    (provision, change): (ProvisionId, PermitChange),
    ask: SystemAsk<'_>,
) -> Option<Terms> {
    match decision {
        Ok(_) | Err(DenialRule::NothingPermits | DenialRule::DenyBeatsPermit) => {
            let unheard = change != PermitChange::Began && sharing.was_unheard(provision, ask.one);
            let terms = sharing.tells_of(provision, change, ask.now).filter(|_| !unheard);
            terms.filter(|terms| is_about_receiving(terms, ask.one, ask.purpose))
        }
        Err(_) => None,
    }
}

/// Whether a deny is about getting something, and not about adding to it alone.
fn is_about_getting(provision: &Provision) -> bool {
    let actions = &provision.terms().actions;
    !provision.permits() && (actions.is_empty() || actions.iter().any(|action| *action != Action::Contribute))
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::Aggregate as _;
    use crate::access::decision::{deny, permit};
    use crate::agency::events::{AgencyEvent, AgencyRegistered, RoleNamed};
    use crate::ids::{EmergencyId, LawfulBasisId, RelationshipId, SignInId};
    use crate::sharing::events::*;
    use crate::staff::events::{StaffEvent, StaffJoined, StaffLeft};
    use crate::vocabulary::Level;

    const NOW: Timestamp = Timestamp(1_000_000_000);
    const NORTH: AgencyId = AgencyId(Uuid::from_u128(1));
    const SOUTH: AgencyId = AgencyId(Uuid::from_u128(2));

    fn staff(n: u128) -> StaffId {
        StaffId(Uuid::from_u128(n))
    }

    fn joined(n: u128, agency: AgencyId, role: &str) -> StaffEvent {
        let (name, sign_in) = ("N".to_owned(), SignInId(Uuid::from_u128(n)));
        StaffJoined { agency, issuer: "i".into(), subject: "s".into(), sign_in, name, role: role.into() }.into()
    }

    fn supports(n: u128, agency: AgencyId) -> SharingEvent {
        let (relationship, worker) = (RelationshipId(Uuid::from_u128(n)), Worker::new(agency, staff(n)));
        RelationshipAccessOpened { relationship, worker }.into()
    }

    fn terms(actor: ProvisionActor, categories: &[Category], actions: &[Action]) -> Terms {
        Terms {
            actor,
            except: vec![],
            categories: categories.to_vec(),
            level: Level::Normal,
            labels: vec![],
            purposes: vec![Purpose::CareCoordination],
            actions: actions.to_vec(),
            from: None,
            until: None,
        }
    }

    /// Two workers of the agency support the person, one of another does, and goals and health may be received.
    fn shared() -> Vec<SharingEvent> {
        let both = [Category::Goals, Category::Health];
        let receives = terms(ProvisionActor::Agency(NORTH), &both, &[Action::Read, Action::Subscribe]);
        vec![
            SharingStarted {}.into(),
            supports(11, NORTH),
            supports(12, NORTH),
            supports(21, SOUTH),
            permit(1, receives),
        ]
    }

    fn north() -> Agency {
        let (name, kind, place, numbers) = ("North".into(), "health".into(), String::new(), vec![]);
        let registered = AgencyEvent::from(AgencyRegistered { name, kind, place, numbers });
        Agency::folded(&[registered, RoleNamed { role: "Porter".into() }.into()])
    }

    /// What a system of the agency may receive, after these events and with these workers gone.
    fn decided(more: &[SharingEvent], gone: &[u128], purpose: Purpose) -> Result<SystemScope, DenialRule> {
        let sharing = Sharing::folded(&[shared(), more.to_vec()].concat());
        let of = |n: u128, agency, role: &str| {
            let left = gone.contains(&n).then(|| StaffLeft {}.into());
            (staff(n), Staff::folded(&[joined(n, agency, role)].into_iter().chain(left).collect::<Vec<_>>()))
        };
        let workers =
            [of(11, NORTH, "nurse"), of(12, NORTH, "social worker"), of(21, SOUTH, "peer"), of(13, NORTH, "clerk")];
        let (agency, one) = (north(), BTreeSet::from([NORTH]));
        let asked = whom_to_ask(&sharing, &one).unwrap_or_default();
        let workers = workers.iter().filter(|(id, _)| asked.contains(id)).map(|(id, staff)| (*id, staff)).collect();
        let standing = Standing { agencies: &[&agency], workers: &workers };
        decide_for_system(&sharing, standing, SystemAsk { one: &one, purpose, now: NOW })
    }

    fn receives(more: &[SharingEvent]) -> Vec<Category> {
        let covered = |scope: SystemScope| {
            Category::ALL.iter().copied().filter(|c| scope.covers(*c, &Sensitivity::NORMAL)).collect::<Vec<_>>()
        };
        decided(more, &[], Purpose::CareCoordination).map(covered).unwrap_or_default()
    }

    #[test]
    fn rule_27_a_system_receives_what_every_worker_could_get_and_a_permit_lets_it_receive() {
        assert_eq!(receives(&[]), [Category::Health, Category::Goals]);
        let scope = decided(&[], &[], Purpose::CareCoordination).unwrap();
        let restricted = Sensitivity { level: Level::Restricted, labels: vec![] };
        assert!(!scope.covers(Category::Goals, &restricted), "no more than the permit says");
        let choices: Vec<_> = scope.choices(Category::Goals, &Sensitivity::NORMAL).collect();
        assert_eq!(choices, [ProvisionId(Uuid::from_u128(1))]);
        assert_eq!(decided(&[], &[], Purpose::Treatment).unwrap_err(), DenialRule::NothingPermits, "another purpose");
        // To everybody is to the agency, too; to see is not to receive, nor is to receive to see.
        let more = |actor, actions: &[Action]| permit(2, terms(actor, &[Category::Wellbeing], actions));
        let both = [Action::Read, Action::Subscribe];
        assert!(receives(&[more(ProvisionActor::Everybody, &both)]).contains(&Category::Wellbeing));
        for actions in [&[][..], &[Action::Read], &[Action::Subscribe], &[Action::Read, Action::Disclose]] {
            let received = receives(&[more(ProvisionActor::Agency(NORTH), actions)]);
            assert!(!received.contains(&Category::Wellbeing), "{actions:?}");
        }
        // To a role, to a worker or to another agency gives a system nothing.
        for actor in
            [ProvisionActor::Role("nurse".into()), ProvisionActor::Staff(staff(11)), ProvisionActor::Agency(SOUTH)]
        {
            assert!(!receives(&[more(actor, &both)]).contains(&Category::Wellbeing));
        }
    }

    #[test]
    fn rule_27_a_relationship_with_a_current_worker_of_the_agency_is_open() {
        let closed = |n| RelationshipAccessClosed { relationship: RelationshipId(Uuid::from_u128(n)) }.into();
        assert_eq!(receives(&[closed(11)]).len(), 2, "one of them is enough");
        assert!(receives(&[closed(11), closed(12)]).is_empty());
        let one_left = |gone: &[u128]| decided(&[], gone, Purpose::CareCoordination).map(drop);
        assert_eq!(one_left(&[11]), Ok(()));
        assert_eq!(one_left(&[11, 12]), Err(DenialRule::NoOpenAccess));
        let emergency = EmergencyAccessOpened {
            emergency: EmergencyId(Uuid::from_u128(5)),
            worker: Worker::new(NORTH, staff(13)),
            reason: "found on the floor".into(),
            until: Timestamp(NOW.0 + 1),
            nth: 1,
        };
        assert!(receives(&[closed(11), closed(12), emergency.into()]).is_empty(), "an emergency gives it nothing");
    }

    #[test]
    fn rule_27_a_law_lets_workers_look_and_no_system_receive() {
        let health = |actor, actions: &[Action]| Terms {
            purposes: vec![Purpose::PublicHealth],
            ..terms(actor, &[Category::Health], actions)
        };
        let law = |n: u128| {
            let (basis, worker, decider) = (LawfulBasisId(Uuid::from_u128(n)), Worker::new(NORTH, staff(n)), staff(99));
            let terms = health(ProvisionActor::Staff(staff(n)), &[]);
            let (statute, reason) = ("an Act of 2008".into(), "an outbreak at the school".into());
            LawfulBasisInvoked { basis, worker, decider, statute, reason, terms }.into()
        };
        let received = permit(9, health(ProvisionActor::Agency(NORTH), &[Action::Subscribe]));
        let events = [received.clone(), law(11), law(12)];
        assert_eq!(decided(&events, &[], Purpose::PublicHealth).map(drop), Err(DenialRule::NothingPermits));
        let seen = permit(8, health(ProvisionActor::Agency(NORTH), &[]));
        assert_eq!(decided(&[received, seen], &[], Purpose::PublicHealth).map(drop), Ok(()), "what is chosen does");
    }

    #[test]
    fn rule_27_a_deny_of_the_agency_a_role_or_a_worker_there_closes_the_category_to_its_system() {
        let denied = |actor| deny(3, terms(actor, &[Category::Goals], &[]));
        for actor in [
            ProvisionActor::Agency(NORTH),
            ProvisionActor::Everybody,
            ProvisionActor::Role("NURSE".into()),
            ProvisionActor::Role("porter".into()),
            ProvisionActor::Staff(staff(12)),
            ProvisionActor::Staff(staff(13)),
        ] {
            assert_eq!(receives(&[denied(actor.clone())]), [Category::Health], "{actor:?}");
        }
        for actor in
            [ProvisionActor::Agency(SOUTH), ProvisionActor::Role("peer".into()), ProvisionActor::Staff(staff(21))]
        {
            assert_eq!(receives(&[denied(actor.clone())]).len(), 2, "{actor:?}");
        }
        // Whatever its purpose is, and though somebody is taken out of it: the system is read by all.
        let of_purpose = |actor| Terms {
            purposes: vec![Purpose::Research],
            except: vec![staff(11), staff(12)],
            ..terms(actor, &[Category::Goals], &[Action::Read])
        };
        assert_eq!(receives(&[deny(3, of_purpose(ProvisionActor::Agency(NORTH)))]), [Category::Health]);
        let adding = deny(3, terms(ProvisionActor::Agency(NORTH), &[Category::Goals], &[Action::Contribute]));
        assert_eq!(receives(&[adding]).len(), 2, "adding to it is another matter");
        // One that ends or begins is so for its time, and the decision holds no longer.
        let later = Terms { from: Some(Timestamp(NOW.0 + 5)), ..terms(ProvisionActor::Everybody, &[], &[]) };
        assert_eq!(receives(&[deny(3, later.clone())]).len(), 2);
        let until = decided(&[deny(3, later)], &[], Purpose::CareCoordination).unwrap().until();
        assert_eq!(until, Some(Timestamp(NOW.0 + 5)));
    }

    #[test]
    fn rule_27_a_system_is_told_of_what_lets_it_receive_something_and_not_of_what_is_denied() {
        let one = BTreeSet::from([NORTH]);
        let told = |more: &[SharingEvent], n: u128, change, gone: &[u128]| {
            let sharing = Sharing::folded(&[shared(), more.to_vec()].concat());
            let decided = decided(more, gone, Purpose::CareCoordination);
            let ask = SystemAsk { one: &one, purpose: Purpose::CareCoordination, now: NOW };
            let decision = decided.as_ref().map_err(|rule| *rule);
            let told = tells_system_of((&sharing, decision), (ProvisionId(Uuid::from_u128(n)), change), ask);
            told.map(|terms| terms.categories)
        };
        let (provision, both) = (ProvisionId(Uuid::from_u128(1)), vec![Category::Goals, Category::Health]);
        let withdrawn =
            |without_telling| SharingEvent::from(ProvisionWithdrawn { provision, without_telling, word: None });
        let narrowed = |without_telling| {
            let (categories, level) = (vec![Category::Goals], Level::Normal);
            SharingEvent::from(ProvisionNarrowed { provision, categories, level, without_telling })
        };
        use PermitChange::{Began, Ended, Narrowed};
        assert_eq!(told(&[], 1, Began, &[]), Some(both.clone()));
        assert_eq!(told(&[], 1, Ended, &[]), None, "it stands");
        let denied = |category| deny(3, terms(ProvisionActor::Agency(NORTH), &[category], &[]));
        assert_eq!(told(&[denied(Category::Goals)], 1, Began, &[]), Some(both.clone()), "nothing tells of a deny");
        let all_denied = deny(3, terms(ProvisionActor::Everybody, &both, &[]));
        assert_eq!(told(&[all_denied], 1, Began, &[]), Some(both.clone()));
        assert_eq!(told(&[narrowed(false)], 1, Narrowed, &[]), Some(vec![Category::Goals]));
        let over = [narrowed(false), withdrawn(false)];
        assert_eq!(
            told(&over, 1, Ended, &[]),
            Some(vec![Category::Goals]),
            "what was taken back before is not told anew"
        );
        let shut = |shut: SharingEvent, open: SharingEvent| [shut, withdrawn(false), open];
        let (worker, sign_in) = (Worker::new(NORTH, staff(13)), None);
        for over in [
            shut(AgencyBlocked { agency: NORTH }.into(), AgencyUnblocked { agency: NORTH }.into()),
            shut(WorkerBlocked { worker, sign_in }.into(), WorkerUnblocked { worker }.into()),
        ] {
            assert_eq!(told(&over, 1, Ended, &[]), None, "what happened while somebody was shut out is not told later");
        }
        for change in [Began, Narrowed] {
            assert_eq!(told(&over, 1, change, &[]), None, "it does not stand any more");
        }
        for quiet in [[narrowed(true), withdrawn(false)], [narrowed(false), withdrawn(true)]] {
            assert_eq!(told(&quiet, 1, Ended, &[]), None);
        }
        // Of what gives a system nothing it is not told, nor is one that is shut out, or whose workers are gone.
        let receive = [Action::Read, Action::Subscribe];
        for nothing in [
            terms(ProvisionActor::Role("nurse".into()), &[Category::Goals], &receive),
            terms(ProvisionActor::Staff(staff(11)), &[Category::Goals], &receive),
            terms(ProvisionActor::Agency(SOUTH), &[Category::Goals], &receive),
            terms(ProvisionActor::Agency(NORTH), &[Category::Goals], &[Action::Read]),
            Terms { until: Some(NOW), ..terms(ProvisionActor::Agency(NORTH), &[Category::Goals], &receive) },
        ] {
            assert_eq!(told(&[permit(2, nothing)], 2, Began, &[]), None);
        }
        let later =
            Terms { from: Some(NOW.plus_minutes(1)), ..terms(ProvisionActor::Everybody, &[Category::Goals], &receive) };
        assert_eq!(told(&[permit(2, later)], 2, Began, &[]), Some(vec![Category::Goals]), "it will");
        let blocked = WorkerBlocked { worker: Worker::new(NORTH, staff(13)), sign_in: None }.into();
        for shut in [AgencyBlocked { agency: NORTH }.into(), blocked] {
            assert_eq!(told(&[shut], 1, Began, &[]), None);
        }
        assert_eq!(told(&[], 1, Began, &[11, 12]), None);
    }

    #[test]
    fn rule_27_of_a_directive_that_names_too_many_a_system_receives_nothing() {
        let one = BTreeSet::from([NORTH]);
        let deny_each = |n: u128| deny(n, terms(ProvisionActor::Staff(staff(1_000 + n)), &[Category::Goals], &[]));
        let few = Sharing::folded(&(0..100).map(deny_each).collect::<Vec<_>>());
        assert_eq!(whom_to_ask(&few, &one).map(|asked| asked.len()), Some(100));
        let many = Sharing::folded(&(0..=MOST_ASKED as u128).map(deny_each).collect::<Vec<_>>());
        assert_eq!(whom_to_ask(&many, &one), None);
        assert!(whom_it_relies_on(&many, &one).is_empty(), "who is only named cannot move anything");
    }

    #[test]
    fn rule_27_whoever_is_blocked_closes_their_agencys_system() {
        let blocked = |agency, n| WorkerBlocked { worker: Worker::new(agency, staff(n)), sign_in: None }.into();
        let refused = |more: &[SharingEvent]| decided(more, &[], Purpose::CareCoordination).map(drop);
        assert_eq!(refused(&[blocked(NORTH, 13)]), Err(DenialRule::WorkerBlocked), "also who supports nobody");
        assert_eq!(refused(&[blocked(SOUTH, 21)]), Ok(()));
        assert_eq!(refused(&[AgencyBlocked { agency: NORTH }.into()]), Err(DenialRule::AgencyBlocked));
        assert_eq!(refused(&[AgencyBlocked { agency: SOUTH }.into()]), Ok(()));
    }
}
