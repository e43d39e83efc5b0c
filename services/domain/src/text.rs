//! Limits on text.

use crate::Refusal;

/// A line: a name, a heading, a role.
pub(crate) const LINE: usize = 200;
/// A paragraph: an entry, a reason, a question.
pub(crate) const PARAGRAPH: usize = 2_000;
/// A page: a section of About Me.
pub(crate) const PAGE: usize = 10_000;

/// Refuses an empty text, and one of more than `limit` characters.
pub(crate) fn required(field: &'static str, text: &str, limit: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::invalid(field, "must not be empty"));
    }
    optional(field, text, limit)
}

/// Refuses a text of more than `limit` characters.
pub(crate) fn optional(field: &'static str, text: &str, limit: usize) -> Result<(), Refusal> {
    let length = text.chars().count();
    if length > limit {
        return Err(Refusal::invalid(field, format!("has `{length}` characters, at most `{limit}` are taken")));
    }
    Ok(())
}

/// Refuses a text that gives fewer than `least` characters of explanation.
pub(crate) fn explained(field: &'static str, text: &str, least: usize) -> Result<(), Refusal> {
    if text.trim().chars().count() < least {
        return Err(Refusal::invalid(field, format!("must have at least `{least}` characters")));
    }
    optional(field, text, PARAGRAPH)
}

/// Refuses what is neither empty nor a date `YYYY-MM-DD`.
pub(crate) fn optional_date(field: &'static str, text: &str) -> Result<(), Refusal> {
    let well_formed = match text.as_bytes() {
        [] => true,
        [y @ .., b'-', m1, m2, b'-', d1, d2] => {
            let number = |a: &u8, b: &u8| u32::from(a.wrapping_sub(b'0')) * 10 + u32::from(b.wrapping_sub(b'0'));
            y.len() == 4
                && y.iter().chain([m1, m2, d1, d2]).all(u8::is_ascii_digit)
                && (1..=12).contains(&number(m1, m2))
                && (1..=31).contains(&number(d1, d2))
        }
        _ => false,
    };
    if well_formed { Ok(()) } else { Err(Refusal::invalid(field, "must be a date `YYYY-MM-DD`, or empty")) }
}

/// Refuses what is not from 1 to 10.
pub(crate) fn one_to_ten(field: &'static str, value: u8) -> Result<(), Refusal> {
    if (1..=10).contains(&value) { Ok(()) } else { Err(Refusal::invalid(field, "must be from `1` to `10`")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_not_a_date() {
        assert!(optional_date("due", "").is_ok());
        assert!(optional_date("due", "2026-02-28").is_ok());
        for wrong in ["2026-2-28", "2026-13-01", "tomorrow", "2026-01-32", "12026-01-01", "2026-01-0x"] {
            assert!(optional_date("due", wrong).is_err(), "{wrong}");
        }
    }
}
