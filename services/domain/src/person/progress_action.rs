use super::Person;
use super::events::{ActionProgressed, PersonEvent};
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

impl Command for ProgressAction {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        required("note", &self.note, PARAGRAPH)?;
        state.open_entry(self.action, Category::Actions, "action")?;
        Ok(vec![ActionProgressed { entry: self.action, author: self.author, note: self.note }.into()])
    }
}
