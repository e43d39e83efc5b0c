//! The gate: decide, read, record the receipt on condition that the decision still holds, and only then answer.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::events::{AccessDenied, RecordViewed};
use domain::access::{Ask, Decision, Scope, decide};
use domain::ids::{AgencyId, PersonId, ReceiptId, StaffId};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::vocabulary::{Action, Author, Category, DenialRule, Purpose, Version};
use engine::{Changes, Context, Engine, EngineError, Freshness, Loaded};
use events::Actor;
use rpc::Error;
use uuid::Uuid;

use crate::GateMetrics;

/// How often the gate decides anew because the directive moved under it.
pub(crate) const ATTEMPTS: usize = 8;

/// What a worker asks to see.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The agency that vouches for them.
    pub agency: AgencyId,
    /// The worker.
    pub staff: StaffId,
    /// Why.
    pub purpose: Purpose,
    /// The categories asked for; none means all.
    pub categories: Vec<Category>,
}

/// An answer, and what it discloses.
#[derive(Debug, Clone)]
pub struct Disclosure<T> {
    /// The answer.
    pub answer: T,
    /// The categories that it discloses something of.
    pub categories: BTreeSet<Category>,
    /// How many entries it discloses.
    pub entries: usize,
}

/// Where every disclosure passes.
#[derive(Debug, Clone)]
pub struct Gate {
    pub(crate) engine: Engine,
    pub(crate) metrics: GateMetrics,
}

/// What a decision was made on.
pub(crate) struct Grounds {
    pub(crate) sharing: Loaded<Sharing>,
    pub(crate) staff: Loaded<Staff>,
    pub(crate) decision: Decision,
}

/// The categories and the number of entries that were disclosed.
type Seen = (BTreeSet<Category>, usize);

impl Grounds {
    /// What is permitted, if anything is.
    fn scope(&self) -> Option<&Scope> {
        match &self.decision {
            Decision::Permit(scope) => Some(scope),
            Decision::Deny(_) => None,
        }
    }
}

