//! A person's sharing directive: the one authority on who may see what now.

mod agency_access;
mod as_of;
mod block_worker;
mod close_relationship_access;
mod emergency_access;
pub mod events;
mod lawful_basis;
mod narrow_provision;
mod on_their_word;
mod open_relationship_access;
mod provision;
mod request_access;
mod set_provision;
mod start_sharing;
mod terms;
mod withdraw_provision;

pub use agency_access::{BlockAgency, UnblockAgency, block_agency};
pub use as_of::AsOf;
pub use block_worker::{BlockWorker, UnblockWorker, block_worker};
pub use close_relationship_access::CloseRelationshipAccess;
pub use emergency_access::{CloseEmergencyAccess, EndEmergencyAccess, OpenEmergencyAccess, close_emergency_access};
pub use lawful_basis::{
    ANOTHER_DECIDES, EndLawfulBasis, InvokeLawfulBasis, LawfulBasis, OFFICER_DECIDES, end_lawful_basis,
    invoke_lawful_basis,
};
pub use narrow_provision::NarrowProvision;
pub use on_their_word::{Choice, EnterChoice, enter_choice};
pub use open_relationship_access::OpenRelationshipAccess;
pub use provision::Provision;
pub use request_access::{AccessRequest, GrantAccess, RefuseAccess, RequestAccess};
pub use set_provision::{DenyProvision, GrantProvision};
pub use start_sharing::StartSharing;
pub use withdraw_provision::WithdrawProvision;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::access::Scope;
use crate::access::events::PermitChange;
use crate::ids::{
    AccessRequestId, AgencyId, ConsultationId, EmergencyId, EntryId, LawfulBasisId, PersonId, ProvisionId,
    RelationshipId, SignInId, StaffId,
};
use crate::vocabulary::{Author, OnTheirWord, SignedIn, Terms, Timestamp, Version, Worker};
use crate::{Aggregate, Refusal, StreamKind};
use events::{EmergencyAccessClosed, ObjectionRaised, SharingEvent};
use request_access::Answer;

/// An emergency access.
#[derive(Debug, Clone, PartialEq, Eq)]
struct EmergencyAccess {
    worker: Worker,
    until: Timestamp,
    closed: bool,
}

/// A worker whom the person has blocked.
#[derive(Debug, Clone)]
struct BlockedWorker {
    worker: Worker,
    sign_in: Option<SignInId>,
    /// The version of the directive that said so first.
    since: Version,
}

/// The directive as it stands.
#[derive(Debug, Clone, Default)]
pub struct Sharing {
    started: bool,
    /// In the order in which they were given, as all that follows.
    provisions: Vec<(ProvisionId, Arc<Provision>)>,
    withdrawn: Vec<(ProvisionId, Arc<Provision>)>,
    /// What provisions permitted before they were narrowed.
    narrowed: Vec<(ProvisionId, Terms)>,
    /// Permits of which nobody is told any more: the person said so of one of their changes.
    untold: BTreeSet<ProvisionId>,
    /// Permits of which something was taken back while an agency, or somebody there, was blocked: it did not hear of that, and never does.
    unheard: BTreeSet<(ProvisionId, AgencyId)>,
    blocked: Vec<AgencyId>,
    blocked_workers: Vec<BlockedWorker>,
    /// How many events there were.
    events: u64,
    relationships: Vec<(RelationshipId, Worker)>,
    /// Whoever had a relationship with the person.
    met: BTreeSet<StaffId>,
    emergencies: Vec<(EmergencyId, EmergencyAccess)>,
    lawful_bases: Vec<(LawfulBasisId, LawfulBasis)>,
    /// What workers asked for, the oldest first.
    requests: Vec<(AccessRequestId, AccessRequest)>,
    /// The decisions that they object to, and in which consultation.
    objections: BTreeMap<(ConsultationId, EntryId), ObjectionRaised>,
    /// How provisions came about that the person did not choose of their own.
    origins: BTreeMap<ProvisionId, Origin>,
}

