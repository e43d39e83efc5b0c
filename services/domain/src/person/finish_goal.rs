use super::entry::{Progress, changes_entry};
use super::{Person, PersonEvent};
use crate::ids::EntryId;
use crate::text::{PARAGRAPH, optional};
use crate::vocabulary::{Author, Category};
use crate::{Command, Refusal};

/// A goal is achieved.
#[derive(Debug, Clone)]
pub struct AchieveGoal {
    pub goal: EntryId,
    /// Who says so.
    pub author: Author,
}

/// A goal is set aside.
#[derive(Debug, Clone)]
pub struct SetGoalAside {
    pub goal: EntryId,
    /// Who sets it aside.
    pub author: Author,
    /// Why; may be empty.
    pub reason: String,
}

/// A goal was achieved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalAchieved {
    pub entry: EntryId,
    /// Who did so.
    pub author: Author,
}

/// A goal was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalSetAside {
    pub entry: EntryId,
    /// Who did so.
    pub author: Author,
    /// Why; may be empty.
    pub reason: String,
}

/// A goal that was finished by a slip, or too early, is unfinished after all. That it was finished stays to be read.
#[derive(Debug, Clone)]
pub struct ReopenGoal {
    pub goal: EntryId,
    /// Who takes it back.
    pub author: Author,
    /// Why; may be empty.
    pub reason: String,
}

/// A goal that was finished is unfinished after all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalReopened {
    pub entry: EntryId,
    /// Who did so.
    pub author: Author,
    /// Why; may be empty.
    pub reason: String,
}

changes_entry!(ReopenGoal, goal in Goals);
changes_entry!(AchieveGoal, goal in Goals);
changes_entry!(SetGoalAside, goal in Goals);

/// What becomes of a goal is the person's to say (rule 15); of an imported one its source says so.
fn only_the_person(state: &Person, goal: EntryId, author: Author) -> Result<(), Refusal> {
    state.sensitivity_of(goal, Category::Goals, "goal")?;
    if matches!(author, Author::Person | Author::System) {
        return Ok(());
    }
    Err(Refusal::rule("only_the_person_says", "only the person says what becomes of a goal of theirs"))
}

impl Command for AchieveGoal {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        only_the_person(state, self.goal, self.author)?;
        if !state.comes_to(self.goal, Category::Goals, "goal", Progress::Done)? {
            return Ok(vec![]);
        }
        Ok(vec![GoalAchieved { entry: self.goal, author: self.author }.into()])
    }
}

impl Command for SetGoalAside {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        optional("reason", &self.reason, PARAGRAPH)?;
        only_the_person(state, self.goal, self.author)?;
        if !state.comes_to(self.goal, Category::Goals, "goal", Progress::Ended)? {
            return Ok(vec![]);
        }
        Ok(vec![GoalSetAside { entry: self.goal, author: self.author, reason: self.reason }.into()])
    }
}

impl Command for ReopenGoal {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        optional("reason", &self.reason, PARAGRAPH)?;
        only_the_person(state, self.goal, self.author)?;
        if state.entry(self.goal).is_some_and(|goal| goal.is_proposed) {
            let says = "this goal was never taken up: take it up in your own words";
            return Err(Refusal::rule("proposed_goal", says));
        }
        if !state.comes_to(self.goal, Category::Goals, "goal", Progress::Open)? {
            return Ok(vec![]);
        }
        Ok(vec![GoalReopened { entry: self.goal, author: self.author, reason: self.reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{action, entry, goal, registered};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn rule_24_finishes_an_open_goal_once_and_takes_a_slip_back() {
        let achieve = || AchieveGoal { goal: entry(1), author: Author::Person };
        let achieved = || PersonEvent::from(GoalAchieved { entry: entry(1), author: Author::Person });
        given([registered(), goal(1)]).when(achieve()).then([achieved()]);
        given([registered(), goal(1), achieved()]).when(achieve()).then_nothing();
        let reopen = || ReopenGoal { goal: entry(1), author: Author::Person, reason: "the wrong one".into() };
        let reopened = || {
            let (author, reason) = (Author::Person, "the wrong one".into());
            PersonEvent::from(GoalReopened { entry: entry(1), author, reason })
        };
        given([registered(), goal(1), achieved()]).when(reopen()).then([reopened()]);
        given([registered(), goal(1), achieved(), reopened()]).when(reopen()).then_nothing();
        given([registered(), goal(1), achieved(), reopened()]).when(achieve()).then([achieved()]);
        given([registered(), action(1)]).when(reopen()).then_refused(Reason::NotFound, "goal");
        given([registered(), action(1)]).when(achieve()).then_refused(Reason::NotFound, "goal");
        let aside = SetGoalAside { goal: entry(1), author: Author::Person, reason: String::new() };
        given([registered(), goal(1), achieved()]).when(aside).then_refused(Reason::Rule, "still_open");
    }
}
