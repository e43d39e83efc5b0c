//! The gate: decide, read, record the receipt on condition that the decision still holds, and only then answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::access::events::{AccessDenied, AccessEvent, RecordViewed};
use domain::access::{Access, Ask, Decision, Scope, decide};
use domain::ids::{PersonId, ReceiptId, derived_id};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::vocabulary::{Action, Author, Category, DenialRule, Purpose, SignedIn, Subject, Version};
use engine::{Changes, Commit, Context, Engine, EngineError, Freshness, Loaded};
use events::Actor;
use rpc::Error;
use uuid::Uuid;

use crate::believed::{Belief, Believed};
use crate::{Call, GateMetrics};

/// What a worker asks to see.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Who asks.
    pub by: SignedIn,
    /// The role in which they ask; empty when they name none.
    pub role: Arc<str>,
    /// Why.
    pub purpose: Purpose,
    /// The categories asked for; none means all.
    pub categories: Vec<Category>,
}

impl Asked {
    /// What the worker who calls asks for.
    ///
    /// # Errors
    /// For any other caller.
    pub fn new(call: &Call, purpose: Purpose, categories: Vec<Category>) -> Result<Self, Error> {
        Ok(Self { by: call.worker()?, role: call.role.clone(), purpose, categories })
    }

    /// What changes who supports a person, as an attempt at their support network.
    ///
    /// # Errors
    /// For any other caller.
    pub fn in_network(call: &Call) -> Result<Self, Error> {
        Self::new(call, Purpose::SupportNetwork, vec![Category::SupportNetwork])
    }
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
    /// Whether it names workers of other agencies as authors.
    pub named_authors: bool,
}

/// Where every disclosure passes.
#[derive(Debug, Clone)]
pub struct Gate {
    pub(crate) engine: Engine,
    pub(crate) metrics: GateMetrics,
    pub(crate) believed: Believed,
    /// The sessions of people at their own pages whose first look has its receipt, by that and by the epoch of the log in which it was written: in a log
    /// that was restored it may not be.
    sessions: Arc<quick_cache::sync::Cache<(Uuid, ReceiptId), ()>>,
}

/// How many sessions are known at a time: of one that is forgotten the receipt is found again.
const SESSIONS: usize = 10_000;

/// What a decision was made on.
pub(crate) struct Grounds {
    /// Which agencies are one.
    pub(crate) belief: Belief,
    pub(crate) sharing: Loaded<Sharing>,
    pub(crate) staff: Loaded<Staff>,
    pub(crate) decision: Decision,
}

impl Grounds {
    /// What is permitted, if anything is.
    fn scope(&self) -> Option<&Scope> {
        match &self.decision {
            Decision::Permit(scope) => Some(scope),
            Decision::Deny(_) => None,
        }
    }

    /// What is asked for by name and is not shared at all, and why.
    fn refused(&self, asked: &Asked) -> Vec<(Category, DenialRule)> {
        let Some(scope) = self.scope() else { return vec![] };
        let shared = scope.categories();
        let withheld = asked.categories.iter().filter(|category| !shared.contains(category));
        withheld.map(|category| (*category, scope.refusal(*category))).collect()
    }
}

