//! What the person is owed of a decision: to be told what came of it ("you said, we did"; rule 22).

use serde::{Deserialize, Serialize};

use crate::vocabulary::Timestamp;

/// In how many days the person is to be told what came of a decision, when nothing else was said; or what is so, when they say that what they were told
/// is not.
pub(super) const FOLLOW_UP_DAYS: u32 = 28;

/// Where the follow-up of a decision stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// By when, if that was said when it was proposed.
    said: Option<Timestamp>,
    /// When it was settled; none while it is not. What was taken without the person is followed up also when it is withdrawn later.
    settled: Option<Timestamp>,
    /// Whether something was told since.
    told: bool,
    /// When the person said that it is not so, if nothing was told anew since.
    disputed: Option<Timestamp>,
}

impl FollowUp {
    /// Of a decision that is proposed.
    #[must_use]
    pub fn proposed(said: Option<Timestamp>) -> Self {
        Self { said, ..Self::default() }
    }

    /// The decision was settled.
    pub fn settled(&mut self, at: Timestamp) {
        *self = Self { settled: Some(at), ..Self::proposed(self.said) };
    }

    /// The person took their answer back.
    pub fn unsettled(&mut self) {
        *self = Self::proposed(self.said);
    }

    /// The person was told what came of it.
    pub fn told(&mut self) {
        (self.told, self.disputed) = (true, None);
    }

    /// They say that it is not so.
    pub fn disputed(&mut self, at: Timestamp) {
        self.disputed = Some(at);
    }

    /// By when the person is to be told; none while the decision is not settled.
    #[must_use]
    pub fn due(&self) -> Option<Timestamp> {
        let settled = self.settled?;
        if let Some(disputed) = self.disputed {
            return Some(disputed.plus_days(FOLLOW_UP_DAYS));
        }
        // What was said before it was settled, and is over by then, was not meant so.
        Some(self.said.filter(|at| settled < *at).unwrap_or_else(|| settled.plus_days(FOLLOW_UP_DAYS)))
    }

    /// Whether the person should have been told by now, and was not.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        (!self.told || self.disputed.is_some()) && self.due().is_some_and(|by| by <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_22_what_came_of_a_decision_is_told_or_shows_as_overdue() {
        let day = |days| Timestamp(0).plus_days(days);
        let mut decision = FollowUp::proposed(None);
        assert_eq!((decision.due(), decision.is_overdue(day(900))), (None, false), "nothing is settled");
        decision.settled(day(2));
        assert_eq!(decision.due(), Some(day(2 + FOLLOW_UP_DAYS)));
        for (said, expected) in [(day(7), day(7)), (day(1), day(2 + FOLLOW_UP_DAYS))] {
            decision = FollowUp::proposed(Some(said));
            decision.settled(day(2));
            assert_eq!(decision.due(), Some(expected), "what was over when it was settled was not meant so");
        }
        decision = FollowUp::proposed(Some(day(7)));
        decision.settled(day(2));
        assert_eq!([6, 7, 8].map(|days| decision.is_overdue(day(days))), [false, true, true]);
        decision.told();
        assert!(!decision.is_overdue(day(10)), "told, also of what was not done");
        decision.disputed(day(11));
        assert_eq!([12, 11 + FOLLOW_UP_DAYS].map(|days| decision.is_overdue(day(days))), [false, true]);
        decision.told();
        assert!(!decision.is_overdue(day(90)));
        decision.unsettled();
        assert_eq!(decision.due(), None, "what was told is not of the next answer");
        decision.settled(day(60));
        assert!(decision.is_overdue(day(100)));
    }
}
