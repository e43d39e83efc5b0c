//! The session in which a person reads their own pages.

use domain::vocabulary::Timestamp;
use http::HeaderMap;
use rpc::Error;
use uuid::Uuid;

/// The header that names it: a UUID of version 7, of when it began. What a person reads of their own record in one session has one receipt (rule 5).
pub const SESSION_HEADER: &str = "alongside-session";

/// How long a session goes on at most, in seconds: a day's work, and a little for a clock.
const MOST: i64 = 9 * 60 * 60;
/// By how many seconds clocks may differ.
const LEEWAY: i64 = 5 * 60;

/// The session that a caller names; none when they name none.
///
/// # Errors
/// When the header stands there twice, or names none that goes on now.
pub(crate) fn of(headers: &HeaderMap, now: Timestamp) -> Result<Option<Uuid>, Error> {
    let mut given = headers.get_all(SESSION_HEADER).iter();
    let Some(value) = given.next() else { return Ok(None) };
    let session = value.to_str().ok().and_then(|text| Uuid::parse_str(text).ok());
    let goes_on = |session: &Uuid| {
        let began = session.get_timestamp().map(|at| at.to_unix().0).and_then(|at| i64::try_from(at).ok());
        let since = began.map(|began| now.0 / 1_000_000 - began);
        session.get_version_num() == 7 && since.is_some_and(|since| (-LEEWAY..=MOST).contains(&since))
    };
    match session.filter(goes_on) {
        Some(session) if given.next().is_none() => Ok(Some(session)),
        _ => Err(Error::invalid(
            SESSION_HEADER,
            "must be given once, a UUID of version 7 that was made within the last nine hours",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_named_once_and_began_within_the_last_hours() {
        let of = |values: &[&str], seconds: i64| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(SESSION_HEADER, value.parse().unwrap());
            }
            let session = Uuid::now_v7();
            let now = i64::try_from(session.get_timestamp().unwrap().to_unix().0).unwrap() + seconds;
            of(&headers, Timestamp(now * 1_000_000))
        };
        let fresh = Uuid::now_v7().to_string();
        assert_eq!(of(&[], 0).unwrap(), None);
        assert_eq!(of(&[&fresh], 0).unwrap().unwrap().to_string(), fresh);
        assert!(of(&[&fresh], MOST - 60).is_ok());
        for (bad, seconds) in
            [(&[&*fresh][..], MOST + 60), (&[&fresh], -LEEWAY - 60), (&[&fresh, &fresh], 0), (&[""], 0)]
        {
            assert!(of(bad, seconds).is_err(), "{bad:?}");
        }
        assert!(of(&[&Uuid::new_v8([1; 16]).to_string()], 0).is_err());
    }
}
