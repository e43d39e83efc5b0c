//! What an agency's system receives: decided when it is delivered (rules 9 and 27), with a receipt under the same guards as a look's.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::events::{EventDelivered, PermitChange, RecallRequested};
use domain::access::{
    Access, Standing, SystemAsk, SystemScope, decide_for_system, tells_system_of, whom_it_relies_on, whom_to_ask,
};
use domain::agency::Agency;
use domain::consultation::Consultation;
use domain::ids::{AgencyId, ConsultationId, PersonId, ProvisionId};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::vocabulary::{DenialRule, Purpose, Terms, Timestamp, Version};
use engine::{Changes, Context, EngineError, Freshness, Loaded};
use uuid::Uuid;

use crate::Gate;
use crate::believed::Belief;

/// What was decided for a system, and on what.
#[derive(Debug, Clone)]
pub struct SystemGrounds {
    belief: Belief,
    purpose: Purpose,
    now: Timestamp,
    sharing: Loaded<Sharing>,
    agencies: Vec<Loaded<Agency>>,
    /// The workers on whose standing it relies.
    workers: Vec<Loaded<Staff>>,
    /// Consultations that it was asked about.
    consultations: BTreeMap<ConsultationId, Loaded<Consultation>>,
    changes_at: Option<Timestamp>,
    decision: Result<SystemScope, DenialRule>,
}

/// What decisions about a system need to be looked up.
struct LookedUp {
    agencies: Vec<Loaded<Agency>>,
    /// Whom to ask; none when they are too many.
    workers: Option<Vec<Loaded<Staff>>>,
}

impl LookedUp {
    fn decide(&self, directive: &Sharing, ask: SystemAsk<'_>) -> Result<SystemScope, DenialRule> {
        // Of whom it is not known who supports them nothing is told.
        let workers = self.workers.as_deref().ok_or(DenialRule::NoOpenAccess)?;
        let standing = Standing {
            agencies: &self.agencies.iter().map(|agency| &*agency.state).collect::<Vec<_>>(),
            workers: &workers.iter().map(|worker| (worker.id, &*worker.state)).collect::<BTreeMap<_, _>>(),
        };
        decide_for_system(directive, standing, ask)
    }
}

impl SystemGrounds {
    /// What may be received, if anything may.
    #[must_use]
    pub fn scope(&self) -> Option<&SystemScope> {
        self.decision.as_ref().ok()
    }

    /// Whether nothing may be received whatever it is and however time passes, until the person's directive, an agency or a worker moves: nobody
    /// there supports them, or they have shut the agency out, or a worker there.
    #[must_use]
    pub fn is_apart(&self) -> bool {
        let apart = [DenialRule::NoOpenAccess, DenialRule::AgencyBlocked, DenialRule::WorkerBlocked];
        self.decision.as_ref().is_err_and(|rule| apart.contains(rule))
    }

    /// When time alone changes next what the person's directive says, if it does.
    #[must_use]
    pub fn changes_at(&self) -> Option<Timestamp> {
        self.changes_at
    }

    /// Where the person's directive moved last: what it took out of an entry there is out of it in what is told.
    #[must_use]
    pub fn moved_at(&self) -> u64 {
        self.sharing.position.0
    }

    /// The version of the person's directive.
    #[must_use]
    pub fn directive(&self) -> Version {
        self.sharing.version
    }

    /// The agency, as it was when this was decided.
    #[must_use]
    pub fn agency(&self, agency: AgencyId) -> Option<&Agency> {
        self.agencies.iter().find(|known| known.id == agency).map(|known| &*known.state)
    }

    /// Whether a consultation may be received, of those that are known.
    #[must_use]
    pub fn covers_consultation(&self, consultation: ConsultationId) -> bool {
        let known = self.consultations.get(&consultation);
        known.zip(self.scope()).is_some_and(|(known, scope)| scope.covers_consultation(known.circle()))
    }

    /// What may be told of a change of a permit to the agency as a whole, if anything may.
    #[must_use]
    pub fn tells_of(&self, provision: ProvisionId, change: PermitChange) -> Option<Terms> {
        let one = self.agencies.iter().map(|agency| agency.id).collect();
        let ask = SystemAsk { one: &one, purpose: self.purpose, now: self.now };
        tells_system_of((&self.sharing, self.decision.as_ref().map_err(|rule| *rule)), (provision, change), ask)
    }

    /// What a change that relies on it is guarded by.
    fn guard(&self, changes: &mut Changes) {
        changes.guard(&self.sharing);
        self.agencies.iter().for_each(|agency| changes.guard(agency));
        self.workers.iter().for_each(|worker| changes.guard(worker));
        self.consultations.values().for_each(|consultation| changes.guard(consultation));
        changes.relies_on(self.belief.epoch);
        changes.holds_until(Some(self.belief.until));
        changes.holds_until(self.scope().and_then(SystemScope::until));
    }
}

