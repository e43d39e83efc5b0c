use serde::{Deserialize, Serialize};

use crate::Refusal;
use crate::text::{LINE, optional, required};
use crate::vocabulary::coded;

coded! {
    /// A register in which an organisation has a number.
    Registry {
        /// The Office of the Scottish Charity Regulator.
        Oscr = 1 "OSCR",
        /// The Care Inspectorate.
        CareInspectorate = 2 "Care Inspectorate",
        /// The NHS Organisation Data Service.
        Ods = 3 "ODS",
    }
}

/// A number by which an organisation is known for certain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AgencyNumber {
    pub registry: Registry,
    pub number: String,
}

impl AgencyNumber {
    /// Whether an organisation can have it.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        self.check().is_ok()
    }

    /// Refuses what no organisation can have there: OSCR gives `SC` and six digits, the Care Inspectorate `CS` or `SP` and ten, ODS three
    /// to ten capitals and digits.
    fn check(&self) -> Result<(), Refusal> {
        let digits = |prefix: &str, count: usize| {
            let rest = self.number.strip_prefix(prefix);
            rest.is_some_and(|rest| rest.len() == count && rest.bytes().all(|b| b.is_ascii_digit()))
        };
        let code = || self.number.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        let fits = match self.registry {
            Registry::Oscr => digits("SC", 6),
            Registry::CareInspectorate => digits("CS", 10) || digits("SP", 10),
            Registry::Ods => (3..=10).contains(&self.number.len()) && code(),
        };
        if fits { Ok(()) } else { Err(Refusal::invalid("numbers.number", "is none that this register gives")) }
    }
}

/// The most numbers of one agency.
pub const NUMBERS_LIMIT: usize = 10;

/// What tells an agency from others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: String,
    /// The town or district where it works; may be empty.
    pub place: String,
    /// Its numbers, each once, in order.
    pub numbers: Vec<AgencyNumber>,
}

impl Profile {
    /// What an event says.
    pub(crate) fn of(name: &str, place: &str, numbers: &[AgencyNumber]) -> Self {
        Self { name: name.to_owned(), place: place.to_owned(), numbers: numbers.to_vec() }
    }

    /// Puts the numbers in order, each once.
    ///
    /// # Errors
    /// When a name is missing, or a number cannot be one.
    pub fn checked(mut self) -> Result<Self, Refusal> {
        required("name", &self.name, LINE)?;
        optional("place", &self.place, LINE)?;
        if self.numbers.len() > NUMBERS_LIMIT {
            return Err(Refusal::invalid("numbers", format!("at most `{NUMBERS_LIMIT}` are taken")));
        }
        self.numbers.iter().try_for_each(AgencyNumber::check)?;
        self.numbers.sort();
        self.numbers.dedup();
        Ok(self)
    }

    /// Whether two are called the same, however it is written.
    #[must_use]
    pub fn is_called_like(&self, other: &Self) -> bool {
        let plain = |name: &str| name.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        plain(&self.name) == plain(&other.name)
    }

    /// Whether people can tell one from another that is called the same: by where it is, or by a number.
    #[must_use]
    pub fn is_told_from(&self, other: &Self) -> bool {
        self.place.to_lowercase() != other.place.to_lowercase() || self.numbers != other.numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_one_that_its_register_gives() {
        let fits = |registry, number: &str| AgencyNumber { registry, number: number.into() }.check().is_ok();
        for (registry, number) in [
            (Registry::Oscr, "SC012345"),
            (Registry::CareInspectorate, "CS2003012345"),
            (Registry::CareInspectorate, "SP2003012345"),
            (Registry::Ods, "RR8"),
            (Registry::Ods, "A1B2C3"),
        ] {
            assert!(fits(registry, number), "{number}");
            assert!(!fits(registry, &number.to_lowercase()) && !fits(registry, &format!("{number}-")), "{number}");
        }
        for (registry, number) in [(Registry::Oscr, "SC12345"), (Registry::Ods, "AB"), (Registry::CareInspectorate, "")]
        {
            assert!(!fits(registry, number), "{number}");
        }
    }

    #[test]
    fn names_are_alike_however_they_are_written() {
        let profile = |name: &str, place: &str| Profile { name: name.into(), place: place.into(), numbers: vec![] };
        let one = profile("North  Health", "Leith");
        assert!(one.is_called_like(&profile("north health", "")));
        assert!(!one.is_called_like(&profile("North Healthcare", "Leith")));
        assert!(one.is_told_from(&profile("North Health", "Perth")) && !one.is_told_from(&profile("x", "leith")));
    }
}
