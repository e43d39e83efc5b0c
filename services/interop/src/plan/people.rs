//! Agencies and workers that a bundle names, and who of them wrote what.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::ids::{AgencyId, StaffId};
use domain::relationship::{Parties, relationship_id};
use domain::vocabulary::{Author, Worker};

use super::{Place, Plan, PlannedAgency, PlannedRelationship, PlannedStaff, Reader, day, parts, shorten};
use crate::fhir::{
    CareTeam, Encounter, EncounterParticipant, HumanName, Reference, Resource, TeamParticipant, unknown_modifier,
};
use crate::identity::known_by;
use crate::report::Outcome;

/// What an Encounter says that took place.
pub(super) struct Visit {
    agency: AgencyId,
    /// Who treated the person, as far as it is said.
    performer: Option<Worker>,
    workers: BTreeSet<Worker>,
    day: String,
}

/// Visits to one worker: how many, the last day, and the lines that say so.
#[derive(Default)]
struct Seen {
    count: u32,
    last: String,
    places: Vec<Place>,
}

impl<'a> Reader<'a> {
    fn agency_id(&self, index: usize, id: &str) -> AgencyId {
        let entry = self.bundle.entries.get(index);
        let name = entry.map_or(id, |entry| entry.within(self.about.source.as_str(), id));
        AgencyId(self.pseudonyms.of("agency", &[self.about.source.as_bytes(), name.as_bytes()]))
    }

    pub(super) fn resolve(&self, from: usize, reference: Option<&Reference>) -> Option<(usize, &'a Resource)> {
        let index = self.references.resolve(from, reference?)?;
        self.bundle.entries.get(index).map(|entry| (index, &entry.resource))
    }

    pub(super) fn agencies(&self, plan: &mut Plan) {
        for (index, entry) in self.bundle.entries.iter().enumerate() {
            if let Resource::Organization(organization) = &entry.resource {
                let kind =
                    organization.kind.first().map(|k| k.words()).filter(|k| !k.is_empty()).unwrap_or("organisation");
                let (name, kind) = (shorten(&organization.name), shorten(kind));
                let id = self.agency_id(index, &organization.id);
                plan.agencies.insert(id, PlannedAgency { name, kind, place: (index, 0) });
            }
        }
    }

    /// The worker whom a reference names, at an agency; the plan names them too.
    fn worker(&self, from: usize, reference: Option<&Reference>, agency: AgencyId, plan: &mut Plan) -> Option<Worker> {
        let (index, Resource::Practitioner(practitioner)) = self.resolve(from, reference)? else { return None };
        let [kind, system, number] = known_by(&practitioner.identifier, &practitioner.id, false)?;
        let staff = StaffId(self.pseudonyms.of("named worker", &[agency.0.as_bytes(), kind, system, number]));
        let name = HumanName::current(&practitioner.name, self.about.today);
        let name = shorten(&name.unwrap_or_else(|| "name not given".to_owned()));
        plan.staff.insert(staff, PlannedStaff { agency, name, place: (index, 0) });
        Some(Worker::new(agency, staff))
    }

    fn agency(&self, from: usize, reference: Option<&Reference>) -> Option<AgencyId> {
        match self.resolve(from, reference) {
            Some((index, Resource::Organization(organization))) => Some(self.agency_id(index, &organization.id)),
            _ => None,
        }
    }

    /// What took place, and where.
    pub(super) fn visits(&mut self, plan: &mut Plan) {
        let mut visits = HashMap::new();
        for (index, entry) in self.bundle.entries.iter().enumerate() {
            let Resource::Encounter(encounter) = &entry.resource else { continue };
            let Some(agency) = self.agency(index, encounter.service_provider.as_ref()) else { continue };
            if not_held(&encounter.status).is_some() {
                continue;
            }
            let mut worker = |p: &EncounterParticipant| self.worker(index, p.individual.as_ref(), agency, plan);
            let workers = encounter.participant.iter().filter(|p| is_understood(p)).filter_map(&mut worker).collect();
            let performer = performer(encounter).and_then(worker);
            let day = day(&encounter.period.start);
            visits.insert(index, Visit { agency, performer, workers, day });
        }
        self.visits = visits;
    }

    /// Who saw the person, from encounters and care teams: each pair of agency and worker once.
    pub(super) fn relationships(&self, plan: &mut Plan) {
        let mut seen: BTreeMap<Worker, Seen> = BTreeMap::new();
        for (index, visit) in &self.visits {
            for worker in &visit.workers {
                let seen = seen.entry(*worker).or_default();
                seen.count += 1;
                seen.last = std::mem::take(&mut seen.last).max(visit.day.clone());
                seen.places.push((*index, 0));
            }
        }
        for (index, entry) in self.bundle.entries.iter().enumerate() {
            let Resource::CareTeam(team) = &entry.resource else { continue };
            for (part, participant) in team.participant.iter().enumerate() {
                let place = (index, part + 1);
                let outcome = match self.member(index, team, participant, plan) {
                    Ok(worker) => {
                        seen.entry(worker).or_default().places.push(place);
                        Outcome::Became("support relationship")
                    }
                    Err(why) => Outcome::LeftOut(why),
                };
                self.line(plan, place, &format!(" participant[{part}]"), outcome);
            }
        }
        for (worker, Seen { count, last, places }) in seen {
            let offer = match (count, last.as_str()) {
                (0, _) => "Support as a member of your care team".to_owned(),
                (1, "") => "Continued support: they have seen you once".to_owned(),
                (1, day) => format!("Continued support: they have seen you once, on {day}"),
                (count, "") => format!("Continued support: they have seen you {count} times"),
                (count, day) => format!("Continued support: they have seen you {count} times, last on {day}"),
            };
            let id = relationship_id(Parties { person: plan.person, worker });
            plan.relationships.insert(id, PlannedRelationship { worker, offer, places });
        }
    }

