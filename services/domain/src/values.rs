//! Values that are checked where they come in, and need no second look.

use serde::{Deserialize, Serialize};

use crate::Refusal;

/// A day, `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(String);

impl Date {
    /// The day in a field, which may be empty.
    ///
    /// # Errors
    /// When it is neither empty nor a day.
    pub fn optional(field: &'static str, text: &str) -> Result<Option<Self>, Refusal> {
        let well_formed = match text.as_bytes() {
            [] => return Ok(None),
            [y @ .., b'-', m1, m2, b'-', d1, d2] => {
                let number = |a: &u8, b: &u8| u32::from(a.wrapping_sub(b'0')) * 10 + u32::from(b.wrapping_sub(b'0'));
                y.len() == 4
                    && y.iter().chain([m1, m2, d1, d2]).all(u8::is_ascii_digit)
                    && (1..=12).contains(&number(m1, m2))
                    && (1..=31).contains(&number(d1, d2))
            }
            _ => false,
        };
        let refused = || Refusal::invalid(field, "must be a date `YYYY-MM-DD`, or empty");
        if well_formed { Ok(Some(Self(text.to_owned()))) } else { Err(refused()) }
    }

    /// A day as it was stored; none is stored as nothing.
    #[must_use]
    pub fn stored(text: String) -> Option<Self> {
        if text.is_empty() { None } else { Some(Self(text)) }
    }

    /// `YYYY-MM-DD`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How important or how confident, as the person says it: 1 to 10 (rule 15).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rating(u8);

impl Rating {
    /// The rating in a field.
    ///
    /// # Errors
    /// When it is not from 1 to 10.
    pub fn new(field: &'static str, value: u8) -> Result<Self, Refusal> {
        if (1..=10).contains(&value) {
            Ok(Self(value))
        } else {
            Err(Refusal::invalid(field, "must be from `1` to `10`"))
        }
    }

    /// The rating in a field where 0 means that nothing was said.
    ///
    /// # Errors
    /// When it is more than 10.
    pub fn optional(field: &'static str, value: u8) -> Result<Option<Self>, Refusal> {
        if value == 0 { Ok(None) } else { Self::new(field, value).map(Some) }
    }

    /// A rating as it was stored; none is stored as 0.
    #[must_use]
    pub fn stored(value: u8) -> Option<Self> {
        if value == 0 { None } else { Some(Self(value)) }
    }

    /// 1 to 10.
    #[must_use]
    pub fn value(self) -> u8 {
        self.0
    }
}

/// The resource that an entry was imported from, as in `Condition/123`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Source(String);

impl Source {
    /// A source as it was stored; none is stored as nothing.
    #[must_use]
    pub fn stored(text: String) -> Option<Self> {
        if text.is_empty() { None } else { Some(Self(text)) }
    }

    /// Its words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// In documents an absent day is empty text.
pub(crate) mod or_empty {
    use super::{Date, Deserialize};
    use serde::{Deserializer, Serializer};

    #[allow(clippy::ref_option, reason = "serde gives the field")]
    pub(crate) fn serialize<S: Serializer>(date: &Option<Date>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(date.as_ref().map(Date::as_str).unwrap_or_default())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Date>, D::Error> {
        String::deserialize(from).map(Date::stored)
    }
}

/// In documents an absent rating is 0.
pub(crate) mod or_zero {
    use super::{Deserialize, Rating};
    use serde::{Deserializer, Serializer};

    #[allow(clippy::ref_option, reason = "serde gives the field")]
    pub(crate) fn serialize<S: Serializer>(rating: &Option<Rating>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(rating.map(Rating::value).unwrap_or_default())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Rating>, D::Error> {
        u8::deserialize(from).map(Rating::stored)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_a_date() {
        assert_eq!(Date::optional("due", ""), Ok(None));
        assert_eq!(Date::optional("due", "2026-02-28").unwrap().unwrap().as_str(), "2026-02-28");
        for wrong in ["2026-2-28", "2026-13-01", "2026-00-01", "tomorrow", "2026-01-32", "12026-01-01", "2026-01-0x"] {
            assert!(Date::optional("due", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn rule_15_a_rating_is_from_1_to_10() {
        for (value, taken) in [(0, false), (1, true), (10, true), (11, false)] {
            assert_eq!(Rating::new("importance", value).is_ok(), taken, "{value}");
        }
        assert_eq!(Rating::optional("confidence", 0), Ok(None));
        assert!(Rating::optional("confidence", 11).is_err());
    }
}
