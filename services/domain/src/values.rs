//! Values that are checked where they come in, and need no second look.

use serde::{Deserialize, Serialize};

use crate::Refusal;
use crate::text::{LINE, required};
use crate::vocabulary::{Timestamp, coded};

/// A day, `YYYY-MM-DD`, or as much of one as is known: `YYYY-MM` or `YYYY` (as in FHIR).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(String);

impl Date {
    /// Whether it is later than this moment, wherever on earth.
    #[must_use]
    pub fn is_after(&self, now: Timestamp) -> bool {
        // Where it is latest it is 14 hours later than by UTC.
        let latest = jiff::Timestamp::from_microsecond(now.plus_minutes(14 * 60).0).unwrap_or(jiff::Timestamp::MAX);
        let today = latest.strftime("%Y-%m-%d").to_string();
        // Of a month or a year it is only later when all of it is.
        today.get(..self.0.len()).is_some_and(|today| self.0.as_str() > today)
    }

    /// The day in a field, which may be empty.
    ///
    /// # Errors
    /// When it is neither empty nor a day that there is.
    pub fn optional(field: &'static str, text: &str) -> Result<Option<Self>, Refusal> {
        if text.is_empty() {
            return Ok(None);
        }
        let refused =
            || Refusal::invalid(field, "must be a date `YYYY-MM-DD`, `YYYY-MM` or `YYYY` that there is, or empty");
        let mut parts = text.split('-');
        let mut number = |digits: usize| match parts.next() {
            None => Ok(None),
            Some(part) if part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()) => {
                part.parse::<i16>().map(Some).map_err(|_cause| refused())
            }
            Some(_) => Err(refused()),
        };
        let year = number(4)?.filter(|year| *year > 0).ok_or_else(refused)?;
        let (month, day) = (number(2)?.unwrap_or(1), number(2)?.unwrap_or(1));
        let small = |number: i16| i8::try_from(number).map_err(|_cause| refused());
        if parts.next().is_some() || jiff::civil::Date::new(year, small(month)?, small(day)?).is_err() {
            return Err(refused());
        }
        Ok(Some(Self(text.to_owned())))
    }

    /// A day as it was stored; none is stored as nothing.
    #[must_use]
    pub fn stored(text: String) -> Option<Self> {
        if text.is_empty() { None } else { Some(Self(text)) }
    }

    /// When that day begins (UTC), if it is known to the day.
    #[must_use]
    pub fn begins(&self) -> Option<Timestamp> {
        let day: jiff::civil::Date = self.0.parse().ok()?;
        let begins = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        Some(Timestamp(begins.as_microsecond()))
    }

    /// `YYYY-MM-DD`, or as much of it as is known.
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

coded! {
    /// What a link leads to.
    LinkKind {
        /// A page.
        Page = 1 "a page",
        /// A service in ALISS, Scotland's directory of what there is in the community.
        Aliss = 2 "a service in ALISS",
        /// A service in a directory that speaks Open Referral UK.
        OpenReferral = 3 "a service in an Open Referral UK directory",
    }
}

/// Something in the community that an entry points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What it leads to.
    pub kind: LinkKind,
    /// What it is called.
    pub name: String,
    /// Its address: `https`, without a user or password.
    pub url: String,
}

/// The longest address of a link, in characters.
const URL_LIMIT: usize = 500;

impl Link {
    /// Refuses a link that has no name, or whose address is none that a person could be sent to.
    ///
    /// # Errors
    /// The field that is wrong.
    pub fn check(&self) -> Result<(), Refusal> {
        required("link.name", &self.name, LINE)?;
        let rest = self.url.strip_prefix("https://").filter(|_| self.url.len() <= URL_LIMIT);
        let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
        let is_name = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let (host, port) = host.split_once(':').map_or((host, None), |(host, port)| (host, Some(port)));
        let is_host =
            host.contains('.') && host.split('.').all(is_name) && host.bytes().any(|b| b.is_ascii_alphabetic());
        let is_port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
        if !is_host || !is_port || !self.url.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(Refusal::invalid(
                "link.url",
                format!("must be the `https` address of a page, at most `{URL_LIMIT}` characters"),
            ));
        }
        let of_aliss = ["aliss.org", "www.aliss.org"].iter().any(|aliss| host.eq_ignore_ascii_case(aliss));
        if self.kind == LinkKind::Aliss && !of_aliss {
            return Err(Refusal::invalid("link.url", "a service in ALISS has its page at `https://www.aliss.org`"));
        }
        Ok(())
    }
}

/// Adds to a list that holds only so many: the oldest go first.
pub fn push_latest<T>(list: &mut Vec<T>, new: T, most: usize) {
    list.push(new);
    list.drain(..list.len().saturating_sub(most));
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
        for day in ["2026-02-28", "2024-02-29", "1950", "1950-06"] {
            assert_eq!(Date::optional("due", day).unwrap().unwrap().as_str(), day);
        }
        for wrong in [
            "2026-2-28",
            "2026-13-01",
            "2026-00-01",
            "tomorrow",
            "2026-01-32",
            "12026-01-01",
            "2026-01-0x",
            "2026-02-29",
            "2026-02-30",
            "0000-01-01",
            "1950-",
            "195",
            "2026-01-01-01",
            "-950",
        ] {
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
