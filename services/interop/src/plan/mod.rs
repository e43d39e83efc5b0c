//! What a bundle means, as commands. Pure: nothing is read or written here.

mod authors;
mod care_plans;
mod entries;
mod labels;
mod limits;
mod parties;
mod references;
mod seen;
mod subject;

use std::collections::{BTreeMap, HashMap};

use domain::agency::Profile;
use domain::ids::{AgencyId, EntryId, PersonId, RelationshipId, StaffId};
use domain::vocabulary::{Author, Sensitivity, Worker};
use unicode_normalization::UnicodeNormalization as _;
use vault::Pseudonyms;

use crate::fhir::{Bundle, Patient, Resource};
use crate::identity::SourceSystem;
use crate::report::{Outcome, ReportLine};
use labels::{label, sensitivity};
pub(crate) use limits::fits;
use references::References;
use seen::Visit;
pub(crate) use subject::{current_name, patient};

/// The longest source, offer and name, in characters: what the domain takes.
const LINE: usize = 200;

/// A line of the report: which entry of the bundle, and which part of it, from 1; 0 is the resource itself.
pub(crate) type Place = (usize, usize);

/// An agency that the source names.
#[derive(Debug, Clone)]
pub(crate) struct PlannedAgency {
    pub(crate) profile: Profile,
    pub(crate) kind: String,
    /// None for the source itself, at which those are named of whom it does not say where they work.
    pub(crate) place: Option<Place>,
}

/// A worker whom the source names at an agency.
#[derive(Debug, Clone)]
pub(crate) struct PlannedStaff {
    pub(crate) agency: AgencyId,
    pub(crate) name: String,
    pub(crate) place: Place,
}

/// Somebody who may be invited, as the source says that they have seen the person.
#[derive(Debug, Clone)]
pub(crate) struct PlannedSuggestion {
    pub(crate) worker: Worker,
    /// What the source says of them.
    pub(crate) words: String,
    /// The lines that say so.
    pub(crate) places: Vec<Place>,
}

/// How far a goal or an action is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Finish {
    Open,
    Done,
    /// It ended otherwise, for this reason.
    Ended(String),
}

/// An entry to write.
#[derive(Debug, Clone)]
pub(crate) struct PlannedEntry {
    pub(crate) entry: EntryId,
    pub(crate) author: Author,
    pub(crate) text: String,
    /// The resource that it comes from.
    pub(crate) source: String,
    /// A digest of what its source says: another one is another version.
    pub(crate) fingerprint: u64,
    pub(crate) place: Place,
    pub(crate) sensitivity: Sensitivity,
    pub(crate) kind: EntryKind,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// How sensitive the name and the date of birth are.
    pub(crate) sensitivity: Sensitivity,
    pub(crate) agencies: BTreeMap<AgencyId, PlannedAgency>,
    pub(crate) staff: BTreeMap<StaffId, PlannedStaff>,
    pub(crate) suggestions: BTreeMap<RelationshipId, PlannedSuggestion>,
    /// What would be entries, and is left out: of which some may have been imported before.
    pub(crate) left_out: Vec<(EntryId, Place)>,
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
    let (references, label) = (References::of(bundle), label(bundle));
    let (keys, visits) = (parties::keys(bundle, about.source, about.today), HashMap::new());
    let (seen_at, goal_authors) = (HashMap::new(), HashMap::new());
    Reader { bundle, about, pseudonyms, references, label, keys, visits, seen_at, goal_authors }.plan()
}

struct Reader<'a> {
    bundle: &'a Bundle,
    about: About<'a>,
    /// Whatever follows from an identifier of the bundle is a pseudonym of it.
    pseudonyms: &'a Pseudonyms,
    references: References<'a>,
    /// How sensitive all of it is.
    label: Sensitivity,
    /// What tells practitioners apart, by their places.
    keys: HashMap<usize, [&'a str; 3]>,
    /// What took place, by the Encounter's place.
    visits: HashMap<usize, Visit>,
    /// Where practitioners have seen the person, by their places: the agency, if it is one.
    seen_at: HashMap<usize, Option<AgencyId>>,
    /// Who wrote a goal: the author of the plans that name it, if it is one.
    goal_authors: HashMap<usize, Author>,
}

/// The parts of an entry from this one on are what stands inside it.
const INSIDE: usize = 1_000_000;

/// The lines of an entry's parts.
pub(crate) fn parts(lines: &BTreeMap<Place, ReportLine>, entry: usize) -> impl Iterator<Item = &Outcome> {
    lines.range((entry, 1)..(entry, INSIDE)).map(|(_, line)| &line.outcome)
}

/// The day of a date or a time, or as much of it as is known.
fn day(time: &str) -> String {
    time.chars().take(10).collect()
}

/// Words as they are kept: what looks alike is the same text (Unicode NFC).
fn text(words: &str) -> String {
    words.nfc().collect()
}

/// No more of it than a line, and nothing that nobody can read.
fn shorten(words: &str) -> String {
    words.nfc().filter(|c| !c.is_control()).take(LINE).collect()
}

