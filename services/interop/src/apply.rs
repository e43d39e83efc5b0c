//! Carries a plan out: one bundle is one append, so nothing is half-imported, and what is there already is left alone.

use std::collections::BTreeMap;

use domain::access::events::{AccessEvent, RecordContributed};
use domain::agency::{Agency, RegisterAgency};
use domain::ids::ReceiptId;
use domain::person::{
    AchieveGoal, AgreeAction, CompleteAction, DescribeCondition, DropAction, Person, RegisterPerson, SetGoal,
    SetGoalAside,
};
use domain::relationship::{Parties, ProposeSupport, Relationship};
use domain::sharing::{Sharing, StartSharing};
use domain::staff::{JoinStaff, Staff};
use domain::vocabulary::{Author, Category, Purpose, Version};
use domain::{Aggregate, Command, Refusal};
use engine::{Changes, Context, Engine, EngineError, Freshness, Loaded};
use events::Actor;
use uuid::Uuid;

use crate::plan::{EntryKind, Finish, Plan, PlannedEntry, role};
use crate::report::{Outcome, Report, ReportLine};

/// How often an import is tried anew because somebody else changed the same streams.
const ATTEMPTS: usize = 8;

/// A bundle was not imported; nothing of it was.
#[derive(Debug, thiserror::Error)]
#[error("{file}: not imported")]
pub struct ImportError {
    file: String,
    #[source]
    cause: EngineError,
}

/// Imports plans.
#[derive(Debug, Clone)]
pub struct Importer {
    engine: Engine,
}

impl Importer {
    /// Imports through this engine.
    #[must_use]
    pub fn new(engine: Engine) -> Self {
        Self { engine }
    }

    /// Imports one bundle, as one append.
    ///
    /// # Errors
    /// When the log cannot take it; then nothing of it is imported.
    pub async fn import(&self, plan: &Plan) -> Result<Report, ImportError> {
        let failed = |cause| ImportError { file: plan.file.clone(), cause };
        let mut freshness = Freshness::Remembered;
        for _ in 0..ATTEMPTS {
            let context = Context::new(Actor::system(), Uuid::now_v7());
            let (changes, report) = self.changes(&context, plan, freshness).await.map_err(failed)?;
            if changes.is_empty() {
                return Ok(report);
            }
            match self.engine.commit(changes).await {
                Ok(_) => return Ok(report),
                Err(EngineError::Moved) => freshness = Freshness::Latest,
                Err(error) => return Err(failed(error)),
            }
        }
        Err(failed(EngineError::Contention))
    }

    async fn changes(
        &self,
        context: &Context,
        plan: &Plan,
        freshness: Freshness,
    ) -> Result<(Changes, Report), EngineError> {
        let mut work = Work { changes: Changes::new(context), events: 0, outcomes: BTreeMap::new() };
        self.agencies_and_staff(plan, freshness, &mut work).await?;
        let record = self.engine.load::<Person>(plan.person.0, freshness).await?;
        let sharing = self.engine.load::<Sharing>(plan.person.0, freshness).await?;
        work.record(&sharing, plan.person.0, StartSharing.decide(&sharing)?);
        work.person(plan, &record)?;
        for (id, planned) in &plan.relationships {
            let relationship = self.engine.load::<Relationship>(id.0, freshness).await?;
            if relationship.parties().is_none() {
                let parties = Parties { person: plan.person, agency: planned.agency, staff: planned.staff };
                let propose = ProposeSupport { parties, role: role(), offer: planned.offer.clone() };
                work.record(&relationship, plan.person.0, propose.decide(&relationship)?);
            }
        }
        let lines = plan.lines.iter().map(|line| work.line(line)).collect();
        let report = Report { file: plan.file.clone(), person: plan.person, events: work.events, lines };
        Ok((work.changes, report))
    }

    async fn agencies_and_staff(&self, plan: &Plan, freshness: Freshness, work: &mut Work) -> Result<(), EngineError> {
        for (id, planned) in &plan.agencies {
            let agency = self.engine.load::<Agency>(id.0, freshness).await?;
            if agency.is_registered() {
                work.settle(&planned.resource, Outcome::AlreadyThere);
            } else {
                let register = RegisterAgency { name: planned.name.clone(), kind: planned.kind.clone() };
                work.record(&agency, id.0, register.decide(&agency)?);
            }
        }
        for (id, planned) in &plan.staff {
            let staff = self.engine.load::<Staff>(id.0, freshness).await?;
            // Who has left since does not come back by an old bundle.
            if staff.agency().is_some() {
                work.settle(&planned.resource, Outcome::AlreadyThere);
            } else {
                let (agency, subject, name) = (planned.agency, planned.subject.clone(), planned.name.clone());
                let join = JoinStaff { agency, subject, name, role: role() };
                work.record(&staff, agency.0, join.decide(&staff)?);
            }
        }
        Ok(())
    }
}

struct Work {
    changes: Changes,
    events: usize,
    /// What became of resources, where that is another thing than was planned.
    outcomes: BTreeMap<String, Outcome>,
}

impl Work {
    fn record<A: Aggregate<Event: Into<events::Event>>>(
        &mut self,
        on: &Loaded<A>,
        subject: Uuid,
        events: Vec<A::Event>,
    ) {
        self.events += events.len();
        self.changes.record(on, subject, events);
    }

