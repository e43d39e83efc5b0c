//! Agencies and workers that a source names. Naming enrols nobody.

use std::collections::{BTreeSet, HashMap};

use domain::agency::{AgencyNumber, NUMBERS_LIMIT, Profile, Registry};
use domain::ids::{AgencyId, StaffId};
use domain::vocabulary::Worker;

use super::{Plan, PlannedAgency, PlannedStaff, Reader, shorten};
use crate::fhir::{Bundle, HumanName, Organization, Practitioner, Reference, Resource};
use crate::identity::SourceSystem;
use crate::report::Outcome;

/// What is said of whoever has no name.
const NAMELESS: &str = "name not given";

/// What tells each practitioner of a bundle apart, by their places: a number of theirs, with its system, that is in force and that no
/// other of them has; else what their source calls them.
pub(super) fn keys<'a>(bundle: &'a Bundle, source: &'a SourceSystem, today: &str) -> HashMap<usize, [&'a str; 3]> {
    let mut practitioners = Vec::new();
    for (index, entry) in bundle.entries.iter().enumerate() {
        if let Resource::Practitioner(practitioner) = &entry.resource {
            practitioners.push((index, entry, numbers(practitioner, today)));
        }
    }
    let mut holders: HashMap<[&str; 3], usize> = HashMap::new();
    practitioners.iter().flat_map(|(_, _, numbers)| numbers).for_each(|n| *holders.entry(*n).or_default() += 1);
    let key = |(index, entry, numbers): &(usize, &'a crate::fhir::Entry, Vec<[&'a str; 3]>)| {
        let own = numbers.iter().filter(|number| holders.get(*number) == Some(&1)).min();
        (*index, own.copied().unwrap_or_else(|| ["id", "", entry.within(source.as_str(), &entry.id)]))
    };
    practitioners.iter().map(key).collect()
}

/// The identifier system of the NHS Organisation Data Service (FHIR UK Core).
const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";

/// The numbers by which an organisation is known for certain. One that cannot be one says nothing.
fn numbers_of(organization: &Organization, today: &str) -> Vec<AgencyNumber> {
    let ods = organization.identifier.iter().filter(|number| number.system == ODS && number.is_in_force(today));
    let numbers = ods.map(|number| AgencyNumber { registry: Registry::Ods, number: number.value.clone() });
    let numbers: BTreeSet<_> = numbers.filter(AgencyNumber::is_possible).collect();
    numbers.into_iter().take(NUMBERS_LIMIT).collect()
}

/// The numbers of a practitioner that can tell them apart.
fn numbers<'a>(practitioner: &'a Practitioner, today: &str) -> Vec<[&'a str; 3]> {
    let usable = practitioner
        .identifier
        .iter()
        .filter(|number| !number.system.is_empty() && !number.value.is_empty() && number.is_in_force(today));
    let mut numbers: Vec<_> = usable.map(|number| ["number", &*number.system, &*number.value]).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

impl<'a> Reader<'a> {
    pub(super) fn resolve(&self, from: usize, reference: Option<&Reference>) -> Option<(usize, &'a Resource)> {
        let index = self.references.resolve(from, reference?)?;
        self.bundle.entries.get(index).map(|entry| (index, &entry.resource))
    }

    fn agency_of(&self, name: &str) -> AgencyId {
        AgencyId(self.pseudonyms.of("agency", &[self.about.source.as_bytes(), name.as_bytes()]))
    }

    pub(super) fn agencies(&self, plan: &mut Plan) {
        for (index, entry) in self.bundle.entries.iter().enumerate() {
            if let Resource::Organization(organization) = &entry.resource {
                let or =
                    |words: &str, otherwise: &str| shorten(if words.trim().is_empty() { otherwise } else { words });
                let name = or(&organization.name, NAMELESS);
                let kind = or(organization.kind.first().map_or("", |kind| kind.words()), "organisation");
                let id = self.agency_of(entry.within(self.about.source.as_str(), &entry.id));
                let now =
                    organization.address.iter().filter(|at| at.usage != "old" && at.period.holds(self.about.today));
                let city = now.map(|at| at.city.trim()).find(|city| !city.is_empty());
                let place = city.map(shorten).unwrap_or_default();
                let profile = Profile { name, place, numbers: numbers_of(organization, self.about.today) };
                plan.agencies.insert(id, PlannedAgency { profile, kind, place: Some((index, 0)) });
            }
        }
    }

    /// The agency that a reference leads to, and whether its source still speaks of it as being there.
    pub(super) fn agency(&self, from: usize, reference: Option<&Reference>) -> Option<(AgencyId, bool)> {
        let (index, Resource::Organization(organization)) = self.resolve(from, reference)? else { return None };
        let entry = self.bundle.entries.get(index)?;
        let agency = self.agency_of(entry.within(self.about.source.as_str(), &entry.id));
        Some((agency, organization.active != Some(false)))
    }

    /// The source itself, at which those are named of whom it does not say where they work.
    pub(super) fn source_agency(&self, plan: &mut Plan) -> AgencyId {
        let source = self.about.source.as_str();
        let id = AgencyId(self.pseudonyms.of("agency of a source", &[source.as_bytes()]));
        let (name, kind) = (shorten(source), "source of records".to_owned());
        let profile = Profile { name, ..Profile::default() };
        plan.agencies.entry(id).or_insert(PlannedAgency { profile, kind, place: None });
        id
    }

    /// The practitioner whom a reference leads to.
    pub(super) fn practitioner(&self, from: usize, reference: Option<&Reference>) -> Option<(usize, &'a Practitioner)> {
        let (index, Resource::Practitioner(practitioner)) = self.resolve(from, reference)? else { return None };
        Some((index, practitioner))
    }

    /// A practitioner as a worker of an agency; the plan names them too.
    pub(super) fn worker(
        &self,
        (index, practitioner): (usize, &Practitioner),
        agency: AgencyId,
        plan: &mut Plan,
    ) -> Worker {
        let [kind, system, number] = self.keys.get(&index).copied().unwrap_or_default().map(str::as_bytes);
        let staff = StaffId(self.pseudonyms.of("named worker", &[agency.0.as_bytes(), kind, system, number]));
        plan.staff.entry(staff).or_insert_with(|| {
            let name = HumanName::current(&practitioner.name, self.about.today);
            let name = name.map(|name| shorten(&name)).filter(|name| !name.trim().is_empty());
            PlannedStaff { agency, name: name.unwrap_or_else(|| NAMELESS.to_owned()), place: (index, 0) }
        });
        Worker::new(agency, staff)
    }

    /// What comes of practitioners: they are named if something names them.
    pub(super) fn practitioners(&self, plan: &mut Plan) {
        for named in plan.staff.values() {
            if let Some(line) = plan.lines.get_mut(&named.place) {
                line.outcome = Outcome::Became("named worker");
            }
        }
    }
}
