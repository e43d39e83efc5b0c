//! What a bundle means, as commands. Pure: nothing is read or written here.

mod entries;
mod people;
mod references;

use std::collections::{BTreeMap, HashMap};

use domain::ids::{AgencyId, EntryId, PersonId, RelationshipId, StaffId};
use domain::vocabulary::{Author, Level, Sensitivity, Worker};
use engine::Limits;
use vault::Pseudonyms;

use crate::fhir::{Bundle, HumanName, MalformedBundle, Meta, Patient, Resource};
use crate::identity::SourceSystem;
use crate::report::{Outcome, ReportLine};
use people::{Visit, care_team};
use references::References;

/// The role of those whom a bundle names, which gives none.
const ROLE: &str = "practitioner";
/// The longest source, offer and name, in characters: what the domain takes.
const LINE: usize = 200;

/// A line of the report: which entry of the bundle, and which part of it, from 1; 0 is the resource itself.
pub(crate) type Place = (usize, usize);

/// An agency to register.
#[derive(Debug, Clone)]
pub(crate) struct PlannedAgency {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) place: Place,
}

/// A worker to name at an agency.
#[derive(Debug, Clone)]
pub(crate) struct PlannedStaff {
    pub(crate) agency: AgencyId,
    pub(crate) name: String,
    pub(crate) place: Place,
}

/// A relationship to propose.
#[derive(Debug, Clone)]
pub(crate) struct PlannedRelationship {
    pub(crate) worker: Worker,
    pub(crate) offer: String,
    /// The lines that say so.
    pub(crate) places: Vec<Place>,
}

/// How far a goal or an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    Open,
    Done,
    /// It ended otherwise, for this reason.
    Ended(&'static str),
}

/// An entry to write.
#[derive(Debug, Clone)]
pub(crate) struct PlannedEntry {
    pub(crate) entry: EntryId,
    pub(crate) author: Author,
    pub(crate) text: String,
    /// The resource that it comes from.
    pub(crate) source: String,
    pub(crate) place: Place,
    pub(crate) sensitivity: Sensitivity,
    pub(crate) kind: EntryKind,
}

/// What an entry is.
#[derive(Debug, Clone)]
pub(crate) enum EntryKind {
    Condition { onset: String, recorded: String },
    Goal { finish: Finish },
    Action { goal: Option<EntryId>, owner: String, due: String, finish: Finish },
}

/// What a bundle means.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) file: String,
    /// The URI of the system that it comes from.
    pub(crate) source: String,
    pub(crate) person: PersonId,
    /// Where the person stands.
    pub(crate) place: Place,
    pub(crate) name: String,
    pub(crate) birth_date: String,
    pub(crate) agencies: BTreeMap<AgencyId, PlannedAgency>,
    pub(crate) staff: BTreeMap<StaffId, PlannedStaff>,
    pub(crate) relationships: BTreeMap<RelationshipId, PlannedRelationship>,
    /// Goals come before the actions that serve them.
    pub(crate) entries: Vec<PlannedEntry>,
    pub(crate) lines: BTreeMap<Place, ReportLine>,
}

/// Whom a bundle is about, and when it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct About<'a> {
    pub(crate) patient: &'a Patient,
    /// Where the Patient stands.
    pub(crate) entry: usize,
    pub(crate) person: PersonId,
    pub(crate) source: &'a SourceSystem,
    /// What they are called now: see [`current_name`].
    pub(crate) name: &'a str,
    /// The day, as in `2026-11-26`.
    pub(crate) today: &'a str,
}

/// Reads the meaning of a bundle.
pub(crate) fn plan(bundle: &Bundle, about: About<'_>, pseudonyms: &Pseudonyms) -> Plan {
    let references = References::of(bundle);
    let label = label(bundle);
    Reader { bundle, about, pseudonyms, references, label, visits: HashMap::new(), goal_authors: HashMap::new() }.plan()
}

struct Reader<'a> {
    bundle: &'a Bundle,
    about: About<'a>,
    /// Whatever follows from an identifier of the bundle is a pseudonym of it.
    pseudonyms: &'a Pseudonyms,
    references: References<'a>,
    /// How sensitive all of it is.
    label: Sensitivity,
    /// What took place, by the Encounter's place.
    visits: HashMap<usize, Visit>,
    /// Who wrote a goal: the author of a plan that names it.
    goal_authors: HashMap<usize, Author>,
}

/// The lines of an entry's parts.
pub(crate) fn parts(lines: &BTreeMap<Place, ReportLine>, entry: usize) -> impl Iterator<Item = &Outcome> {
    lines.range((entry, 1)..(entry + 1, 0)).map(|(_, line)| &line.outcome)
}

/// The day of a date or a time, or as much of it as is known.
fn day(time: &str) -> String {
    time.chars().take(10).collect()
}

