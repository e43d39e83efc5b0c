use super::entry::new_entry;
use super::{Content, Person, PersonEvent};
use crate::ids::EntryId;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::{Author, Sensitivity};
use crate::{Command, Refusal};

/// Records a strength, skill, resource or experience.
#[derive(Debug, Clone)]
pub struct RecordStrength {
    pub entry: EntryId,
    /// Who writes it.
    pub author: Author,
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// A strength, skill, resource or experience was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrengthRecorded {
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

new_entry!(RecordStrength => StrengthRecorded in Strengths, e => Content::Strength { text: e.text.clone() });

impl Command for RecordStrength {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        required("text", &self.text, PARAGRAPH)?;
        let Self { entry, author, text, sensitivity } = self;
        Ok(vec![StrengthRecorded { entry, author, text, sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, writes_a_new_entry};
    use super::*;

    #[test]
    fn is_recorded_once_with_words_for_a_person_who_is_registered() {
        writes_a_new_entry(|text, sensitivity| RecordStrength {
            entry: entry(1),
            author: Author::Person,
            text: text.into(),
            sensitivity,
        });
    }
}
