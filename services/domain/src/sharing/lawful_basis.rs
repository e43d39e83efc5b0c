//! A lawful basis: an agency's privacy officer names the law under which one worker there may see something, whatever the person has chosen.
//! It is never silent: the person is told at once, by whom, under which law and why, and every look under it says so.

use std::sync::Arc;

use super::events::{LawfulBasisEnded, LawfulBasisInvoked, SharingEvent};
use super::set_provision::check_permit_words;
use super::{Provision, Sharing};
use crate::Refusal;
use crate::emergency::is_privacy_officer;
use crate::ids::{AgencyId, LawfulBasisId, StaffId};
use crate::issuers::Parts;
use crate::staff::Staff;
use crate::text::explained;
use crate::vocabulary::{Action, ProvisionActor, Purpose, SignedIn, Terms, Timestamp, Worker};

/// The longest time for which one holds, in days: longer is decided again.
const DAYS_LIMIT: u32 = 28;
/// How many of one agency are open for one person at most.
const OPEN_LIMIT: usize = 20;
/// The shortest reason, in characters: as of an emergency (rule 8).
const REASON_LEAST: usize = 20;
/// The shortest name of a law, in characters: with its year or its section it is longer.
const STATUTE_LEAST: usize = 10;
/// What a law may be the reason for.
const PURPOSES: [Purpose; 3] = [Purpose::PublicHealth, Purpose::Legal, Purpose::Threat];

/// The rule that a privacy officer decides under which law somebody looks.
pub const OFFICER_DECIDES: &str = "privacy_officer_decides";
/// The rule that nobody decides so for themselves.
pub const ANOTHER_DECIDES: &str = "another_decides";

/// A lawful basis.
#[derive(Debug, Clone)]
pub struct LawfulBasis {
    /// What was decided.
    pub invoked: LawfulBasisInvoked,
    /// What it lets the worker see, as a decision about a look takes it.
    pub(crate) permit: Arc<Provision>,
    pub(super) ended: bool,
}

impl LawfulBasis {
    pub(super) fn of(invoked: &LawfulBasisInvoked) -> Self {
        let permit = Arc::new(Provision::Permit(invoked.terms.clone()));
        Self { invoked: invoked.clone(), permit, ended: false }
    }

    /// Who may look, and who decided so: both of one agency.
    #[must_use]
    pub fn both(&self) -> [Worker; 2] {
        let worker = self.invoked.worker;
        [worker, Worker::new(worker.agency(), self.invoked.decider)]
    }

    fn agency(&self) -> AgencyId {
        self.invoked.worker.agency()
    }

    /// Whether it says just what is wished for an agency, for the same reason.
    fn is_same(&self, agency: AgencyId, wish: &InvokeLawfulBasis) -> bool {
        let says = || self.permit.says_the_same(&Provision::Permit(wish.terms.clone()), wish.now);
        let LawfulBasisInvoked { statute, reason, .. } = &self.invoked;
        self.agency() == agency && *statute == wish.statute && *reason == wish.reason && says()
    }

    /// Whether it holds at this moment.
    fn is_open(&self, now: Timestamp) -> bool {
        !self.ended && !self.permit.has_ended(now)
    }
}

impl Sharing {
    /// All lawful bases that ever were, the oldest first, and whether each holds now.
    pub fn all_lawful_bases(
        &self,
        now: Timestamp,
    ) -> impl DoubleEndedIterator<Item = (LawfulBasisId, &LawfulBasis, bool)> {
        self.lawful_bases.iter().map(move |(id, basis)| (*id, basis, basis.is_open(now)))
    }

    /// Those that hold now.
    pub fn lawful_bases(&self, now: Timestamp) -> impl Iterator<Item = (LawfulBasisId, &LawfulBasis)> {
        self.all_lawful_bases(now).filter(|(.., open)| *open).map(|(id, basis, _)| (id, basis))
    }

    /// Who decided that somebody may look, of these lawful bases.
    #[must_use]
    pub fn deciders(&self, bases: &[LawfulBasisId]) -> Vec<StaffId> {
        let meant = self.lawful_bases.iter().filter(|(id, _)| bases.contains(id));
        meant.map(|(_, basis)| basis.invoked.decider).collect()
    }

    /// The lawful basis that a wish came to: of its own id, if it became one; otherwise the one that said just that already, though it may have
    /// ended since.
    #[must_use]
    pub fn came_to_basis(&self, wish: &InvokeLawfulBasis) -> LawfulBasisId {
        if self.lawful_basis(wish.basis).is_some() {
            return wish.basis;
        }
        let agency = wish.by.worker().agency();
        let mut same = self.all_lawful_bases(wish.now).filter(|(_, known, _)| known.is_same(agency, wish));
        same.next_back().map_or(wish.basis, |(id, ..)| id)
    }

