//! Serde structs with the elements that are used. Names and shapes are those of the FHIR R4 specification (4.0.1).
#![allow(missing_docs, reason = "the elements are those of FHIR R4, under their own names")]

use serde::Deserialize;

/// A resource that is read.
#[derive(Debug, Clone)]
pub enum Resource {
    Patient(Patient),
    Organization(Organization),
    Practitioner(Practitioner),
    Encounter(Encounter),
    Condition(Condition),
    CarePlan(CarePlan),
    Goal(Goal),
    CareTeam(CareTeam),
    /// Any other type, by its name.
    Other(String),
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Meta {
    #[serde(default)]
    pub security: Vec<Coding>,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Coding {
    #[serde(default)]
    pub system: String,
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub display: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct CodeableConcept {
    #[serde(default)]
    pub coding: Vec<Coding>,
    #[serde(default)]
    pub text: String,
}

impl CodeableConcept {
    /// The concept in words: its text, or the first display.
    #[must_use]
    pub fn words(&self) -> &str {
        if !self.text.is_empty() {
            return &self.text;
        }
        self.coding.iter().map(|c| c.display.as_str()).find(|d| !d.is_empty()).unwrap_or_default()
    }

    /// Whether it has this code.
    #[must_use]
    pub fn has(&self, code: &str) -> bool {
        self.coding.iter().any(|c| c.code == code)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Reference {
    #[serde(default)]
    pub reference: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Period {
    #[serde(default)]
    pub start: String,
    #[serde(default)]
    pub end: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Identifier {
    #[serde(default, rename = "use")]
    pub usage: String,
    #[serde(default)]
    pub system: String,
    #[serde(default)]
    pub value: String,
}

impl Identifier {
    /// Whether it is somebody's now: not one that they had, or have for a while.
    #[must_use]
    pub fn is_in_force(&self) -> bool {
        !matches!(self.usage.as_str(), "old" | "temp")
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct HumanName {
    #[serde(default)]
    pub family: String,
    #[serde(default)]
    pub given: Vec<String>,
    #[serde(default)]
    pub prefix: Vec<String>,
    #[serde(default)]
    pub text: String,
}

impl HumanName {
    /// The name as it is spoken.
    #[must_use]
    pub fn words(&self) -> String {
        if !self.text.is_empty() {
            return self.text.clone();
        }
        let parts = self.prefix.iter().chain(&self.given).map(String::as_str).chain([self.family.as_str()]);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Patient {
    #[serde(default)]
    pub id: String,
    #[serde(default)]
    pub name: Vec<HumanName>,
    #[serde(default)]
    pub birth_date: String,
    #[serde(default)]
    pub identifier: Vec<Identifier>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Organization {
    pub id: String,
    pub name: String,
    #[serde(default, rename = "type")]
    pub kind: Vec<CodeableConcept>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Practitioner {
    pub id: String,
    #[serde(default)]
    pub name: Vec<HumanName>,
    #[serde(default)]
    pub identifier: Vec<Identifier>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Encounter {
    pub id: String,
    pub subject: Option<Reference>,
    #[serde(default)]
    pub participant: Vec<EncounterParticipant>,
    pub service_provider: Option<Reference>,
    #[serde(default)]
    pub period: Period,
}

#[derive(Debug, Clone, Deserialize)]
pub struct EncounterParticipant {
    pub individual: Option<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    pub id: String,
    #[serde(default)]
    pub meta: Meta,
    #[serde(default)]
    pub code: CodeableConcept,
    pub subject: Reference,
    pub encounter: Option<Reference>,
    #[serde(default)]
    pub onset_date_time: String,
    #[serde(default)]
    pub verification_status: CodeableConcept,
}

#[derive(Debug, Clone, Deserialize)]
pub struct CarePlan {
    pub id: String,
    #[serde(default)]
    pub meta: Meta,
    #[serde(default)]
    pub status: String,
    pub subject: Reference,
    pub encounter: Option<Reference>,
    #[serde(default)]
    pub category: Vec<CodeableConcept>,
    #[serde(default)]
    pub activity: Vec<Activity>,
    #[serde(default)]
    pub goal: Vec<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Activity {
    pub detail: Option<ActivityDetail>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct ActivityDetail {
    #[serde(default)]
    pub code: CodeableConcept,
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub description: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Goal {
    pub id: String,
    #[serde(default)]
    pub meta: Meta,
    #[serde(default)]
    pub lifecycle_status: String,
    #[serde(default)]
    pub description: CodeableConcept,
    pub subject: Reference,
    pub expressed_by: Option<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CareTeam {
    pub id: String,
    pub subject: Option<Reference>,
    #[serde(default)]
    pub participant: Vec<TeamParticipant>,
    #[serde(default)]
    pub managing_organization: Vec<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TeamParticipant {
    pub member: Option<Reference>,
    pub on_behalf_of: Option<Reference>,
}
