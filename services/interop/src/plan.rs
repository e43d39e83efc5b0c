//! What a bundle means, as commands. Pure: nothing is read or written here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::ids::{AgencyId, EntryId, PersonId, RelationshipId, StaffId};
use domain::relationship::{Parties, relationship_id};
use domain::vocabulary::{Author, Level, Sensitivity, Worker};
use vault::Pseudonyms;

use crate::fhir::{Bundle, CarePlan, Condition, Goal, MalformedBundle, Meta, Patient, Reference, Resource};
use crate::identity::{SourceSystem, known_by};
use crate::report::{Outcome, ReportLine};

/// The role of those whom a bundle names, which gives none.
const ROLE: &str = "practitioner";
/// The longest source, offer and name, in characters: what the domain takes.
const LINE: usize = 200;

/// An agency to register.
#[derive(Debug, Clone)]
pub(crate) struct PlannedAgency {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) resource: String,
}

/// A worker to name at an agency.
#[derive(Debug, Clone)]
pub(crate) struct PlannedStaff {
    pub(crate) agency: AgencyId,
    pub(crate) name: String,
    pub(crate) resource: String,
}

/// A relationship to propose.
#[derive(Debug, Clone)]
pub(crate) struct PlannedRelationship {
    pub(crate) worker: Worker,
    pub(crate) offer: String,
    /// The resources that say so.
    pub(crate) resources: Vec<String>,
}

/// How far a goal or an action is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Finish {
    Open,
    Done,
    Ended,
}

/// An entry to write.
#[derive(Debug, Clone)]
pub(crate) struct PlannedEntry {
    pub(crate) entry: EntryId,
    pub(crate) author: Author,
    pub(crate) text: String,
    /// The resource that it comes from.
    pub(crate) source: String,
    pub(crate) sensitivity: Sensitivity,
    pub(crate) kind: EntryKind,
}

/// What an entry is.
#[derive(Debug, Clone)]
pub(crate) enum EntryKind {
    Condition { onset: String },
    Goal { finish: Finish },
    Action { goal: Option<EntryId>, owner: String, finish: Finish },
}

/// What a bundle means.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) file: String,
    pub(crate) person: PersonId,
    pub(crate) name: String,
    pub(crate) birth_date: String,
    pub(crate) agencies: BTreeMap<AgencyId, PlannedAgency>,
    pub(crate) staff: BTreeMap<StaffId, PlannedStaff>,
    pub(crate) relationships: BTreeMap<RelationshipId, PlannedRelationship>,
    /// Goals come before the actions that serve them.
    pub(crate) entries: Vec<PlannedEntry>,
    pub(crate) lines: Vec<ReportLine>,
}

/// Reads the meaning of a bundle about this patient, for the person with this id.
pub(crate) fn plan(
    bundle: &Bundle,
    patient: &Patient,
    source: &SourceSystem,
    person: PersonId,
    pseudonyms: &Pseudonyms,
) -> Plan {
    let by_reference = by_reference(bundle);
    Reader { bundle, source, person, pseudonyms, patient, by_reference, goal_authors: HashMap::new() }.plan()
}

struct Reader<'a> {
    bundle: &'a Bundle,
    source: &'a SourceSystem,
    person: PersonId,
    /// Whatever follows from an identifier of the bundle is a pseudonym of it.
    pseudonyms: &'a Pseudonyms,
    patient: &'a Patient,
    /// Entries by every name that a reference may use.
    by_reference: HashMap<&'a str, usize>,
    /// Who wrote a goal: the author of a plan that names it.
    goal_authors: HashMap<usize, Author>,
}

/// Visits to one worker: how many, the last day, and the resources that say so.
#[derive(Default)]
struct Visits {
    count: u32,
    last: String,
    resources: Vec<String>,
}

fn shorten(text: &str) -> String {
    text.chars().take(LINE).collect()
}