    /// A lawful basis, also one that has ended.
    fn lawful_basis(&self, id: LawfulBasisId) -> Option<&LawfulBasis> {
        self.lawful_bases.iter().find(|(known, _)| *known == id).map(|(_, basis)| basis)
    }
}

/// A privacy officer names the law.
#[derive(Debug, Clone)]
pub struct InvokeLawfulBasis {
    pub basis: LawfulBasisId,
    /// Who decides.
    pub by: SignedIn,
    /// The act, and its section.
    pub statute: String,
    /// Why, in words that the person reads.
    pub reason: String,
    /// What may be seen: by one worker, for a purpose that a law may be the reason for, until a day.
    pub terms: Terms,
    pub now: Timestamp,
}

/// Ends it before its time.
#[derive(Debug, Clone)]
pub struct EndLawfulBasis {
    pub basis: LawfulBasisId,
    /// Who ends it: a privacy officer of the same agency, or of one that is one with it.
    pub by: SignedIn,
}

impl InvokeLawfulBasis {
    /// Who may look. What is wrong with the words is told to everybody alike.
    fn checked(&self) -> Result<StaffId, Refusal> {
        explained("statute", &self.statute, STATUTE_LEAST)?;
        explained("reason", &self.reason, REASON_LEAST)?;
        check_permit_words(&self.terms, self.now)?;
        let Terms { actor, purposes, actions, from, until, .. } = &self.terms;
        let ProvisionActor::Staff(staff) = actor else {
            return Err(Refusal::invalid("terms.actor", "must be one worker, by `staff_id`"));
        };
        if purposes.iter().any(|purpose| !PURPOSES.contains(purpose)) {
            let says = "must be that a law requires it, public health, or a threat to somebody's safety";
            return Err(Refusal::invalid("terms.purposes", says));
        }
        if actions.iter().any(|action| *action != Action::Read) {
            return Err(Refusal::invalid("terms.actions", "must be reading, and nothing else"));
        }
        if from.is_some() {
            return Err(Refusal::invalid("terms.from", "must be absent: it holds at once"));
        }
        if until.is_none_or(|until| self.now.plus_days(DAYS_LIMIT) < until) {
            return Err(Refusal::invalid("terms.until", format!("must be at most `{DAYS_LIMIT}` days from now")));
        }
        Ok(*staff)
    }
}

/// Invokes a lawful basis: on the decision of a privacy officer, for a worker of the same agency who is not that officer.
///
/// # Errors
/// As its words; that only a privacy officer decides so, and not for themselves; that there is no such worker; that nothing is disclosed.
pub fn invoke_lawful_basis(
    sharing: &Sharing,
    officer: &Staff,
    worker: (StaffId, &Staff),
    command: InvokeLawfulBasis,
) -> Result<Vec<SharingEvent>, Refusal> {
    let agency = may_decide(command.by, officer)?;
    let staff = command.checked()?;
    if staff != worker.0 || !worker.1.works_for(agency) {
        return Err(Refusal::invalid("terms.actor.staff_id", "must be of a worker of your agency"));
    }
    if staff == command.by.worker().staff() {
        return Err(Refusal::denied(ANOTHER_DECIDES, "nobody decides that they may look themselves; ask a colleague"));
    }
    // Neither choices nor blocks stand against a law; but nobody learns by it who is registered.
    if !sharing.started {
        return Err(Refusal::undisclosed());
    }
    let open = || sharing.lawful_bases(command.now).map(|(_, open)| open);
    if open().any(|open| open.is_same(agency, &command)) {
        return Ok(vec![]);
    }
    if open().filter(|open| open.agency() == agency).count() >= OPEN_LIMIT {
        let says = format!("at most `{OPEN_LIMIT}` lawful bases of an agency hold for one person; end one first");
        return Err(Refusal::rule("lawful_bases_limit", says));
    }
    let InvokeLawfulBasis { basis, by, statute, reason, terms, now: _ } = command;
    let (worker, decider) = (Worker::new(agency, staff), by.worker().staff());
    Ok(vec![LawfulBasisInvoked { basis, worker, decider, statute, reason, terms }.into()])
}

/// Ends one of their agency's.
///
/// # Errors
/// That only a privacy officer does, that there is none, or that nothing is disclosed.
pub fn end_lawful_basis(
    (sharing, parts): (&Sharing, &Parts),
    officer: &Staff,
    command: EndLawfulBasis,
) -> Result<Vec<SharingEvent>, Refusal> {
    let agency = may_decide(command.by, officer)?;
    match sharing.lawful_basis(command.basis).filter(|basis| parts.are_one(basis.agency(), agency)) {
        None => Err(Refusal::not_found("lawful_basis")),
        Some(basis) if basis.ended => Ok(vec![]),
        Some(_) => Ok(vec![LawfulBasisEnded { basis: command.basis }.into()]),
    }
}

