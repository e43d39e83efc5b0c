//! The state that the rules about a record need.

use std::collections::BTreeMap;

use super::entry::{Change, NewEntry, Progress};
use super::events::PersonRegistered;
use super::{BarrierKind, Person, PersonEvent};
use crate::ids::{AgencyId, EntryId, PersonId};
use crate::text::labels;
use crate::values::Rating;
use crate::vocabulary::{Author, Category, Sensitivity};
use crate::{Aggregate, Refusal, StreamKind};

/// The most entries that one record may hold.
pub const ENTRIES_LIMIT: usize = 20_000;

/// The most notes on one action: one a day for many years.
pub(super) const NOTES_LIMIT: usize = 5_000;

/// What the rules need to know of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryState {
    /// The heading it stands under.
    pub category: Category,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
    /// Where a goal or an action stands.
    pub progress: Progress,
    /// How important the person says that a goal is.
    pub importance: Option<Rating>,
    /// How many notes on progress an action has.
    pub notes: usize,
    /// A digest of what its source said, if it was imported; 0 otherwise.
    pub fingerprint: u64,
    /// Who wrote it.
    pub author: Author,
    /// Where it lies, if it is a barrier.
    pub(super) barrier: Option<BarrierKind>,
    /// The agency that owns it, if it is a barrier that one owns.
    pub(super) owner: Option<AgencyId>,
    /// How confident the person says that they are of an action.
    pub(super) confidence: Option<Rating>,
    /// Whether it is words, which can be corrected.
    pub(super) has_text: bool,
    /// How often it was corrected.
    pub(super) corrections: usize,
    /// Whether it is a goal that somebody proposed, and the person has not taken into their words.
    pub(super) is_proposed: bool,
    /// Whether its words are the person's own by now, whoever wrote it first.
    pub(super) is_theirs: bool,
    /// The person's replies to it.
    pub(super) replies: BTreeMap<EntryId, ReplyStage>,
}

/// Where a reply stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReplyStage {
    Waiting,
    Answered,
    TakenBack,
}

impl Person {
    /// Whether the person is registered.
    #[must_use]
    pub fn is_registered(&self) -> bool {
        self.registered.is_some()
    }

    /// As they were registered, if they are.
    #[must_use]
    pub fn registered(&self) -> Option<&PersonRegistered> {
        self.registered.as_ref()
    }

    /// An entry of the record.
    #[must_use]
    pub fn entry(&self, id: EntryId) -> Option<&EntryState> {
        self.entries.get(&id)
    }

    /// Whether the plan holds.
    pub(super) fn is_active(&self) -> bool {
        self.active
    }

    /// Whether something stands under a heading, be it that the person chose not to say.
    pub(super) fn says_something_of(&self, category: Category) -> bool {
        self.entries.values().any(|entry| entry.category == category)
    }

    /// The headings of all entries, and how sensitive each is; how they are called and when they were born among them.
    pub fn headings(&self) -> impl Iterator<Item = (Category, &Sensitivity)> {
        static NORMAL: Sensitivity = Sensitivity::NORMAL;
        let contact = self.registered.iter().map(|e| (Category::Contact, e.sensitivity.as_ref().unwrap_or(&NORMAL)));
        contact.chain(self.entries.values().map(|entry| (entry.category, &entry.sensitivity)))
    }

    /// Refuses a new entry that cannot be taken.
    pub(super) fn admits(&self, entry: EntryId, sensitivity: &Sensitivity) -> Result<(), Refusal> {
        if !self.is_registered() {
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
            Some(state) if state.category == category && state.progress == Progress::Open => Ok(state),
            Some(state) if state.category == category && state.progress == Progress::Proposed => Err(Refusal::rule(
                "proposed_goal",
                format!("this {what} is proposed: the person takes it up, or does not"),
            )),
            Some(state) if state.category == category => {
                Err(Refusal::rule("still_open", format!("this {what} is finished already")))
            }
            Some(_) | None => Err(Refusal::not_found(what)),
        }
    }

    /// Whether the goal or action `entry` is yet to come to where it is wished: it goes there from being unfinished, or back to it.
    ///
    /// # Errors
    /// That there is none, or that it is finished in another way.
    pub(super) fn comes_to(
        &self,
        entry: EntryId,
        category: Category,
        what: &'static str,
        wished: Progress,
    ) -> Result<bool, Refusal> {
        match self.entries.get(&entry).filter(|state| state.category == category) {
            None => Err(Refusal::not_found(what)),
            Some(state) if state.progress == wished => Ok(false),
            Some(state) if state.progress == Progress::Proposed => Err(Refusal::rule(
                "proposed_goal",
                format!("this {what} is proposed: the person takes it up, or does not"),
            )),
            Some(state) if state.progress == Progress::Open || wished == Progress::Open => Ok(true),
            Some(_) => Err(Refusal::rule("still_open", format!("this {what} is finished already, in another way"))),
        }
    }

    fn add(&mut self, entry: EntryId, category: Category, new: &dyn NewEntry) {
        let (sensitivity, fingerprint) = (new.sensitivity().clone(), new.fingerprint());
        let state = EntryState {
            category,
            sensitivity,
            progress: new.progress(),
            importance: None,
            notes: 0,
            fingerprint,
            author: new.author(),
            barrier: new.barrier(),
            owner: None,
            confidence: None,
            has_text: new.has_text(),
            corrections: 0,
            is_proposed: new.progress() == Progress::Proposed,
            is_theirs: new.author() == Author::Person,
            replies: BTreeMap::new(),
        };
        self.active |= new.is_plan();
        self.entries.insert(entry, state);
    }
}

impl Aggregate for Person {
    type Id = PersonId;
    type Event = PersonEvent;

    const KIND: StreamKind = StreamKind::Person;

    fn evolve(&mut self, event: &PersonEvent) {
        let Some(change) = event.entry() else {
            #[allow(clippy::wildcard_enum_match_arm, reason = "all others are about an entry")]
            match event {
                PersonEvent::PersonRegistered(e) => self.registered = Some(e.clone()),
                PersonEvent::IdentityLinked(e) => {
                    self.identities.insert(e.identity, (e.issuer.clone(), e.at));
                }
                PersonEvent::IdentityUnlinked(e) => drop(self.identities.remove(&e.identity)),
                _ => {}
            }
            return;
        };
        if let Change::Written(new) = change.what {
            self.add(change.entry, change.category, new);
        }
        let Some(state) = self.entries.get_mut(&change.entry) else { return };
        match change.what {
            Change::Written(_) => {}
            Change::Rated(importance) => state.importance = Some(importance),
            Change::Noted(..) => state.notes += 1,
            Change::Finished(_, progress, _) => state.progress = progress,
            Change::Confident(confidence) => state.confidence = Some(confidence),
            Change::Adopted(_) => {
                (state.progress, state.is_proposed, state.is_theirs) = (Progress::Open, false, true);
            }
            Change::Owned(_, agency, _) => state.owner = Some(agency),
            Change::Corrected(e) => {
                state.corrections += 1;
                state.is_theirs |= e.author == Author::Person;
                if let Some(sensitivity) = &e.sensitivity {
                    state.sensitivity = sensitivity.clone();
                }
            }
            Change::Replied(e) => drop(state.replies.insert(e.reply, ReplyStage::Waiting)),
            Change::Answered(e) => drop(state.replies.insert(e.reply, ReplyStage::Answered)),
            Change::ReplyTakenBack(reply) => drop(state.replies.insert(reply, ReplyStage::TakenBack)),
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