impl Gate {
    /// A gate that records its receipts through this engine.
    #[must_use]
    pub fn new(engine: Engine, metrics: GateMetrics) -> Self {
        let sessions = Arc::new(quick_cache::sync::Cache::new(SESSIONS));
        Self { engine, metrics, believed: Believed::default(), sessions }
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Discloses to a worker what `query` finds within the scope that the person's directive allows, as of the position where the directive moved
    /// last: what it restricted there is restricted in what is found. The receipt is
    /// durable before this returns, and commits only if neither the directive nor the worker's standing has moved since
    /// the decision; otherwise it is decided and read again. Returns which receipt it is.
    ///
    /// # Errors
    /// The same denial whether there is no such person, no relationship or no consent; that attempt leaves a receipt
    /// too. Nothing is disclosed when the receipt is not written.
    pub async fn disclose<T, F>(
        &self,
        asked: &Asked,
        person: PersonId,
        query: impl Fn(Scope, u64) -> F + Send + Sync,
    ) -> Result<(T, ReceiptId), Error>
    where
        T: Send,
        F: Future<Output = Result<Disclosure<T>, Error>> + Send,
    {
        let disclosed = self.engine.settle(|freshness| self.try_disclose(asked, person, &query, freshness));
        disclosed.await?.ok_or_else(Error::denied)
    }

    /// One try: the answer, or none when it is denied; nothing at all when something moved.
    async fn try_disclose<T, F>(
        &self,
        asked: &Asked,
        person: PersonId,
        query: &(impl Fn(Scope, u64) -> F + Send + Sync),
        freshness: Freshness,
    ) -> Result<Option<Option<(T, ReceiptId)>>, Error>
    where
        T: Send,
        F: Future<Output = Result<Disclosure<T>, Error>> + Send,
    {
        let grounds = self.grounds(asked, person, Action::Read, freshness).await?;
        let (outcome, disclosed) = match &grounds.decision {
            Decision::Deny(rule) => (Err(*rule), None),
            Decision::Permit(scope) => {
                let Disclosure { answer, categories, entries, named_authors } =
                    discreetly(query(scope.clone(), grounds.sharing.position.0)).await?;
                (Ok(Disclosure { answer: (), categories, entries, named_authors }), Some(answer))
            }
        };
        let recorded = self.record(asked, person, &grounds, outcome).await?;
        Ok(recorded.map(|receipt| disclosed.map(|answer| (answer, receipt))))
    }

    /// Discloses to a worker something about each of several people, in one answer: a receipt for each of whom something
    /// is disclosed, all or nothing. `query` gets those whom the worker supports now and who have not blocked the
    /// agency, with a scope where their directive permits something, and says what it discloses of whom. Returns the receipts, too.
    ///
    /// # Errors
    /// When the worker is not current staff, or a receipt is not written.
    pub async fn disclose_each<T, F>(
        &self,
        asked: &Asked,
        persons: &[PersonId],
        query: impl Fn(Vec<(PersonId, Option<Scope>)>) -> F + Send + Sync,
    ) -> Result<(T, BTreeMap<PersonId, ReceiptId>), Error>
    where
        T: Send,
        F: Future<Output = Result<(T, BTreeMap<PersonId, Disclosure<()>>), Error>> + Send,
    {
        self.engine.settle(|freshness| self.try_disclose_each(asked, persons, &query, freshness)).await
    }

    async fn try_disclose_each<T, F>(
        &self,
        asked: &Asked,
        persons: &[PersonId],
        query: &(impl Fn(Vec<(PersonId, Option<Scope>)>) -> F + Send + Sync),
        freshness: Freshness,
    ) -> Result<Option<(T, BTreeMap<PersonId, ReceiptId>)>, Error>
    where
        T: Send,
        F: Future<Output = Result<(T, BTreeMap<PersonId, Disclosure<()>>), Error>> + Send,
    {
        let worker = asked.by.worker();
        let staff = self.engine.load::<Staff>(worker.staff(), freshness).await?;
        if !staff.admits(asked.by) {
            return if freshness == Freshness::Remembered { Ok(None) } else { Err(Error::denied()) };
        }
        let belief = self.believed.get(&self.engine).await?;
        let sharings = self.engine.load_each::<Sharing>(persons, freshness).await?;
        let grounds = |sharing| self.decided(asked, Action::Read, (belief.clone(), sharing, staff.clone()));
        let all: BTreeMap<_, _> = sharings.into_iter().map(|sharing| (sharing.id, grounds(sharing))).collect();
        // Whom the person has shut out reads nothing of them here, whatever a law lets them see elsewhere.
        let shown = all.iter().filter(|(_, grounds)| {
            let hears = belief.register.resolve(&grounds.sharing).hears(asked.by);
            hears && grounds.sharing.relationship_open(worker)
        });
        let scopes = shown.map(|(person, grounds)| (*person, grounds.scope().cloned())).collect();
        let (answer, disclosed) = discreetly(query(scopes)).await?;
        let mut changes = Changes::new(&self.context(asked, &staff));
        let mut receipts = BTreeMap::new();
        changes.guard(&staff);
        changes.relies_on(belief.epoch);
        changes.holds_until(Some(belief.until));
        // Who is left out was decided on, too.
        for (person, grounds) in &all {
            changes.guard(&grounds.sharing);
            changes.holds_until(grounds.scope().and_then(Scope::until));
            if let Some(disclosure) = disclosed.get(person) {
                receipts.insert(*person, receipt(&mut changes, asked, *person, grounds, Ok(disclosure.clone())));
            }
        }
        Ok(self.commit_each(changes, &staff, &all).await?.map(|()| (answer, receipts)))
    }

    /// Commits receipts; or, when there are none, checks that what was decided on still holds.
    async fn commit_each(
        &self,
        changes: Changes,
        staff: &Loaded<Staff>,
        all: &BTreeMap<PersonId, Grounds>,
    ) -> Result<Option<()>, EngineError> {
        if !changes.is_empty() {
            return self.commit(changes, "permit").await;
        }
        let now = self.engine.load::<Staff>(staff.id, Freshness::Latest).await?;
        if now.seen() != staff.seen() {
            self.metrics.again.inc();
            return Ok(None);
        }
        let persons: Vec<_> = all.keys().copied().collect();
        let now = self.engine.load_each::<Sharing>(&persons, Freshness::Latest).await?;
        let moved = |(now, grounds): (&Loaded<Sharing>, &Grounds)| {
            now.seen() != grounds.sharing.seen() || grounds.belief.until <= self.engine.now()
        };
        if now.iter().zip(all.values()).any(moved) {
            self.metrics.again.inc();
            return Ok(None);
        }
        Ok(Some(()))
    }

    /// Keeps a receipt of a person's look at their own record, and returns which. Nothing is decided but that there is one: it is theirs.
    ///
    /// # Errors
    /// When nobody is registered under this id, or the receipt is not written; then nothing is disclosed.
    pub async fn disclose_own(
        &self,
        call: &Call,
        categories: BTreeSet<Category>,
        entries: usize,
    ) -> Result<ReceiptId, Error> {
        let person = call.person()?;
        let epoch = self.engine.settle(|freshness| self.registered(person, freshness)).await?;
        // Of a session the first look has its receipt; on whatever server another one is taken for the first, it is the same.
        let session = call.session();
        let of_session = session.map(|session| derived_id(session, &[&b"own looks"[..], person.0.as_bytes()]));
        let receipt = ReceiptId(of_session.unwrap_or_else(Uuid::now_v7));
        let context = call.relying(Context::new(Actor::person(person), receipt.0));
        if of_session.is_some() && self.sessions.get(&(epoch, receipt)).is_some() {
            return self.goes_on(&context, receipt).await;
        }
        let viewed = RecordViewed {
            receipt,
            party: Author::Person,
            role: String::new(),
            purpose: Purpose::PersonRequest,
            // What they read in a session is not only what they read first in it.
            categories: if session.is_some() { vec![] } else { categories.into_iter().collect() },
            entries: if session.is_some() { 0 } else { u32::try_from(entries).unwrap_or(u32::MAX) },
            // It is their own record: they read it whole.
            named_authors: false,
            under_emergency: false,
            directive: Version(0),
            refused: vec![],
            lawful_bases: vec![],
            session: session.is_some(),
        };
        let mut changes = Changes::new(&context);
        changes.fact::<Access>(person, person, receipt, viewed.into());
        // It relies on nothing that could move but what they signed in with; and without its receipt nothing is disclosed.
        self.engine.commit(changes).await?.done().ok_or(EngineError::Contention)?;
        self.metrics.count("own");
        if of_session.is_some() {
            self.sessions.insert((epoch, receipt), ());
        }
        Ok(receipt)
    }

    /// A session goes on whose first look has its receipt: while what they signed in with is theirs.
    async fn goes_on(&self, context: &Context, receipt: ReceiptId) -> Result<ReceiptId, Error> {
        let changes = Changes::new(context);
        if changes.relies() {
            self.engine.commit(changes).await?.done().ok_or(EngineError::Contention)?;
        }
        Ok(receipt)
    }

    /// In which epoch of the log somebody is registered under this id; nothing yet when what is remembered says that nobody is.
    async fn registered(&self, person: PersonId, freshness: Freshness) -> Result<Option<Uuid>, EngineError> {
        let sharing = self.engine.load::<Sharing>(person, freshness).await?;
        match sharing.registered() {
            Err(_) if freshness == Freshness::Remembered => Ok(None),
            registered => Ok(Some(registered.map(|()| sharing.epoch)?)),
        }
    }

    pub(crate) async fn grounds(
        &self,
        asked: &Asked,
        person: PersonId,
        action: Action,
        freshness: Freshness,
    ) -> Result<Grounds, Error> {
        let belief = self.believed.get(&self.engine).await?;
        let sharing = self.engine.load::<Sharing>(person, freshness).await?;
        let staff = self.engine.load::<Staff>(asked.by.worker().staff(), freshness).await?;
        Ok(self.decided(asked, action, (belief, sharing, staff)))
    }

    fn decided(
        &self,
        asked: &Asked,
        action: Action,
        (belief, sharing, staff): (Belief, Loaded<Sharing>, Loaded<Staff>),
    ) -> Grounds {
        let ask = Ask { by: asked.by, purpose: asked.purpose, action, now: self.engine.now() };
        let decision = decide(&belief.register.resolve(&sharing), &staff, &ask);
        Grounds { belief, sharing, staff, decision }
    }

    fn context(&self, asked: &Asked, staff: &Staff) -> Context {
        let role = staff.roles().called(&asked.role);
        Context::new(Actor::worker(asked.by.worker(), &role), Uuid::now_v7())
    }

    /// Commits the receipt, guarded by what the decision relied on, and returns which it is. Nothing when that has moved.
    pub(crate) async fn record(
        &self,
        asked: &Asked,
        person: PersonId,
        grounds: &Grounds,
        outcome: Result<Disclosure<()>, DenialRule>,
    ) -> Result<Option<ReceiptId>, EngineError> {
        let label = if outcome.is_ok() { "permit" } else { "deny" };
        let mut changes = Changes::new(&self.context(asked, &grounds.staff));
        changes.guard(&grounds.sharing);
        changes.guard(&grounds.staff);
        changes.relies_on(grounds.belief.epoch);
        changes.holds_until(Some(grounds.belief.until));
        changes.holds_until(grounds.scope().and_then(Scope::until));
        let receipt = receipt(&mut changes, asked, person, grounds, outcome);
        Ok(self.commit(changes, label).await?.map(|()| receipt))
    }

    pub(crate) async fn commit(&self, changes: Changes, label: &'static str) -> Result<Option<()>, EngineError> {
        if self.engine.commit(changes).await? == Commit::Moved {
            self.metrics.again.inc();
            return Ok(None);
        }
        self.metrics.count(label);
        Ok(Some(()))
    }
}

/// What is read from a store is read whole, and then left out: how long that takes is told in steps of so much.
/// An unoptimised build takes five times as long.
const STEP: Duration = Duration::from_millis(if cfg!(debug_assertions) { 50 } else { 10 });

/// Carries out a query so that the time that it takes tells nothing of what it leaves out (rule 6).
async fn discreetly<T>(query: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let (answer, is_cold) = views::watched(query).await;
    if is_cold {
        let steps = u32::try_from(begun.elapsed().as_micros() / STEP.as_micros()).unwrap_or(u32::MAX);
        tokio::time::sleep_until((begun + STEP.saturating_mul(steps.saturating_add(1))).into()).await;
    }
    answer
}

fn receipt(
    changes: &mut Changes,
    asked: &Asked,
    person: PersonId,
    grounds: &Grounds,
    outcome: Result<Disclosure<()>, DenialRule>,
) -> ReceiptId {
    let receipt = ReceiptId(Uuid::now_v7());
    let party = Author::Worker(asked.by.worker());
    let role = grounds.staff.roles().called(&asked.role);
    let (purpose, directive) = (asked.purpose, grounds.sharing.version);
    let refused = grounds.refused(asked);
    let event: AccessEvent = match outcome {
        // Whoever asks only for what is not shared is told nothing, as if there were nothing; to the person it is a denied attempt.
        Ok(_) if !refused.is_empty() && refused.len() == asked.categories.len() => {
            let (categories, rules) = refused.into_iter().unzip::<_, _, Vec<_>, BTreeSet<_>>();
            let rules = rules.into_iter().collect();
            AccessDenied { receipt, party, role, purpose, categories, rules, directive }.into()
        }
        Ok(Disclosure { answer: (), categories, entries, named_authors }) => {
            let under_emergency = grounds.scope().is_some_and(Scope::relied_on_emergency);
            // Who of other agencies wrote something is who supports the person.
            let network = named_authors.then_some(Category::SupportNetwork);
            let relied = categories.iter().copied().chain(network).collect();
            let lawful_bases = grounds.scope().map(|scope| scope.lawful_bases(&relied)).unwrap_or_default();
            let role = grounds.scope().map_or(role, |scope| scope.role(&categories, &asked.role));
            let (categories, entries) = (categories.into_iter().collect(), u32::try_from(entries).unwrap_or(u32::MAX));
            let viewed = RecordViewed {
                receipt,
                party,
                role,
                purpose,
                categories,
                entries,
                named_authors,
                under_emergency,
                directive,
                refused: refused.into_iter().map(|(category, _rule)| category).collect(),
                lawful_bases,
                session: false,
            };
            viewed.into()
        }
        Err(rule) => {
            let (categories, rules) = (asked.categories.clone(), vec![rule]);
            AccessDenied { receipt, party, role, purpose, categories, rules, directive }.into()
        }
    };
    // An attempt at somebody who is not registered is kept too, at the same cost, under the agency's own key: no
    // person's key is made for it.
    let unregistered = directive == Version(0);
    let subject = if unregistered { Subject::Agency(asked.by.worker().agency()) } else { Subject::Person(person) };
    changes.fact::<Access>(person, subject, receipt, event);
    receipt
}
