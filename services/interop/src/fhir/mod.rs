//! The few FHIR R4 resources that are read, and of each the few elements.

mod bundle;
mod resource;

pub use bundle::{Bundle, Entry, MalformedBundle, read};
pub use resource::{
    CarePlan, CareTeam, CodeableConcept, Condition, Encounter, Goal, HumanName, Identifier, Meta, Organization,
    Patient, Practitioner, Reference, Resource,
};
