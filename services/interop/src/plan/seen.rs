//! Who has seen the person, as encounters and care teams tell.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::ids::AgencyId;
use domain::relationship::{Parties, relationship_id};
use domain::vocabulary::Worker;

use super::{Place, Plan, PlannedSuggestion, Reader, day, parts};
use crate::fhir::{CareTeam, Encounter, EncounterParticipant, Resource, TeamParticipant, unknown_modifier};
use crate::report::Outcome;

/// What an Encounter says that took place.
pub(super) struct Visit {
    pub(super) agency: AgencyId,
    /// Who treated the person, as far as it is said.
    pub(super) performer: Option<Worker>,
    /// Who was there, by the Practitioner's place.
    pub(super) there: BTreeSet<usize>,
    /// Who of them has seen the person, and is still there to be invited.
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

/// What somebody did at an encounter who has seen the person (HL7 v3 ParticipationType). Whoever referred them, translated or came
/// along has not.
const SEES: [&str; 7] = ["PPRF", "SPRF", "ATND", "CON", "ADM", "DIS", "PART"];

impl Reader<'_> {
    /// What took place, and where.
    pub(super) fn visits(&mut self, plan: &mut Plan) {
        let (mut visits, mut seen_at) = (HashMap::new(), HashMap::new());
        for (index, entry) in self.bundle.entries.iter().enumerate() {
            let Resource::Encounter(encounter) = &entry.resource else { continue };
            let Some((agency, is_there)) = self.agency(index, encounter.service_provider.as_ref()) else { continue };
            if not_held(encounter).is_some() {
                continue;
            }
            let (mut there, mut workers) = (BTreeSet::new(), BTreeSet::new());
            for participant in encounter.participant.iter().filter(|p| has_seen(p)) {
                let Some(practitioner) = self.practitioner(index, participant.individual.as_ref()) else { continue };
                let worker = self.worker(practitioner, agency, plan);
                there.insert(practitioner.0);
                at(&mut seen_at, practitioner.0, agency);
                if is_there && practitioner.1.active != Some(false) {
                    workers.insert(worker);
                }
            }
            let performer = performer(encounter).and_then(|p| self.practitioner(index, p.individual.as_ref()));
            let performer = performer.map(|practitioner| self.worker(practitioner, agency, plan));
            let day = day(&encounter.period.start);
            visits.insert(index, Visit { agency, performer, there, workers, day });
        }
        (self.visits, self.seen_at) = (visits, seen_at);
    }

    /// Whom the person may invite, from encounters and care teams: each pair of agency and worker once.
    pub(super) fn suggestions(&mut self, plan: &mut Plan) {
        let mut seen: BTreeMap<Worker, Seen> = BTreeMap::new();
        for (index, visit) in &self.visits {
            for worker in &visit.workers {
                let seen = seen.entry(*worker).or_default();
                seen.count += 1;
                seen.last = std::mem::take(&mut seen.last).max(visit.day.clone());
                seen.places.push((*index, 0));
            }
        }
        let mut seen_at = std::mem::take(&mut self.seen_at);
        for (index, entry) in self.bundle.entries.iter().enumerate() {
            let Resource::CareTeam(team) = &entry.resource else { continue };
            for (part, participant) in team.participant.iter().enumerate() {
                let place = (index, part + 1);
                let outcome = match self.member(index, team, participant, plan) {
                    Ok((practitioner, worker)) => {
                        seen.entry(worker).or_default().places.push(place);
                        at(&mut seen_at, practitioner, worker.agency());
                        Outcome::Became("suggestion")
                    }
                    Err(why) => Outcome::LeftOut(why),
                };
                self.line(plan, place, &format!(" participant[{part}]"), outcome);
            }
        }
        self.seen_at = seen_at;
        for (worker, Seen { count, last, places }) in seen {
            let words = match (count, last.as_str()) {
                (0, _) => "A member of your care team".to_owned(),
                (1, "") => "They have seen you once".to_owned(),
                (1, day) => format!("They have seen you once, on {day}"),
                (count, "") => format!("They have seen you {count} times"),
                (count, day) => format!("They have seen you {count} times, last on {day}"),
            };
            let id = relationship_id(Parties { person: plan.person, worker });
            plan.suggestions.insert(id, PlannedSuggestion { worker, words, places });
        }
    }

