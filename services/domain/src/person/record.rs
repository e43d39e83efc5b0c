//! The state that the rules about a record need.

use super::entry::Change;
use super::{Person, PersonEvent};
use crate::ids::{EntryId, PersonId};
use crate::text::labels;
use crate::vocabulary::{Category, Sensitivity};
use crate::{Aggregate, Refusal, StreamKind};

/// The most entries that one record may hold.
pub const ENTRIES_LIMIT: usize = 20_000;

/// The most notes on one action: it is read as a whole.
pub(super) const NOTES_LIMIT: usize = 50;

/// What the rules need to know of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryState {
    /// The heading it stands under.
    pub category: Category,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
    /// For a goal or an action: whether it is unfinished.
    pub open: bool,
    /// How many notes on progress an action has.
    pub notes: usize,
}

impl Person {
    /// Whether the person is registered.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.registered
    }

    /// An entry of the record.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&EntryState> {
        self.entries.get(&id)
    }

    /// Refuses a new entry that cannot be taken.
    pub(super) fn admits(&self, entry: EntryId, sensitivity: &Sensitivity) -> Result<(), Refusal> {
        if !self.registered {
            return Err(Refusal::not_found("person"));
        }
        if self.entries.contains_key(&entry) {
            return Err(Refusal::already_exists("entry"));
        }
        if self.entries.len() >= ENTRIES_LIMIT {
            return Err(Refusal::rule("entries_limit", format!("a record holds at most `{ENTRIES_LIMIT}` entries")));
        }
        labels("sensitivity.labels", &sensitivity.labels)
    }

    /// The unfinished goal or action `entry`, or why there is none.
    pub(super) fn open_entry(
        &self,
        entry: EntryId,
        category: Category,
        what: &'static str,
    ) -> Result<&EntryState, Refusal> {
        match self.entries.get(&entry) {
            Some(state) if state.category == category && state.open => Ok(state),
            Some(state) if state.category == category => {
                Err(Refusal::rule("still_open", format!("this {what} is finished already")))
            }
            Some(_) | None => Err(Refusal::not_found(what)),
        }
    }

    fn add(&mut self, entry: EntryId, category: Category, sensitivity: &Sensitivity) {
        self.entries.insert(entry, EntryState { category, sensitivity: sensitivity.clone(), open: true, notes: 0 });
    }

    fn finish(&mut self, entry: EntryId) {
        if let Some(state) = self.entries.get_mut(&entry) {
            state.open = false;
        }
    }
}

impl Aggregate for Person {
    type Id = PersonId;
    type Event = PersonEvent;

    const KIND: StreamKind = StreamKind::Person;

    fn evolve(&mut self, event: &PersonEvent) {
        let Some(change) = event.entry() else {
            // The one event that is about no entry.
            self.registered = true;
            return;
        };
        match change.what {
            Change::Written(new) => self.add(change.entry, change.category, new.sensitivity()),
            Change::Rated(_) => {}
            Change::Noted(_) => {
                if let Some(state) = self.entries.get_mut(&change.entry) {
                    state.notes += 1;
                }
            }
            Change::Finished(_) => self.finish(change.entry),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, goal, registered};
    use super::*;

    #[test]
    fn a_record_knows_that_it_is_somebodys_and_what_stands_in_it() {
        let (nobody, somebody) = (Person::default(), Person::folded(&[registered(), goal(1)]));
        assert!(!nobody.is_registered() && somebody.is_registered());
        assert_eq!(somebody.entry(entry(1)).map(|state| state.category), Some(Category::Goals));
        assert_eq!(somebody.entry(entry(2)), None);
    }

    #[test]
    fn takes_no_label_of_another_form() {
        let labelled = |label: &str| Sensitivity { labels: vec![label.into()], ..Sensitivity::normal() };
        let record = Person::folded(&[registered()]);
        assert!(record.admits(entry(1), &labelled("PSY")).is_ok());
        assert_eq!(record.admits(entry(1), &labelled("psy")).unwrap_err().subject, "sensitivity.labels");
    }
}
