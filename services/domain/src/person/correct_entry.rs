use uuid::Uuid;

use super::entry::Change;
use super::{Person, PersonEvent};
use crate::access::Contribute;
use crate::ids::EntryId;
use crate::issuers::Parts;
use crate::sharing::Sharing;
use crate::sharing::events::{EntryRestricted, SharingEvent};
use crate::text::{PAGE, PARAGRAPH, labels, optional, required};
use crate::vocabulary::{Author, Category, Sensitivity};
use crate::{Command, Refusal};

/// How often one entry is corrected.
const CORRECTIONS_LIMIT: usize = 50;

/// Corrects what an entry says, or how sensitive it is; what it said before stays in the person's history. By the person, or by the agency that wrote it.
#[derive(Debug, Clone)]
pub struct CorrectEntry {
    pub entry: EntryId,
    /// Who corrects it.
    pub author: Author,
    /// What it says from now on.
    pub text: String,
    /// How sensitive it is from now on; as it was when nothing is said. Only the person opens what was closed.
    pub sensitivity: Option<Sensitivity>,
    /// Why; may be empty.
    pub reason: String,
    /// Which agencies are one.
    pub parts: Parts,
}

/// An entry was corrected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryCorrected {
    pub entry: EntryId,
    /// The heading that it stands under.
    pub category: Category,
    /// Who corrected it.
    pub author: Author,
    /// What it says from now on.
    pub text: String,
    /// How sensitive it is from now on; as it was when nothing is said.
    pub sensitivity: Option<Sensitivity>,
    /// Why; may be empty.
    pub reason: String,
}

impl Contribute for CorrectEntry {
    const HEADINGS: &'static [Category] = &[];

    fn category(&self, state: &Person) -> Result<Category, Refusal> {
        Ok(state.entry(self.entry).ok_or_else(|| Refusal::not_found("entry"))?.category)
    }

    fn sensitivity<'a>(&'a self, state: &'a Person) -> Result<&'a Sensitivity, Refusal> {
        Ok(&state.entry(self.entry).ok_or_else(|| Refusal::not_found("entry"))?.sensitivity)
    }

    fn withheld(&self) -> Refusal {
        Refusal::not_found("entry")
    }

    fn knowing(self, parts: &Parts) -> Self {
        Self { parts: parts.clone(), ..self }
    }

    /// A look at what it said before does not commit any more.
    fn beside(&self, _: &Person, _: &Sharing, _: Uuid, events: &[PersonEvent]) -> Vec<SharingEvent> {
        events.iter().map(|_| EntryRestricted { entry: self.entry }.into()).collect()
    }
}

impl Command for CorrectEntry {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        let known = state.entry(self.entry).ok_or_else(|| Refusal::not_found("entry"))?;
        let limit = if known.category == Category::AboutMe { PAGE } else { PARAGRAPH };
        // Of what has no words it is said how sensitive it is.
        if known.has_text {
            required("text", &self.text, limit)?;
        } else if !self.text.is_empty() || self.sensitivity.is_none() {
            return Err(Refusal::rule("entry_of_words", "this entry has no words that could be corrected"));
        }
        optional("reason", &self.reason, PARAGRAPH)?;
        if self.author != Author::Person {
            if known.is_theirs {
                return Err(Refusal::rule("the_persons_words", "what it says is in the person's own words by now"));
            }
            if known.author.worker().is_none() || !self.parts.are_one_side(known.author, self.author) {
                let problem = "an entry is corrected by the person, or by the agency that wrote it";
                return Err(Refusal::rule("the_authors_agency", problem));
            }
            if self.sensitivity.as_ref().is_some_and(|new| !new.restricts(&known.sensitivity)) {
                let problem = "only the person says that an entry is less sensitive";
                return Err(Refusal::rule("the_persons_choice", problem));
            }
        }
        self.sensitivity.as_ref().map_or(Ok(()), |new| labels("sensitivity.labels", &new.labels))?;
        // Nobody uses up what is the person's.
        let limit = if self.author == Author::Person { 2 * CORRECTIONS_LIMIT } else { CORRECTIONS_LIMIT };
        if known.corrections >= limit {
            let problem = format!("an entry is corrected at most `{limit}` times");
            return Err(Refusal::rule("corrections_limit", problem));
        }
        let (entry, category) = (self.entry, known.category);
        let Self { author, text, sensitivity, reason, .. } = self;
        Ok(vec![EntryCorrected { entry, category, author, text, sensitivity, reason }.into()])
    }
}

impl EntryCorrected {
    pub(super) fn change(&self) -> Change<'_> {
        Change::Corrected(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::WhatMattersRecorded;
    use super::super::fixtures::{action, entry, goal, registered};
    use super::*;
    use crate::Aggregate as _;
    use crate::Reason;
    use crate::consultation::fixtures::NURSE;
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;
    use crate::vocabulary::{Level, Worker};
    use uuid::Uuid;

    fn written() -> PersonEvent {
        let (text, sensitivity) = ("her dog".into(), Sensitivity { level: Level::Restricted, labels: vec![] });
        WhatMattersRecorded { entry: entry(2), author: NURSE, text, sensitivity }.into()
    }

    fn correct(author: Author) -> CorrectEntry {
        let (text, reason, sensitivity, parts) = ("her cat".into(), "a slip".into(), None, Parts::default());
        CorrectEntry { entry: entry(2), author, text, sensitivity, reason, parts }
    }

    fn corrected(author: Author, sensitivity: Option<Sensitivity>) -> PersonEvent {
        let (category, text, reason) = (Category::WhatMatters, "her cat".into(), "a slip".into());
        EntryCorrected { entry: entry(2), category, author, text, sensitivity, reason }.into()
    }

    #[test]
    fn is_corrected_by_the_person_or_by_the_agency_that_wrote_it() {
        let before = || [registered(), written()];
        for author in [Author::Person, NURSE] {
            given(before()).when(correct(author)).then([corrected(author, None)]);
        }
        let south = Author::Worker(Worker::new(AgencyId(Uuid::from_u128(20)), StaffId(Uuid::from_u128(21))));
        given(before()).when(correct(south)).then_refused(Reason::Rule, "the_authors_agency");
        given([registered(), goal(2)]).when(correct(NURSE)).then_refused(Reason::Rule, "the_persons_words");
        let theirs = [registered(), written(), corrected(Author::Person, None)];
        given(theirs).when(correct(NURSE)).then_refused(Reason::Rule, "the_persons_words");
        given([registered(), action(1)]).when(correct(NURSE)).then_refused(Reason::NotFound, "entry");
        let wordless = CorrectEntry { text: " ".into(), ..correct(NURSE) };
        given(before()).when(wordless).then_refused(Reason::Invalid, "text");
    }

    #[test]
    fn only_the_person_opens_what_was_closed() {
        let of = |level| Some(Sensitivity { level, labels: vec![] });
        let to = |author, level| CorrectEntry { sensitivity: of(level), ..correct(author) };
        let before = || [registered(), written()];
        given(before()).when(to(NURSE, Level::Normal)).then_refused(Reason::Rule, "the_persons_choice");
        let very = corrected(NURSE, of(Level::VeryRestricted));
        given(before()).when(to(NURSE, Level::VeryRestricted)).then([very.clone()]);
        given(before()).when(to(Author::Person, Level::Normal)).then([corrected(Author::Person, of(Level::Normal))]);
        let state = Person::folded(&[registered(), written(), very]);
        assert_eq!(state.entry(entry(2)).map(|known| known.sensitivity.level), Some(Level::VeryRestricted));
    }
}
