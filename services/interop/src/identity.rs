//! Who a bundle's Patient is: the same person as in another source only by a national number.

use std::collections::BTreeSet;

use url::Url;
use vault::{Identifiers, Pseudonyms, VaultError};

use crate::fhir::{Identifier, Patient};

/// The system whose records a bundle holds, as a URI. What it calls `Patient/1` is somebody else than another source's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSystem(String);

impl SourceSystem {
    /// The source with this URI.
    ///
    /// # Errors
    /// When it is no absolute URI.
    pub fn new(uri: &str) -> Result<Self, String> {
        Url::parse(uri).map_err(|cause| format!("must be a URI, such as `https://records.example`: {cause}"))?;
        Ok(Self(uri.to_owned()))
    }

    /// The URI.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// A system of national numbers, by its FHIR identifier system. Only one whose check digit is known can say that two sources speak
/// of one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum National {
    /// The NHS number of England, Wales and the Isle of Man.
    NhsNumber,
    /// The Community Health Index number of Scotland.
    Chi,
}

impl National {
    const ALL: [(Self, &'static str); 2] = [
        (Self::NhsNumber, "https://fhir.nhs.uk/Id/nhs-number"),
        (Self::Chi, "urn:oid:2.16.840.1.113883.2.1.3.2.4.16.53"),
    ];

    /// The one with this identifier system.
    ///
    /// # Errors
    /// When its numbers cannot be checked here.
    pub fn of(system: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(_, known)| *known == system);
        known.map(|(national, _)| *national).ok_or_else(|| {
            let known = Self::ALL.map(|(_, known)| known).join("`, `");
            format!("`{system}` has no check digit that is known here; known are `{known}`")
        })
    }

    /// Its identifier system.
    #[must_use]
    pub fn system(self) -> &'static str {
        Self::ALL.iter().find(|(national, _)| *national == self).map_or("", |(_, system)| system)
    }

    /// The digits of a number that checks.
    fn number(self, value: &str) -> Option<String> {
        let digits: String = value.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let numbers: Vec<u32> = digits.chars().map(|c| c.to_digit(10)).collect::<Option<_>>()?;
        let [first @ .., check] = numbers.as_slice() else { return None };
        // Modulus 11, weights 10 to 2 (NHS Data Dictionary, NHS NUMBER; CHI alike).
        let sum: u32 = first.iter().zip((2..=10).rev()).map(|(digit, weight)| digit * weight).sum();
        // Ten equal digits always fit, and what begins with 999 is given to nobody: both stand for "not known".
        if numbers.iter().min() == numbers.iter().max() || digits.starts_with("999") {
            return None;
        }
        if numbers.len() != 10 || (11 - sum % 11) % 11 != *check {
            return None;
        }
        // A CHI number begins with the day, month and year of birth.
        let dated = || {
            let two = |at: usize| digits.get(at..at + 2)?.parse::<i8>().ok();
            jiff::civil::Date::new(2000 + i16::from(two(4)?), two(2)?, two(0)?).ok()
        };
        (self == Self::NhsNumber || dated().is_some()).then_some(digits)
    }
}

impl National {
    /// Whether a number can be of somebody who was born on this day (`1960-02-29`), as far as either says: a CHI number begins with it.
    fn fits(self, number: &str, birth_date: &str) -> bool {
        let born: Vec<&str> = birth_date.split('-').collect();
        let (Self::Chi, [year, month, day]) = (self, born.as_slice()) else { return true };
        let expected = format!("{day}{month}{}", year.get(2..).unwrap_or_default());
        number.starts_with(&expected)
    }
}

