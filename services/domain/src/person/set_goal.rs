use super::entry::{NewEntry, new_entry};
use super::{Content, Person, PersonEvent, Progress};
use crate::ids::EntryId;
use crate::text::{PARAGRAPH, required, source_fits};
use crate::values::Source;
use crate::vocabulary::{Author, Category, Sensitivity};
use crate::{Command, Refusal};

/// Sets a goal, in the person's words. One that a worker sets is a proposal until the person takes it up; an import says what its source says.
#[derive(Debug, Clone)]
pub struct SetGoal {
    pub entry: EntryId,
    /// Who writes it.
    pub author: Author,
    pub text: String,
    /// What it was imported from.
    pub source: Option<Source>,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
    /// A digest of what its source said, for what was imported; 0 otherwise.
    pub fingerprint: u64,
}

/// A goal was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalSet {
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    pub text: String,
    /// What it was imported from.
    pub source: Option<Source>,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
    /// A digest of what its source said, for what was imported; 0 otherwise.
    pub fingerprint: u64,
}

/// A worker proposed a goal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalProposed {
    pub entry: EntryId,
    /// Who proposed it.
    pub author: Author,
    pub text: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

impl NewEntry for GoalProposed {
    fn category(&self) -> Category {
        Category::Goals
    }

    fn entry(&self) -> EntryId {
        self.entry
    }

    fn author(&self) -> Author {
        self.author
    }

    fn sensitivity(&self) -> &Sensitivity {
        &self.sensitivity
    }

    fn content(&self) -> Content {
        Content::Goal { text: self.text.clone(), importance: None, progress: Progress::Proposed }
    }

    fn progress(&self) -> Progress {
        Progress::Proposed
    }
}

new_entry!(SetGoal => GoalSet in Goals, e => Content::Goal { text: e.text.clone(), importance: None, progress: Progress::Open }, from e.source, None, e.fingerprint);

impl Command for SetGoal {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        required("text", &self.text, PARAGRAPH)?;
        source_fits(self.source.as_ref())?;
        let Self { entry, author, text, source, sensitivity, fingerprint } = self;
        if author.worker().is_some() && source.is_none() {
            return Ok(vec![GoalProposed { entry, author, text, sensitivity }.into()]);
        }
        Ok(vec![GoalSet { entry, author, text, source, sensitivity, fingerprint }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::registered;
    use super::super::fixtures::{entry, writes_a_new_entry};
    use super::*;
    use crate::scenario::given;

    #[test]
    fn is_recorded_once_with_words_for_a_person_who_is_registered() {
        writes_a_new_entry(|text, sensitivity| SetGoal {
            entry: entry(1),
            author: Author::Person,
            text: text.into(),
            source: None,
            sensitivity,
            fingerprint: 0,
        });
    }

    #[test]
    fn keeps_what_it_was_imported_from_if_that_fits_a_line() {
        let set = |length| {
            let (source, sensitivity) = (Source::stored("x".repeat(length)), Sensitivity::normal());
            SetGoal {
                entry: entry(1),
                author: Author::Person,
                text: "walk".into(),
                source,
                sensitivity,
                fingerprint: 0,
            }
        };
        let events = set(200).decide(&crate::Aggregate::folded(&[registered()])).unwrap();
        let [PersonEvent::GoalSet(goal)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!(goal.source.as_ref().map(|source| source.as_str().len()), Some(200));
        given([registered()]).when(set(201)).then_refused(crate::Reason::Invalid, "source");
    }
}