/// How a provision came about.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    /// Who entered it on their word, if the person did not themselves.
    pub word: Option<OnTheirWord>,
    /// The request that it answers, if it answers one.
    pub request: Option<AccessRequestId>,
}

/// How somebody is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenAccess {
    /// The worker.
    pub worker: Worker,
    /// Until when, if it is an emergency; none for a relationship, which ends when somebody ends it.
    pub emergency_until: Option<Timestamp>,
}

/// The most permits that a directive may hold: more cannot be understood, or evaluated on every read. What is denied has no limit.
pub const PERMITS_LIMIT: usize = 500;

impl Sharing {
    /// The directive as it would be after these events.
    #[must_use]
    pub fn after(&self, events: &[SharingEvent]) -> Self {
        let mut after = self.clone();
        events.iter().for_each(|event| after.evolve(event));
        after
    }

    /// The provisions in force.
    pub fn provisions(&self) -> impl Iterator<Item = &Provision> {
        self.provisions.iter().map(|(_, provision)| &**provision)
    }

    /// The same, to be kept with a decision about them.
    pub(crate) fn shared_provisions(&self) -> impl Iterator<Item = &Arc<Provision>> {
        self.provisions.iter().map(|(_, provision)| provision)
    }

    /// The provisions that were not withdrawn, and their ids, the oldest first.
    pub fn held(&self) -> impl Iterator<Item = (ProvisionId, &Provision)> {
        self.provisions.iter().map(|(id, provision)| (*id, &**provision))
    }

    /// The agencies that the person has blocked, the first first.
    #[must_use]
    pub fn blocked(&self) -> &[AgencyId] {
        &self.blocked
    }

    /// Through what somebody is let in now, as far as the directive alone tells: relationships, then emergencies.
    pub fn open_access(&self, now: Timestamp) -> impl Iterator<Item = OpenAccess> {
        let relationships = self.relationships.iter();
        let relationships = relationships.map(|(_, worker)| OpenAccess { worker: *worker, emergency_until: None });
        let going_on = self.emergencies.iter().filter(move |(_, access)| !access.closed && now < access.until);
        relationships.chain(
            going_on.map(|(_, access)| OpenAccess { worker: access.worker, emergency_until: Some(access.until) }),
        )
    }

    /// When time alone changes next what is permitted or denied, if it does.
    #[must_use]
    pub fn changes_at(&self, now: Timestamp) -> Option<Timestamp> {
        let terms = self.provisions().map(Provision::terms);
        terms.flat_map(|terms| [terms.from, terms.until]).flatten().filter(|at| now < *at).min()
    }

    /// The workers whom a relationship lets in.
    pub fn supporters(&self) -> impl Iterator<Item = Worker> {
        self.relationships.iter().map(|(_, worker)| *worker)
    }

    /// Whether this relationship lets its supporter in.
    #[must_use]
    pub fn is_open(&self, relationship: RelationshipId) -> bool {
        self.relationships.iter().any(|(open, _)| *open == relationship)
    }

    /// Whether the person has blocked this agency.
    #[must_use]
    pub fn is_blocked(&self, agency: AgencyId) -> bool {
        self.blocked.contains(&agency)
    }

    /// Whether this worker is, or was, let in by the person or in an emergency.
    #[must_use]
    pub fn has_met(&self, staff: StaffId) -> bool {
        let by_law = || self.lawful_bases.iter().flat_map(|(_, basis)| basis.both());
        let let_in = self.met.contains(&staff) || by_law().any(|worker| worker.staff() == staff);
        let_in || self.emergencies.iter().any(|(_, access)| access.worker.staff() == staff)
    }

    /// The agencies that it speaks of.
    pub(crate) fn agencies(&self) -> impl Iterator<Item = AgencyId> {
        let actors = self.provisions.iter().filter_map(|(_, provision)| provision.terms().actor.agency());
        actors.chain(self.blocked.iter().copied())
    }