    fn settle(&mut self, resource: &str, outcome: Outcome) {
        self.outcomes.insert(resource.to_owned(), outcome);
    }

    fn line(&self, planned: &ReportLine) -> ReportLine {
        let outcome = self.outcomes.get(&planned.resource).unwrap_or(&planned.outcome).clone();
        ReportLine { resource: planned.resource.clone(), outcome }
    }

    /// The record's events, and a receipt for each author.
    fn person(&mut self, plan: &Plan, record: &Loaded<Person>) -> Result<(), Refusal> {
        let mut person = (*record.state).clone();
        let mut events = Vec::new();
        let mut take = |person: &mut Person, new: Vec<domain::person::events::PersonEvent>| {
            new.iter().for_each(|event| person.evolve(event));
            events.extend(new);
        };
        if !person.is_registered() {
            let register = RegisterPerson { name: plan.name.clone(), birth_date: plan.birth_date.clone() };
            let new = register.decide(&person)?;
            take(&mut person, new);
        }
        let mut contributed: BTreeMap<Author, BTreeMap<Category, u32>> = BTreeMap::new();
        for planned in &plan.entries {
            let known = person.entry(planned.entry).is_some();
            match written(&person, planned).and_then(|new| {
                new.iter().for_each(|event| person.evolve(event));
                Ok((finished(&person, planned)?, new))
            }) {
                Ok((finish, new)) => {
                    if known && finish.is_empty() {
                        self.outcomes.entry(planned.source.clone()).or_insert(Outcome::AlreadyThere);
                    } else {
                        let by = contributed.entry(planned.author).or_default();
                        *by.entry(category(planned)).or_default() += 1;
                    }
                    finish.iter().for_each(|event| person.evolve(event));
                    events.extend(new.into_iter().chain(finish));
                }
                Err(refusal) => {
                    let why = format!("{}: {}", refusal.subject, refusal.message);
                    self.outcomes.insert(planned.source.clone(), Outcome::LeftOut(why));
                }
            }
        }
        self.record(record, plan.person.0, events);
        for (party, categories) in contributed {
            self.receipt(plan, party, &categories);
        }
        Ok(())
    }

    fn receipt(&mut self, plan: &Plan, party: Author, categories: &BTreeMap<Category, u32>) {
        let id = Uuid::now_v7();
        let contributed = RecordContributed {
            receipt: ReceiptId(id),
            party,
            role: String::new(),
            purpose: Purpose::Treatment,
            categories: categories.keys().copied().collect(),
            entries: categories.values().sum(),
            directive: Version(0),
        };
        self.events += 1;
        self.changes.fact(plan.person.0, plan.person.0, id, AccessEvent::from(contributed));
    }
}

fn category(planned: &PlannedEntry) -> Category {
    match planned.kind {
        EntryKind::Condition { .. } => Category::Health,
        EntryKind::Goal { .. } => Category::Goals,
        EntryKind::Action { .. } => Category::Actions,
    }
}

/// The entry, unless it is there.
fn written(person: &Person, planned: &PlannedEntry) -> Result<Vec<domain::person::events::PersonEvent>, Refusal> {
    if person.entry(planned.entry).is_some() {
        return Ok(vec![]);
    }
    let PlannedEntry { entry, author, text, source, sensitivity, kind } = planned.clone();
    match kind {
        EntryKind::Condition { onset } => {
            DescribeCondition { entry, author, text, impact: String::new(), onset, source, sensitivity }.decide(person)
        }
        EntryKind::Goal { .. } => SetGoal { entry, author, text, source, sensitivity }.decide(person),
        EntryKind::Action { goal, owner, .. } => {
            // A plan may name a goal that was left out.
            let goal = goal.filter(|goal| person.entry(*goal).is_some());
            let (due, confidence) = (String::new(), 0);
            AgreeAction { entry, author, text, goal, owner, due, confidence, source, sensitivity }.decide(person)
        }
    }
}

/// What finishes an entry that is finished in the bundle and open here.
fn finished(person: &Person, planned: &PlannedEntry) -> Result<Vec<domain::person::events::PersonEvent>, Refusal> {
    if !person.entry(planned.entry).is_some_and(|state| state.open) {
        return Ok(vec![]);
    }
    let (entry, author) = (planned.entry, planned.author);
    let reason = String::from("ended in the imported record");
    match &planned.kind {
        EntryKind::Goal { finish: Finish::Done } => AchieveGoal { goal: entry, author }.decide(person),
        EntryKind::Goal { finish: Finish::Ended } => SetGoalAside { goal: entry, author, reason }.decide(person),
        EntryKind::Action { finish: Finish::Done, .. } => CompleteAction { action: entry, author }.decide(person),
        EntryKind::Action { finish: Finish::Ended, .. } => DropAction { action: entry, author, reason }.decide(person),
        EntryKind::Condition { .. } | EntryKind::Goal { .. } | EntryKind::Action { .. } => Ok(vec![]),
    }
}

#[cfg(test)]
mod tests {
    use crate::{plan, read, samples};

    #[test]
    fn every_sample_bundle_has_a_meaning() {
        let mut people = std::collections::BTreeSet::new();
        for (name, bytes) in samples() {
            let plan = plan(&read(&name, &bytes).unwrap()).unwrap();
            assert!(!plan.agencies.is_empty() && !plan.relationships.is_empty(), "{name}");
            people.insert(plan.person());
        }
        assert_eq!(people.len(), 60);
    }
}