fn shorten(text: &str) -> String {
    text.chars().take(LINE).collect()
}

/// The one whom a bundle is about, and where it stands.
///
/// # Errors
/// When it has not exactly one patient, or a resource is about somebody else.
pub(crate) fn patient(bundle: &Bundle) -> Result<(usize, &Patient), MalformedBundle> {
    let fault = |entry, path: &str, problem: &str| MalformedBundle {
        file: bundle.file.clone(),
        entry,
        path: path.to_owned(),
        problem: problem.to_owned(),
    };
    let mut patients = bundle.entries.iter().enumerate().filter_map(|(index, entry)| {
        if let Resource::Patient(patient) = &entry.resource { Some((index, patient)) } else { None }
    });
    let Some((theirs, patient)) = patients.next() else {
        // One that is set aside tells more than one that is not there.
        let aside = bundle.entries.iter().enumerate().find_map(|(index, entry)| {
            let is_patient = matches!(&entry.resource, Resource::Other(kind) if kind == "Patient");
            entry.set_aside.as_deref().filter(|_| is_patient).map(|why| (index, why))
        });
        return Err(match aside {
            Some((index, why)) => fault(Some(index), "", why),
            None => fault(None, "entry", "has no Patient; a bundle is about one person"),
        });
    };
    if let Some((index, _)) = patients.next() {
        return Err(fault(Some(index), "", "is a second Patient; a bundle is about one person"));
    }
    let references = References::of(bundle);
    for (index, entry) in bundle.entries.iter().enumerate() {
        let subject = match &entry.resource {
            Resource::Encounter(r) => r.subject.as_ref(),
            Resource::CareTeam(r) => r.subject.as_ref(),
            Resource::Condition(r) => Some(&r.subject),
            Resource::CarePlan(r) => Some(&r.subject),
            Resource::Goal(r) => Some(&r.subject),
            Resource::Patient(_) | Resource::Organization(_) | Resource::Practitioner(_) | Resource::Other(_) => None,
        };
        if subject.is_some_and(|subject| references.resolve(index, subject) != Some(theirs)) {
            return Err(fault(Some(index), "subject.reference", "is not the bundle's Patient"));
        }
    }
    Ok((theirs, patient))
}

/// What they are called today.
///
/// # Errors
/// When the Patient at this place has no name that is in force: it may be masked, and is nobody's to guess.
pub(crate) fn current_name(
    bundle: &Bundle,
    (entry, patient): (usize, &Patient),
    today: &str,
) -> Result<String, MalformedBundle> {
    let problem = "has no name that is in force and can be read; nobody is registered without a name".to_owned();
    HumanName::current(&patient.name, today).map(|name| shorten(&name)).ok_or_else(|| MalformedBundle {
        file: bundle.file.clone(),
        entry: Some(entry),
        path: "name".to_owned(),
        problem,
    })
}

/// A bundle is one append: nothing of it is half-imported.
///
/// # Errors
/// When it brings more than one append takes; at the resource at which it does.
pub(crate) fn fits(plan: &Plan) -> Result<(), MalformedBundle> {
    let Limits { append_events, append_streams, .. } = Limits::default();
    let fault =
        |entry, problem| MalformedBundle { file: plan.file.clone(), entry: Some(entry), path: String::new(), problem };
    // The record, the choices and the receipt have a stream each, and so has every agency; every worker has two.
    let mut streams = 3;
    let (agencies, workers) = (plan.agencies.values(), plan.staff.values());
    for (place, more) in agencies.map(|agency| (agency.place, 1)).chain(workers.map(|worker| (worker.place, 2))) {
        streams += more;
        if streams > append_streams {
            let named = format!("{} organisations and {} practitioners", plan.agencies.len(), plan.staff.len());
            return Err(fault(place.0, format!("is more than fits in one bundle, which names {named}: split it")));
        }
    }
    let mut events = 3 + plan.agencies.len() + 2 * plan.staff.len();
    for (count, entry) in plan.entries.iter().enumerate() {
        events += match entry.kind {
            EntryKind::Condition { .. }
            | EntryKind::Goal { finish: Finish::Open }
            | EntryKind::Action { finish: Finish::Open, .. } => 1,
            EntryKind::Goal { .. } | EntryKind::Action { .. } => 2,
        };
        if events > append_events {
            let all = plan.entries.len();
            return Err(fault(entry.place.0, format!("is one entry of {all}; {count} fit in this bundle: split it")));
        }
    }
    Ok(())
}

impl<'a> Reader<'a> {
    fn entry_id(&self, name: &str) -> EntryId {
        let source = self.about.source.as_bytes();
        EntryId(self.pseudonyms.of("entry", &[self.about.person.0.as_bytes(), source, name.as_bytes()]))
    }

