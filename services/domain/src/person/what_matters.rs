use super::Person;
use super::events::{PersonEvent, WhatMattersRecorded};
use crate::ids::EntryId;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::{Author, Sensitivity};
use crate::{Command, Refusal};

/// Records what matters to the person.
#[derive(Debug, Clone)]
pub struct RecordWhatMatters {
    /// The new entry.
    pub entry: EntryId,
    /// Who writes it.
    pub author: Author,
    /// Its text.
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

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
    use super::super::fixtures::{entry, registered};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    fn command(text: &str) -> RecordWhatMatters {
        RecordWhatMatters {
            entry: entry(1),
            author: Author::Person,
            text: text.into(),
            sensitivity: Sensitivity::normal(),
        }
    }

    #[test]
    fn is_recorded_once() {
        let recorded = command("x").decide(&crate::Aggregate::folded(&[registered()])).unwrap();
        assert_eq!(recorded.len(), 1);
        let again = given([registered()].into_iter().chain(recorded));
        again.when(command("x")).then_refused(Reason::AlreadyExists, "entry");
    }

    #[test]
    fn refuses_no_text_no_person_and_labels_in_another_form() {
        given([registered()]).when(command(" ")).then_refused(Reason::Invalid, "text");
        given([]).when(command("x")).then_refused(Reason::NotFound, "person");
        let mut labelled = command("x");
        labelled.sensitivity.labels = vec!["psy".into()];
        given([registered()]).when(labelled).then_refused(Reason::Invalid, "sensitivity.labels");
    }
}