/// Entries by every name that a reference may use.
fn by_reference(bundle: &Bundle) -> HashMap<&str, usize> {
    let mut by_reference = HashMap::new();
    for (index, entry) in bundle.entries.iter().enumerate() {
        by_reference.insert(entry.name.as_str(), index);
        if !entry.full_url.is_empty() {
            by_reference.insert(entry.full_url.as_str(), index);
        }
    }
    by_reference
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
    let (theirs, patient) =
        patients.next().ok_or_else(|| fault(None, "entry", "has no Patient; a bundle is about one person"))?;
    if let Some((index, _)) = patients.next() {
        return Err(fault(Some(index), "", "is a second Patient; a bundle is about one person"));
    }
    let by_reference = by_reference(bundle);
    for (index, entry) in bundle.entries.iter().enumerate() {
        let subject = match &entry.resource {
            Resource::Encounter(r) => r.subject.as_ref(),
            Resource::CareTeam(r) => r.subject.as_ref(),
            Resource::Condition(r) => Some(&r.subject),
            Resource::CarePlan(r) => Some(&r.subject),
            Resource::Goal(r) => Some(&r.subject),
            Resource::Patient(_) | Resource::Organization(_) | Resource::Practitioner(_) | Resource::Other(_) => None,
        };
        if subject.is_some_and(|subject| by_reference.get(subject.reference.as_str()) != Some(&theirs)) {
            return Err(fault(Some(index), "subject.reference", "is not the bundle's Patient"));
        }
    }
    Ok((theirs, patient))
}

impl<'a> Reader<'a> {
    fn entry_id(&self, name: &str) -> EntryId {
        EntryId(self.pseudonyms.of("entry", &[self.person.0.as_bytes(), self.source.as_bytes(), name.as_bytes()]))
    }

    fn agency_id(&self, organization: &str) -> AgencyId {
        AgencyId(self.pseudonyms.of("agency", &[self.source.as_bytes(), organization.as_bytes()]))
    }

    fn resolve(&self, reference: Option<&Reference>) -> Option<(usize, &'a Resource)> {
        let index = *self.by_reference.get(reference?.reference.as_str())?;
        self.bundle.entries.get(index).map(|entry| (index, &entry.resource))
    }

    fn plan(mut self) -> Plan {
        let patient = self.patient;
        let mut plan = Plan {
            file: self.bundle.file.clone(),
            person: self.person,
            name: shorten(&patient.name.first().map(crate::fhir::HumanName::words).unwrap_or_default()),
            birth_date: patient.birth_date.clone(),
            agencies: BTreeMap::new(),
            staff: BTreeMap::new(),
            relationships: BTreeMap::new(),
            entries: Vec::new(),
            lines: Vec::new(),
        };
        self.agencies(&mut plan);
        self.relationships(&mut plan);
        self.goal_authors();
        for entry in &self.bundle.entries {
            let outcome = self.entry(&entry.name, &entry.resource, &mut plan);
            plan.lines.push(ReportLine { resource: entry.name.clone(), outcome });
        }
        plan.entries.sort_by_key(|entry| matches!(entry.kind, EntryKind::Action { .. }));
        plan
    }

    fn agencies(&self, plan: &mut Plan) {
        for entry in &self.bundle.entries {
            if let Resource::Organization(organization) = &entry.resource {
                let kind =
                    organization.kind.first().map(|k| k.words()).filter(|k| !k.is_empty()).unwrap_or("organisation");
                let agency = PlannedAgency {
                    name: shorten(&organization.name),
                    kind: shorten(kind),
                    resource: entry.name.clone(),
                };
                plan.agencies.insert(self.agency_id(&organization.id), agency);
            }
        }
    }