    /// The worker who is this member of a care team, or why none is.
    fn member(
        &self,
        index: usize,
        team: &CareTeam,
        participant: &TeamParticipant,
        plan: &mut Plan,
    ) -> Result<(usize, Worker), String> {
        let today = self.about.today;
        if !matches!(team.status.as_str(), "active" | "") || !team.period.holds(today) {
            return Err("the team is not one that supports the person now".into());
        }
        if team.subject.is_none() {
            return Err("the team does not say whom it is for".into());
        }
        if let Some(why) = unknown_modifier(&participant.modifier_extension) {
            return Err(why);
        }
        if !participant.period.holds(today) {
            return Err("is not a member now".into());
        }
        let member = participant.member.as_ref();
        let practitioner = match self.resolve(index, member) {
            Some((place, Resource::Practitioner(practitioner))) => (place, practitioner),
            Some((_, Resource::Patient(_))) => return Err("is the person".into()),
            Some(_) => return Err("is not a practitioner".into()),
            None if member.is_some_and(|member| member.reference.contains("RelatedPerson/")) => {
                return Err("is somebody close to the person, who is not imported".into());
            }
            None => return Err("is not in this bundle".into()),
        };
        let agency = participant.on_behalf_of.as_ref().or(team.managing_organization.first());
        let (agency, is_there) = self.agency(index, agency).ok_or("works for no organisation of this bundle")?;
        if !is_there || practitioner.1.active == Some(false) {
            return Err("is not in use at its source any more".into());
        }
        Ok((practitioner.0, self.worker(practitioner, agency, plan)))
    }

    pub(super) fn encounter(&self, index: usize, encounter: &Encounter) -> Outcome {
        if let Some(why) = not_held(encounter) {
            return Outcome::LeftOut(why.into());
        }
        match self.visits.get(&index) {
            Some(visit) if !visit.workers.is_empty() => Outcome::Became("suggestion"),
            Some(visit) if !visit.there.is_empty() => {
                Outcome::LeftOut("names only whom its source does not use any more".into())
            }
            Some(_) => Outcome::LeftOut("names no practitioner of this bundle who has seen the person".into()),
            None => Outcome::LeftOut("names no organisation of this bundle".into()),
        }
    }
}

/// Takes in that a practitioner has seen the person at an agency: one is told, of several none.
fn at(seen_at: &mut HashMap<usize, Option<AgencyId>>, practitioner: usize, agency: AgencyId) {
    let known = seen_at.entry(practitioner).or_insert(Some(agency));
    if *known != Some(agency) {
        *known = None;
    }
}

/// What a care team became: what its members did.
pub(super) fn care_team(index: usize, plan: &Plan) -> Outcome {
    if parts(&plan.lines, index).any(|member| matches!(member, Outcome::Became(_))) {
        Outcome::Became("suggestion")
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
    let alone = match &*encounter.participant {
        [alone] if alone.kind.is_empty() && is_understood(alone) => Some(alone),
        _ => None,
    };
    let there = || encounter.participant.iter();
    there().find(is("PPRF")).or_else(|| there().find(is("ATND"))).or(alone)
}

fn is_understood(participant: &EncounterParticipant) -> bool {
    unknown_modifier(&participant.modifier_extension).is_none()
}

/// Whether a participant has seen the person: by what they did there, or because nothing else is said of them.
fn has_seen(participant: &EncounterParticipant) -> bool {
    let sees = participant.kind.iter().any(|kind| kind.first_of(&SEES).is_some());
    (participant.kind.is_empty() || sees) && is_understood(participant)
}

/// Why an encounter says nothing of who has seen the person.
fn not_held(encounter: &Encounter) -> Option<&'static str> {
    match encounter.status.as_str() {
        _ if encounter.subject.is_none() => Some("does not say whom it is about"),
        "in-progress" | "onleave" | "finished" => None,
        "planned" | "arrived" | "triaged" => Some("had not begun yet"),
        "cancelled" => Some("did not take place"),
        "entered-in-error" => Some("was entered in error"),
        _ => Some("does not say whether it took place"),
    }
}
