//! The domain's words on the wire, and back. Codes are the same numbers on both sides.

use domain::ids::{AgencyId, StaffId};
use domain::person::CommunicationNeed;
use domain::vocabulary::{Action, Author, Category, Level, Purpose, Sensitivity, Timestamp};
use prost_types::Timestamp as WireTimestamp;
use proto::access::v1 as pb;
use proto::people::v1::Communication;
use views::consultations::By;

use crate::{Error, one_of};

/// The seconds of the years 1 to 9999 (`google.protobuf.Timestamp`), but for its last day: that everywhere on earth is of those years.
const YEARS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_207_199;
/// Microseconds in a second.
const MICROS: i64 = 1_000_000;

/// A time on the wire.
#[must_use]
pub fn timestamp(at: Timestamp) -> WireTimestamp {
    let nanos = i32::try_from(at.0.rem_euclid(MICROS) * 1_000).unwrap_or(0);
    WireTimestamp { seconds: at.0.div_euclid(MICROS), nanos }
}

/// A time from the wire, to the microsecond.
///
/// # Errors
/// When it is not of the years 1 to 9999, or its nanoseconds are not those of one second.
pub fn from_timestamp(field: &str, wire: WireTimestamp) -> Result<Timestamp, Error> {
    if !YEARS.contains(&wire.seconds) || !(0..1_000_000_000).contains(&wire.nanos) {
        return Err(Error::invalid(field, "must be a time of the years 1 to 9999, with `nanos` from 0 to 999999999"));
    }
    Ok(Timestamp(wire.seconds * MICROS + i64::from(wire.nanos) / 1_000))
}

/// The purpose of a call.
///
/// # Errors
/// When it is unspecified or unknown.
pub fn purpose(value: i32) -> Result<Purpose, Error> {
    one_of("purpose", value, Purpose::from_code)
}

/// Record categories from the wire.
///
/// # Errors
/// When one of them is unspecified or unknown.
pub fn categories(field: &str, values: &[i32]) -> Result<Vec<Category>, Error> {
    let mut categories = Vec::with_capacity(values.len().min(Category::ALL.len()));
    for value in values {
        let category = one_of(field, *value, Category::from_code)?;
        if !categories.contains(&category) {
            categories.push(category);
        }
    }
    Ok(categories)
}

/// Record categories on the wire.
#[must_use]
pub fn to_categories(categories: &[Category]) -> Vec<i32> {
    categories.iter().map(|c| i32::from(c.code())).collect()
}

/// Purposes from the wire.
///
/// # Errors
/// When one of them is unspecified or unknown.
pub fn purposes(field: &str, values: &[i32]) -> Result<Vec<Purpose>, Error> {
    values.iter().map(|value| one_of(field, *value, Purpose::from_code)).collect()
}

/// Actions from the wire.
///
/// # Errors
/// When one of them is unspecified or unknown.
pub fn actions(field: &str, values: &[i32]) -> Result<Vec<Action>, Error> {
    values.iter().map(|value| one_of(field, *value, Action::from_code)).collect()
}

/// A level from the wire; unspecified is normal.
///
/// # Errors
/// When it is unknown.
pub fn level(field: &str, value: i32) -> Result<Level, Error> {
    if value == 0 { Ok(Level::Normal) } else { one_of(field, value, Level::from_code) }
}

/// A sensitivity from the wire; absent is normal.
///
/// # Errors
/// When its level is unknown.
pub fn sensitivity(wire: Option<pb::Sensitivity>) -> Result<Sensitivity, Error> {
    let wire = wire.unwrap_or_default();
    Ok(Sensitivity { level: level("sensitivity.level", wire.level)?, labels: wire.labels })
}

/// A sensitivity on the wire.
#[must_use]
pub fn to_sensitivity(sensitivity: &Sensitivity) -> pb::Sensitivity {
    pb::Sensitivity { level: i32::from(sensitivity.level.code()), labels: sensitivity.labels.clone() }
}

/// How to communicate with somebody, on the wire.
#[must_use]
pub fn communication(needs: &[CommunicationNeed], language: String, text: String) -> Communication {
    let needs = needs.iter().map(|need| i32::from(need.code())).collect();
    Communication { needs, language, text }
}

/// What people are called: looked up once for a page.
pub trait Names {
    /// The name of an agency; empty when not known.
    fn agency(&self, agency: AgencyId) -> String;
    /// What an agency was called at a moment; empty when not known.
    fn agency_then(&self, agency: AgencyId, _at: Timestamp) -> String {
        self.agency(agency)
    }
    /// The name and the present role of a worker; empty when not known.
    fn staff(&self, staff: StaffId) -> (String, String);
}

/// Whoever said or did something, on the wire: as they were called at that moment, in the role that they had then.
#[must_use]
pub fn said_by(by: &By, names: &impl Names) -> pb::Party {
    party(by.author, &by.role, by.at, names)
}

