use super::entry::changes_entry;
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

changes_entry!(AchieveGoal, goal in Goals);
changes_entry!(SetGoalAside, goal in Goals);

impl Command for AchieveGoal {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.open_entry(self.goal, Category::Goals, "goal")?;
        Ok(vec![GoalAchieved { entry: self.goal, author: self.author }.into()])
    }
}

impl Command for SetGoalAside {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        optional("reason", &self.reason, PARAGRAPH)?;
        state.open_entry(self.goal, Category::Goals, "goal")?;
        Ok(vec![GoalSetAside { entry: self.goal, author: self.author, reason: self.reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{action, entry, goal, registered};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn finishes_an_open_goal_once() {
        let achieve = || AchieveGoal { goal: entry(1), author: Author::Person };
        let achieved = || PersonEvent::from(GoalAchieved { entry: entry(1), author: Author::Person });
        given([registered(), goal(1)]).when(achieve()).then([achieved()]);
        given([registered(), goal(1), achieved()]).when(achieve()).then_refused(Reason::Rule, "still_open");
        given([registered(), action(1)]).when(achieve()).then_refused(Reason::NotFound, "goal");
        let aside = SetGoalAside { goal: entry(1), author: Author::Person, reason: String::new() };
        given([registered(), goal(1), achieved()]).when(aside).then_refused(Reason::Rule, "still_open");
    }
}
