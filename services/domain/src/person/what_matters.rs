use super::entry::new_entry;
use super::{Content, Person, PersonEvent};
use crate::ids::EntryId;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::{Author, Sensitivity};
use crate::{Command, Refusal};

/// Records what matters to the person.
#[derive(Debug, Clone)]
pub struct RecordWhatMatters {
    pub entry: EntryId,
    /// Who writes it.
    pub author: Author,
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

/// What matters to the person was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WhatMattersRecorded {
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

new_entry!(RecordWhatMatters => WhatMattersRecorded in WhatMatters, e => Content::WhatMatters { text: e.text.clone() });

impl Command for RecordWhatMatters {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        required("text", &self.text, PARAGRAPH)?;
        let Self { entry, author, text, sensitivity } = self;
        Ok(vec![WhatMattersRecorded { entry, author, text, sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, writes_a_new_entry};
    use super::*;

    #[test]
    fn is_recorded_once_with_words_for_a_person_who_is_registered() {
        writes_a_new_entry(|text, sensitivity| RecordWhatMatters {
            entry: entry(1),
            author: Author::Person,
            text: text.into(),
            sensitivity,
        });
    }
}