    /// The worker whom a reference names, at an agency.
    fn worker(&self, reference: Option<&Reference>, agency: AgencyId) -> Option<(Worker, PlannedStaff)> {
        let (index, Resource::Practitioner(practitioner)) = self.resolve(reference)? else { return None };
        let [kind, system, number] = known_by(&practitioner.identifier, &practitioner.id, false)?;
        let staff = self.pseudonyms.of("named worker", &[agency.0.as_bytes(), kind, system, number]);
        let worker = Worker::new(agency, StaffId(staff));
        let name = practitioner.name.first().map(crate::fhir::HumanName::words).unwrap_or_default();
        let resource = self.bundle.entries.get(index).map(|e| e.name.clone()).unwrap_or_default();
        Some((worker, PlannedStaff { agency, name: shorten(&name), resource }))
    }

    fn agency(&self, reference: Option<&Reference>) -> Option<AgencyId> {
        match self.resolve(reference) {
            Some((_, Resource::Organization(organization))) => Some(self.agency_id(&organization.id)),
            _ => None,
        }
    }

    /// Who saw the person, from encounters and care teams: each pair of agency and worker once.
    fn relationships(&self, plan: &mut Plan) {
        let mut visits: BTreeMap<Worker, Visits> = BTreeMap::new();
        for entry in &self.bundle.entries {
            #[allow(clippy::wildcard_enum_match_arm, reason = "no other resource says who saw the person")]
            match &entry.resource {
                Resource::Encounter(encounter) => {
                    for (worker, planned) in self.seen(encounter).unwrap_or_default() {
                        plan.staff.insert(worker.staff(), planned);
                        let visit = visits.entry(worker).or_default();
                        visit.count += 1;
                        let day: String = encounter.period.start.chars().take(10).collect();
                        visit.last = std::mem::take(&mut visit.last).max(day);
                        visit.resources.push(entry.name.clone());
                    }
                }
                Resource::CareTeam(team) => {
                    for participant in &team.participant {
                        let agency = participant.on_behalf_of.as_ref().or(team.managing_organization.first());
                        let Some(agency) = self.agency(agency) else { continue };
                        if let Some((worker, planned)) = self.worker(participant.member.as_ref(), agency) {
                            plan.staff.insert(worker.staff(), planned);
                            visits.entry(worker).or_default().resources.push(entry.name.clone());
                        }
                    }
                }
                _ => {}
            }
        }
        for (worker, Visits { count, last, resources }) in visits {
            let offer = match (count, last.as_str()) {
                (0, _) => "Support as a member of your care team".to_owned(),
                (1, "") => "Continued support: they have seen you once".to_owned(),
                (1, day) => format!("Continued support: they have seen you once, on {day}"),
                (count, "") => format!("Continued support: they have seen you {count} times"),
                (count, day) => format!("Continued support: they have seen you {count} times, last on {day}"),
            };
            let id = relationship_id(Parties { person: plan.person, worker });
            plan.relationships.insert(id, PlannedRelationship { worker, offer, resources });
        }
    }

    /// Who was there at an encounter; nothing when no organisation was.
    fn seen(&self, encounter: &crate::fhir::Encounter) -> Option<Vec<(Worker, PlannedStaff)>> {
        let agency = self.agency(encounter.service_provider.as_ref())?;
        let individuals = encounter.participant.iter().map(|p| p.individual.as_ref());
        Some(individuals.filter_map(|individual| self.worker(individual, agency)).collect())
    }

    /// Who wrote what came from an encounter; the importing system when that cannot be told.
    fn author(&self, encounter: Option<&Reference>) -> Author {
        let Some((_, Resource::Encounter(encounter))) = self.resolve(encounter) else { return Author::System };
        let first = self.seen(encounter).and_then(|seen| seen.into_iter().next());
        first.map_or(Author::System, |(worker, _)| Author::Worker(worker))
    }

    fn goal_authors(&mut self) {
        let mut authors = HashMap::new();
        for entry in &self.bundle.entries {
            if let Resource::CarePlan(care_plan) = &entry.resource {
                let author = self.author(care_plan.encounter.as_ref());
                for goal in &care_plan.goal {
                    if let Some((index, Resource::Goal(_))) = self.resolve(Some(goal)) {
                        authors.entry(index).or_insert(author);
                    }
                }
            }
        }
        self.goal_authors = authors;
    }

