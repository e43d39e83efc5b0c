use super::entry::new_entry;
use super::{Content, Person, PersonEvent};
use crate::ids::EntryId;
use crate::text::{LINE, PAGE, required};
use crate::vocabulary::{Author, Sensitivity};
use crate::{Command, Refusal};

/// Writes a section of About Me (PRSB).
#[derive(Debug, Clone)]
pub struct WriteAboutMe {
    pub entry: EntryId,
    /// Who writes it.
    pub author: Author,
    pub heading: String,
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// A section of About Me was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AboutMeSectionWritten {
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    pub heading: String,
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

new_entry!(WriteAboutMe => AboutMeSectionWritten in AboutMe, e => Content::AboutMe { heading: e.heading.clone(), text: e.text.clone() });

impl Command for WriteAboutMe {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        required("heading", &self.heading, LINE)?;
        required("text", &self.text, PAGE)?;
        let Self { entry, author, heading, text, sensitivity } = self;
        Ok(vec![AboutMeSectionWritten { entry, author, heading, text, sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, writes_a_new_entry};
    use super::*;

    #[test]
    fn is_recorded_once_with_words_for_a_person_who_is_registered() {
        writes_a_new_entry(|text, sensitivity| WriteAboutMe {
            entry: entry(1),
            author: Author::Person,
            heading: "h".into(),
            text: text.into(),
            sensitivity,
        });
    }
}
