//! A goal that a worker proposed becomes one when the person takes it into their words (rule 15).

use super::entry::{Progress, changes_entry};
use super::{EntryState, Person, PersonEvent};
use crate::ids::EntryId;
use crate::text::{PARAGRAPH, optional, required};
use crate::vocabulary::{Author, Category};
use crate::{Command, Refusal};

/// The person takes a proposed goal up, in their own words.
#[derive(Debug, Clone)]
pub struct AdoptGoal {
    pub goal: EntryId,
    /// Who takes it up.
    pub author: Author,
    /// The goal as they say it.
    pub text: String,
}

/// The person does not take a proposed goal up.
#[derive(Debug, Clone)]
pub struct DeclineGoal {
    pub goal: EntryId,
    /// Who declines.
    pub author: Author,
    /// Why; may be empty.
    pub reason: String,
}

/// The person took a proposed goal up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalAdopted {
    pub entry: EntryId,
    /// The goal as they say it.
    pub text: String,
}

/// The person did not take a proposed goal up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalDeclined {
    pub entry: EntryId,
    /// Why; may be empty.
    pub reason: String,
}

changes_entry!(AdoptGoal, goal in Goals);
changes_entry!(DeclineGoal, goal in Goals);

impl Person {
    /// A goal that the person, and nobody else, answers.
    fn answered(&self, goal: EntryId, author: Author) -> Result<&EntryState, Refusal> {
        self.sensitivity_of(goal, Category::Goals, "goal")?;
        if author != Author::Person {
            return Err(Refusal::rule("only_the_person_says", "only the person takes a goal up, or does not"));
        }
        self.entry(goal).ok_or_else(|| Refusal::not_found("goal"))
    }
}

impl Command for AdoptGoal {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        required("text", &self.text, PARAGRAPH)?;
        let goal = state.answered(self.goal, self.author)?;
        // What they did not take up they may take up later, in their words all the same.
        if goal.is_proposed {
            return Ok(vec![GoalAdopted { entry: self.goal, text: self.text }.into()]);
        }
        match goal.progress {
            Progress::Proposed | Progress::Open | Progress::Done => Ok(vec![]),
            Progress::Ended => Err(Refusal::rule("proposed_goal", "this goal was set aside: reopen it")),
        }
    }
}

impl Command for DeclineGoal {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        optional("reason", &self.reason, PARAGRAPH)?;
        match state.answered(self.goal, self.author)?.progress {
            Progress::Proposed => Ok(vec![GoalDeclined { entry: self.goal, reason: self.reason }.into()]),
            Progress::Ended => Ok(vec![]),
            Progress::Open | Progress::Done => {
                Err(Refusal::rule("proposed_goal", "this goal is taken up: set it aside"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::GoalProposed;
    use super::super::fixtures::{action, entry, registered};
    use super::super::{AchieveGoal, RateGoal, ReopenGoal, SetGoalAside};
    use super::*;
    use crate::Reason;
    use crate::consultation::fixtures::NURSE;
    use crate::scenario::given;
    use crate::values::Rating;
    use crate::vocabulary::Sensitivity;

    #[test]
    fn rule_15_a_goal_is_the_persons_when_they_take_it_into_their_words() {
        let (text, sensitivity) = ("mobility improves".into(), Sensitivity::normal());
        let proposed = || vec![registered(), GoalProposed { entry: entry(1), author: NURSE, text, sensitivity }.into()];
        let proposed = proposed();
        let adopt = |author| AdoptGoal { goal: entry(1), author, text: "walk to the loch".into() };
        let adopted = || PersonEvent::from(GoalAdopted { entry: entry(1), text: "walk to the loch".into() });
        given(proposed.clone()).when(adopt(Author::Person)).then([adopted()]);
        given(proposed.clone()).when(adopt(NURSE)).then_refused(Reason::Rule, "only_the_person_says");
        given([registered(), action(1)]).when(adopt(Author::Person)).then_refused(Reason::NotFound, "goal");
        let taken_up = [proposed.clone(), vec![adopted()]].concat();
        given(taken_up.clone()).when(adopt(Author::Person)).then_nothing();
        let decline = |author| DeclineGoal { goal: entry(1), author, reason: String::new() };
        let declined = || PersonEvent::from(GoalDeclined { entry: entry(1), reason: String::new() });
        given(proposed.clone()).when(decline(Author::Person)).then([declined()]);
        given(proposed.clone()).when(decline(NURSE)).then_refused(Reason::Rule, "only_the_person_says");
        given(taken_up.clone()).when(decline(Author::Person)).then_refused(Reason::Rule, "proposed_goal");
        let not_taken_up = [proposed.clone(), vec![declined()]].concat();
        given(not_taken_up.clone()).when(decline(Author::Person)).then_nothing();
        // Taken up later it is so in their words, and not by being reopened.
        let reopen = ReopenGoal { goal: entry(1), author: Author::Person, reason: String::new() };
        given(not_taken_up.clone()).when(reopen).then_refused(Reason::Rule, "proposed_goal");
        given(not_taken_up).when(adopt(Author::Person)).then([adopted()]);
        // Nothing else is done with what is only proposed; and nobody else calls a goal of theirs achieved, or sets it aside.
        let rate = RateGoal { goal: entry(1), author: Author::Person, importance: Rating::stored(9).unwrap() };
        given(proposed.clone()).when(rate).then_refused(Reason::Rule, "proposed_goal");
        let achieve = |author| AchieveGoal { goal: entry(1), author };
        given(proposed).when(achieve(Author::Person)).then_refused(Reason::Rule, "proposed_goal");
        given(taken_up.clone()).when(achieve(NURSE)).then_refused(Reason::Rule, "only_the_person_says");
        let aside = SetGoalAside { goal: entry(1), author: NURSE, reason: String::new() };
        given(taken_up).when(aside).then_refused(Reason::Rule, "only_the_person_says");
    }
}
