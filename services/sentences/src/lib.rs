//! What people read, in their language: a sentence for each thing that can happen to them. The sentences stand in one file for each language
//! (`en.ftl`), in the format of Project Fluent (<https://projectfluent.org>), so that another one needs no code.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

const ENGLISH: &str = include_str!("en.ftl");
const LETTERS: &str = include_str!("letters.en.ftl");
const PORTAL: &str = include_str!("portal.en.ftl");
const SUMMARIES: &str = include_str!("summaries.en.ftl");

/// What a sentence is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// A name, or words.
    Text(String),
    /// A number.
    Number(u32),
}

/// The sentences of one language.
pub struct Sentences(FluentBundle<FluentResource>);

impl std::fmt::Debug for Sentences {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sentences")
    }
}

impl Sentences {
    /// Those in English.
    #[must_use]
    pub fn english() -> Self {
        let mut bundle = FluentBundle::new_concurrent(vec!["en".parse().unwrap_or_default()]);
        // The marks that keep writing from the right apart from writing from the left are for screens: whoever shows a sentence adds them.
        bundle.set_use_isolating(false);
        for file in [ENGLISH, LETTERS, PORTAL, SUMMARIES] {
            // What cannot be read of a file is left out; a test finds that nothing is.
            let resource = FluentResource::try_new(file.to_owned()).unwrap_or_else(|(resource, _)| resource);
            bundle.add_resource_overriding(resource);
        }
        Self(bundle)
    }

    /// The sentence under this name, in words; none when there is none, or when it needs something that it is not given.
    #[must_use]
    pub fn say(&self, name: &str, args: &[(&'static str, Arg)]) -> Option<String> {
        let pattern = self.0.get_message(name)?.value()?;
        let mut given = FluentArgs::with_capacity(args.len());
        for (name, arg) in args {
            let value = match arg {
                Arg::Text(text) => FluentValue::from(text.as_str()),
                Arg::Number(number) => FluentValue::from(*number),
            };
            given.set(*name, value);
        }
        let mut missing = Vec::new();
        let said = self.0.format_pattern(pattern, Some(&given), &mut missing);
        missing.is_empty().then(|| said.trim_end().to_owned())
    }
}

/// A moment in words, from microseconds since 1970, by UTC: `3 March 2026 at 14:05 UTC`.
#[must_use]
pub fn moment(micros: i64) -> String {
    let moment = jiff::Timestamp::from_microsecond(micros).unwrap_or_default();
    moment.strftime("%-d %B %Y at %H:%M UTC").to_string()
}

/// The name of the sentence for an event, from the event's name in the domain language.
#[must_use]
pub fn name_of(event: &str) -> String {
    let mut name = String::with_capacity(event.len() + 4);
    for letter in event.chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// The names of all sentences about what happened, in the order of their file.
pub fn names() -> impl Iterator<Item = &'static str> {
    names_in(ENGLISH)
}

/// The names of all that the web pages say.
pub fn names_of_pages() -> impl Iterator<Item = &'static str> {
    names_in(PORTAL)
}

fn names_in(file: &'static str) -> impl Iterator<Item = &'static str> {
    let starts = |line: &&str| line.starts_with(|first: char| first.is_ascii_lowercase());
    file.lines().filter(starts).filter_map(|line| line.split_once(" =")).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_read_whole_and_says_each_thing_once() {
        for file in [ENGLISH, LETTERS, PORTAL, SUMMARIES] {
            let broken = FluentResource::try_new(file.to_owned()).err().map(|(_, errors)| errors);
            assert_eq!(broken, None);
        }
        let mut all: Vec<_> =
            names().chain(names_in(LETTERS)).chain(names_in(PORTAL)).chain(names_in(SUMMARIES)).collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!((all.len(), count > 50), (count, true));
        assert!(all.iter().all(|name| Sentences::english().0.has_message(name)));
    }

    #[test]
    fn a_sentence_needs_what_it_speaks_of_and_counts_as_people_do() {
        let english = Sentences::english();
        let given = |count| {
            let text = |text: &str| Arg::Text(text.to_owned());
            [("agency", text("North")), ("what", text("goals")), ("count", Arg::Number(count)), ("when", text("then"))]
        };
        let said = |count| english.say(&name_of("RecallRequested"), &given(count)).unwrap();
        assert!(said(1).contains("1 thing ") && said(2).contains("2 things "), "{} {}", said(1), said(2));
        assert_eq!(english.say("recall-requested", &[]), None);
        assert_eq!(english.say("never-heard-of", &given(1)), None);
    }
}