/// The agency for which they decide.
fn may_decide(by: SignedIn, officer: &Staff) -> Result<AgencyId, Refusal> {
    if !officer.admits(by) {
        return Err(Refusal::undisclosed());
    }
    if !is_privacy_officer(by, officer) {
        return Err(Refusal::denied(OFFICER_DECIDES, "only a privacy officer decides under which law to look"));
    }
    Ok(by.worker().agency())
}

#[cfg(test)]
mod tests {
    use super::super::events::{AgencyBlocked, SharingStarted};
    use super::*;
    use crate::access::{Ask, Decision, decide};
    use crate::ids::SignInId;
    use crate::staff::events::StaffJoined;
    use crate::staff::fixtures::{AGENCY, BY, WORKER, joined};
    use crate::vocabulary::{Category, DenialRule, Level, Sensitivity};
    use crate::{Aggregate as _, Reason};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn officer() -> (SignedIn, Staff) {
        let (staff, sign_in) = (StaffId(Uuid::from_u128(77)), SignInId(Uuid::from_u128(78)));
        let (issuer, subject, name) = ("https://north".into(), "isla".into(), "Isla Ross".into());
        let joined = StaffJoined { agency: AGENCY, issuer, subject, sign_in, name, role: "privacy officer".into() };
        (SignedIn::new(Worker::new(AGENCY, staff), sign_in), Staff::folded(&[joined.into()]))
    }

    fn terms() -> Terms {
        Terms {
            actor: ProvisionActor::Staff(WORKER.staff()),
            except: vec![],
            categories: vec![Category::Health],
            level: Level::Restricted,
            labels: vec![],
            purposes: vec![Purpose::Legal],
            actions: vec![],
            from: None,
            until: Some(NOW.plus_days(7)),
        }
    }

    fn invoke(terms: Terms) -> InvokeLawfulBasis {
        let (statute, reason) = ("Adult Support and Protection Act 2007, s 10", "inquiring after harm at home");
        let basis = LawfulBasisId(Uuid::from_u128(1));
        InvokeLawfulBasis { basis, by: officer().0, statute: statute.into(), reason: reason.into(), terms, now: NOW }
    }

    fn decided(history: &[SharingEvent], command: InvokeLawfulBasis) -> Result<Vec<SharingEvent>, Refusal> {
        let (sharing, nurse) = (Sharing::folded(history), Staff::folded(&[joined("nurse")]));
        invoke_lawful_basis(&sharing, &officer().1, (WORKER.staff(), &nurse), command)
    }

    fn started() -> SharingEvent {
        SharingStarted {}.into()
    }

    fn sees(history: &[SharingEvent], (purpose, now): (Purpose, Timestamp), level: Level) -> Result<bool, DenialRule> {
        let (sharing, nurse) = (Sharing::folded(history), Staff::folded(&[joined("nurse")]));
        match decide(&sharing, &nurse, &Ask { by: BY, purpose, action: Action::Read, now }) {
            Decision::Deny(rule) => Err(rule),
            Decision::Permit(scope) => {
                let relied = [vec![], vec![Category::Health], vec![Category::Goals]];
                let relied = relied.map(|seen| scope.lawful_bases(&seen.into_iter().collect()).len());
                assert_eq!((relied, scope.refusal(Category::Goals)), ([1, 1, 0], DenialRule::AgencyBlocked));
                assert_eq!((scope.until(), scope.relied_on_emergency()), (Some(NOW.plus_days(7)), false));
                Ok(scope.covers(Category::Health, &Sensitivity { level, labels: vec![] }))
            }
        }
    }

    #[test]
    fn rule_1_a_lawful_basis_beats_a_block_and_opens_just_what_it_names() {
        let invoked = decided(&[started()], invoke(terms())).unwrap();
        let blocked = AgencyBlocked { agency: AGENCY }.into();
        let history = [&[started(), blocked][..], &invoked].concat();
        assert_eq!(sees(&history, (Purpose::Legal, NOW), Level::Restricted), Ok(true));
        assert_eq!(sees(&history, (Purpose::Legal, NOW), Level::VeryRestricted), Ok(false));
        let shut = Err(DenialRule::AgencyBlocked);
        assert_eq!(sees(&history, (Purpose::Treatment, NOW), Level::Normal), shut);
        assert_eq!(sees(&history, (Purpose::Legal, NOW.plus_days(7)), Level::Normal), shut);
        // It is ended once, by a privacy officer of the agency.
        let end = |history: &[SharingEvent]| {
            let (by, basis) = (officer().0, LawfulBasisId(Uuid::from_u128(1)));
            end_lawful_basis((&Sharing::folded(history), &Parts::default()), &officer().1, EndLawfulBasis { basis, by })
        };
        let ended = [&history[..], &end(&history).unwrap()].concat();
        assert_eq!(sees(&ended, (Purpose::Legal, NOW), Level::Normal), shut);
        assert_eq!(end(&ended), Ok(vec![]));
        assert_eq!(end(&[started()]).unwrap_err().reason, Reason::NotFound);
        let nurse = end_lawful_basis(
            (&Sharing::folded(&history), &Parts::default()),
            &Staff::folded(&[joined("nurse")]),
            EndLawfulBasis { basis: LawfulBasisId(Uuid::from_u128(1)), by: BY },
        );
        assert_eq!(nurse.unwrap_err().subject, "privacy_officer_decides");
    }

