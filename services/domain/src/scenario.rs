//! Given what happened, when somebody wishes something, then this happens or this rule refuses it.

use std::fmt::Debug;

use crate::{Aggregate, Command, Reason, Refusal};

/// A test of one command.
pub(crate) struct Scenario<A: Aggregate>(A);

/// Starts from these events.
pub(crate) fn given<A: Aggregate>(events: impl IntoIterator<Item = A::Event>) -> Scenario<A> {
    Scenario(A::folded(&events.into_iter().collect::<Vec<_>>()))
}

impl<A: Aggregate<Event: Debug + PartialEq>> Scenario<A> {
    /// Somebody wishes this.
    pub(crate) fn when<C: Command<Aggregate = A>>(self, command: C) -> Outcome<A::Event> {
        Outcome(command.decide(&self.0))
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Outcome<E>(Result<Vec<E>, Refusal>);

impl<E: Debug + PartialEq> Outcome<E> {
    /// Exactly these events.
    pub(crate) fn then(self, events: impl IntoIterator<Item = E>) {
        assert_eq!(self.0, Ok(events.into_iter().collect()));
    }

    /// Nothing, because there is nothing left to do.
    pub(crate) fn then_nothing(self) {
        assert_eq!(self.0, Ok(Vec::new()));
    }

    /// A refusal for this reason, about this field or rule.
    pub(crate) fn then_refused(self, reason: Reason, subject: &str) {
        let refusal = self.0.expect_err("expected a refusal");
        assert_eq!((refusal.reason, refusal.subject), (reason, subject), "{}", refusal.message);
    }
}