/// A party on the wire, with its names at that moment and the role that they had then; empty when nobody said one.
#[must_use]
pub fn party(author: Author, role: &str, at: Timestamp, names: &impl Names) -> pb::Party {
    match author {
        Author::System => pb::Party { kind: pb::party::Kind::System.into(), ..pb::Party::default() },
        Author::Person => pb::Party { kind: pb::party::Kind::Person.into(), ..pb::Party::default() },
        Author::AnotherPerson => pb::Party { kind: pb::party::Kind::AnotherPerson.into(), ..pb::Party::default() },
        Author::Worker(worker) => {
            let (agency, staff) = (worker.agency(), worker.staff());
            pb::Party {
                kind: pb::party::Kind::Staff.into(),
                agency_id: agency.to_string(),
                agency_name: names.agency_then(agency, at),
                staff_id: staff.to_string(),
                name: names.staff(staff).0,
                role: role.to_owned(),
            }
        }
    }
}

/// A party on the wire, with the role that they have now.
#[must_use]
pub fn party_now(author: Author, names: &impl Names) -> pb::Party {
    let role = author.worker().map(|worker| names.staff(worker.staff()).1);
    party(author, &role.unwrap_or_default(), Timestamp::NEVER, names)
}

/// An agency: whoever it falls to there.
#[must_use]
pub fn agency(agency: AgencyId, names: &impl Names) -> pb::Party {
    pb::Party { kind: pb::party::Kind::Agency.into(), ..system_of(agency, names) }
}

/// An agency's computer system.
#[must_use]
pub fn system_of(agency: AgencyId, names: &impl Names) -> pb::Party {
    pb::Party {
        kind: pb::party::Kind::AgencysSystem.into(),
        agency_id: agency.to_string(),
        agency_name: names.agency(agency),
        ..pb::Party::default()
    }
}

/// Somebody of another agency, and nothing else about them.
#[must_use]
pub fn another_agency() -> pb::Party {
    pb::Party { kind: pb::party::Kind::AnotherAgency.into(), ..pb::Party::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::consultation::{Mode, Outcome, WithheldGround, WithoutPersonGround};
    use domain::person::ReplyKind;
    use proto::consultations::v1 as consultations;

    /// The domain's codes, and the numbers of the wire that are not "unspecified".
    fn same_numbers<W: TryFrom<i32>>(codes: impl Iterator<Item = u8>, words: &str) {
        let codes: Vec<_> = codes.map(i32::from).collect();
        let numbers: Vec<_> = (1..256).filter(|number| W::try_from(*number).is_ok()).collect();
        assert_eq!(codes, numbers, "{words}");
    }

    #[test]
    fn a_time_is_of_a_year_that_can_be_written() {
        let read = |seconds, nanos| from_timestamp("until", WireTimestamp { seconds, nanos });
        assert_eq!(read(1, 5_000), Ok(Timestamp(1_000_005)));
        for (seconds, nanos) in [(1, -1), (1, 1_000_000_000), (1_000_000_000_000, 0), (i64::MIN, 0)] {
            assert!(read(seconds, nanos).is_err(), "{seconds} {nanos}");
        }
        for seconds in [*YEARS.start(), *YEARS.end()] {
            assert_eq!(timestamp(read(seconds, 0).unwrap()), WireTimestamp { seconds, nanos: 0 });
        }
    }

    #[test]
    fn the_codes_of_the_domain_are_the_numbers_of_the_wire() {
        same_numbers::<pb::RecordCategory>(Category::ALL.iter().map(|c| c.code()), "categories");
        same_numbers::<pb::SensitivityLevel>(Level::ALL.iter().map(|l| l.code()), "levels");
        same_numbers::<pb::Purpose>(Purpose::ALL.iter().map(|p| p.code()), "purposes");
        same_numbers::<pb::Action>(Action::ALL.iter().map(|a| a.code()), "actions");
        same_numbers::<consultations::Mode>(Mode::ALL.iter().map(|m| m.code()), "modes");
        same_numbers::<consultations::WithoutPersonGround>(
            WithoutPersonGround::ALL.iter().map(|g| g.code()),
            "grounds",
        );
        same_numbers::<consultations::WithheldGround>(WithheldGround::ALL.iter().map(|g| g.code()), "withheld");
        same_numbers::<proto::people::v1::ReplyKind>(ReplyKind::ALL.iter().map(|k| k.code()), "replies");
        same_numbers::<consultations::Outcome>(Outcome::ALL.iter().map(|o| o.code()), "outcomes");
        for category in Category::ALL {
            let name = pb::RecordCategory::try_from(i32::from(category.code())).unwrap().as_str_name();
            let variant = format!("{category:?}").to_uppercase();
            assert_eq!(name.trim_start_matches("RECORD_CATEGORY_").replace('_', ""), variant);
        }
    }
}