    #[test]
    fn rule_24_the_same_law_for_the_same_worker_is_named_once() {
        let first = [&[started()][..], &decided(&[started()], invoke(terms())).unwrap()].concat();
        let again = InvokeLawfulBasis { basis: LawfulBasisId(Uuid::from_u128(2)), ..invoke(terms()) };
        assert_eq!(decided(&first, again.clone()), Ok(vec![]));
        let one = LawfulBasisId(Uuid::from_u128(1));
        let ended = [&first[..], &[LawfulBasisEnded { basis: one }.into()]].concat();
        assert_eq!([&first, &ended].map(|history| Sharing::folded(history).came_to_basis(&again)), [one, one]);
        // Somebody else's reason is read, too.
        let for_another_reason =
            InvokeLawfulBasis { reason: "the court asked us to look again".into(), ..again.clone() };
        assert_eq!(decided(&first, for_another_reason).unwrap().len(), 1);
        let of_another_law = InvokeLawfulBasis { statute: "Children (Scotland) Act 1995, s 22".into(), ..again };
        assert_eq!(decided(&first, of_another_law).unwrap().len(), 1);
    }

    #[test]
    fn it_names_a_law_a_reason_one_colleague_a_lawful_purpose_and_an_end() {
        let refused = |change: &dyn Fn(&mut InvokeLawfulBasis)| {
            let mut command = invoke(terms());
            change(&mut command);
            decided(&[started()], command).unwrap_err().subject
        };
        assert_eq!(refused(&|c| c.statute = "an act".into()), "statute");
        assert_eq!(refused(&|c| c.reason = "because".into()), "reason");
        assert_eq!(refused(&|c| c.terms.actor = ProvisionActor::Agency(AGENCY)), "terms.actor");
        assert_eq!(refused(&|c| c.terms.purposes.push(Purpose::Treatment)), "terms.purposes");
        assert_eq!(refused(&|c| c.terms.actions.push(Action::Contribute)), "terms.actions");
        assert_eq!(refused(&|c| c.terms.from = Some(NOW.plus_days(1))), "terms.from");
        assert_eq!(refused(&|c| c.terms.until = None), "terms.until");
        assert_eq!(refused(&|c| c.terms.until = Some(NOW.plus_days(29))), "terms.until");
        assert_eq!(refused(&|c| c.terms.categories.clear()), "terms.categories");
        let own = ProvisionActor::Staff(officer().0.worker().staff());
        assert_eq!(refused(&|c| c.terms.actor = own.clone()), "terms.actor.staff_id");
        assert_eq!(refused(&|c| c.by = BY), "access");
        // Nobody learns by it who is registered.
        assert_eq!(decided(&[], invoke(terms())), Err(Refusal::undisclosed()));
        // And nobody decides for themselves.
        let ((by, staff), nurse) = (officer(), Staff::folded(&[joined("nurse")]));
        let command = invoke(Terms { actor: own, ..terms() });
        let sharing = Sharing::folded(&[started()]);
        let own = invoke_lawful_basis(&sharing, &staff, (by.worker().staff(), &staff), command);
        assert_eq!(own.unwrap_err().subject, "another_decides");
        let by_a_nurse = invoke_lawful_basis(
            &sharing,
            &nurse,
            (WORKER.staff(), &nurse),
            InvokeLawfulBasis { by: BY, ..invoke(terms()) },
        );
        assert_eq!(by_a_nurse.unwrap_err().subject, "privacy_officer_decides");
    }

    #[test]
    fn only_so_many_of_an_agency_hold_for_one_person() {
        let each = |n: usize| {
            let basis = LawfulBasisId(Uuid::from_u128(u128::try_from(n).unwrap()));
            let statute = format!("an Act of the year {n}");
            decided(&[started()], InvokeLawfulBasis { basis, statute, ..invoke(terms()) }).unwrap()
        };
        let full: Vec<_> = std::iter::once(started()).chain((1..=OPEN_LIMIT).flat_map(each)).collect();
        let refused = decided(&full, invoke(terms())).unwrap_err();
        assert_eq!((refused.reason, refused.subject), (Reason::Rule, "lawful_bases_limit"));
    }
}