    /// The same, saying of the others that an agency is one with whatever it says of that agency.
    pub(crate) fn speaking_of(&self, others: impl Fn(AgencyId) -> BTreeSet<AgencyId>) -> Self {
        let mut resolved = self.clone();
        for (id, provision) in &self.provisions {
            let actor = &provision.terms().actor;
            let others = actor.agency().map(&others).unwrap_or_default();
            resolved.provisions.extend(others.into_iter().map(|other| (*id, Arc::new(provision.of(actor.at(other))))));
        }
        resolved.blocked.extend(self.blocked.iter().flat_map(|agency| others(*agency)));
        resolved
    }

    /// The workers whom the person has blocked, the first first.
    pub fn blocked_workers(&self) -> impl Iterator<Item = Worker> {
        self.blocked_workers.iter().map(|blocked| blocked.worker)
    }

    /// Whether the person has blocked this worker, apart from their agency.
    #[must_use]
    pub fn is_worker_blocked(&self, worker: Worker) -> bool {
        self.blocked_workers().any(|blocked| blocked == worker)
    }

    /// Since which version the person has blocked whoever has signed in, as this worker or as one that they were before.
    #[must_use]
    pub fn blocked_since(&self, by: SignedIn) -> Option<Version> {
        let meant = |blocked: &&BlockedWorker| blocked.worker == by.worker() || blocked.sign_in == Some(by.sign_in());
        self.blocked_workers.iter().filter(meant).map(|blocked| blocked.since).max()
    }

    /// Whether the person wants nothing of this worker: they are blocked, or their agency is.
    #[must_use]
    pub fn shuts_out(&self, worker: Worker) -> bool {
        self.is_blocked(worker.agency()) || self.is_worker_blocked(worker)
    }

    /// Whether the person hears from whoever has signed in: neither their agency is blocked, nor they, as any worker that they were.
    #[must_use]
    pub fn hears(&self, by: SignedIn) -> bool {
        !self.is_blocked(by.worker().agency()) && self.blocked_since(by).is_none()
    }

    /// Whether a support relationship with this worker is open.
    #[must_use]
    pub fn relationship_open(&self, worker: Worker) -> bool {
        self.relationships.iter().any(|(_, open)| *open == worker)
    }

    /// Until when this worker has emergency access, if they have it at this moment.
    #[must_use]
    pub fn emergency_until(&self, worker: Worker, now: Timestamp) -> Option<Timestamp> {
        let theirs = self.emergencies.iter().map(|(_, access)| access);
        let open = theirs.filter(|access| !access.closed && access.worker == worker && now < access.until);
        open.map(|access| access.until).max()
    }

    /// Ends an emergency access, unless it has been ended.
    pub(crate) fn end_emergency(&self, emergency: EmergencyId) -> Vec<SharingEvent> {
        let open = self.emergency(emergency).is_some_and(|access| !access.closed);
        if open { vec![EmergencyAccessClosed { emergency }.into()] } else { vec![] }
    }

    /// Ends the emergency accesses of those workers that are wanted, unless they have been ended.
    pub(crate) fn end_emergencies(&self, wanted: impl Fn(Worker) -> bool) -> impl Iterator<Item = SharingEvent> {
        let open = self.emergencies.iter().filter(move |(_, access)| !access.closed && wanted(access.worker));
        open.map(|(emergency, _)| EmergencyAccessClosed { emergency: *emergency }.into())
    }

    /// Which emergency access of its agency it is, from 1.
    #[must_use]
    pub fn nth(&self, emergency: EmergencyId) -> Option<u32> {
        let agency = self.emergency(emergency)?.worker.agency();
        let theirs = self.emergencies.iter().filter(|(_, access)| access.worker.agency() == agency);
        (1..).zip(theirs).find(|(_, (id, _))| *id == emergency).map(|(nth, _)| nth)
    }

    fn emergency(&self, emergency: EmergencyId) -> Option<&EmergencyAccess> {
        self.emergencies.iter().find(|(id, _)| *id == emergency).map(|(_, access)| access)
    }

