//! The few FHIR R4 resources that are read, and of each the few elements.

mod bundle;
mod elements;
mod fault;
mod header;
mod name;
mod reading;
mod resource;
mod unique;
mod versions;

pub use bundle::{Bundle, Entry};
pub use elements::{CodeableConcept, Coding, Extension, Few, Identifier, Meta, Period, Reference};
pub use fault::MalformedBundle;
pub(crate) use header::unknown_modifier;
pub use name::HumanName;
pub use reading::{SIZE_LIMIT, read};
pub use resource::{
    Activity, ActivityDetail, Address, CarePlan, CareTeam, Condition, Encounter, EncounterParticipant, Goal,
    Organization, Patient, PatientLink, Practitioner, Resource, TeamParticipant,
};
