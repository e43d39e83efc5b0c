use super::entry::changes_entry;
use super::{Person, PersonEvent};
use crate::ids::EntryId;
use crate::values::Rating;
use crate::vocabulary::{Author, Category};
use crate::{Command, Refusal};

/// The person says how important a goal is to them. Nobody else may (rule 15).
#[derive(Debug, Clone)]
pub struct RateGoal {
    pub goal: EntryId,
    /// Who rates it.
    pub author: Author,
    /// How important.
    pub importance: Rating,
}

/// The person said how important a goal is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalRated {
    pub entry: EntryId,
    /// How important.
    pub importance: Rating,
}

changes_entry!(RateGoal, goal in Goals);

impl Command for RateGoal {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        if self.author != Author::Person {
            return Err(Refusal::rule("only_the_person_rates", "only the person says how important a goal is"));
        }
        if state.open_entry(self.goal, Category::Goals, "goal")?.importance == Some(self.importance) {
            return Ok(vec![]);
        }
        Ok(vec![GoalRated { entry: self.goal, importance: self.importance }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, goal, registered};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    fn nine() -> Rating {
        Rating::new("importance", 9).unwrap()
    }

    fn rate(author: Author) -> RateGoal {
        RateGoal { goal: entry(1), author, importance: nine() }
    }

    #[test]
    fn only_the_person_sets_importance() {
        let given = || given([registered(), goal(1)]);
        given().when(rate(Author::Person)).then([GoalRated { entry: entry(1), importance: nine() }.into()]);
        given().when(rate(Author::System)).then_refused(Reason::Rule, "only_the_person_rates");
    }
}