    fn entry(&self, name: &str, resource: &Resource, plan: &mut Plan) -> Outcome {
        match resource {
            Resource::Patient(_) => Outcome::Became("person"),
            Resource::Organization(_) => Outcome::Became("agency"),
            Resource::Practitioner(_) => match plan.staff.values().any(|staff| staff.resource == name) {
                true => Outcome::Became("named worker"),
                false => Outcome::LeftOut("works for no organisation of this bundle".into()),
            },
            Resource::Encounter(encounter) => match self.seen(encounter) {
                Some(seen) if !seen.is_empty() => Outcome::Became("support relationship"),
                Some(_) => Outcome::LeftOut("names no practitioner of this bundle".into()),
                None => Outcome::LeftOut("names no organisation of this bundle".into()),
            },
            Resource::CareTeam(_) => Outcome::Became("support relationship"),
            Resource::Condition(condition) => self.condition(name, condition, plan),
            Resource::Goal(goal) => self.goal(name, goal, plan),
            Resource::CarePlan(care_plan) => self.care_plan(name, care_plan, plan),
            Resource::Other(_) => Outcome::LeftOut("is not a resource that is read".into()),
        }
    }

    fn condition(&self, name: &str, condition: &Condition, plan: &mut Plan) -> Outcome {
        let status = &condition.verification_status;
        if status.has("entered-in-error") || status.has("refuted") {
            return Outcome::LeftOut("was refuted or entered in error".into());
        }
        let text = condition.code.words().to_owned();
        if text.is_empty() {
            return Outcome::LeftOut("has no words for its code".into());
        }
        let onset = condition.onset_date_time.chars().take(10).collect();
        let author = self.author(condition.encounter.as_ref());
        plan.entries.push(PlannedEntry {
            entry: self.entry_id(name),
            author,
            text,
            source: shorten(name),
            sensitivity: sensitivity(&condition.meta),
            kind: EntryKind::Condition { onset },
        });
        Outcome::Became("condition")
    }

    fn goal(&self, name: &str, goal: &Goal, plan: &mut Plan) -> Outcome {
        let text = goal.description.words().to_owned();
        if text.is_empty() || goal.lifecycle_status == "entered-in-error" {
            return Outcome::LeftOut("has no description, or was entered in error".into());
        }
        let finish = match goal.lifecycle_status.as_str() {
            "completed" => Finish::Done,
            "cancelled" | "rejected" => Finish::Ended,
            _ => Finish::Open,
        };
        let index = self.by_reference.get(name);
        let of_plan = index.and_then(|index| self.goal_authors.get(index)).copied();
        let by_person = matches!(self.resolve(goal.expressed_by.as_ref()), Some((_, Resource::Patient(_))));
        let author = if by_person { Author::Person } else { of_plan.unwrap_or(Author::System) };
        plan.entries.push(PlannedEntry {
            entry: self.entry_id(name),
            author,
            text,
            source: shorten(name),
            sensitivity: sensitivity(&goal.meta),
            kind: EntryKind::Goal { finish },
        });
        Outcome::Became("goal")
    }

