//! Carries a plan out: one bundle is one append, so nothing is half-imported, and what is there already is left alone.

use std::collections::{BTreeMap, BTreeSet};

use domain::access::Access;
use domain::access::events::RecordContributed;
use domain::agency::{Agency, RegisterAgency};
use domain::ids::{PersonId, ReceiptId, StaffId};
use domain::person::{
    AchieveGoal, AgreeAction, CompleteAction, DescribeCondition, DropAction, Person, RegisterPerson, SetGoal,
    SetGoalAside,
};
use domain::relationship::{
    LAPSES_AFTER_DAYS, Parties, ProposeSupport, Proposing, Relationship, propose_imported_support,
};
use domain::sharing::{Sharing, StartSharing};
use domain::staff::{NameStaff, Staff};
use domain::values::{Date, Source};
use domain::vocabulary::{Author, Category, Purpose, Subject, Version, Worker};
use domain::{Aggregate, Command, Refusal};
use engine::{Changes, Context, Engine, EngineError, Freshness, Loaded};
use uuid::Uuid;
use vault::{Identifiers, VaultError};

use crate::fhir::{Bundle, MalformedBundle};
use crate::identity::{National, SourceSystem, Unknown, person};
use crate::plan::{
    About, EntryKind, Finish, Place, Plan, PlannedEntry, current_name, fits, parts, patient, plan, role,
};
use crate::report::{NamedWorker, Outcome, Report, ReportLine};