    /// The worker who is this member of a care team, or why none is.
    fn member(
        &self,
        index: usize,
        team: &CareTeam,
        participant: &TeamParticipant,
        plan: &mut Plan,
    ) -> Result<Worker, String> {
        if matches!(team.status.as_str(), "proposed" | "suspended" | "inactive" | "entered-in-error") {
            return Err("the team is not one that supports the person now".into());
        }
        if let Some(why) = unknown_modifier(&participant.modifier_extension) {
            return Err(why);
        }
        let member = participant.member.as_ref();
        match self.resolve(index, member) {
            Some((_, Resource::Practitioner(_))) => {}
            Some((_, Resource::Patient(_))) => return Err("is the person".into()),
            Some(_) => return Err("is not a practitioner".into()),
            None if member.is_some_and(|member| member.reference.contains("RelatedPerson/")) => {
                return Err("is somebody close to the person, who is not imported".into());
            }
            None => return Err("is not in this bundle".into()),
        }
        let agency = participant.on_behalf_of.as_ref().or(team.managing_organization.first());
        let agency = self.agency(index, agency).ok_or("works for no organisation of this bundle")?;
        self.worker(index, member, agency, plan).ok_or_else(|| "has neither an id nor a number".into())
    }

    pub(super) fn encounter(&self, index: usize, encounter: &Encounter) -> Outcome {
        if let Some(why) = not_held(&encounter.status) {
            return Outcome::LeftOut(why.into());
        }
        match self.visits.get(&index) {
            Some(visit) if !visit.workers.is_empty() => Outcome::Became("support relationship"),
            Some(_) => Outcome::LeftOut("names no practitioner of this bundle".into()),
            None => Outcome::LeftOut("names no organisation of this bundle".into()),
        }
    }

    /// Who treated the person at an encounter; the importing system when that cannot be told.
    pub(super) fn treated(&self, from: usize, encounter: Option<&Reference>) -> Author {
        let visit = self.resolve(from, encounter).and_then(|(index, _)| self.visits.get(&index));
        visit.and_then(|visit| visit.performer).map_or(Author::System, Author::Worker)
    }

    /// Whom a resource itself names as its author: nobody else has written it, even where it cannot be told who that is.
    pub(super) fn named(&self, from: usize, who: &Reference, encounter: Option<&Reference>, plan: &mut Plan) -> Author {
        let Some((index, resource)) = self.resolve(from, Some(who)) else { return Author::System };
        if let Resource::Patient(_) = resource {
            return Author::Person;
        }
        let visit = self.resolve(from, encounter).and_then(|(index, _)| self.visits.get(&index));
        let agency = visit.map(|visit| visit.agency).or_else(|| self.only_agency(index, plan));
        let worker = agency.and_then(|agency| self.worker(from, Some(who), agency, plan));
        worker.map_or(Author::System, Author::Worker)
    }

    /// The one agency at which a practitioner has seen the person.
    fn only_agency(&self, practitioner: usize, plan: &Plan) -> Option<AgencyId> {
        let mut agencies = plan.staff.values().filter(|staff| staff.place.0 == practitioner).map(|staff| staff.agency);
        let first = agencies.next()?;
        agencies.all(|other| other == first).then_some(first)
    }

    /// A goal that says nothing of who wrote it is of whoever wrote the plan that names it.
    pub(super) fn goal_authors(&mut self, plan: &mut Plan) {
        let mut authors = HashMap::new();
        for (from, entry) in self.bundle.entries.iter().enumerate() {
            let Resource::CarePlan(care_plan) = &entry.resource else { continue };
            let author = self.plan_author(from, care_plan, plan);
            for goal in &care_plan.goal {
                if let Some((index, Resource::Goal(_))) = self.resolve(from, Some(goal)) {
                    authors.entry(index).or_insert(author);
                }
            }
        }
        self.goal_authors = authors;
    }
}

/// What a care team became: what its members did.
pub(super) fn care_team(index: usize, plan: &Plan) -> Outcome {
    if parts(&plan.lines, index).any(|member| matches!(member, Outcome::Became(_))) {
        Outcome::Became("support relationship")
    } else {
        Outcome::LeftOut("names nobody who supports the person now".into())
    }
}

/// Who treated the person, of those who were there: who is said to have, or who was there alone. Whoever translated, came along
/// or referred them has written nothing.
fn performer(encounter: &Encounter) -> Option<&EncounterParticipant> {
    let is = |code: &'static str| {
        move |p: &&EncounterParticipant| p.kind.iter().any(|kind| kind.has(code)) && is_understood(p)
    };
    let there = &encounter.participant;
    let alone = match there.as_slice() {
        [alone] if alone.kind.is_empty() && is_understood(alone) => Some(alone),
        _ => None,
    };
    there.iter().find(is("PPRF")).or_else(|| there.iter().find(is("ATND"))).or(alone)
}

fn is_understood(participant: &EncounterParticipant) -> bool {
    unknown_modifier(&participant.modifier_extension).is_none()
}

/// Why an encounter of this status says nothing of who has seen the person.
fn not_held(status: &str) -> Option<&'static str> {
    match status {
        "arrived" | "triaged" | "in-progress" | "onleave" | "finished" => None,
        "planned" => Some("has not taken place yet"),
        "cancelled" => Some("did not take place"),
        "entered-in-error" => Some("was entered in error"),
        _ => Some("does not say whether it took place"),
    }
}