    fn care_plan(&self, name: &str, care_plan: &CarePlan, plan: &mut Plan) -> Outcome {
        if care_plan.status == "entered-in-error" {
            return Outcome::LeftOut("was entered in error".into());
        }
        let author = self.author(care_plan.encounter.as_ref());
        // The plan does not say who does it; and the author's agency is not for everybody who may see the actions.
        let owner = "not said".to_owned();
        let goal = self.resolve(care_plan.goal.first()).and_then(|(index, _)| self.bundle.entries.get(index));
        let goal = goal.map(|entry| self.entry_id(&entry.name));
        let mut planned = BTreeSet::new();
        for detail in care_plan.activity.iter().filter_map(|activity| activity.detail.as_ref()) {
            let words = detail.code.words();
            let text = if words.is_empty() { detail.description.as_str() } else { words };
            if text.is_empty() || !planned.insert(text.to_owned()) {
                continue;
            }
            let finish = match detail.status.as_str() {
                "completed" => Finish::Done,
                "cancelled" | "stopped" | "entered-in-error" => Finish::Ended,
                _ => Finish::Open,
            };
            plan.entries.push(PlannedEntry {
                entry: self.entry_id(&format!("{name}#{text}")),
                author,
                text: text.to_owned(),
                source: shorten(name),
                sensitivity: sensitivity(&care_plan.meta),
                kind: EntryKind::Action { goal, owner: owner.clone(), finish },
            });
        }
        if planned.is_empty() {
            Outcome::LeftOut("has no activity with words".into())
        } else {
            Outcome::Became("actions")
        }
    }
}

/// The label of an imported resource (HL7 v3 Confidentiality); normal when it has none.
fn sensitivity(meta: &Meta) -> Sensitivity {
    let mut sensitivity = Sensitivity::normal();
    for label in &meta.security {
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
mod tests {
    use super::*;
    use crate::fhir::read;
    use uuid::Uuid;

    /// A bundle about one person, with these further resources.
    fn bundle(resources: &str) -> Result<Plan, MalformedBundle> {
        let text = format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[
                {{"resource":{{"resourceType":"Patient","id":"p"}}}},
                {{"resource":{{"resourceType":"Organization","id":"o","name":"North"}}}},
                {{"resource":{{"resourceType":"Practitioner","id":"n","name":[{{"text":"Morag Reid"}}]}}}},
                {resources}]}}"#
        );
        let source = SourceSystem::new("https://records.example").unwrap();
        let bundle = read("a.json", text.as_bytes()).unwrap();
        let (_, patient) = patient(&bundle)?;
        Ok(plan(&bundle, patient, &source, PersonId(Uuid::nil()), &Pseudonyms::new(&[7; 32])))
    }

    #[test]
    fn a_care_teams_members_propose_their_support() {
        let team = r#"{"resource":{"resourceType":"CareTeam","id":"t","subject":{"reference":"Patient/p"},
            "participant":[{"member":{"reference":"Practitioner/n"}}],"managingOrganization":[{"reference":"Organization/o"}]}}"#;
        let plan = bundle(team).unwrap();
        let proposed: Vec<_> = plan.relationships.values().map(|r| r.offer.as_str()).collect();
        assert_eq!(proposed, ["Support as a member of your care team"]);
        assert_eq!(plan.staff.values().map(|named| named.name.as_str()).collect::<Vec<_>>(), ["Morag Reid"]);
    }

    #[test]
    fn refuses_what_is_about_somebody_else() {
        let goal = r#"{"resource":{"resourceType":"Goal","id":"g","subject":{"reference":"Patient/other"},"description":{"text":"x"}}}"#;
        let said = bundle(goal).unwrap_err().to_string();
        assert_eq!(said, "a.json: entry[3].resource.subject.reference: is not the bundle's Patient");
    }

    #[test]
    fn keeps_the_labels_and_names_what_it_leaves_out() {
        let others = r#"{"resource":{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p"},
            "code":{"text":"low mood"},"meta":{"security":[{"code":"R"},{"code":"PSY"}]}}},
            {"resource":{"resourceType":"Immunization","id":"i"}}"#;
        let plan = bundle(others).unwrap();
        let sensitivity = &plan.entries.first().unwrap().sensitivity;
        assert_eq!(
            (sensitivity.level, sensitivity.labels.as_slice()),
            (Level::Restricted, ["PSY".to_owned()].as_slice())
        );
        let left_out = plan.lines.iter().find(|line| line.resource == "Immunization/i").unwrap();
        assert_eq!(left_out.outcome, Outcome::LeftOut("is not a resource that is read".into()));
    }
}