    /// Whoever is registered has a directive: what a person does themselves relies on it.
    ///
    /// # Errors
    /// When nobody is registered under this id.
    pub fn registered(&self) -> Result<(), Refusal> {
        if self.started { Ok(()) } else { Err(Refusal::not_found("person")) }
    }

    /// The provision in force that says just this already, and is told of or not as this one is to be.
    #[must_use]
    pub fn says(&self, wish: &Provision, without_telling: bool, now: Timestamp) -> Option<ProvisionId> {
        let same = |id, held: &Provision| self.is_untold(id) == without_telling && held.says_the_same(wish, now);
        self.held().find(|(id, held)| !held.has_ended(now) && same(*id, held)).map(|(id, _)| id)
    }

    /// Whether the person wants nobody to be told what becomes of a permit.
    #[must_use]
    pub fn is_untold(&self, provision: ProvisionId) -> bool {
        self.untold.contains(&provision)
    }

    /// What has happened already cannot be kept from those who were told: that is not promised.
    fn may_be_untold(&self, provision: ProvisionId, without_telling: bool) -> Result<(), Refusal> {
        if !without_telling || self.is_untold(provision) {
            return Ok(());
        }
        Err(Refusal::rule("told_already", "that was done before, and whom it is about may have been told"))
    }

    /// Whether one of these agencies was shut out when something was taken back of a permit.
    #[must_use]
    pub fn was_unheard(&self, provision: ProvisionId, agencies: &BTreeSet<AgencyId>) -> bool {
        agencies.iter().any(|agency| self.unheard.contains(&(provision, *agency)))
    }

    /// What may be told of a change of a permit to whom it permits something: what it says, or said when it was withdrawn. Nothing of a permit
    /// that is not as the change says any more, and where the person wants nobody told.
    #[must_use]
    pub fn tells_of(&self, provision: ProvisionId, change: PermitChange, now: Timestamp) -> Option<Terms> {
        if self.is_untold(provision) {
            return None;
        }
        match change {
            PermitChange::Began | PermitChange::Narrowed => {
                let held = self.provision(provision).ok().filter(|held| held.permits() && !held.has_ended(now));
                held.map(|held| held.terms().clone())
            }
            PermitChange::Ended => {
                let withdrawn = self.withdrawn.iter().find(|(known, said)| *known == provision && said.permits());
                withdrawn.map(|(_, said)| said.terms().clone())
            }
        }
    }

    /// The provision that a wish came to: of this id, if it became one of its own; otherwise the one that said just that already, though
    /// it may have been withdrawn since.
    #[must_use]
    pub fn came_to(&self, id: ProvisionId, wish: &Provision, without_telling: bool, now: Timestamp) -> ProvisionId {
        let ever = || self.provisions.iter().chain(self.withdrawn.iter().rev());
        let own = ever().find(|(known, _)| *known == id);
        let same = || {
            let mut same = ever().filter(|(_, known)| known.says_the_same(wish, now));
            // One of which nothing is to be told any more may have been withdrawn so.
            let told_alike = same.clone().find(|(known, _)| self.is_untold(*known) == without_telling);
            told_alike.or_else(|| same.next())
        };
        own.or_else(same).map_or(id, |(known, _)| *known)
    }

    /// What a permit permitted once and does not any more, because it was narrowed or withdrawn.
    #[must_use]
    pub fn taken_back(&self, id: ProvisionId) -> Option<Terms> {
        let once = self.narrowed.iter().find(|(known, _)| *known == id).map(|(_, terms)| terms.clone());
        if let Some((_, said)) = self.withdrawn.iter().find(|(known, said)| *known == id && said.permits()) {
            return once.or_else(|| Some(said.terms().clone()));
        }
        let (once, now) = (once?, self.provision(id).ok()?.terms());
        let whole = now.level < once.level;
        let gone = once.categories.iter().filter(|category| whole || !now.categories.contains(category));
        Some(Terms { categories: gone.copied().collect(), ..once })
    }

