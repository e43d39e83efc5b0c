use super::Person;
use super::events::{GoalRated, PersonEvent};
use crate::ids::EntryId;
use crate::text::one_to_ten;
use crate::vocabulary::{Author, Category};
use crate::{Command, Refusal};

/// The person says how important a goal is to them. Nobody else may (rule 15).
#[derive(Debug, Clone)]
pub struct RateGoal {
    /// The goal.
    pub goal: EntryId,
    /// Who rates it.
    pub author: Author,
    /// 1 to 10.
    pub importance: u8,
}

impl Command for RateGoal {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        if self.author != Author::Person {
            return Err(Refusal::rule("only_the_person_rates", "only the person says how important a goal is"));
        }
        one_to_ten("importance", self.importance)?;
        state.open_entry(self.goal, Category::Goals, "goal")?;
        Ok(vec![GoalRated { entry: self.goal, importance: self.importance }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{entry, goal, registered};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    fn rate(author: Author, importance: u8) -> RateGoal {
        RateGoal { goal: entry(1), author, importance }
    }

    #[test]
    fn only_the_person_sets_importance() {
        let given = || given([registered(), goal(1)]);
        given().when(rate(Author::Person, 9)).then([GoalRated { entry: entry(1), importance: 9 }.into()]);
        given().when(rate(Author::System, 9)).then_refused(Reason::Rule, "only_the_person_rates");
        given().when(rate(Author::Person, 0)).then_refused(Reason::Invalid, "importance");
    }
}