impl Gate {
    /// Decides what a system of an agency may receive of a person, for a purpose.
    ///
    /// # Errors
    /// When the log or the key store fails.
    pub async fn for_system(
        &self,
        agency: AgencyId,
        purpose: Purpose,
        person: PersonId,
        freshness: Freshness,
    ) -> Result<SystemGrounds, EngineError> {
        let belief = match freshness {
            Freshness::Remembered => self.believed.get(&self.engine).await?,
            Freshness::Latest => self.believed.latest(&self.engine).await?,
        };
        let one = belief.register.one_with(agency);
        let sharing = self.engine.load::<Sharing>(person, freshness).await?;
        let resolved = belief.register.resolve(&sharing);
        let now = self.engine.now();
        let looked_up = self.look_up(&resolved, &one, freshness).await?;
        let decision = looked_up.decide(&resolved, SystemAsk { one: &one, purpose, now });
        let relies_on = whom_it_relies_on(&resolved, &one);
        let changes_at = resolved.changes_at(now);
        drop(resolved);
        let LookedUp { agencies, workers } = looked_up;
        let workers = workers.into_iter().flatten().filter(|worker| relies_on.contains(&worker.id)).collect();
        let consultations = BTreeMap::new();
        Ok(SystemGrounds { belief, purpose, now, sharing, agencies, workers, consultations, changes_at, decision })
    }

    /// What a system of an agency could receive under a directive that need not be in force (rule 7), as it is asked at a time, for each of these
    /// purposes.
    ///
    /// # Errors
    /// When the log or the key store fails.
    pub async fn system_would(
        &self,
        directive: &Sharing,
        agency: AgencyId,
        purposes: &BTreeSet<Purpose>,
        at: Timestamp,
    ) -> Result<Vec<Option<SystemScope>>, EngineError> {
        let belief = self.believed.latest(&self.engine).await?;
        let one = belief.register.one_with(agency);
        let resolved = belief.register.resolve(directive);
        let looked_up = self.look_up(&resolved, &one, Freshness::Latest).await?;
        let ask = |purpose: &Purpose| SystemAsk { one: &one, purpose: *purpose, now: at };
        Ok(purposes.iter().map(|purpose| looked_up.decide(&resolved, ask(purpose)).ok()).collect())
    }

    async fn look_up(
        &self,
        directive: &Sharing,
        one: &BTreeSet<AgencyId>,
        freshness: Freshness,
    ) -> Result<LookedUp, EngineError> {
        let agencies = self.engine.load_each::<Agency>(&Vec::from_iter(one.iter().copied()), freshness).await?;
        let workers = match whom_to_ask(directive, one) {
            None => None,
            Some(asked) => Some(self.engine.load_each::<Staff>(&Vec::from_iter(asked), freshness).await?),
        };
        Ok(LookedUp { agencies, workers })
    }

    /// Finds out about consultations, too, where anything may be received at all, by the latest that there is: what is decided about them is
    /// guarded.
    ///
    /// # Errors
    /// When the log or the key store fails.
    pub async fn ask_about(
        &self,
        grounds: &mut SystemGrounds,
        consultations: &BTreeSet<ConsultationId>,
    ) -> Result<(), EngineError> {
        if grounds.scope().is_none() || consultations.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = consultations.iter().copied().collect();
        let loaded = self.engine.load_each::<Consultation>(&ids, Freshness::Latest).await?;
        grounds.consultations.extend(loaded.into_iter().map(|consultation| (consultation.id, consultation)));
        Ok(())
    }

    /// Keeps the receipt of a delivery to a system, on condition that what it was decided on still holds; of what has its receipt already,
    /// only that is found out. Returns the receipt's position; nothing when what it was decided on has moved.
    ///
    /// # Errors
    /// When the log takes no more, or fails.
    pub async fn deliver(
        &self,
        person: PersonId,
        grounds: &SystemGrounds,
        delivered: Option<EventDelivered>,
    ) -> Result<Option<u64>, EngineError> {
        let mut changes = Changes::new(&Context::of_system());
        grounds.guard(&mut changes);
        let label = if delivered.is_some() { "delivered" } else { "delivered again" };
        if let Some(delivered) = delivered {
            changes.fact::<Access>(person, person, delivered.receipt, delivered.into());
        }
        let committed = self.engine.commit(changes).await?.done();
        if committed.is_some() {
            self.metrics.count(label);
        } else {
            self.metrics.again.inc();
        }
        Ok(committed.map(|position| position.0))
    }

    /// Asks an agency to give back what is not covered any more, on condition that this still holds. Nothing when it has moved.
    ///
    /// # Errors
    /// When the log takes no more, or fails.
    pub async fn recall(
        &self,
        person: PersonId,
        grounds: &SystemGrounds,
        recall: RecallRequested,
    ) -> Result<Option<()>, EngineError> {
        let mut changes = Changes::new(&Context::of_system());
        grounds.guard(&mut changes);
        changes.fact::<Access>(person, person, Uuid::now_v7(), recall.into());
        self.commit(changes, "recall").await
    }
}
