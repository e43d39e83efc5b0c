use super::entry::new_entry;
use super::{Content, Person, PersonEvent};
use crate::ids::EntryId;
use crate::text::{PARAGRAPH, optional};
use crate::values::Rating;
use crate::vocabulary::{Author, Sensitivity};
use crate::{Command, Refusal};

/// The person says how they are. Nobody says it for them.
#[derive(Debug, Clone)]
pub struct CheckInWellbeing {
    pub entry: EntryId,
    /// Who says it.
    pub author: Author,
    /// How they are: 1 to 10.
    pub wellbeing: Rating,
    /// What they add; may be empty.
    pub words: String,
    /// How sensitive it is: [`Sensitivity::private`] for what they keep to themselves.
    pub sensitivity: Sensitivity,
}

/// The person said how they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WellbeingCheckedIn {
    pub entry: EntryId,
    /// Who said it.
    pub author: Author,
    /// How they are: 1 to 10.
    pub wellbeing: Rating,
    /// What they added; may be empty.
    pub words: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

new_entry!(CheckInWellbeing => WellbeingCheckedIn in Wellbeing, e => Content::CheckIn { wellbeing: e.wellbeing, words: e.words.clone() }, with {
    fn has_text(&self) -> bool {
        false
    }
});

impl Command for CheckInWellbeing {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        // What is kept to oneself has a label of its own, which is none that a caller gives.
        let said = if self.sensitivity == Sensitivity::private() { &Sensitivity::NORMAL } else { &self.sensitivity };
        state.admits(self.entry, said)?;
        optional("words", &self.words, PARAGRAPH)?;
        if self.author != Author::Person {
            return Err(Refusal::rule("only_the_person_says", "only the person says how they are"));
        }
        let Self { entry, author, wellbeing, words, sensitivity } = self;
        Ok(vec![WellbeingCheckedIn { entry, author, wellbeing, words, sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, registered};
    use super::*;
    use crate::Reason;
    use crate::consultation::fixtures::NURSE;
    use crate::scenario::given;

    #[test]
    fn the_person_says_how_they_are_and_may_keep_it_to_themselves() {
        let check_in = |author, sensitivity| {
            let (wellbeing, words) = (Rating::new("wellbeing", 4).unwrap(), "a bad night".into());
            CheckInWellbeing { entry: entry(1), author, wellbeing, words, sensitivity }
        };
        for sensitivity in [Sensitivity::NORMAL, Sensitivity::private()] {
            let decided =
                check_in(Author::Person, sensitivity.clone()).decide(&crate::Aggregate::folded(&[registered()]));
            let [PersonEvent::WellbeingCheckedIn(said)] = &decided.unwrap()[..] else { panic!("a check-in") };
            assert_eq!(said.sensitivity, sensitivity);
        }
        let by_nurse = check_in(NURSE, Sensitivity::NORMAL);
        given([registered()]).when(by_nurse).then_refused(Reason::Rule, "only_the_person_says");
        let nearly = Sensitivity { labels: vec![Sensitivity::PRIVATE.into()], ..Sensitivity::NORMAL };
        let nearly = check_in(Author::Person, nearly);
        given([registered()]).when(nearly).then_refused(Reason::Invalid, "sensitivity.labels");
    }
}