/// Why it cannot be told who somebody is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unknown {
    /// The bundle does not tell, or tells of several.
    #[error("{0}")]
    Bundle(&'static str),
    /// The index cannot be asked.
    #[error(transparent)]
    Index(#[from] VaultError),
}

/// By what a Patient is known: its national numbers, and what the source itself calls it, which is its id there.
fn names(
    (patient, id, today): (&Patient, &str, &str),
    source: &SourceSystem,
    national: &[National],
    pseudonyms: &Pseudonyms,
) -> (Vec<(National, uuid::Uuid)>, Option<uuid::Uuid>) {
    let number = |identifier: &Identifier| {
        let system = National::of(&identifier.system).ok().filter(|system| national.contains(system))?;
        let number = system.number(&identifier.value).filter(|number| system.fits(number, &patient.birth_date))?;
        Some((system, pseudonyms.of("person", &[b"national", system.system().as_bytes(), number.as_bytes()])))
    };
    let numbers: BTreeSet<_> = patient.identifier.iter().filter(|i| i.is_in_force(today)).filter_map(number).collect();
    // A national number names somebody everywhere, or nobody.
    // A number without a system, or one that they had once, is as good as none.
    let usable = |i: &&Identifier| !i.system.is_empty() && i.is_in_force(today) && National::of(&i.system).is_err();
    let of_source: Vec<_> = patient.identifier.iter().filter(usable).cloned().collect();
    let of_source = known_by(&of_source, id);
    let own = of_source.map(|[kind, system, value]| pseudonyms.of("person", &[source.as_bytes(), kind, system, value]));
    (numbers.into_iter().collect(), own)
}

/// What names somebody within a source: the resource's id, or else a number with its system, in whatever order the numbers stand.
fn known_by<'a>(identifiers: &'a [Identifier], id: &'a str) -> Option<[&'a [u8]; 3]> {
    let numbered = identifiers.iter().filter(|i| !i.value.is_empty()).map(|i| ["number", &i.system, &i.value]).min();
    let parts = (!id.is_empty()).then_some(["id", "", id]).or(numbered);
    parts.map(|parts| parts.map(str::as_bytes))
}

/// Who a Patient is, and by what it is known.
#[derive(Debug)]
pub(crate) struct Identified {
    /// Somebody new, unless one of the names is bound already.
    pub(crate) person: uuid::Uuid,
    numbers: Vec<(National, uuid::Uuid)>,
    own: Option<uuid::Uuid>,
}

/// Finds out who a Patient is. Two people are never taken for one on a name or a date of birth. A Patient comes with what tells it
/// apart, and the day. Binds nothing.
pub(crate) async fn identify(
    patient: (&Patient, &str, &str),
    source: &SourceSystem,
    national: &[National],
    index: &Identifiers,
) -> Result<Identified, Unknown> {
    let (numbers, own) = names(patient, source, national, index.pseudonyms());
    let mut known = BTreeSet::new();
    for name in numbers.iter().map(|(_, name)| *name).chain(own) {
        known.extend(index.find(name).await?);
    }
    if numbers.is_empty() && own.is_none() {
        return Err(Unknown::Bundle("has neither an id nor a number that can be used"));
    }
    if known.len() > 1 {
        return Err(Unknown::Bundle(
            "is known as several people, by its numbers and its id; tell them apart at the source",
        ));
    }
    let identified = Identified { person: known.pop_first().unwrap_or_else(uuid::Uuid::now_v7), numbers, own };
    for (place, number) in identified.places(index) {
        has_no_other(index.find(place).await?.unwrap_or(number), number)?;
    }
    Ok(identified)
}

impl Identified {
    /// Binds the names to the person, for good: whoever comes first with a name decides for all.
    pub(crate) async fn bind(&self, index: &Identifiers) -> Result<(), Unknown> {
        for (place, number) in self.places(index) {
            has_no_other(index.id(place, number).await?, number)?;
        }
        for name in self.numbers.iter().map(|(_, name)| *name).chain(self.own) {
            if index.id(name, self.person).await? != self.person {
                return Err(Unknown::Bundle("was imported by somebody else at the same moment; try again"));
            }
        }
        Ok(())
    }

