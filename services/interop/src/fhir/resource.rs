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
#[serde(rename_all = "camelCase")]
pub struct Meta {
    #[serde(default)]
    pub security: Vec<Coding>,
    #[serde(default)]
    pub last_updated: String,
    #[serde(default)]
    pub version_id: String,
}

impl Meta {
    /// With the confidentiality that a Composition states beside it.
    #[must_use]
    pub fn and_confidentiality(mut self, code: &str) -> Self {
        if !code.is_empty() {
            self.security.push(Coding { code: code.to_owned(), ..Coding::default() });
        }
        self
    }
}

/// An extension, by its URL alone: none is known here.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Extension {
    #[serde(default)]
    pub url: String,
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
    #[serde(default)]
    pub display: String,
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
    #[serde(default, rename = "use")]
    pub usage: String,
    #[serde(default)]
    pub period: Period,
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

    /// The name that somebody goes by on a day (`2026-11-26`): the official one before the usual one, the latest before those before
    /// it. What they were called once, or is masked, is no name.
    #[must_use]
    pub fn current(names: &[Self], today: &str) -> Option<String> {
        let is_over = |name: &&Self| {
            let end = name.period.end.get(..10).unwrap_or(&name.period.end);
            matches!(name.usage.as_str(), "old" | "maiden") || (!end.is_empty() && end < today)
        };
        let rank = |name: &&Self| match name.usage.as_str() {
            "official" => 3,
            "usual" => 2,
            "" => 1,
            _ => 0,
        };
        let mut current: Vec<_> = names.iter().filter(|name| !is_over(name) && !name.words().is_empty()).collect();
        current.sort_by(|a, b| (rank(b), &b.period.start).cmp(&(rank(a), &a.period.start)));
        current.first().map(|name| name.words())
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
    #[serde(default)]
    pub status: String,
    pub subject: Option<Reference>,
    #[serde(default)]
    pub participant: Vec<EncounterParticipant>,
    pub service_provider: Option<Reference>,
    #[serde(default)]
    pub period: Period,
}

#[derive(Debug, Clone, Deserialize)]
pub struct EncounterParticipant {
    #[serde(default)]
    pub modifier_extension: Vec<Extension>,
    #[serde(default, rename = "type")]
    pub kind: Vec<CodeableConcept>,
    pub individual: Option<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    pub id: String,
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
    pub recorded_date: String,
    #[serde(default)]
    pub verification_status: CodeableConcept,
}

#[derive(Debug, Clone, Deserialize)]
pub struct CarePlan {
    pub id: String,
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub intent: String,
    pub author: Option<Reference>,
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
#[serde(rename_all = "camelCase")]
pub struct Activity {
    #[serde(default)]
    pub modifier_extension: Vec<Extension>,
    pub reference: Option<Reference>,
    pub detail: Option<ActivityDetail>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ActivityDetail {
    #[serde(default)]
    pub modifier_extension: Vec<Extension>,
    #[serde(default)]
    pub code: CodeableConcept,
    #[serde(default)]
    pub status: String,
    #[serde(default)]
    pub description: String,
    #[serde(default)]
    pub do_not_perform: bool,
    #[serde(default)]
    pub goal: Vec<Reference>,
    #[serde(default)]
    pub performer: Vec<Reference>,
    #[serde(default)]
    pub scheduled_period: Period,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Goal {
    pub id: String,
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
    pub id: String,
    #[serde(default)]
    pub status: String,
    pub subject: Option<Reference>,
    #[serde(default)]
    pub participant: Vec<TeamParticipant>,
    #[serde(default)]
    pub managing_organization: Vec<Reference>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TeamParticipant {
    #[serde(default)]
    pub modifier_extension: Vec<Extension>,
    pub member: Option<Reference>,
    pub on_behalf_of: Option<Reference>,
}
