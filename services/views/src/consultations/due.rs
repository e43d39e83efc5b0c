//! What waits in a consultation, and what is late.

use domain::vocabulary::{Author, Timestamp};

use super::{AdvocateDoc, ConsultationDoc, ConsultationState, DecisionDoc, DecisionState, ItemDoc, ItemState};

impl ConsultationDoc {
    /// Whether something in it waits for the person: a decision that they have not answered, or an item of theirs that only they settle.
    #[must_use]
    pub fn waits_for_the_person(&self) -> bool {
        let unanswered = |one: &DecisionDoc| one.state == DecisionState::Proposed && one.objection.is_none();
        let open = |item: &ItemDoc| item.raised_by == Author::Person && item.state == ItemState::Raised;
        let proposed = |one: &DecisionDoc| one.proposed.author != Author::Person;
        self.state == ConsultationState::Open
            && (self.decisions.iter().any(|one| proposed(one) && unanswered(one)) || self.agenda.iter().any(open))
    }

    /// Whether the person should have been told something by now: what came of a decision, what is withheld, or what an advocate says.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        let unheard = |one: &AdvocateDoc| one.answer.is_none() && one.answer_by <= now;
        let late = |one: &DecisionDoc| one.follow_up.is_overdue(now) || one.advocate.as_ref().is_some_and(unheard);
        self.decisions.iter().any(late)
            || self.information.iter().any(|one| one.withheld.as_ref().is_some_and(|withheld| withheld.review <= now))
    }
}
