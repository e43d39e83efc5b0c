use crate::access::Scope;
use crate::vocabulary::{Category, Sensitivity};
use crate::{Aggregate, Command, Refusal};

/// A command by which somebody adds to what is about a person. What consent is decided on comes from the command itself,
/// so that nobody can ask about one thing and do another.
pub trait Contribute: Command {
    /// The heading that it adds to.
    const CATEGORY: Category;

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
        let (sensitivity, goal) = (self.sensitivity(state)?, self.goal(state)?);
        if let Some(scope) = scope {
            if !scope.covers(Self::CATEGORY, sensitivity) {
                return Err(self.withheld());
            }
            if goal.is_some_and(|goal| !scope.covers(Category::Goals, goal)) {
                return Err(Refusal::not_found("goal"));
            }
        }
        self.decide(state)
    }
}
