use super::entry::new_entry;
use super::{Content, Person, PersonEvent};
use crate::ids::EntryId;
use crate::text::{PARAGRAPH, required};
use crate::values::Link;
use crate::vocabulary::{Author, Sensitivity, coded};
use crate::{Command, Refusal};

coded! {
    /// What somebody has to build on.
    StrengthKind {
        /// What is strong in them.
        Strength = 1 "strength",
        /// Whom or what they can turn to.
        Resource = 2 "resource",
        /// What they can do.
        Skill = 3 "skill",
        /// What they have lived through, and know from it.
        Experience = 4 "experience",
        /// What they do to stay well.
        StayingWell = 5 "what I do to stay well",
    }
}

/// Records a strength, skill, resource or experience, or what the person does to stay well.
#[derive(Debug, Clone)]
pub struct RecordStrength {
    pub entry: EntryId,
    /// Who writes it.
    pub author: Author,
    /// What it is.
    pub kind: StrengthKind,
    pub text: String,
    /// Where it is found in the community, if it is.
    pub link: Option<Link>,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// A strength, skill, resource or experience, or what the person does to stay well, was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrengthRecorded {
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    /// What it is.
    pub kind: StrengthKind,
    pub text: String,
    /// Where it is found in the community, if it is.
    pub link: Option<Link>,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

new_entry!(RecordStrength => StrengthRecorded in Strengths, e => Content::Strength { kind: e.kind, text: e.text.clone(), link: e.link.clone() });

impl Command for RecordStrength {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        required("text", &self.text, PARAGRAPH)?;
        self.link.as_ref().map_or(Ok(()), Link::check)?;
        let Self { entry, author, kind, text, link, sensitivity } = self;
        Ok(vec![StrengthRecorded { entry, author, kind, text, link, sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, registered, writes_a_new_entry};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;
    use crate::values::LinkKind;

    #[test]
    fn is_recorded_once_with_words_for_a_person_who_is_registered() {
        writes_a_new_entry(|text, sensitivity| RecordStrength {
            entry: entry(1),
            author: Author::Person,
            kind: StrengthKind::StayingWell,
            text: text.into(),
            link: None,
            sensitivity,
        });
    }

    #[test]
    fn what_it_points_to_is_a_page_that_anybody_could_be_sent_to() {
        let record = |kind, url: &str| RecordStrength {
            entry: entry(1),
            author: Author::Person,
            kind: StrengthKind::Resource,
            text: "the allotment".into(),
            link: Some(Link { kind, name: "Leith allotments".into(), url: url.into() }),
            sensitivity: Sensitivity::normal(),
        };
        let decided = |kind, url: &str| record(kind, url).decide(&crate::Aggregate::folded(&[registered()])).is_ok();
        for url in ["https://allotments.example.org/leith?a=1#b", "https://example.org:8443", "https://a-b.example"] {
            assert!(decided(LinkKind::Page, url), "{url}");
        }
        for url in [
            "http://example.org",
            "https://",
            "https://localhost",
            "https://10.0.0.1/x",
            "https://me:secret@example.org",
            "https://example.org/a b",
            "https://example..org",
            "https://example.org:0",
            "javascript:alert(1)",
            "",
        ] {
            given([registered()]).when(record(LinkKind::Page, url)).then_refused(Reason::Invalid, "link.url");
        }
        assert!(decided(LinkKind::Aliss, "https://www.aliss.org/services/allotments"));
        let elsewhere = record(LinkKind::Aliss, "https://aliss.example.org/services");
        given([registered()]).when(elsewhere).then_refused(Reason::Invalid, "link.url");
    }
}
