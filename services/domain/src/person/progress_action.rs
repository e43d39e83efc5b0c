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
    /// The action.
    pub action: EntryId,
    /// Who notes it.
    pub author: Author,
    /// What happened.
    pub note: String,
}

/// An action progressed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionProgressed {
    /// The entry.
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