    /// Where it stands which number of each system the person has, and which it is.
    fn places(&self, index: &Identifiers) -> Vec<(uuid::Uuid, uuid::Uuid)> {
        let pseudonyms = index.pseudonyms();
        let place =
            |system: National| pseudonyms.of("national number", &[self.person.as_bytes(), system.system().as_bytes()]);
        self.numbers.iter().map(|(system, number)| (place(*system), *number)).collect()
    }
}

fn has_no_other(standing: uuid::Uuid, number: uuid::Uuid) -> Result<(), Unknown> {
    if standing == number {
        return Ok(());
    }
    Err(Unknown::Bundle("has another national number than before; put it right at the source"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::Period;

    #[test]
    fn a_national_number_is_taken_only_when_it_checks() {
        // 943 476 5919 is the example of the NHS Data Dictionary.
        assert_eq!(National::NhsNumber.number("943 476 5919").as_deref(), Some("9434765919"));
        for wrong in
            ["9434765918", "943476591", "94347659190", "943476591X", "", "0123456788", "1111111111", "9999999999"]
        {
            assert_eq!(National::NhsNumber.number(wrong), None, "{wrong}");
        }
        // The same digits, but not of a day that there is.
        assert_eq!(National::Chi.number("9434765919"), None);
        assert!(National::of("http://hl7.org/fhir/sid/us-ssn").is_err());
    }

    #[test]
    fn names_are_of_their_source_and_in_no_order() {
        let pseudonyms = Pseudonyms::new(&[7; 32]);
        let number = |system: &str, value: &str| Identifier {
            system: system.into(),
            value: value.into(),
            ..Identifier::default()
        };
        let patient = |id: &'static str, identifier: Vec<Identifier>| {
            (Patient { identifier: identifier.into(), ..Patient::default() }, id)
        };
        let [one, other] = ["https://one.example", "https://other.example"].map(|uri| SourceSystem::new(uri).unwrap());
        let nhs = || number("https://fhir.nhs.uk/Id/nhs-number", "9434765919");
        let of = |(patient, id): &(Patient, &str), source: &SourceSystem| {
            names((patient, id, "2026-11-26"), source, &[National::NhsNumber], &pseudonyms)
        };
        let plain = patient("1", vec![]);
        assert_ne!(of(&plain, &one).1, of(&plain, &other).1, "`Patient/1` of two sources");
        let (first, turned) = (vec![nhs(), number("mrn", "7")], vec![number("mrn", "7"), nhs()]);
        let (first, turned) = (of(&patient("", first), &one), of(&patient("", turned), &one));
        assert_eq!(first, turned);
        assert_eq!(first.0, of(&patient("2", vec![nhs()]), &other).0, "one person by a national number");
        assert_eq!(of(&patient("", vec![number("mrn", "")]), &one), (vec![], None));
        let unknown = number("https://fhir.nhs.uk/Id/nhs-number", "UNKNOWN");
        assert_eq!(of(&patient("", vec![unknown]), &one), (vec![], None), "that does not name anybody");
        // A number without a system names nobody, nor a CHI number of another day of birth.
        assert_eq!(of(&patient("", vec![number("", "UNKNOWN")]), &one), (vec![], None));
        assert!(National::Chi.fits("2902601234", "1960-02-29") && National::Chi.fits("2902601234", "1960"));
        assert!(
            !National::Chi.fits("2902601234", "1961-02-28") && National::NhsNumber.fits("9434765919", "1961-02-28")
        );
        // A number that was theirs, or is not yet, is not theirs.
        let old = Identifier { usage: "old".into(), ..nhs() };
        let ended = Identifier { period: Period { end: "2020".into(), ..Period::default() }, ..nhs() };
        assert_eq!(of(&patient("1", vec![old, ended]), &one).0, vec![]);
        assert!(SourceSystem::new("clinic").is_err());
    }
}