    /// The permits in force, now or from a later time on, under which somebody can still do some of what these terms say.
    /// `agency_of` tells where a worker works.
    pub fn still_permitting<'a>(
        &'a self,
        terms: &'a Terms,
        now: Timestamp,
        agency_of: impl Fn(StaffId) -> Option<AgencyId> + 'a,
    ) -> impl Iterator<Item = (ProvisionId, &'a Provision)> {
        let permits = self.held().filter(move |(_, held)| held.permits() && !held.has_ended(now));
        permits.filter(move |(_, held)| held.terms().meets(terms, &agency_of))
    }

    /// Takes in whether nobody is to be told of a permit any more.
    fn tells(&mut self, provision: ProvisionId, without_telling: bool) {
        self.untold.extend(without_telling.then_some(provision));
    }

    /// Takes in who does not hear that something is taken back of a permit.
    fn takes_back(&mut self, provision: ProvisionId) {
        let shut = self.blocked.iter().copied().chain(self.blocked_workers.iter().map(|known| known.worker.agency()));
        self.unheard.extend(shut.map(|agency| (provision, agency)));
    }

    /// A provision, also one that was withdrawn: as it was, before it was narrowed.
    #[must_use]
    pub fn ever(&self, id: ProvisionId) -> Option<Provision> {
        let once =
            self.narrowed.iter().find(|(known, _)| *known == id).map(|(_, terms)| Provision::Permit(terms.clone()));
        let known = || self.provisions.iter().chain(&self.withdrawn).find(|(known, _)| *known == id);
        once.or_else(|| known().map(|(_, provision)| Provision::clone(provision)))
    }

    /// Whether an objection of theirs to this decision stands.
    pub(crate) fn objection_stands(&self, consultation: ConsultationId, decision: EntryId) -> bool {
        self.objections.contains_key(&(consultation, decision))
    }

    /// The objections of theirs that stand in a consultation.
    pub(crate) fn objections_in(&self, consultation: ConsultationId) -> impl Iterator<Item = &ObjectionRaised> {
        self.objections.values().filter(move |objection| objection.consultation == consultation)
    }

    /// Against whom objections of theirs stand in all consultations but this one that somebody may see: to nobody else it is told that there are any.
    pub(crate) fn objections_but(&self, consultation: ConsultationId, scope: &Scope) -> impl Iterator<Item = Author> {
        let elsewhere = self.objections.values().filter(move |objection| objection.consultation != consultation);
        let seen = elsewhere.filter(|objection| objection.circle.is_covered(scope));
        seen.flat_map(|objection| std::iter::once(objection.against).chain(objection.decider))
    }

    /// How a provision came about; nothing to say of what the person chose of their own.
    #[must_use]
    pub fn origin(&self, provision: ProvisionId) -> Option<&Origin> {
        self.origins.get(&provision)
    }

    /// Takes in how a provision came about.
    fn comes_of(&mut self, provision: ProvisionId, word: &Option<OnTheirWord>, request: Option<AccessRequestId>) {
        if word.is_some() || request.is_some() {
            self.origins.insert(provision, Origin { word: word.clone(), request });
        }
    }

    /// Takes in what the person said to a request.
    fn answer(&mut self, request: Option<AccessRequestId>, answer: Answer) {
        let known = self.requests.iter_mut().filter(|(id, _)| Some(*id) == request);
        known.for_each(|(_, known)| known.answer = Some(answer));
    }

    fn provision(&self, id: ProvisionId) -> Result<&Provision, Refusal> {
        let found = self.provisions.iter().find(|(held, _)| *held == id);
        found.map(|(_, provision)| &**provision).ok_or_else(|| Refusal::not_found("provision"))
    }
}

impl Aggregate for Sharing {
    type Id = PersonId;
    type Event = SharingEvent;

    const KIND: StreamKind = StreamKind::Sharing;

