//! Serde structs of the resources, with the elements that are used. Names and shapes are those of the FHIR R4 specification (4.0.1).
#![allow(missing_docs, reason = "the elements are those of FHIR R4, under their own names")]

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::elements::{CodeableConcept, Extension, Few, Identifier, Period, Reference};
use super::name::HumanName;

/// A resource that is read.
#[derive(Debug, Clone)]
pub enum Resource {
    Patient(Patient),
    Organization(Organization),
    Practitioner(Practitioner),
    Encounter(Encounter),
    Condition(Box<Condition>),
    CarePlan(CarePlan),
    Goal(Goal),
    CareTeam(CareTeam),
    Composition(Composition),
    /// Any other type, by its name.
    Other(String),
}

impl Resource {
    /// How many parts of it have an outcome of their own.
    pub(super) fn parts(&self) -> usize {
        match self {
            Self::CarePlan(plan) => plan.activity.len(),
            Self::CareTeam(team) => team.participant.len(),
            Self::Encounter(encounter) => encounter.participant.len(),
            Self::Patient(_)
            | Self::Organization(_)
            | Self::Practitioner(_)
            | Self::Condition(_)
            | Self::Goal(_)
            | Self::Composition(_)
            | Self::Other(_) => 0,
        }
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Patient {
    pub active: Option<bool>,
    #[serde(default)]
    pub name: Few<HumanName>,
    #[serde(default)]
    pub birth_date: String,
    pub deceased_boolean: Option<bool>,
    #[serde(default)]
    pub deceased_date_time: String,
    #[serde(default)]
    pub identifier: Few<Identifier>,
    #[serde(default)]
    pub link: Few<PatientLink>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PatientLink {
    #[serde(default)]
    pub modifier_extension: Few<Extension>,
    #[serde(default, rename = "type")]
    pub kind: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Organization {
    pub active: Option<bool>,
    #[serde(default)]
    pub name: String,
    #[serde(default, rename = "type")]
    pub kind: Few<CodeableConcept>,
    #[serde(default)]
    pub identifier: Few<Identifier>,
    #[serde(default)]
    pub address: Few<Address>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Address {
    #[serde(default, rename = "use")]
    pub usage: String,
    #[serde(default)]
    pub period: Period,
    #[serde(default)]
    pub city: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Practitioner {
    pub active: Option<bool>,
    #[serde(default)]
    pub name: Few<HumanName>,
    #[serde(default)]
    pub identifier: Few<Identifier>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Encounter {
    #[serde(default)]
    pub status: String,
    pub subject: Option<Reference>,
    #[serde(default)]
    pub participant: Few<EncounterParticipant>,
    pub service_provider: Option<Reference>,
    #[serde(default)]
    pub period: Period,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EncounterParticipant {
    #[serde(default)]
    pub modifier_extension: Few<Extension>,
    #[serde(default, rename = "type")]
    pub kind: Few<CodeableConcept>,
    pub individual: Option<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    #[serde(default)]
    pub clinical_status: CodeableConcept,
    pub recorder: Option<Reference>,
    pub asserter: Option<Reference>,
    #[serde(default)]
    pub code: CodeableConcept,
    pub subject: Reference,
    pub encounter: Option<Reference>,
    #[serde(default)]
    pub onset_date_time: String,
    #[serde(default)]
    pub onset_string: String,
    #[serde(default)]
    pub severity: CodeableConcept,
    #[serde(default)]
    pub body_site: Few<CodeableConcept>,
    #[serde(default)]
    pub abatement_date_time: String,
    /// That it abated, in one of the ways that are not read.
    #[serde(alias = "abatementAge", alias = "abatementPeriod", alias = "abatementRange")]
    pub abatement_string: Option<IgnoredAny>,
    #[serde(default)]
    pub recorded_date: String,
    #[serde(default)]
    pub verification_status: CodeableConcept,
}

#[derive(Debug, Clone, Deserialize)]
pub struct CarePlan {
    #[serde(default)]
    pub period: Period,
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub intent: String,
    pub author: Option<Reference>,
    pub subject: Reference,
    pub encounter: Option<Reference>,
    #[serde(default)]
    pub activity: Few<Activity>,
    #[serde(default)]
    pub goal: Few<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Activity {
    #[serde(default)]
    pub modifier_extension: Few<Extension>,
    pub reference: Option<Reference>,
    pub detail: Option<ActivityDetail>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityDetail {
    #[serde(default)]
    pub modifier_extension: Few<Extension>,
    #[serde(default)]
    pub code: CodeableConcept,
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub do_not_perform: bool,
    #[serde(default)]
    pub goal: Few<Reference>,
    #[serde(default)]
    pub performer: Few<Reference>,
    #[serde(default)]
    pub scheduled_period: Period,
    #[serde(default)]
    pub scheduled_string: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Goal {
    #[serde(default)]
    pub lifecycle_status: String,
    #[serde(default)]
    pub achievement_status: CodeableConcept,
    #[serde(default)]
    pub description: CodeableConcept,
    pub subject: Reference,
    pub expressed_by: Option<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CareTeam {
    #[serde(default)]
    pub status: String,
    pub subject: Option<Reference>,
    #[serde(default)]
    pub period: Period,
    #[serde(default)]
    pub participant: Few<TeamParticipant>,
    #[serde(default)]
    pub managing_organization: Few<Reference>,
}

/// The heading of a document, of which only its subject is used.
#[derive(Debug, Clone, Deserialize)]
pub struct Composition {
    pub subject: Option<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TeamParticipant {
    #[serde(default)]
    pub modifier_extension: Few<Extension>,
    pub member: Option<Reference>,
    pub on_behalf_of: Option<Reference>,
    #[serde(default)]
    pub period: Period,
}
