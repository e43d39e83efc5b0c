//! Limits on text.

use crate::Refusal;
use crate::values::Source;

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

/// Refuses a source that is longer than a line.
pub(crate) fn source_fits(source: Option<&Source>) -> Result<(), Refusal> {
    source.map_or(Ok(()), |source| optional("source", source.as_str(), LINE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_may_be_as_long_as_its_limit_and_an_explanation_as_short_as_its_least() {
        assert!(required("text", "abc", 3).is_ok() && required("text", "abcd", 3).is_err());
        assert!(required("text", " ", 3).is_err() && optional("text", "", 3).is_ok());
        assert!(explained("reason", "abc", 3).is_ok() && explained("reason", "ab ", 3).is_err());
    }
}