impl<'a> Reader<'a> {
    fn entry_id(&self, name: &str) -> EntryId {
        let source = self.about.source.as_bytes();
        EntryId(self.pseudonyms.of("entry", &[self.about.person.0.as_bytes(), source, name.as_bytes()]))
    }

    /// An entry that is a part of a resource.
    fn part_id(&self, name: &str, words: &str, nth: usize) -> EntryId {
        let (source, nth) = (self.about.source.as_bytes(), nth.to_string());
        let parts = [self.about.person.0.as_bytes(), source, name.as_bytes(), words.as_bytes(), nth.as_bytes()];
        EntryId(self.pseudonyms.of("part of an entry", &parts))
    }

    /// What tells an entry apart within its source: another server's `Condition/1` is another one.
    fn identity(&self, index: usize) -> &'a str {
        let Some(entry) = self.bundle.entries.get(index) else { return "" };
        entry.within(self.about.source.as_str(), &entry.name)
    }

    /// What an entry is called in the report.
    fn called(&self, index: usize) -> &'a str {
        self.bundle.entries.get(index).map_or("", |entry| entry.called(self.about.source.as_str()))
    }

    fn plan(mut self) -> Plan {
        let mut plan = Plan {
            file: self.bundle.file.clone(),
            source: self.about.source.as_str().to_owned(),
            person: self.about.person,
            place: (self.about.entry, 0),
            name: self.about.name.to_owned(),
            birth_date: self.about.patient.birth_date.clone(),
            sensitivity: self.sensitivity(self.about.entry),
            agencies: BTreeMap::new(),
            staff: BTreeMap::new(),
            suggestions: BTreeMap::new(),
            left_out: Vec::new(),
            entries: Vec::new(),
            lines: BTreeMap::new(),
        };
        self.agencies(&mut plan);
        self.visits(&mut plan);
        self.suggestions(&mut plan);
        self.goal_authors(&mut plan);
        for (index, entry) in self.bundle.entries.iter().enumerate() {
            let outcome = match &entry.set_aside {
                Some(why) => Outcome::LeftOut(why.clone()),
                None => self.entry(index, &entry.resource, &mut plan),
            };
            if matches!(outcome, Outcome::LeftOut(_)) {
                plan.left_out.push((self.entry_id(self.identity(index)), (index, 0)));
            }
            self.line(&mut plan, (index, 0), "", outcome);
            for (nth, name) in entry.contained.iter().enumerate() {
                let outcome = Outcome::LeftOut("stands inside another resource, and is not read".into());
                self.line(&mut plan, (index, INSIDE + nth), &format!(" contained {name}"), outcome);
            }
        }
        self.practitioners(&mut plan);
        if self.bundle.is_partial {
            let outcome = Outcome::LeftOut("is a page of a search: the pages after it are not in this file".into());
            plan.lines.insert((self.bundle.entries.len(), 0), ReportLine { resource: "Bundle".into(), outcome });
        }
        let Patient { deceased_boolean, deceased_date_time, .. } = self.about.patient;
        if *deceased_boolean == Some(true) || !deceased_date_time.is_empty() {
            let resource = format!("{} deceased", self.called(self.about.entry));
            let outcome = Outcome::LeftOut("that the person has died is not kept".into());
            plan.lines.insert((self.bundle.entries.len() + 1, 0), ReportLine { resource, outcome });
        }
        plan.entries.sort_by_key(|entry| matches!(entry.kind, EntryKind::Action { .. }));
        plan
    }

    /// Says what becomes of a resource, or of a part of it.
    fn line(&self, plan: &mut Plan, place: Place, part: &str, outcome: Outcome) {
        let resource = format!("{}{part}", self.called(place.0));
        plan.lines.insert(place, ReportLine { resource, outcome });
    }

    fn entry(&self, index: usize, resource: &Resource, plan: &mut Plan) -> Outcome {
        match resource {
            Resource::Patient(_) => Outcome::Became("person"),
            Resource::Organization(_) => Outcome::Became("named organisation"),
            // What comes of them is known once all others have spoken.
            Resource::Practitioner(_) => Outcome::LeftOut("is named by nothing that is imported".into()),
            Resource::Encounter(encounter) => self.encounter(index, encounter),
            Resource::CareTeam(_) => seen::care_team(index, plan),
            Resource::Condition(condition) => self.condition(index, condition, plan),
            Resource::Goal(goal) => self.goal(index, goal, plan),
            Resource::CarePlan(care_plan) => self.care_plan(index, care_plan, plan),
            Resource::Composition(_) | Resource::Other(_) => Outcome::LeftOut("is not a resource that is read".into()),
        }
    }

    /// How sensitive an entry of the bundle is: as sensitive as all of it at least.
    fn sensitivity(&self, index: usize) -> Sensitivity {
        let own = self.bundle.entries.get(index).map(|entry| sensitivity([&entry.meta]));
        labels::both(own.unwrap_or_else(Sensitivity::normal), &self.label)
    }
}

#[cfg(test)]
mod tests;
