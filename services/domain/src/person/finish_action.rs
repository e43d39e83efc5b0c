use super::entry::{Progress, changes_entry};
use super::{Person, PersonEvent};
use crate::ids::EntryId;
use crate::text::{PARAGRAPH, optional};
use crate::vocabulary::{Author, Category};
use crate::{Command, Refusal};

/// An action is done.
#[derive(Debug, Clone)]
pub struct CompleteAction {
    pub action: EntryId,
    /// Who says so.
    pub author: Author,
}

/// An action is dropped.
#[derive(Debug, Clone)]
pub struct DropAction {
    pub action: EntryId,
    /// Who drops it.
    pub author: Author,
    /// Why; may be empty.
    pub reason: String,
}

/// An action was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionCompleted {
    pub entry: EntryId,
    /// Who did so.
    pub author: Author,
}

/// An action was dropped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionDropped {
    pub entry: EntryId,
    /// Who did so.
    pub author: Author,
    /// Why; may be empty.
    pub reason: String,
}

/// An action that was finished by a slip, or too early, is unfinished after all. That it was finished stays to be read.
#[derive(Debug, Clone)]
pub struct ReopenAction {
    pub action: EntryId,
    /// Who takes it back.
    pub author: Author,
    /// Why; may be empty.
    pub reason: String,
}

/// An action that was finished is unfinished after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionReopened {
    pub entry: EntryId,
    /// Who did so.
    pub author: Author,
    /// Why; may be empty.
    pub reason: String,
}

changes_entry!(ReopenAction, action in Actions);
changes_entry!(CompleteAction, action in Actions);
changes_entry!(DropAction, action in Actions);

impl Command for CompleteAction {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        if !state.comes_to(self.action, Category::Actions, "action", Progress::Done)? {
            return Ok(vec![]);
        }
        Ok(vec![ActionCompleted { entry: self.action, author: self.author }.into()])
    }
}

impl Command for DropAction {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        optional("reason", &self.reason, PARAGRAPH)?;
        if !state.comes_to(self.action, Category::Actions, "action", Progress::Ended)? {
            return Ok(vec![]);
        }
        Ok(vec![ActionDropped { entry: self.action, author: self.author, reason: self.reason }.into()])
    }
}

impl Command for ReopenAction {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        optional("reason", &self.reason, PARAGRAPH)?;
        if !state.comes_to(self.action, Category::Actions, "action", Progress::Open)? {
            return Ok(vec![]);
        }
        Ok(vec![ActionReopened { entry: self.action, author: self.author, reason: self.reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::ProgressAction;
    use super::super::fixtures::{action, entry, registered};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn a_finished_action_takes_no_more() {
        let complete = || CompleteAction { action: entry(1), author: Author::Person };
        let completed = || PersonEvent::from(ActionCompleted { entry: entry(1), author: Author::Person });
        given([registered(), action(1)]).when(complete()).then([completed()]);
        let progress = ProgressAction { action: entry(1), author: Author::Person, note: "more".into() };
        given([registered(), action(1), completed()]).when(progress).then_refused(Reason::Rule, "still_open");
        let drop = DropAction { action: entry(1), author: Author::Person, reason: String::new() };
        given([registered(), action(1), completed()]).when(drop).then_refused(Reason::Rule, "still_open");
    }
}
