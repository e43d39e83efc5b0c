use super::entry::new_entry;
use super::{Content, Person, PersonEvent};
use crate::ids::EntryId;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::{Author, Sensitivity};
use crate::{Command, Refusal};

/// Writes what to do when things go wrong (PRSB contingency plan): what to look out for, what helps, whom to call.
#[derive(Debug, Clone)]
pub struct WriteContingencyPlan {
    /// The new entry.
    pub entry: EntryId,
    pub author: Author,
    pub text: String,
    pub sensitivity: Sensitivity,
}

/// What to do when things go wrong was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContingencyPlanWritten {
    pub entry: EntryId,
    pub author: Author,
    pub text: String,
    pub sensitivity: Sensitivity,
}

new_entry!(WriteContingencyPlan => ContingencyPlanWritten in Contingency, e => Content::ContingencyPlan {
    text: e.text.clone(),
});

impl Command for WriteContingencyPlan {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        required("text", &self.text, PARAGRAPH)?;
        let Self { entry, author, text, sensitivity } = self;
        Ok(vec![ContingencyPlanWritten { entry, author, text, sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, writes_a_new_entry};
    use super::*;

    #[test]
    fn is_recorded_once_with_words_for_a_person_who_is_registered() {
        writes_a_new_entry(|text, sensitivity| WriteContingencyPlan {
            entry: entry(1),
            author: Author::Person,
            text: text.into(),
            sensitivity,
        });
    }
}
