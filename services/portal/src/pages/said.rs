//! Who said something, and when, in words: wherever somebody is named on a page.

use prost_types::Timestamp;
use proto::access::v1::{Party, party};

use crate::words::Words;

/// Somebody, in words: by their name, role and agency, as far as they are told.
pub(super) fn who(words: &Words, party: Option<&Party>) -> String {
    let Some(party) = party else { return words.say("somebody") };
    #[allow(clippy::wildcard_enum_match_arm, reason = "whoever else it is goes by their agency, if they have one")]
    match party.kind() {
        party::Kind::Person => words.say("you"),
        party::Kind::System => words.say("system"),
        party::Kind::Staff if !party.name.is_empty() => joined([&party.name, &party.role, &party.agency_name]),
        _ if !party.agency_name.is_empty() => party.agency_name.clone(),
        _ => words.say("somebody"),
    }
}

/// Whether it is the person themselves.
pub(super) fn is_you(party: Option<&Party>) -> bool {
    party.is_some_and(|party| party.kind() == party::Kind::Person)
}

/// Who said something, and when.
pub(super) fn said_by(words: &Words, author: Option<&Party>, at: Option<Timestamp>) -> String {
    words.with("said-by", &[("who", &who(words, author)), ("when", &moment(words, at))])
}

/// That somebody wrote it down on the person's word, and what they say of how they said it; empty when nobody did.
pub(super) fn entered(words: &Words, by: Option<&Party>, account: &str) -> String {
    let said = |by| words.with("entered", &[("who", &who(words, Some(by))), ("account", account)]);
    by.map(said).unwrap_or_default()
}

/// The day of it; empty when none is told.
pub(super) fn on(words: &Words, at: Option<Timestamp>) -> String {
    at.map(|at| words.day(&at)).unwrap_or_default()
}

/// Day and time of it; empty when none is told.
pub(super) fn moment(words: &Words, at: Option<Timestamp>) -> String {
    at.map(|at| words.moment(&at)).unwrap_or_default()
}

/// These parts, as far as there are any.
fn joined<'a>(parts: impl IntoIterator<Item = &'a String>) -> String {
    let there: Vec<_> = parts.into_iter().map(String::as_str).filter(|part| !part.is_empty()).collect();
    there.join(", ")
}
