//! Limits on text.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_segmentation::UnicodeSegmentation as _;

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
pub const LABELS_LIMIT: usize = 8;

/// Refuses a text that says nothing, and one of more than `limit` characters.
pub(crate) fn required(field: &'static str, text: &str, limit: usize) -> Result<(), Refusal> {
    if !is_visible(text) {
        let problem = if text.trim().is_empty() { "must not be empty" } else { "must have something that can be seen" };
        return Err(Refusal::invalid(field, problem));
    }
    optional(field, text, limit)
}

/// Refuses a text of more than `limit` characters, one that is there and says nothing, and one with characters that are not words of
/// anybody: controls other than tabs and line ends, and those that turn the order of what stands around them on a screen (Unicode UAX #9).
pub(crate) fn optional(field: &'static str, text: &str, limit: usize) -> Result<(), Refusal> {
    let turns = |c: char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    if text.chars().any(|c| turns(c) || (c.is_control() && !matches!(c, '\t' | '\n'))) {
        return Err(Refusal::invalid(
            field,
            "must hold no control characters and none that turn the direction of text",
        ));
    }
    if !text.trim().is_empty() && !is_visible(text) {
        return Err(Refusal::invalid(field, "must be empty, or have something that can be seen"));
    }
    let length = text.chars().count();
    if length > limit {
        return Err(Refusal::invalid(field, format!("has `{length}` characters, at most `{limit}` are taken")));
    }
    Ok(())
}

/// Whether a character is seen on a screen by itself: not a blank, a control, a mark that only changes what stands before it, or one of
/// those that are shown as nothing (Unicode's `Default_Ignorable_Code_Point`, and the blank of braille). Joiners within an emoji or a
/// word are seen with what they join.
fn is_seen(c: char) -> bool {
    const NOTHING: [char; 10] = [
        '\u{34f}', '\u{115f}', '\u{1160}', '\u{17b4}', '\u{17b5}', '\u{2800}', '\u{3164}', '\u{ffa0}', '\u{180e}',
        '\u{fffc}',
    ];
    let shown = match c.general_category_group() {
        GeneralCategoryGroup::Letter
        | GeneralCategoryGroup::Number
        | GeneralCategoryGroup::Punctuation
        | GeneralCategoryGroup::Symbol => true,
        GeneralCategoryGroup::Mark | GeneralCategoryGroup::Separator | GeneralCategoryGroup::Other => false,
    };
    shown && !NOTHING.contains(&c)
}

/// Whether there is anything to see.
fn is_visible(text: &str) -> bool {
    text.chars().any(is_seen)
}

/// How long a text is as people count it: what is seen, and a blank between words. What is not seen counts for nothing.
fn seen(text: &str) -> usize {
    let words = text.split_whitespace().map(|word| word.graphemes(true).filter(|cluster| is_visible(cluster)).count());
    let words: Vec<_> = words.filter(|letters| *letters > 0).collect();
    words.iter().sum::<usize>() + words.len().saturating_sub(1)
}

/// How many letters and digits it has.
fn letters(text: &str) -> usize {
    text.graphemes(true).filter(|cluster| cluster.chars().any(|c| c.is_alphanumeric() && is_seen(c))).count()
}

/// Refuses a role that would not be found by its name: a choice about a role would pass it by.
pub(crate) fn role(field: &'static str, role: &str) -> Result<(), Refusal> {
    required(field, role, LINE)?;
    if role.trim() != role {
        return Err(Refusal::invalid(field, "must not begin or end with a blank"));
    }
    Ok(())
}

/// Refuses a text that gives fewer than `least` characters of explanation, as people count them, or fewer than half as many letters:
/// twenty full stops are no reason.
pub(crate) fn explained(field: &'static str, text: &str, least: usize) -> Result<(), Refusal> {
    if seen(text) < least {
        return Err(Refusal::invalid(field, format!("must have at least `{least}` characters")));
    }
    if letters(text) < least / 2 {
        return Err(Refusal::invalid(field, "must be said in words"));
    }
    optional(field, text, PARAGRAPH)
}

/// Refuses topic labels of which there are too many, or that name no topic: a provision with such a one would never match.
pub(crate) fn labels(field: &'static str, labels: &[String]) -> Result<(), Refusal> {
    if labels.len() > LABELS_LIMIT {
        return Err(Refusal::invalid(field, format!("at most `{LABELS_LIMIT}` labels are taken")));
    }
    if !labels.iter().all(|label| TOPICS.contains(&label.as_str())) {
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

    #[test]
    fn what_says_nothing_is_no_text() {
        let nothing =
            ["\u{200b}".repeat(20), "\u{2060}".into(), "\u{ad}".into(), "\u{3164}\u{115f}".into(), "\u{2800}".into()];
        for text in nothing.iter().map(String::as_str).chain([
            "\u{feff}\u{200d}",
            "\u{fe0f}",
            "\u{301}",
            "\u{e0100}",
            "\u{e0041}",
        ]) {
            assert!(required("text", text, 99).is_err() && optional("text", text, 99).is_err(), "{text:?}");
            assert!(explained("reason", text, 1).is_err(), "{text:?}");
        }
        // What people write is: in every script, with what joins it, and emoji.
        for text in [
            "Ошибка",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "👩\u{200d}👩\u{200d}👧",
            "❤\u{fe0f}",
            "日本",
            "é",
            "e\u{301}",
            "?",
            "7",
        ] {
            assert!(required("text", text, 99).is_ok() && optional("text", text, 99).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn a_reason_is_counted_as_people_count_and_said_in_words() {
        for no in [
            "....................",
            "a.......................",
            "ab\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
            "a b  \u{200b} c",
        ] {
            assert!(explained("reason", no, 6).is_err(), "{no:?}");
        }
        for yes in ["abcdef", "é é é é", "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", "نمی\u{200c}خواهم"]
        {
            assert!(explained("reason", yes, 6).is_ok(), "{yes:?}");
        }
        assert_eq!(seen("👩\u{200d}👩\u{200d}👧 ok"), 4);
    }
}
