//! What somebody is called.
#![allow(missing_docs, reason = "the elements are those of FHIR R4, under their own names")]

use serde::Deserialize;

use super::elements::{Few, Period};

#[derive(Debug, Clone, Default, Deserialize)]
pub struct HumanName {
    #[serde(default, rename = "use")]
    pub usage: String,
    #[serde(default)]
    pub period: Period,
    #[serde(default)]
    pub family: String,
    #[serde(default)]
    pub given: Few<String>,
    #[serde(default)]
    pub prefix: Few<String>,
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
        let parts = self.prefix.iter().chain(self.given.iter()).map(String::as_str).chain([self.family.as_str()]);
        parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// The name that somebody goes by on a day (`2026-11-26`): the official one before the usual one, the latest before those before
    /// it. What they were called once, are not called yet, or are called so as not to be known, is no name.
    #[must_use]
    pub fn current(names: &[Self], today: &str) -> Option<String> {
        let is_in_use =
            |name: &&Self| !matches!(name.usage.as_str(), "old" | "maiden" | "anonymous") && name.period.holds(today);
        let rank = |name: &&Self| match name.usage.as_str() {
            "official" => 3,
            "usual" => 2,
            "" => 1,
            _ => 0,
        };
        let mut current: Vec<_> =
            names.iter().filter(|name| is_in_use(name) && !name.words().trim().is_empty()).collect();
        current.sort_by(|a, b| (rank(b), &b.period.start).cmp(&(rank(a), &a.period.start)));
        current.first().map(|name| name.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_in_its_time_as_far_as_that_is_known() {
        let name = |text: &str, usage: &str, start: &str, end: &str| HumanName {
            text: text.into(),
            usage: usage.into(),
            period: Period { start: start.into(), end: end.into() },
            ..HumanName::default()
        };
        let today = "2026-11-26";
        let is_called = |name: HumanName| HumanName::current(&[name], today).is_some();
        for (start, end, holds) in [
            ("", "2026-11", true),
            ("", "2026", true),
            ("", "2026-10", false),
            ("", "2026-11-26T08:00:00Z", true),
            ("", "2026-11-25", false),
            ("2026-11", "", true),
            ("2026-12", "", false),
            ("2027", "", false),
            ("2026-11-27", "", false),
        ] {
            assert_eq!(is_called(name("A", "official", start, end)), holds, "{start}..{end}");
        }
        assert!(!is_called(name("Anonymous", "anonymous", "", "")));
        let names = [name("then", "usual", "2027", ""), name("now", "", "2020", ""), name("once", "", "2010", "")];
        assert_eq!(HumanName::current(&names, today).as_deref(), Some("now"));
    }
}
