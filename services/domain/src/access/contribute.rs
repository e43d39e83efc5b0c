use uuid::Uuid;

use crate::access::Scope;
use crate::issuers::Parts;
use crate::sharing::Sharing;
use crate::sharing::events::SharingEvent;
use crate::vocabulary::{Category, Sensitivity};
use crate::{Aggregate, Command, Refusal};

/// A command by which somebody adds to what is about a person. What consent is decided on comes from the command itself,
/// so that nobody can ask about one thing and do another.
pub trait Contribute: Command {
    /// The headings that it asks for: none where that follows from what it changes.
    const HEADINGS: &'static [Category];

    /// The heading that it adds to.
    ///
    /// # Errors
    /// When what it changes is not there.
    fn category(&self, state: &Self::Aggregate) -> Result<Category, Refusal>;

    /// How sensitive what it adds or changes is.
    ///
    /// # Errors
    /// When what it changes is not there.
    fn sensitivity<'a>(&'a self, state: &'a Self::Aggregate) -> Result<&'a Sensitivity, Refusal>;

    /// How sensitive the goal is that it serves, if it serves one: that one must be covered too.
    ///
    /// # Errors
    /// When there is no such goal.
    fn goal<'a>(&self, _: &'a Self::Aggregate) -> Result<Option<&'a Sensitivity>, Refusal> {
        Ok(None)
    }

    /// The same, knowing which agencies are one. By this whoever must be independent is told from whoever is not, as of the very append.
    #[must_use]
    fn knowing(self, _: &Parts) -> Self
    where
        Self: Sized,
    {
        self
    }

    /// The same, minding what else the person has said that this scope covers, as of the very append.
    #[must_use]
    fn minding(self, _: &Sharing, _scope: &Scope, _on: Uuid) -> Self
    where
        Self: Sized,
    {
        self
    }

    /// What it does to the person's directive besides, where that must hold on every server from its acknowledgement on (rule 4). `on` is the id of what
    /// it changes.
    fn beside(
        &self,
        _: &Self::Aggregate,
        _: &Sharing,
        _on: Uuid,
        _events: &[<Self::Aggregate as Aggregate>::Event],
    ) -> Vec<SharingEvent> {
        vec![]
    }

    /// What is said when it is not covered. What exists and is withheld is as if it were absent.
    fn withheld(&self) -> Refusal {
        Refusal::undisclosed()
    }

    /// What happens, if the person's directive covers it. Without a scope the person acts, whose record it is.
    ///
    /// # Errors
    /// The denial, or the rule that refuses the command.
    fn decide_within(
        self,
        state: &Self::Aggregate,
        scope: Option<&Scope>,
    ) -> Result<Vec<<Self::Aggregate as Aggregate>::Event>, Refusal>
    where
        Self: Sized,
    {
        let (category, sensitivity) = (self.category(state)?, self.sensitivity(state)?);
        if scope.is_some_and(|scope| !scope.covers(category, sensitivity)) {
            return Err(self.withheld());
        }
        // Only then: whoever may not add here learns nothing of the goals that there are.
        let goal = self.goal(state)?;
        if scope.is_some_and(|scope| goal.is_some_and(|goal| !scope.covers(Category::Goals, goal))) {
            return Err(Refusal::not_found("goal"));
        }
        self.decide(state)
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::access::Decision;
    use crate::access::decision::scope_of;
    use crate::ids::EntryId;
    use crate::person::fixtures::{action, entry, goal, registered};
    use crate::person::{AchieveGoal, AgreeAction, Person, RecordStrength, StrengthKind};
    use crate::vocabulary::{Author, Level};

    /// What is covered by a permit of these categories, normal entries only.
    fn scope(categories: &[Category]) -> Scope {
        match scope_of(categories) {
            Decision::Permit(scope) => scope,
            Decision::Deny(rule) => panic!("{rule:?}"),
        }
    }

    fn record() -> Person {
        Person::folded(&[registered(), goal(1), action(2)])
    }

    fn strength(level: Level) -> RecordStrength {
        let sensitivity = Sensitivity { level, ..Sensitivity::normal() };
        let (kind, link) = (StrengthKind::Strength, None);
        RecordStrength {
            entry: EntryId(Uuid::from_u128(9)),
            author: Author::Person,
            kind,
            text: "x".into(),
            link,
            sensitivity,
        }
    }

    #[test]
    fn a_new_entry_must_be_covered_as_it_says_it_is() {
        let (strengths, goals) = (scope(&[Category::Strengths]), scope(&[Category::Goals]));
        let decide = |level, scope: Option<&Scope>| strength(level).decide_within(&record(), scope);
        assert_eq!(decide(Level::Normal, Some(&strengths)).map(|events| events.len()), Ok(1));
        assert_eq!(decide(Level::Restricted, Some(&strengths)), Err(Refusal::undisclosed()));
        assert_eq!(decide(Level::Normal, Some(&goals)), Err(Refusal::undisclosed()));
        assert_eq!(decide(Level::Restricted, None).map(|events| events.len()), Ok(1), "the person's own record");
    }

    #[test]
    fn an_entry_that_is_withheld_is_as_if_it_were_absent() {
        let achieve = |n, scope: Option<&Scope>| {
            AchieveGoal { goal: entry(n), author: Author::Person }.decide_within(&record(), scope)
        };
        let (actions, goals) = (scope(&[Category::Actions]), scope(&[Category::Goals]));
        let absent = achieve(7, Some(&goals));
        assert_eq!(achieve(1, Some(&goals)).map(|events| events.len()), Ok(1));
        assert_eq!((achieve(1, Some(&actions)), absent), (achieve(7, None), Err(Refusal::not_found("goal"))));
    }

    #[test]
    fn the_goal_that_an_action_serves_must_be_covered_too() {
        let agree = |goal, scope: &Scope| {
            let agree = AgreeAction {
                entry: entry(9),
                author: Author::Person,
                text: "walk".into(),
                goal,
                owner: "me".into(),
                party: None,
                link: None,
                due: None,
                confidence: None,
                source: None,
                sensitivity: Sensitivity::normal(),
                fingerprint: 0,
            };
            agree.decide_within(&record(), Some(scope)).map(|events| events.len())
        };
        let (actions, both) = (scope(&[Category::Actions]), scope(&[Category::Actions, Category::Goals]));
        assert_eq!((agree(None, &actions), agree(Some(entry(1)), &both)), (Ok(1), Ok(1)));
        assert_eq!(agree(Some(entry(1)), &actions), Err(Refusal::not_found("goal")));
        assert_eq!(agree(Some(entry(8)), &both), Err(Refusal::not_found("goal")));
        // Whoever may not add an action is not told which goals there are.
        let strengths = scope(&[Category::Strengths]);
        for n in [1, 8] {
            assert_eq!(agree(Some(entry(n)), &strengths), Err(Refusal::undisclosed()));
        }
    }
}
