//! The few FHIR R4 resources that are read, and of each the few elements.

mod bundle;
mod header;
mod resource;
mod unique;

pub use bundle::{Bundle, Entry, MalformedBundle, SIZE_LIMIT, read};
pub(crate) use header::unknown_modifier;
pub use resource::{
    Activity, ActivityDetail, CarePlan, CareTeam, CodeableConcept, Condition, Encounter, EncounterParticipant,
    Extension, Goal, HumanName, Identifier, Meta, Organization, Patient, Practitioner, Reference, Resource,
    TeamParticipant,
};
