//! What comes of a plan: events, and a line for each resource.

use std::collections::BTreeMap;
use std::path::Path;

use domain::access::Access;
use domain::access::events::RecordContributed;
use domain::ids::ReceiptId;
use domain::person::{Person, RegisterPerson};
use domain::values::Date;
use domain::vocabulary::{Author, Category, Purpose, Sensitivity, Subject, Version};
use domain::{Aggregate, Command as _, Refusal};
use engine::{Changes, Context, Loaded};
use uuid::Uuid;

use super::entries::{category, finished, written};
use crate::plan::{Place, Plan, parts};
use crate::report::{Outcome, ReportLine};

/// The most of a file's name that a receipt keeps, in characters.
const FILE_NAME: usize = 200;

/// How many entries an import adds to each category.
pub(super) type Contributed = BTreeMap<Category, u32>;

/// What an import comes to.
pub(super) struct Work {
    pub(super) changes: Changes,
    pub(super) events: usize,
    /// What becomes of each resource and part.
    lines: BTreeMap<Place, ReportLine>,
}

impl Work {
    /// Nothing yet.
    pub(super) fn new(context: &Context, plan: &Plan) -> Self {
        Self { changes: Changes::new(context), events: 0, lines: plan.lines.clone() }
    }

    /// Records events. What is there already is left alone.
    pub(super) fn record<A>(&mut self, on: &Loaded<A>, subject: impl Into<Subject>, events: Vec<A::Event>)
    where
        A: Aggregate<Event: Into<events::Event>>,
    {
        if !events.is_empty() {
            self.events += events.len();
            self.changes.record(on, subject, events);
        }
    }

    /// Says what became of a resource or a part of one.
    pub(super) fn settle(&mut self, place: Place, outcome: Outcome) {
        if let Some(line) = self.lines.get_mut(&place) {
            line.outcome = outcome;
        }
    }

    /// The report: a resource that has parts became what they became.
    pub(super) fn lines(&self) -> Vec<ReportLine> {
        let became = |outcome: &Outcome| matches!(outcome, Outcome::Became(_));
        let line = |((entry, part), line): (&Place, &ReportLine)| {
            let parts: Vec<_> = parts(&self.lines, *entry).collect();
            let mut line = line.clone();
            if *part == 0 && became(&line.outcome) && !parts.is_empty() && !parts.iter().any(|part| became(part)) {
                line.outcome = if parts.contains(&&Outcome::Changed) {
                    Outcome::Changed
                } else if parts.contains(&&Outcome::AlreadyThere) {
                    Outcome::AlreadyThere
                } else {
                    Outcome::LeftOut("nothing of it was imported".to_owned())
                };
            }
            line
        };
        self.lines.iter().map(line).collect()
    }

    /// The record's events, and what they add to.
    pub(super) fn person(&mut self, plan: &Plan, record: &Loaded<Person>) -> Result<Contributed, Refusal> {
        let mut person = (*record.state).clone();
        let mut events = Vec::new();
        let mut take = |person: &mut Person, new: Vec<domain::person::events::PersonEvent>| {
            new.iter().for_each(|event| person.evolve(event));
            events.extend(new);
        };
        if let Some(known) = person.registered() {
            let born = known.birth_date.as_ref().map(Date::as_str).unwrap_or_default();
            let label = known.sensitivity.clone().unwrap_or(Sensitivity::NORMAL);
            let same = (&*known.name, born, &label) == (&*plan.name, &*plan.birth_date, &plan.sensitivity);
            self.settle(plan.place, if same { Outcome::AlreadyThere } else { Outcome::Changed });
        } else {
            let birth_date = Date::optional("birth_date", &plan.birth_date)?;
            let (name, sensitivity) = (plan.name.clone(), Some(plan.sensitivity.clone()));
            let register = RegisterPerson { name, birth_date, sensitivity, now: engine::now() };
            let new = register.decide(&person)?;
            take(&mut person, new);
        }
        // What was imported before, and is retracted or says nothing that can be read now: but for earlier versions of what is here.
        for (entry, place) in &plan.left_out {
            let is_here = || plan.entries.iter().any(|planned| planned.entry == *entry);
            if person.entry(*entry).is_some() && !is_here() {
                self.settle(*place, Outcome::Changed);
            }
        }
        let mut contributed = Contributed::new();
        for planned in &plan.entries {
            // What was imported before is left alone, whatever became of it here or there.
            if let Some(there) = person.entry(planned.entry) {
                let is_changed = there.fingerprint != 0 && there.fingerprint != planned.fingerprint;
                self.settle(planned.place, if is_changed { Outcome::Changed } else { Outcome::AlreadyThere });
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
        Ok(contributed)
    }

    /// Those who run the system have added this. Whom the entries name as authors has done nothing here. Says also what became of
    /// all else, once that is settled.
    pub(super) fn receipt(&mut self, plan: &Plan, categories: &Contributed) {
        if categories.is_empty() {
            return;
        }
        let (receipt, lines) = (ReceiptId(Uuid::now_v7()), self.lines());
        let count = |of: fn(&Outcome) -> bool| {
            u32::try_from(lines.iter().filter(|line| of(&line.outcome)).count()).unwrap_or(u32::MAX)
        };
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
            file: file_name(&plan.file),
            left_out: count(|outcome| matches!(outcome, Outcome::LeftOut(_))),
            changed: count(|outcome| *outcome == Outcome::Changed),
        };
        self.events += 1;
        self.changes.fact::<Access>(plan.person, plan.person, receipt, contributed.into());
    }
}

/// The name of a file, without the directories in which somebody keeps it.
fn file_name(file: &str) -> String {
    let name = Path::new(file).file_name().map(|name| name.to_string_lossy().into_owned());
    name.unwrap_or_default().chars().take(FILE_NAME).collect()
}
