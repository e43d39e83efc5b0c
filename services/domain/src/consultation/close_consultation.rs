use super::events::{ConsultationCancelled, ConsultationClosed, ConsultationEvent};
use super::{Consultation, Decision, Over};
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
        state.is_ended_by(self.author)?;
        // What the person raised is settled by them alone: in closing they do not leave it behind by mistake.
        if state.has_open_item_of_the_person() {
            return Err(Refusal::rule(
                "the_persons_agenda",
                "an item that you raised is open: say that it was addressed or can wait",
            ));
        }
        if state.decisions.values().any(Decision::waits) {
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
        state.is_ended_by(self.author)?;
        Ok(vec![ConsultationCancelled { author: self.author, reason: self.reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{
        AgendaItemDeferred, ConsultationRequested, DecisionObjected, DecisionProposed, DecisionWithdrawn,
    };
    use super::super::fixtures::{NURSE, PERSON, id, proposed, raised, requested};
    use super::super::{Circle, Mode};
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
    fn rule_19_staff_cannot_cancel_while_the_persons_item_is_open() {
        let cancel = |author| CancelConsultation { person: PERSON, author, reason: "ill".into() };
        let open = || given([requested(Mode::Involve), raised(1, Author::Person)]);
        open().when(cancel(NURSE)).then_refused(Reason::Rule, "the_persons_agenda");
        let cancelled = ConsultationCancelled { author: Author::Person, reason: "ill".into() };
        open().when(cancel(Author::Person)).then([cancelled.into()]);
    }

    #[test]
    fn rule_21_staff_cannot_end_it_while_an_objection_stands() {
        let cancel = || CancelConsultation { person: PERSON, author: NURSE, reason: "ill".into() };
        let objected: ConsultationEvent = DecisionObjected { decision: id(5), reason: "no".into(), word: None }.into();
        let before = [requested(Mode::Consult), proposed(5), objected];
        given(before.clone()).when(cancel()).then_refused(Reason::Rule, "objection_stands");
        given(before.clone()).when(close()).then_refused(Reason::Rule, "objection_stands");
        let by_person = CloseConsultation { person: PERSON, author: Author::Person };
        given(before.clone()).when(by_person).then([ConsultationClosed { author: Author::Person }.into()]);
        let withdrawn = DecisionWithdrawn { decision: id(5), author: NURSE, reason: "heard".into() }.into();
        let after = before.into_iter().chain([withdrawn]);
        given(after).when(close()).then([ConsultationClosed { author: NURSE }.into()]);
    }

    #[test]
    fn rule_19_staff_cannot_end_what_the_person_asked_for_or_proposed() {
        let cancel = |author| CancelConsultation { person: PERSON, author, reason: "ill".into() };
        let (mode, topic, circle) = (Mode::Consult, "my medicines".into(), Circle::default());
        let own = ConsultationRequested { person: PERSON, author: Author::Person, mode, topic, circle };
        given([own.clone().into()]).when(cancel(NURSE)).then_refused(Reason::Rule, "the_persons_consultation");
        given([own.into()]).when(close()).then_refused(Reason::Rule, "the_persons_consultation");
        let (text, follow_up) = ("no more of these".into(), None);
        let proposed = DecisionProposed { decision: id(5), author: Author::Person, text, follow_up };
        let waits = given([requested(Mode::Consult), proposed.into()]);
        waits.when(cancel(NURSE)).then_refused(Reason::Rule, "the_persons_decision");
    }

    #[test]
    fn rule_18_in_person_led_only_the_person_ends_it() {
        let cancel = CancelConsultation { person: PERSON, author: NURSE, reason: "ill".into() };
        given([requested(Mode::PersonLed)]).when(cancel).then_refused(Reason::Rule, "person_led");
        given([requested(Mode::PersonLed)]).when(close()).then_refused(Reason::Rule, "person_led");
        let by_person = CloseConsultation { person: PERSON, author: Author::Person };
        given([requested(Mode::PersonLed)])
            .when(by_person)
            .then([ConsultationClosed { author: Author::Person }.into()]);
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
