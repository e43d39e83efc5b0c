use super::entry::changes_entry;
use super::record::NOTES_LIMIT;
use super::{Person, PersonEvent};
use crate::ids::EntryId;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::{Author, Category};
use crate::{Command, Refusal};

/// Notes progress on an action.
#[derive(Debug, Clone)]
pub struct ProgressAction {
    pub action: EntryId,
    /// Who notes it.
    pub author: Author,
    /// What happened.
    pub note: String,
}

/// An action progressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionProgressed {
    pub entry: EntryId,
    /// Who did so.
    pub author: Author,
    /// What happened.
    pub note: String,
}

changes_entry!(ProgressAction, action in Actions);

impl Command for ProgressAction {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        required("note", &self.note, PARAGRAPH)?;
        if state.open_entry(self.action, Category::Actions, "action")?.notes >= NOTES_LIMIT {
            return Err(Refusal::rule(
                "notes_limit",
                format!("an action holds at most `{NOTES_LIMIT}` notes; agree another action"),
            ));
        }
        Ok(vec![ActionProgressed { entry: self.action, author: self.author, note: self.note }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{action, entry, registered};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn an_action_takes_notes_up_to_the_limit() {
        let note = || ProgressAction { action: entry(1), author: Author::Person, note: "bought them".into() };
        let noted = || {
            let (author, note) = (Author::Person, "bought them".into());
            PersonEvent::from(ActionProgressed { entry: entry(1), author, note })
        };
        let with = |notes: usize| given([registered(), action(1)].into_iter().chain((0..notes).map(|_| noted())));
        with(NOTES_LIMIT - 1).when(note()).then([noted()]);
        with(NOTES_LIMIT).when(note()).then_refused(Reason::Rule, "notes_limit");
    }
}
