//! Serde structs of the data types, with the elements that are used. Names and shapes are those of the FHIR R4 specification (4.0.1).
#![allow(missing_docs, reason = "the elements are those of FHIR R4, under their own names")]

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// What is said of a list that is too long.
pub(super) const TOO_MANY: &str = "holds more than ";

/// A list of so many elements at most: no more are taken into memory. A null stands for an element without a value (FHIR R4,
/// 2.6.2.1), and is none.
#[derive(Debug, Clone)]
pub struct Few<T, const MOST: usize = 1_000>(Vec<T>);

impl<T, const MOST: usize> Default for Few<T, MOST> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T, const MOST: usize> Deref for Few<T, MOST> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T, const MOST: usize> From<Vec<T>> for Few<T, MOST> {
    fn from(elements: Vec<T>) -> Self {
        Self(elements)
    }
}

impl<T, const MOST: usize> Few<T, MOST> {
    /// All of them.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }

    /// And one more.
    pub fn push(&mut self, element: T) {
        self.0.push(element);
    }
}

impl<'de, T: Deserialize<'de>, const MOST: usize> Deserialize<'de> for Few<T, MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Elements(PhantomData))
    }
}

struct Elements<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for Elements<T, MOST> {
    type Value = Few<T, MOST>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Few<T, MOST>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = from.next_element::<Option<T>>()? {
            let Some(element) = element else { continue };
            if elements.len() == MOST {
                return Err(A::Error::custom(format!("{TOO_MANY}`{MOST}` elements; split it")));
            }
            elements.push(element);
        }
        Ok(Few(elements))
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    #[serde(default)]
    pub security: Few<Coding>,
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

impl Coding {
    /// Whether it only says that, or why, nothing is said.
    fn is_absent(&self) -> bool {
        const ABSENT: [&str; 2] = [
            "http://terminology.hl7.org/CodeSystem/data-absent-reason",
            "http://terminology.hl7.org/CodeSystem/v3-NullFlavor",
        ];
        ABSENT.contains(&self.system.as_str())
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct CodeableConcept {
    #[serde(default)]
    pub coding: Few<Coding>,
    #[serde(default)]
    pub text: String,
}

/// SNOMED CT, as FHIR calls it.
const SNOMED: &str = "http://snomed.info/sct";
/// Its semantic tags of what stands in a record (SNOMED CT Editorial Guide, semantic tags).
const TAGS: [&str; 12] = [
    "disorder",
    "finding",
    "situation",
    "procedure",
    "regime/therapy",
    "event",
    "observable entity",
    "morphologic abnormality",
    "person",
    "record artifact",
    "social concept",
    "qualifier value",
];

impl CodeableConcept {
    /// The concept in words: its text, or the first display.
    #[must_use]
    pub fn words(&self) -> &str {
        let displays = self.coding.iter().filter(|c| !c.is_absent()).map(|c| c.display.as_str());
        std::iter::once(self.text.as_str()).chain(displays).find(|words| !words.trim().is_empty()).unwrap_or_default()
    }

    /// The concept as people say it: without the tag by which SNOMED CT tells its own concepts apart, as in `Anemia (disorder)`.
    #[must_use]
    pub fn plain_words(&self) -> &str {
        let words = self.words().trim_end();
        let is_snomed = self.coding.iter().any(|coding| coding.system == SNOMED);
        let tagged = words.strip_suffix(')').and_then(|words| words.rsplit_once(" (")).filter(|_| is_snomed);
        match tagged {
            Some((plain, tag)) if TAGS.contains(&tag) && !plain.trim().is_empty() => plain,
            _ => words,
        }
    }

    /// Whether it has this code.
    #[must_use]
    pub fn has(&self, code: &str) -> bool {
        self.coding.iter().any(|c| c.code == code)
    }

    /// The first of these codes that it has.
    #[must_use]
    pub fn first_of<'a>(&self, codes: &[&'a str]) -> Option<&'a str> {
        codes.iter().copied().find(|code| self.has(code))
    }

    /// What it says in words, when it has none of these codes: another system's say nothing here.
    #[must_use]
    pub fn beyond(&self, known: &[&str]) -> Option<&str> {
        Some(self.words()).filter(|words| self.first_of(known).is_none() && !words.trim().is_empty())
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

impl Period {
    /// Whether it holds on a day (`2026-11-26`). A date that is known to the month or year alone counts as a whole month or year.
    #[must_use]
    pub fn holds(&self, today: &str) -> bool {
        let is_before = |one: &str, other: &str| {
            let known = one.len().min(other.len()).min(10);
            one.get(..known) < other.get(..known)
        };
        let begun = self.start.is_empty() || !is_before(today, &self.start);
        let over = !self.end.is_empty() && is_before(&self.end, today);
        begun && !over
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
pub struct Identifier {
    #[serde(default, rename = "use")]
    pub usage: String,
    #[serde(default)]
    pub system: String,
    #[serde(default)]
    pub value: String,
    #[serde(default)]
    pub period: Period,
}

impl Identifier {
    /// Whether it is somebody's on a day: not one that they had, or have for a while.
    #[must_use]
    pub fn is_in_force(&self, today: &str) -> bool {
        !matches!(self.usage.as_str(), "old" | "temp") && self.period.holds(today)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminologys_own_tags_are_not_the_persons_words() {
        let concept = |system: &str, text: &str| CodeableConcept {
            coding: vec![Coding { system: system.into(), code: "1".into(), ..Coding::default() }].into(),
            text: text.into(),
        };
        for (system, text, plain) in [
            (SNOMED, "Anemia (disorder)", "Anemia"),
            (SNOMED, "Stress (finding) ", "Stress"),
            (SNOMED, "Fear (of heights)", "Fear (of heights)"),
            (SNOMED, "(disorder)", "(disorder)"),
            ("urn:own", "Anemia (disorder)", "Anemia (disorder)"),
        ] {
            assert_eq!(concept(system, text).plain_words(), plain);
        }
    }
}
