//! Limits on text.

use crate::Refusal;
use crate::values::Source;
use crate::vocabulary::TOPICS;

/// A line: a name, a heading, a role.
pub(crate) const LINE: usize = 200;
/// A paragraph: an entry, a reason, a question.
pub(crate) const PARAGRAPH: usize = 2_000;
/// A page: a section of About Me.
pub(crate) const PAGE: usize = 10_000;

/// The most topic labels on one provision or entry.
pub(crate) const LABELS_LIMIT: usize = 8;

/// Refuses an empty text, and one of more than `limit` characters.
pub(crate) fn required(field: &'static str, text: &str, limit: usize) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::invalid(field, "must not be empty"));
    }
    optional(field, text, limit)
}

/// Refuses a text of more than `limit` characters, and one with characters that are not words of anybody: controls other than
/// tabs and line ends, and those that turn the order of what stands around them on a screen (Unicode UAX #9).
pub(crate) fn optional(field: &'static str, text: &str, limit: usize) -> Result<(), Refusal> {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.chars().any(|c| turns(c) || (c.is_control() && !matches!(c, '\t' | '\n'))) {
        return Err(Refusal::invalid(
            field,
            "must hold no control characters and none that turn the direction of text",
        ));
    }
    let length = text.chars().count();
    if length > limit {
        return Err(Refusal::invalid(field, format!("has `{length}` characters, at most `{limit}` are taken")));
    }
    Ok(())
}

/// Refuses a role that would not be found by its name: a choice about a role would pass it by.
pub(crate) fn role(field: &'static str, role: &str) -> Result<(), Refusal> {
    required(field, role, LINE)?;
    if role.trim() != role {
        return Err(Refusal::invalid(field, "must not begin or end with a blank"));
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

/// Refuses topic labels of which there are too many, or that name no topic: a provision with such a one would never match.
pub(crate) fn labels(field: &'static str, labels: &[String]) -> Result<(), Refusal> {
    if labels.len() > LABELS_LIMIT {
        return Err(Refusal::invalid(field, format!("at most `{LABELS_LIMIT}` labels are taken")));
    }
    if !labels.iter().all(|label| TOPICS.iter().any(|(code, _)| code == label)) {
        return Err(Refusal::invalid(field, "must be of those that `ListLabels` has, such as `PSY`"));
    }
    Ok(())
}

/// Refuses a source that is longer than a line.
pub(crate) fn source_fits(source: Option<&Source>) -> Result<(), Refusal> {
    source.map_or(Ok(()), |source| optional("source", source.as_str(), LINE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_a_topic_and_there_are_8_at_most() {
        let taken = |label: &str, times| labels("labels", &vec![label.to_owned(); times]).is_ok();
        assert!(taken("PSY", 0) && taken("PSY", 8) && !taken("PSY", 9) && taken("VIO", 1));
        for label in ["psy", "PSY ", "XYZ", ""] {
            assert!(!taken(label, 1), "{label}");
        }
    }

    #[test]
    fn a_text_may_be_as_long_as_its_limit_and_an_explanation_as_short_as_its_least() {
        assert!(required("text", "abc", 3).is_ok() && required("text", "abcd", 3).is_err());
        assert!(required("text", " ", 3).is_err() && optional("text", "", 3).is_ok());
        for wrong in ["a\0b", "a\u{7}b", "a\u{9f}b", "a\u{202e}b", "a\u{2066}b", "a\rb"] {
            assert!(optional("text", wrong, 9).is_err() && required("text", wrong, 9).is_err(), "{wrong:?}");
        }
        assert!(optional("text", "a\tb\nc\u{200f}", 9).is_ok());
        assert!(explained("reason", "abc", 3).is_ok() && explained("reason", "ab ", 3).is_err());
    }
}
