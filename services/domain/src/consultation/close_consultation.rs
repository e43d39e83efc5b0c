use super::events::{ConsultationCancelled, ConsultationClosed, ConsultationEvent};
use super::{Consultation, DecisionStage, Over};
use crate::ids::PersonId;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::Author;
use crate::{Command, Refusal};

/// Closes a consultation.
#[derive(Debug, Clone)]
pub struct CloseConsultation {
    /// The person whose consultation it is.
    pub person: PersonId,
    /// Who closes it.
    pub author: Author,
}

/// Cancels a consultation.
#[derive(Debug, Clone)]
pub struct CancelConsultation {
    /// The person whose consultation it is.
    pub person: PersonId,
    /// Who cancels it.
    pub author: Author,
    /// Why.
    pub reason: String,
}

impl Command for CloseConsultation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        if !state.ends(self.person, Over::Closed)? {
            return Ok(vec![]);
        }
        if state.agenda.values().any(|(author, settled)| settled.is_none() && *author == Author::Person) {
            return Err(Refusal::rule(
                "the_persons_agenda",
                "an item that the person raised is neither addressed nor deferred by them",
            ));
        }
        if state.decisions.values().any(|stage| *stage == DecisionStage::Proposed) {
            return Err(Refusal::rule("waiting_decision", "a proposed decision waits for an answer"));
        }
        Ok(vec![ConsultationClosed { author: self.author }.into()])
    }
}

impl Command for CancelConsultation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("reason", &self.reason, PARAGRAPH)?;
        if !state.ends(self.person, Over::Cancelled)? {
            return Ok(vec![]);
        }
        Ok(vec![ConsultationCancelled { author: self.author, reason: self.reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::super::events::AgendaItemDeferred;
    use super::super::fixtures::{NURSE, PERSON, id, proposed, raised, requested};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    fn close() -> CloseConsultation {
        CloseConsultation { person: PERSON, author: NURSE }
    }

    #[test]
    fn rule_19_cannot_close_while_the_persons_item_is_open() {
        let open = [requested(Mode::Involve), raised(1, Author::Person)];
        given(open.clone()).when(close()).then_refused(Reason::Rule, "the_persons_agenda");
        let deferred = AgendaItemDeferred { item: id(1), author: Author::Person }.into();
        given(open.into_iter().chain([deferred])).when(close()).then([ConsultationClosed { author: NURSE }.into()]);
    }

    #[test]
    fn cannot_close_while_a_decision_waits_and_is_over_once_closed() {
        given([requested(Mode::Involve), proposed(5)]).when(close()).then_refused(Reason::Rule, "waiting_decision");
        let closed = ConsultationClosed { author: NURSE }.into();
        given([requested(Mode::Involve), closed]).when(close()).then_nothing();
        let other = CloseConsultation { person: PersonId(uuid::Uuid::from_u128(99)), author: NURSE };
        let closed = ConsultationClosed { author: NURSE }.into();
        given([requested(Mode::Involve), closed]).when(other).then_refused(Reason::NotFound, "consultation");
    }

    #[test]
    fn cancels_with_a_reason_what_goes_on() {
        let cancel = |reason: &str| CancelConsultation { person: PERSON, author: NURSE, reason: reason.into() };
        let cancelled = || ConsultationEvent::from(ConsultationCancelled { author: NURSE, reason: "ill".into() });
        given([requested(Mode::Involve)]).when(cancel("ill")).then([cancelled()]);
        given([requested(Mode::Involve)]).when(cancel("")).then_refused(Reason::Invalid, "reason");
        given([requested(Mode::Involve), cancelled()]).when(cancel("ill")).then_nothing();
        given([requested(Mode::Involve), cancelled()]).when(close()).then_refused(Reason::Rule, "open_consultation");
    }
}
