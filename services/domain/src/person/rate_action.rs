use super::entry::changes_entry;
use super::{Person, PersonEvent};
use crate::ids::EntryId;
use crate::values::Rating;
use crate::vocabulary::{Author, Category};
use crate::{Command, Refusal};

/// The person says how confident they are that an action will be done. Nobody else may (rule 15).
#[derive(Debug, Clone)]
pub struct RateAction {
    pub action: EntryId,
    /// Who rates it.
    pub author: Author,
    /// How confident.
    pub confidence: Rating,
}

/// The person said how confident they are of an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionRated {
    pub entry: EntryId,
    /// How confident.
    pub confidence: Rating,
}

changes_entry!(RateAction, action in Actions);

impl Command for RateAction {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        if self.author != Author::Person {
            return Err(Refusal::rule("only_the_person_rates", "only the person says how confident they are"));
        }
        if state.open_entry(self.action, Category::Actions, "action")?.confidence == Some(self.confidence) {
            return Ok(vec![]);
        }
        Ok(vec![ActionRated { entry: self.action, confidence: self.confidence }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{action, entry, registered};
    use super::*;
    use crate::Reason;
    use crate::consultation::fixtures::NURSE;
    use crate::scenario::given;

    #[test]
    fn rule_15_only_the_person_says_how_confident_they_are_and_once() {
        let confidence = Rating::new("confidence", 4).unwrap();
        let rate = |author| RateAction { action: entry(1), author, confidence };
        let rated = || PersonEvent::from(ActionRated { entry: entry(1), confidence });
        given([registered(), action(1)]).when(rate(Author::Person)).then([rated()]);
        given([registered(), action(1), rated()]).when(rate(Author::Person)).then_nothing();
        given([registered(), action(1)]).when(rate(NURSE)).then_refused(Reason::Rule, "only_the_person_rates");
    }
}
