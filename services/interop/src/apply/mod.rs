//! Carries a plan out: one bundle is one append, so nothing is half-imported, and what is there already is left alone.

mod entries;
mod work;

use std::collections::{BTreeMap, BTreeSet};

use domain::agency::{Agency, NameAgency};
use domain::ids::{PersonId, StaffId};
use domain::issuers::{Only, Register};
use domain::person::Person;
use domain::relationship::{Parties, Relationship, SuggestSupport};
use domain::sharing::{Sharing, StartSharing};
use domain::staff::{NameStaff, Staff};
use domain::values::Date;
use domain::vocabulary::Worker;
use domain::{Command as _, Refusal};
use engine::{Context, Engine, EngineError, Freshness, Loaded};
use vault::{Identifiers, VaultError};

use crate::fhir::{Bundle, MalformedBundle, Patient};
use crate::identity::{Identified, National, SourceSystem, Unknown, identify};
use crate::plan::{About, Plan, PlannedSuggestion, current_name, fits, patient, plan};
use crate::report::{NamedWorker, Outcome, Report};
use work::Work;

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

/// Why an attempt came to nothing.
enum Failed {
    Engine(EngineError),
    Unknown(Unknown),
}

impl From<EngineError> for Failed {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<Unknown> for Failed {
    fn from(unknown: Unknown) -> Self {
        Self::Unknown(unknown)
    }
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
        let id = bundle.entries.get(entry).filter(|at| !at.id.is_empty());
        let id = id.map_or("", |at| at.within(self.source.as_str(), &at.id));
        let untold = |unknown| match unknown {
            Unknown::Bundle(problem) => {
                let (file, path, problem) = (bundle.file.clone(), "identifier".to_owned(), problem.to_owned());
                ImportError::Malformed(MalformedBundle { file, entry: Some(entry), path, problem })
            }
            Unknown::Index(cause) => ImportError::Person(bundle.file.clone(), cause),
        };
        let known = identify((patient, id, &today), &self.source, &self.national, &self.identifiers).await;
        let known = known.map_err(untold)?;
        let (person, source) = (PersonId(known.person), &self.source);
        self.is_the_same(bundle, (entry, patient), person).await?;
        let about = About { patient, entry, person, source, name: &name, today: &today };
        let plan = plan(bundle, about, self.identifiers.pseudonyms());
        fits(&plan)?;
        let imported = self.engine.settle(|_| self.attempt(&plan, &known)).await;
        imported.map_err(|failed| match failed {
            Failed::Engine(cause) => ImportError::Log(bundle.file.clone(), cause),
            Failed::Unknown(unknown) => untold(unknown),
        })
    }

    /// Two who were born on different days are two, whatever number they share.
    async fn is_the_same(
        &self,
        bundle: &Bundle,
        (entry, patient): (usize, &Patient),
        person: PersonId,
    ) -> Result<(), ImportError> {
        let unread = |cause| ImportError::Log(bundle.file.clone(), cause);
        let known = self.engine.load::<Person>(person, Freshness::Latest).await.map_err(unread)?;
        let born = known.registered().and_then(|known| known.birth_date.as_ref()).map(Date::as_str).unwrap_or_default();
        let both = born.len().min(patient.birth_date.len());
        if born.get(..both) == patient.birth_date.get(..both) {
            return Ok(());
        }
        let (file, path) = (bundle.file.clone(), "birthDate".to_owned());
        let problem =
            "is another day than is known of whoever has this id or number: tell them apart at the source".to_owned();
        Err(MalformedBundle { file, entry: Some(entry), path, problem }.into())
    }

    /// Decides on the latest, the first time too: what is bound stays bound, whether or not the commit then holds.
    async fn attempt(&self, plan: &Plan, known: &Identified) -> Result<Option<Report>, Failed> {
        let context = Context::of_system();
        let mut work = Work::new(&context, plan);
        self.work(plan, &mut work).await?;
        // Only what can be taken binds numbers to anybody; and nobody is registered whom they do not lead to.
        known.bind(&self.identifiers).await?;
        let lines = work.lines();
        let (file, agencies) = (plan.file.clone(), plan.agencies.keys().copied().collect());
        let report = Report { file, person: plan.person, agencies, workers: named(plan), events: work.events, lines };
        if work.changes.is_empty() {
            return Ok(Some(report));
        }
        Ok(self.engine.commit(work.changes).await?.done().map(|_| report))
    }