    /// What its source calls an entry: another server's `Condition/1` is another one.
    fn identity(&self, index: usize) -> &'a str {
        let Some(entry) = self.bundle.entries.get(index) else { return "" };
        entry.within(self.about.source.as_str(), &entry.name)
    }

    fn plan(mut self) -> Plan {
        let mut plan = Plan {
            file: self.bundle.file.clone(),
            source: self.about.source.as_str().to_owned(),
            person: self.about.person,
            place: (self.about.entry, 0),
            name: self.about.name.to_owned(),
            birth_date: self.about.patient.birth_date.clone(),
            agencies: BTreeMap::new(),
            staff: BTreeMap::new(),
            relationships: BTreeMap::new(),
            entries: Vec::new(),
            lines: BTreeMap::new(),
        };
        self.agencies(&mut plan);
        self.visits(&mut plan);
        self.relationships(&mut plan);
        self.goal_authors(&mut plan);
        for (index, entry) in self.bundle.entries.iter().enumerate() {
            let outcome = match &entry.set_aside {
                Some(why) => Outcome::LeftOut(why.clone()),
                None => self.entry(index, &entry.resource, &mut plan),
            };
            self.line(&mut plan, (index, 0), "", outcome);
        }
        if self.bundle.is_partial {
            let outcome = Outcome::LeftOut("is a page of a search: the pages after it are not in this file".into());
            plan.lines.insert((self.bundle.entries.len(), 0), ReportLine { resource: "Bundle".into(), outcome });
        }
        plan.entries.sort_by_key(|entry| matches!(entry.kind, EntryKind::Action { .. }));
        plan
    }

    /// Says what becomes of a resource, or of a part of it.
    fn line(&self, plan: &mut Plan, place: Place, part: &str, outcome: Outcome) {
        let resource = format!("{}{part}", self.identity(place.0));
        plan.lines.insert(place, ReportLine { resource, outcome });
    }

    fn entry(&self, index: usize, resource: &Resource, plan: &mut Plan) -> Outcome {
        match resource {
            Resource::Patient(_) => Outcome::Became("person"),
            Resource::Organization(_) => Outcome::Became("agency"),
            Resource::Practitioner(_) => match plan.staff.values().any(|staff| staff.place.0 == index) {
                true => Outcome::Became("named worker"),
                false => Outcome::LeftOut("works for no organisation of this bundle".into()),
            },
            Resource::Encounter(encounter) => self.encounter(index, encounter),
            Resource::CareTeam(_) => care_team(index, plan),
            Resource::Condition(condition) => self.condition(index, condition, plan),
            Resource::Goal(goal) => self.goal(index, goal, plan),
            Resource::CarePlan(care_plan) => self.care_plan(index, care_plan, plan),
            Resource::Other(_) => Outcome::LeftOut("is not a resource that is read".into()),
        }
    }

    /// How sensitive an entry of the bundle is: as sensitive as all of it at least.
    fn sensitivity(&self, index: usize) -> Sensitivity {
        let own = self.bundle.entries.get(index).map(|entry| sensitivity([&entry.meta]));
        let mut both = own.unwrap_or_else(Sensitivity::normal);
        both.level = both.level.max(self.label.level);
        both.labels.extend(self.label.labels.iter().cloned());
        both.labels.sort();
        both.labels.dedup();
        both
    }
}

/// How sensitive a bundle is as a whole: what its sender says of it, of the person and of the document.
fn label(bundle: &Bundle) -> Sensitivity {
    let whole = bundle.entries.iter().filter(|entry| match &entry.resource {
        Resource::Patient(_) => true,
        Resource::Other(kind) => kind == "Composition",
        Resource::Organization(_)
        | Resource::Practitioner(_)
        | Resource::Encounter(_)
        | Resource::Condition(_)
        | Resource::CarePlan(_)
        | Resource::Goal(_)
        | Resource::CareTeam(_) => false,
    });
    sensitivity(std::iter::once(&bundle.meta).chain(whole.map(|entry| &entry.meta)))
}

/// What labels say (HL7 v3 Confidentiality); normal when there are none.
fn sensitivity<'a>(metas: impl IntoIterator<Item = &'a Meta>) -> Sensitivity {
    let mut sensitivity = Sensitivity::normal();
    for label in metas.into_iter().flat_map(|meta| &meta.security) {
        match label.code.as_str() {
            "V" => sensitivity.level = Level::VeryRestricted,
            "R" => sensitivity.level = sensitivity.level.max(Level::Restricted),
            "N" | "M" | "L" | "U" => {}
            topic => sensitivity.labels.push(topic.to_owned()),
        }
    }
    sensitivity
}

/// The role that imported staff join in.
pub(crate) fn role() -> String {
    ROLE.to_owned()
}

#[cfg(test)]
mod tests;
