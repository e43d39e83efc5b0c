use super::Person;
use super::events::{ConditionDescribed, PersonEvent};
use crate::ids::EntryId;
use crate::text::{LINE, PARAGRAPH, optional, optional_date, required};
use crate::vocabulary::{Author, Sensitivity};
use crate::{Command, Refusal};

/// Describes a condition and its impact.
#[derive(Debug, Clone)]
pub struct DescribeCondition {
    /// The new entry.
    pub entry: EntryId,
    /// Who writes it.
    pub author: Author,
    /// Its text.
    pub text: String,
    /// What it means for the person's life; may be empty.
    pub impact: String,
    /// When it began, `YYYY-MM-DD`, or empty.
    pub onset: String,
    /// The resource that it was imported from, or empty.
    pub source: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

impl Command for DescribeCondition {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        required("text", &self.text, PARAGRAPH)?;
        optional("impact", &self.impact, PARAGRAPH)?;
        optional_date("onset", &self.onset)?;
        optional("source", &self.source, LINE)?;
        let Self { entry, author, text, impact, onset, source, sensitivity } = self;
        Ok(vec![ConditionDescribed { entry, author, text, impact, onset, source, sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, registered};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    fn command(text: &str) -> DescribeCondition {
        DescribeCondition {
            entry: entry(1),
            author: Author::Person,
            text: text.into(),
            impact: String::new(),
            onset: String::new(),
            source: String::new(),
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