    /// Decides on everything that the plan says.
    async fn work(&self, plan: &Plan, work: &mut Work) -> Result<(), EngineError> {
        let workers = self.agencies_and_staff(plan, work).await?;
        let record = self.engine.load::<Person>(plan.person, Freshness::Latest).await?;
        let directive = self.engine.load::<Sharing>(plan.person, Freshness::Latest).await?;
        work.record(&directive, plan.person, StartSharing.decide(&directive)?);
        let contributed = work.person(plan, &record)?;
        let register = self.engine.load::<Register>(Only, Freshness::Latest).await?;
        let resolved = register.resolve(&directive);
        let (mut suggested, mut known, mut refused) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (id, planned) in &plan.suggestions {
            let PlannedSuggestion { worker, words, places } = planned;
            let staff = workers.get(&worker.staff()).ok_or_else(|| Refusal::not_found("staff"))?;
            let relationship = self.engine.load::<Relationship>(*id, Freshness::Latest).await?;
            if staff.has_left() || resolved.shuts_out(*worker) {
                refused.extend(places);
                continue;
            }
            let parties = Parties { person: plan.person, worker: *worker };
            let (words, source) = (words.clone(), plan.source.clone());
            let events = SuggestSupport { parties, words, source }.decide(&relationship)?;
            if events.is_empty() {
                known.extend(places)
            } else {
                suggested.extend(places)
            }
            work.record(&relationship, plan.person, events);
        }
        if !suggested.is_empty() {
            work.changes.guard(&directive);
            work.changes.guard(&register);
        }
        // What several workers are named in is left out only when none of them is suggested.
        for place in known.difference(&suggested) {
            work.settle(*place, Outcome::AlreadyThere);
        }
        for place in refused.iter().filter(|place| !suggested.contains(*place) && !known.contains(*place)) {
            let why = "the worker has left, or the person wants nothing of them";
            work.settle(*place, Outcome::LeftOut(why.to_owned()));
        }
        work.receipt(plan, &contributed);
        Ok(())
    }

    /// Names agencies, and workers at them. Returns the standing of each worker.
    async fn agencies_and_staff(
        &self,
        plan: &Plan,
        work: &mut Work,
    ) -> Result<BTreeMap<StaffId, Loaded<Staff>>, EngineError> {
        for (id, planned) in &plan.agencies {
            let agency = self.engine.load::<Agency>(*id, Freshness::Latest).await?;
            let named = NameAgency { profile: planned.profile.clone(), kind: planned.kind.clone() }.decide(&agency)?;
            if let (Some(place), true) = (planned.place, named.is_empty()) {
                work.settle(place, Outcome::AlreadyThere);
            }
            work.record(&agency, *id, named);
        }
        let mut workers = BTreeMap::new();
        for (id, planned) in &plan.staff {
            let staff = self.engine.load::<Staff>(*id, Freshness::Latest).await?;
            // Who has joined or left since is as they are.
            if staff.agency().is_some() {
                work.settle(planned.place, Outcome::AlreadyThere);
            } else {
                let named = NameStaff { agency: planned.agency, name: planned.name.clone() }.decide(&staff)?;
                work.record(&staff, planned.agency, named);
            }
            workers.insert(*id, staff);
        }
        Ok(workers)
    }
}

/// The workers whom a plan names.
fn named(plan: &Plan) -> Vec<NamedWorker> {
    let proposed: BTreeSet<_> = plan.suggestions.values().map(|planned| planned.worker).collect();
    let named = plan.staff.iter().map(|(id, planned)| {
        let worker = Worker::new(planned.agency, *id);
        let resource = plan.lines.get(&planned.place).map(|line| line.resource.clone()).unwrap_or_default();
        NamedWorker { resource, worker, supports: proposed.contains(&worker) }
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{read, samples};
    use uuid::Uuid;
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
            assert!(!plan.agencies.is_empty() && !plan.suggestions.is_empty(), "{name}");
            people.insert(bundle.entries[entry].id.clone());
        }
        assert_eq!(people.len(), 60);
    }
}