/// A bundle was not imported; nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It has no meaning.
    #[error(transparent)]
    Malformed(#[from] MalformedBundle),
    /// The person cannot be looked up.
    #[error("{0}: not imported")]
    Person(String, #[source] VaultError),
    /// The log cannot take it.
    #[error("{0}: not imported")]
    Log(String, #[source] EngineError),
}

/// Imports bundles.
#[derive(Debug, Clone)]
pub struct Importer {
    engine: Engine,
    identifiers: Identifiers,
    source: SourceSystem,
    national: Vec<National>,
}

impl Importer {
    /// Imports what this source says, through this engine. Whom it speaks of is somebody else than whom another source speaks of,
    /// but by one of these national numbers.
    ///
    /// # Errors
    /// When the key store fails, or the key-encryption key is another.
    pub async fn new(engine: Engine, source: SourceSystem, national: Vec<National>) -> Result<Self, VaultError> {
        let identifiers = engine.codec().vault().identifiers().await?;
        Ok(Self { engine, identifiers, source, national })
    }

    /// Imports one bundle, as one append. The person has a random id, which the index of identifiers knows from then on.
    ///
    /// # Errors
    /// When it has no meaning, or the log cannot take it; then nothing of it is imported.
    pub async fn import(&self, bundle: &Bundle) -> Result<Report, ImportError> {
        let (entry, patient) = patient(bundle)?;
        let today = jiff::Timestamp::now().to_string().chars().take(10).collect::<String>();
        let name = current_name(bundle, (entry, patient), &today)?;
        let id = bundle.entries.get(entry).map_or(&*patient.id, |at| at.within(self.source.as_str(), &patient.id));
        let known = person((patient, id), &self.source, &self.national, &self.identifiers).await;
        let known = known.map_err(|unknown| match unknown {
            Unknown::Bundle(problem) => {
                let (file, path, problem) = (bundle.file.clone(), "identifier".to_owned(), problem.to_owned());
                ImportError::Malformed(MalformedBundle { file, entry: Some(entry), path, problem })
            }
            Unknown::Index(cause) => ImportError::Person(bundle.file.clone(), cause),
        })?;
        let (person, source) = (PersonId(known), &self.source);
        let about = About { patient, entry, person, source, name: &name, today: &today };
        let plan = plan(bundle, about, self.identifiers.pseudonyms());
        fits(&plan)?;
        let imported = self.engine.settle(|freshness| self.attempt(&plan, freshness)).await;
        imported.map_err(|cause| ImportError::Log(bundle.file.clone(), cause))
    }

    async fn attempt(&self, plan: &Plan, freshness: Freshness) -> Result<Option<Report>, EngineError> {
        let context = Context::of_system();
        let mut work = Work { changes: Changes::new(&context), events: 0, lines: plan.lines.clone() };
        let refused = self.work(plan, freshness, &mut work).await?;
        let lines = work.lines();
        let (file, agencies) = (plan.file.clone(), plan.agencies.keys().copied().collect());
        let report = Report { file, person: plan.person, agencies, workers: named(plan), events: work.events, lines };
        if !work.changes.is_empty() {
            return Ok(self.engine.commit(work.changes).await?.done().map(|_| report));
        }
        // That a proposal is refused holds only if what it was decided on is the latest.
        Ok((!refused || freshness == Freshness::Latest).then_some(report))
    }

    /// Decides on everything that the plan says. Returns whether a proposal was refused.
    async fn work(&self, plan: &Plan, freshness: Freshness, work: &mut Work) -> Result<bool, EngineError> {
        let workers = self.agencies_and_staff(plan, freshness, work).await?;
        let record = self.engine.load::<Person>(plan.person, freshness).await?;
        let directive = self.engine.load::<Sharing>(plan.person, freshness).await?;
        let sharing = work.advance(&directive, plan.person, StartSharing.decide(&directive)?);
        let person = work.person(plan, &record)?;
        let (mut proposed, mut heard, mut refused) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (id, planned) in &plan.relationships {
            let relationship = self.engine.load::<Relationship>(*id, freshness).await?;
            if relationship.was_heard() {
                heard.extend(&planned.places);
                continue;
            }
            let (joined, staff) = workers.get(&planned.worker.staff()).ok_or_else(|| Refusal::not_found("staff"))?;
            let on = Proposing { relationship: &relationship, person: &person, sharing: &sharing, staff };
            let parties = Parties { person: plan.person, worker: planned.worker };
            work.changes.guard(&directive);
            work.changes.guard(joined);
            let role = if staff.role().is_empty() { role() } else { staff.role().to_owned() };
            let (offer, now) = (planned.offer.clone(), engine::now());
            let lapses_at = now.plus_days(LAPSES_AFTER_DAYS);
            match propose_imported_support(on, ProposeSupport { parties, role, offer, now, lapses_at }) {
                Ok(events) => {
                    work.record(&relationship, plan.person, events);
                    proposed.extend(&planned.places);
                }
                Err(refusal) if refusal.reason == domain::Reason::Undisclosed => refused.extend(&planned.places),
                Err(refusal) => return Err(refusal.into()),
            }
        }
        // What several workers are named in is left out only when none of them could propose.
        for place in heard.difference(&proposed) {
            work.settle(*place, Outcome::AlreadyThere);
        }
        for place in refused.iter().filter(|place| !proposed.contains(*place) && !heard.contains(*place)) {
            let why = "the worker has left, or the person wants nothing from their agency";
            work.settle(*place, Outcome::LeftOut(why.to_owned()));
        }
        Ok(!refused.is_empty())
    }

    /// Registers agencies and names workers at them. Returns the standing of each worker before and after that.
    async fn agencies_and_staff(
        &self,
        plan: &Plan,
        freshness: Freshness,
        work: &mut Work,
    ) -> Result<BTreeMap<StaffId, (Loaded<Staff>, Staff)>, EngineError> {
        let mut workers = BTreeMap::new();
        for (id, planned) in &plan.agencies {
            let agency = self.engine.load::<Agency>(*id, freshness).await?;
            if agency.is_registered() {
                work.settle(planned.place, Outcome::AlreadyThere);
            } else {
                let register = RegisterAgency { name: planned.name.clone(), kind: planned.kind.clone() };
                work.record(&agency, *id, register.decide(&agency)?);
            }
        }
        for (id, planned) in &plan.staff {
            let staff = self.engine.load::<Staff>(*id, freshness).await?;
            let mut events = vec![];
            // Who has joined or left since is as they are.
            if staff.agency().is_some() {
                work.settle(planned.place, Outcome::AlreadyThere);
            } else {
                events = NameStaff { agency: planned.agency, name: planned.name.clone() }.decide(&staff)?;
            }
            let after = work.advance(&staff, planned.agency, events);
            workers.insert(*id, (staff, after));
        }
        Ok(workers)
    }
}

struct Work {
    changes: Changes,
    events: usize,
    /// What becomes of each resource and part.
    lines: BTreeMap<Place, ReportLine>,
}

impl Work {
    /// Records events. What is there already is left alone.
    fn record<A>(&mut self, on: &Loaded<A>, subject: impl Into<Subject>, events: Vec<A::Event>)
    where
        A: Aggregate<Event: Into<events::Event>>,
    {
        if !events.is_empty() {
            self.events += events.len();
            self.changes.record(on, subject, events);
        }
    }

    /// Records events, and returns the state after them.
    fn advance<A>(&mut self, on: &Loaded<A>, subject: impl Into<Subject>, events: Vec<A::Event>) -> A
    where
        A: Aggregate<Event: Into<events::Event>>,
    {
        let mut after = (*on.state).clone();
        events.iter().for_each(|event| after.evolve(event));
        self.record(on, subject, events);
        after
    }

    fn settle(&mut self, place: Place, outcome: Outcome) {
        if let Some(line) = self.lines.get_mut(&place) {
            line.outcome = outcome;
        }
    }

    /// The report: a resource that has parts became what they became.
    fn lines(&self) -> Vec<ReportLine> {
        let became = |outcome: &Outcome| matches!(outcome, Outcome::Became(_));
        let line = |((entry, part), line): (&Place, &ReportLine)| {
            let parts: Vec<_> = parts(&self.lines, *entry).collect();
            let mut line = line.clone();
            if *part == 0 && became(&line.outcome) && !parts.is_empty() && !parts.iter().any(|part| became(part)) {
                line.outcome = if parts.contains(&&Outcome::AlreadyThere) {
                    Outcome::AlreadyThere
                } else {
                    Outcome::LeftOut("nothing of it was imported".to_owned())
                };
            }
            line
        };
        self.lines.iter().map(line).collect()
    }

    /// The record's events, and a receipt of the import. Returns the record after them.
    fn person(&mut self, plan: &Plan, record: &Loaded<Person>) -> Result<Person, Refusal> {
        let mut person = (*record.state).clone();
        let mut events = Vec::new();
        let mut take = |person: &mut Person, new: Vec<domain::person::events::PersonEvent>| {
            new.iter().for_each(|event| person.evolve(event));
            events.extend(new);
        };
        if person.is_registered() {
            self.settle(plan.place, Outcome::AlreadyThere);
        } else {
            let birth_date = Date::optional("birth_date", &plan.birth_date)?;
            let register = RegisterPerson { name: plan.name.clone(), birth_date, now: engine::now() };
            let new = register.decide(&person)?;
            take(&mut person, new);
        }
        let mut contributed: BTreeMap<Category, u32> = BTreeMap::new();
        for planned in &plan.entries {
            // What was imported before is left alone, whatever became of it here or there.
            if person.entry(planned.entry).is_some() {
                self.settle(planned.place, Outcome::AlreadyThere);
                continue;
            }
            let new = match written(&person, planned) {
                Ok(new) => new,
                Err(refusal) => {
                    self.settle(planned.place, Outcome::LeftOut(format!("{}: {}", refusal.subject, refusal.message)));
                    continue;
                }
            };
            *contributed.entry(category(planned)).or_default() += 1;
            take(&mut person, new);
            let finish = finished(&person, planned)?;
            take(&mut person, finish);
        }
        self.record(record, plan.person, events);
        if !contributed.is_empty() {
            self.receipt(plan, &contributed);
        }
        Ok(person)
    }

    /// Those who run the system have added this. Whom the entries name as authors has done nothing here.
    fn receipt(&mut self, plan: &Plan, categories: &BTreeMap<Category, u32>) {
        let receipt = ReceiptId(Uuid::now_v7());
        let contributed = RecordContributed {
            receipt,
            party: Author::System,
            role: String::new(),
            purpose: Purpose::CareCoordination,
            categories: categories.keys().copied().collect(),
            entries: categories.values().sum(),
            under_emergency: false,
            directive: Version(0),
            source: plan.source.clone(),
        };
        self.events += 1;
        self.changes.fact::<Access>(plan.person, plan.person, receipt, contributed.into());
    }
}

/// The workers whom a plan names.
fn named(plan: &Plan) -> Vec<NamedWorker> {
    let proposed: BTreeSet<_> = plan.relationships.values().map(|planned| planned.worker).collect();
    let named = plan.staff.iter().map(|(id, planned)| {
        let worker = Worker::new(planned.agency, *id);
        let resource = plan.lines.get(&planned.place).map(|line| line.resource.clone()).unwrap_or_default();
        NamedWorker { resource, worker, supports: proposed.contains(&worker) }
    });
    named.collect()
}

fn category(planned: &PlannedEntry) -> Category {
    match planned.kind {
        EntryKind::Condition { .. } => Category::Health,
        EntryKind::Goal { .. } => Category::Goals,
        EntryKind::Action { .. } => Category::Actions,
    }
}

/// The entry.
fn written(person: &Person, planned: &PlannedEntry) -> Result<Vec<domain::person::events::PersonEvent>, Refusal> {
    let PlannedEntry { entry, author, text, source, sensitivity, kind, .. } = planned.clone();
    let source = Source::stored(source);
    match kind {
        EntryKind::Condition { onset, recorded } => {
            let (impact, onset) = (String::new(), Date::optional("onset", &onset)?);
            // A day that there is not is none that it was recorded on.
            let recorded = Date::optional("recorded", &recorded).unwrap_or_default();
            DescribeCondition { entry, author, text, impact, onset, source, sensitivity, recorded }.decide(person)
        }
        EntryKind::Goal { .. } => SetGoal { entry, author, text, source, sensitivity }.decide(person),
        EntryKind::Action { goal, owner, due, .. } => {
            // A plan may name a goal that was left out.
            let goal = goal.filter(|goal| person.entry(*goal).is_some());
            let (due, confidence) = (Date::optional("due", &due)?, None);
            AgreeAction { entry, author, text, goal, owner, due, confidence, source, sensitivity }.decide(person)
        }
    }
}

/// What finishes an entry that is finished in the bundle and open here.
fn finished(person: &Person, planned: &PlannedEntry) -> Result<Vec<domain::person::events::PersonEvent>, Refusal> {
    let (entry, author) = (planned.entry, planned.author);
    match planned.kind {
        EntryKind::Goal { finish: Finish::Done } => AchieveGoal { goal: entry, author }.decide(person),
        EntryKind::Goal { finish: Finish::Ended(why) } => {
            SetGoalAside { goal: entry, author, reason: why.to_owned() }.decide(person)
        }
        EntryKind::Action { finish: Finish::Done, .. } => CompleteAction { action: entry, author }.decide(person),
        EntryKind::Action { finish: Finish::Ended(why), .. } => {
            DropAction { action: entry, author, reason: why.to_owned() }.decide(person)
        }
        EntryKind::Condition { .. } | EntryKind::Goal { .. } | EntryKind::Action { .. } => Ok(vec![]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{read, samples};
    use vault::Pseudonyms;

    #[test]
    fn every_sample_bundle_has_a_meaning() {
        let (mut people, pseudonyms) = (BTreeSet::new(), Pseudonyms::new(&[7; 32]));
        for (name, bytes) in samples() {
            let bundle = read(&name, &bytes).unwrap();
            let source = SourceSystem::new(crate::SAMPLES).unwrap();
            let (entry, about) = patient(&bundle).unwrap();
            let on = About {
                patient: about,
                entry,
                person: PersonId(Uuid::nil()),
                source: &source,
                name: "A",
                today: "2026-11-26",
            };
            let plan = plan(&bundle, on, &pseudonyms);
            assert!(!plan.agencies.is_empty() && !plan.relationships.is_empty(), "{name}");
            people.insert(about.id.clone());
        }
        assert_eq!(people.len(), 60);
    }
}
