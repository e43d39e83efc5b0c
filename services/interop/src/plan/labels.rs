//! How sensitive something is, as its sender labels it.

use domain::vocabulary::{LABELS_LIMIT, Level, Sensitivity, TOPICS};

use crate::fhir::{Bundle, Coding, Meta, Resource};

/// HL7 v3 Confidentiality: how far something may go.
const LEVELS: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";
/// HL7 v3 ActCode: what it is about.
const TOPIC_CODES: &str = "http://terminology.hl7.org/CodeSystem/v3-ActCode";
/// Why it is there: that it is made up for a test keeps nothing from anybody.
const TESTS: &str = "HTEST";

/// How sensitive a bundle is as a whole: what its sender says of it, of the person and of the document.
pub(super) fn label(bundle: &Bundle) -> Sensitivity {
    let whole = bundle.entries.iter().filter(|entry| match &entry.resource {
        Resource::Patient(_) | Resource::Composition(_) => true,
        Resource::Other(kind) => kind == "Composition",
        Resource::Organization(_)
        | Resource::Practitioner(_)
        | Resource::Encounter(_)
        | Resource::Condition(_)
        | Resource::CarePlan(_)
        | Resource::Goal(_)
        | Resource::CareTeam(_) => false,
    });
    sensitivity(std::iter::once(&bundle.meta).chain(whole.map(|entry| &entry.meta)))
}

/// What labels say; normal when there are none.
pub(super) fn sensitivity<'a>(metas: impl IntoIterator<Item = &'a Meta>) -> Sensitivity {
    let labels = metas.into_iter().flat_map(|meta| meta.security.iter());
    labels.fold(Sensitivity::normal(), |all, label| both(all, &meaning(label)))
}

/// What one label says. One that nobody here knows asks for more care than none: what it is put on is restricted.
fn meaning(label: &Coding) -> Sensitivity {
    let is_of = |system| label.system.is_empty() || label.system == system;
    let (code, mut meaning) = (label.code.as_str(), Sensitivity::normal());
    match code {
        "V" if is_of(LEVELS) => meaning.level = Level::VeryRestricted,
        "R" if is_of(LEVELS) => meaning.level = Level::Restricted,
        "N" | "M" | "L" | "U" if is_of(LEVELS) => {}
        TESTS => {}
        topic if is_of(TOPIC_CODES) && TOPICS.contains(&topic) => {
            meaning.labels.push(topic.to_owned());
        }
        _ => meaning.level = Level::Restricted,
    }
    meaning
}

/// What is as sensitive as both. More topics than an entry takes make it very restricted.
pub(super) fn both(mut one: Sensitivity, other: &Sensitivity) -> Sensitivity {
    one.level = one.level.max(other.level);
    one.labels.extend(other.labels.iter().cloned());
    one.labels.sort();
    one.labels.dedup();
    if one.labels.len() > LABELS_LIMIT {
        one.labels.truncate(LABELS_LIMIT);
        one.level = Level::VeryRestricted;
    }
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_says_what_its_system_means_and_an_unknown_one_asks_for_care() {
        let of = |system: &str, code: &str| {
            let label = Coding { system: system.into(), code: code.into(), ..Coding::default() };
            let meaning = meaning(&label);
            (meaning.level, meaning.labels.concat())
        };
        assert_eq!(of(LEVELS, "V"), (Level::VeryRestricted, String::new()));
        assert_eq!(of("", "R"), (Level::Restricted, String::new()));
        assert_eq!(of(LEVELS, "N"), (Level::Normal, String::new()));
        assert_eq!(of(TOPIC_CODES, "PSY"), (Level::Normal, "PSY".to_owned()));
        assert_eq!(of("", "SDV"), (Level::Normal, "SDV".to_owned()));
        assert_eq!(of("http://terminology.hl7.org/CodeSystem/v3-ActReason", TESTS), (Level::Normal, String::new()));
        // Another system's words are not taken for known ones.
        for (system, code) in [("https://ward.test", "N"), ("https://ward.test", "PSY"), ("", "NORDSCLCD"), ("", "")] {
            assert_eq!(of(system, code), (Level::Restricted, String::new()), "{system} {code}");
        }
    }

    #[test]
    fn more_topics_than_are_taken_make_it_very_restricted() {
        let labels = TOPICS.iter().take(9).map(|code| Coding { code: (*code).into(), ..Coding::default() });
        let meta = Meta { security: labels.collect::<Vec<_>>().into(), ..Meta::default() };
        let sensitivity = sensitivity([&meta]);
        assert_eq!((sensitivity.level, sensitivity.labels.len()), (Level::VeryRestricted, LABELS_LIMIT));
    }
}