    fn evolve(&mut self, event: &SharingEvent) {
        self.events += 1;
        match event {
            SharingEvent::SharingStarted(_) => self.started = true,
            SharingEvent::ProvisionGranted(e) => {
                self.tells(e.provision, e.without_telling);
                self.answer(e.request, Answer::Granted);
                self.comes_of(e.provision, &e.word, e.request);
                self.provisions.push((e.provision, Arc::new(Provision::Permit(e.terms.clone()))));
            }
            SharingEvent::ProvisionDenied(e) => {
                self.comes_of(e.provision, &e.word, None);
                self.provisions.push((e.provision, Arc::new(Provision::Deny(e.terms.clone()))));
            }
            SharingEvent::ProvisionNarrowed(e) => {
                self.tells(e.provision, e.without_telling);
                self.takes_back(e.provision);
                let narrowed = &mut self.narrowed;
                for (id, provision) in self.provisions.iter_mut().filter(|(id, _)| *id == e.provision) {
                    if !narrowed.iter().any(|(known, _)| known == id) {
                        narrowed.push((*id, provision.terms().clone()));
                    }
                    Arc::make_mut(provision).narrow(&e.categories, e.level);
                }
            }
            SharingEvent::ProvisionWithdrawn(e) => {
                self.tells(e.provision, e.without_telling);
                self.takes_back(e.provision);
                self.withdrawn.extend(self.provisions.extract_if(.., |(id, _)| *id == e.provision));
            }
            // It is told by the version that it moves.
            SharingEvent::EntryRestricted(_) => {}
            SharingEvent::ObjectionRaised(e) => {
                self.objections.insert((e.consultation, e.decision), e.clone());
            }
            SharingEvent::ObjectionSettled(e) => drop(self.objections.remove(&(e.consultation, e.decision))),
            SharingEvent::AccessRequested(e) => {
                let (worker, terms, reason) = (e.worker, e.terms.clone(), e.reason.clone());
                let request = AccessRequest { worker, terms, reason, lapses_at: e.lapses_at, answer: None };
                self.requests.push((e.request, request));
            }
            SharingEvent::AccessRequestGranted(e) => self.answer(Some(e.request), Answer::Granted),
            SharingEvent::AccessRequestRefused(e) => self.answer(Some(e.request), Answer::Refused(e.again_from)),
            SharingEvent::AgencyBlocked(e) => self.blocked.push(e.agency),
            SharingEvent::WorkerBlocked(e) => {
                let (worker, sign_in, since) = (e.worker, e.sign_in, Version(self.events));
                self.blocked_workers.push(BlockedWorker { worker, sign_in, since });
            }
            SharingEvent::WorkerUnblocked(e) => self.blocked_workers.retain(|blocked| blocked.worker != e.worker),
            SharingEvent::AgencyUnblocked(e) => self.blocked.retain(|agency| *agency != e.agency),
            SharingEvent::RelationshipAccessOpened(e) => {
                self.relationships.push((e.relationship, e.worker));
                self.met.insert(e.worker.staff());
            }
            SharingEvent::RelationshipAccessClosed(e) => self.relationships.retain(|(id, _)| *id != e.relationship),
            SharingEvent::EmergencyAccessOpened(e) => {
                let access = EmergencyAccess { worker: e.worker, until: e.until, closed: false };
                self.emergencies.push((e.emergency, access));
            }
            SharingEvent::EmergencyAccessClosed(e) => {
                for (_, access) in self.emergencies.iter_mut().filter(|(id, _)| *id == e.emergency) {
                    access.closed = true;
                }
            }
            SharingEvent::LawfulBasisInvoked(e) => {
                self.lawful_bases.push((e.basis, LawfulBasis::of(e)));
            }
            SharingEvent::LawfulBasisEnded(e) => {
                let known = self.lawful_bases.iter_mut().filter(|(id, _)| *id == e.basis);
                known.for_each(|(_, basis)| basis.ended = true);
            }
        }
    }
}
