use super::entry::new_entry;
use super::{Content, Person, PersonEvent};
use crate::ids::EntryId;
use crate::text::{PARAGRAPH, optional, required, source_fits};
use crate::values::{Date, Source};
use crate::vocabulary::{Author, Sensitivity};
use crate::{Command, Refusal};

/// Describes a condition and its impact.
#[derive(Debug, Clone)]
pub struct DescribeCondition {
    pub entry: EntryId,
    /// Who writes it.
    pub author: Author,
    pub text: String,
    /// What it means for the person's life; may be empty.
    pub impact: String,
    /// When it began.
    pub onset: Option<Date>,
    /// What it was imported from.
    pub source: Option<Source>,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
    /// When its source recorded it.
    pub recorded: Option<Date>,
    /// A digest of what its source said, for what was imported; 0 otherwise.
    pub fingerprint: u64,
}

/// A condition was described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConditionDescribed {
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    pub text: String,
    /// What it means for their life; may be empty.
    pub impact: String,
    /// When it began.
    pub onset: Option<Date>,
    /// What it was imported from.
    pub source: Option<Source>,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
    /// When its source recorded it: for what was imported, if the source says so.
    pub recorded: Option<Date>,
    /// A digest of what its source said, for what was imported; 0 otherwise.
    pub fingerprint: u64,
}

new_entry!(DescribeCondition => ConditionDescribed in Health, e => Content::Condition { text: e.text.clone(), impact: e.impact.clone(), onset: e.onset.clone() }, from e.source, e.recorded.as_ref(), e.fingerprint);

impl Command for DescribeCondition {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        required("text", &self.text, PARAGRAPH)?;
        optional("impact", &self.impact, PARAGRAPH)?;
        source_fits(self.source.as_ref())?;
        let Self { entry, author, text, impact, onset, source, sensitivity, recorded, fingerprint } = self;
        Ok(vec![
            ConditionDescribed { entry, author, text, impact, onset, source, sensitivity, recorded, fingerprint }
                .into(),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, writes_a_new_entry};
    use super::*;

    #[test]
    fn is_recorded_once_with_words_for_a_person_who_is_registered() {
        writes_a_new_entry(|text, sensitivity| DescribeCondition {
            entry: entry(1),
            author: Author::Person,
            text: text.into(),
            impact: String::new(),
            onset: None,
            source: None,
            sensitivity,
            recorded: None,
            fingerprint: 0,
        });
    }
}