impl Gate {
    /// A gate that records its receipts through this engine.
    #[must_use]
    pub fn new(engine: Engine, metrics: GateMetrics) -> Self {
        Self { engine, metrics }
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Discloses to a worker what `query` finds within the scope that the person's directive allows. The receipt is
    /// durable before this returns, and commits only if neither the directive nor the worker's standing has moved since
    /// the decision; otherwise it is decided and read again.
    ///
    /// # Errors
    /// The same denial whether there is no such person, no relationship or no consent; that attempt leaves a receipt
    /// too. Nothing is disclosed when the receipt cannot be written.
    pub async fn disclose<T, F>(
        &self,
        asked: &Asked,
        person: PersonId,
        query: impl Fn(Scope) -> F + Send,
    ) -> Result<T, Error>
    where
        T: Send,
        F: Future<Output = Result<Disclosure<T>, Error>> + Send,
    {
        let mut freshness = Freshness::Remembered;
        for _ in 0..ATTEMPTS {
            let grounds = self.grounds(asked, person, Action::Read, freshness).await?;
            let (outcome, disclosed) = match &grounds.decision {
                Decision::Deny(rule) => (Err(*rule), None),
                Decision::Permit(scope) => {
                    let disclosure = query(scope.clone()).await?;
                    let seen = (disclosure.categories, disclosure.entries);
                    (Ok(seen), Some(disclosure.answer))
                }
            };
            match self.record(asked, person, &grounds, outcome).await {
                Ok(()) => return disclosed.ok_or_else(Error::denied),
                Err(EngineError::Moved) => {
                    self.metrics.again.inc();
                    freshness = Freshness::Latest;
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::Contention.into())
    }

    /// Discloses to a worker something about each of several people, in one answer: a receipt for each of whom something
    /// is disclosed, all or nothing. `query` gets those whom the worker supports now and who have not blocked the
    /// agency, with a scope where their directive permits something, and says what it discloses of whom.
    ///
    /// # Errors
    /// When the worker is not current staff, or a receipt cannot be written.
    pub async fn disclose_each<T, F>(
        &self,
        asked: &Asked,
        persons: &[PersonId],
        query: impl Fn(Vec<(PersonId, Option<Scope>)>) -> F + Send,
    ) -> Result<T, Error>
    where
        T: Send,
        F: Future<Output = Result<(T, BTreeMap<PersonId, Disclosure<()>>), Error>> + Send,
    {
        for _ in 0..ATTEMPTS {
            let worker = self.engine.load::<Staff>(asked.staff.0, Freshness::Latest).await?;
            if !worker.works_for(asked.agency) {
                return Err(Error::denied());
            }
            let mut all = BTreeMap::new();
            for person in persons {
                let grounds = self.grounds(asked, *person, Action::Read, Freshness::Latest).await?;
                let blocked = grounds.decision == Decision::Deny(DenialRule::AgencyBlocked);
                if !blocked && grounds.sharing.relationship_open(asked.staff, asked.agency) {
                    all.insert(*person, grounds);
                }
            }
            let scopes = all.iter().map(|(person, grounds)| (*person, grounds.scope().cloned())).collect();
            let (answer, disclosed) = query(scopes).await?;
            let mut changes = Changes::new(&self.context(asked, worker.role()));
            changes.guard(&worker);
            for (person, grounds) in &all {
                changes.guard(&grounds.sharing);
                if let Some(disclosure) = disclosed.get(person) {
                    let seen = (disclosure.categories.clone(), disclosure.entries);
                    self.receipt(&mut changes, asked, *person, grounds, Ok(seen));
                }
            }
            match self.settle(changes, &all).await {
                Ok(()) => return Ok(answer),
                Err(EngineError::Moved) => {
                    self.metrics.again.inc();
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(EngineError::Contention.into())
    }

    /// Commits receipts; or, when there are none, looks whether what was decided on still holds.
    async fn settle(&self, changes: Changes, all: &BTreeMap<PersonId, Grounds>) -> Result<(), EngineError> {
        if !changes.is_empty() {
            self.engine.commit(changes).await?;
            self.metrics.count("permit");
            return Ok(());
        }
        for (person, grounds) in all {
            let now = self.engine.load::<Sharing>(person.0, Freshness::Latest).await?;
            if now.version != grounds.sharing.version {
                return Err(EngineError::Moved);
            }
        }
        Ok(())
    }

    /// Keeps a receipt of a person's look at their own record. Nothing is decided: it is theirs.
    ///
    /// # Errors
    /// When the receipt cannot be written; then nothing is disclosed.
    pub async fn disclose_own(
        &self,
        person: PersonId,
        categories: BTreeSet<Category>,
        entries: usize,
    ) -> Result<(), Error> {
        let context = Context::new(Actor::person(person), Uuid::now_v7());
        let mut changes = Changes::new(&context);
        let receipt = Uuid::now_v7();
        let viewed = RecordViewed {
            receipt: ReceiptId(receipt),
            party: Author::Person,
            role: String::new(),
            purpose: Purpose::PersonRequest,
            categories: categories.into_iter().collect(),
            entries: u32::try_from(entries).unwrap_or(u32::MAX),
            under_emergency: false,
            directive: Version(0),
        };
        changes.fact(person.0, person.0, receipt, domain::access::events::AccessEvent::from(viewed));
        self.engine.commit(changes).await?;
        self.metrics.count("own");
        Ok(())
    }

    pub(crate) async fn grounds(
        &self,
        asked: &Asked,
        person: PersonId,
        action: Action,
        freshness: Freshness,
    ) -> Result<Grounds, Error> {
        let sharing = self.engine.load::<Sharing>(person.0, freshness).await?;
        let staff = self.engine.load::<Staff>(asked.staff.0, freshness).await?;
        let decision = decide(&sharing, &staff, &self.ask(asked, action));
        Ok(Grounds { sharing, staff, decision })
    }

    fn ask(&self, asked: &Asked, action: Action) -> Ask {
        Ask { agency: asked.agency, staff: asked.staff, purpose: asked.purpose, action, now: engine::now() }
    }

    fn context(&self, asked: &Asked, role: &str) -> Context {
        Context::new(Actor::staff(asked.agency, asked.staff, role), Uuid::now_v7())
    }

    /// Commits the receipt, guarded by what the decision relied on.
    pub(crate) async fn record(
        &self,
        asked: &Asked,
        person: PersonId,
        grounds: &Grounds,
        outcome: Result<Seen, DenialRule>,
    ) -> Result<(), EngineError> {
        let label = if outcome.is_ok() { "permit" } else { "deny" };
        let mut changes = Changes::new(&self.context(asked, grounds.staff.role()));
        changes.guard(&grounds.sharing);
        changes.guard(&grounds.staff);
        self.receipt(&mut changes, asked, person, grounds, outcome);
        self.engine.commit(changes).await?;
        self.metrics.count(label);
        Ok(())
    }

    fn receipt(
        &self,
        changes: &mut Changes,
        asked: &Asked,
        person: PersonId,
        grounds: &Grounds,
        outcome: Result<Seen, DenialRule>,
    ) {
        let id = Uuid::now_v7();
        let receipt = ReceiptId(id);
        let party = Author::Staff { agency: asked.agency, staff: asked.staff };
        let (role, purpose) = (grounds.staff.role().to_owned(), asked.purpose);
        let directive = Version(grounds.sharing.version.0);
        let event = match outcome {
            Ok((categories, entries)) => {
                let under_emergency = grounds.scope().is_some_and(Scope::relied_on_emergency);
                let (categories, entries) =
                    (categories.into_iter().collect(), u32::try_from(entries).unwrap_or(u32::MAX));
                RecordViewed { receipt, party, role, purpose, categories, entries, under_emergency, directive }.into()
            }
            Err(rule) => {
                let (categories, rules) = (asked.categories.clone(), vec![rule]);
                AccessDenied { receipt, party, role, purpose, categories, rules, directive }.into()
            }
        };
        let event: domain::access::events::AccessEvent = event;
        // An attempt at somebody who is not registered is kept too, at the same cost, under the agency's own key: no
        // person's key is made for it.
        let subject = if grounds.sharing.version.0 == 0 { asked.agency.0 } else { person.0 };
        changes.fact(person.0, subject, id, event);
    }
}
