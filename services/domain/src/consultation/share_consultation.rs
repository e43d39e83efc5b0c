use super::Consultation;
use super::events::{ConsultationEvent, ConsultationShared};
use crate::ids::PersonId;
use crate::text::labels;
use crate::vocabulary::Sensitivity;
use crate::{Command, Refusal};

/// The person shares a consultation that they kept to few, or says anew how sensitive one is.
#[derive(Debug, Clone)]
pub struct ShareConsultation {
    pub person: PersonId,
    /// How sensitive it is from now on.
    pub sensitivity: Sensitivity,
}

impl Command for ShareConsultation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        labels("sensitivity.labels", &self.sensitivity.labels)?;
        // What is over is still read.
        if state.person != Some(self.person) {
            return Err(Refusal::not_found("consultation"));
        }
        if !state.circle.kept && *state.circle.sensitivity() == self.sensitivity {
            return Ok(vec![]);
        }
        Ok(vec![ConsultationShared { sensitivity: self.sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::ConsultationRequested;
    use super::super::fixtures::{NURSE, PERSON, id, requested};
    use super::super::{Circle, Mode, OfferOption, RaiseAgendaItem};
    use super::*;
    use crate::access::{Contribute as _, Decision, Scope, scope_of};
    use crate::ids::StaffId;
    use crate::scenario::given;
    use crate::staff::fixtures::WORKER;
    use crate::vocabulary::{Author, Category, Level};
    use crate::{Aggregate as _, Reason};
    use std::collections::BTreeSet;
    use uuid::Uuid;

    fn restricted() -> Sensitivity {
        Sensitivity { level: Level::Restricted, ..Sensitivity::normal() }
    }

    /// One that the person keeps to these workers.
    fn kept(named: &[StaffId]) -> ConsultationEvent {
        let circle = Circle::kept(vec![], named.iter().copied().collect::<BTreeSet<_>>());
        let (author, mode, topic) = (Author::Person, Mode::PersonLed, "Leaving my partner safely".into());
        ConsultationRequested { person: PERSON, author, mode, topic, circle }.into()
    }

    /// Of whoever the person shares normal consultations with.
    fn scope() -> Scope {
        match scope_of(&[Category::Consultations]) {
            Decision::Permit(scope) => scope,
            Decision::Deny(rule) => panic!("{rule:?}"),
        }
    }

    fn raise() -> RaiseAgendaItem {
        RaiseAgendaItem { person: PERSON, item: id(1), author: NURSE, text: "x".into() }
    }

    #[test]
    fn the_person_shares_it_once_and_says_how_sensitive_it_is() {
        let share = |sensitivity| ShareConsultation { person: PERSON, sensitivity };
        let shared = |sensitivity| ConsultationEvent::from(ConsultationShared { sensitivity });
        given([kept(&[])]).when(share(Sensitivity::normal())).then([shared(Sensitivity::normal())]);
        given([kept(&[]), shared(Sensitivity::normal())]).when(share(Sensitivity::normal())).then_nothing();
        given([requested(Mode::Involve)]).when(share(restricted())).then([shared(restricted())]);
        let another = ShareConsultation { person: PersonId(Uuid::nil()), sensitivity: restricted() };
        given([kept(&[])]).when(another).then_refused(Reason::NotFound, "consultation");
    }

    #[test]
    fn whom_the_person_has_not_named_finds_nothing() {
        let take_part = |history: &[ConsultationEvent], raise: RaiseAgendaItem| {
            raise.decide_within(&Consultation::folded(history), Some(&scope())).map(|events| events.len())
        };
        let absent = take_part(&[], raise());
        assert_eq!(absent, Err(Refusal::not_found("consultation")));
        let others = [StaffId(Uuid::from_u128(99))];
        assert_eq!(take_part(&[kept(&others)], raise()), absent);
        // Nor does what is wrong with the words tell.
        let wordless = RaiseAgendaItem { text: String::new(), ..raise() };
        assert_eq!(take_part(&[kept(&others)], wordless.clone()), take_part(&[], wordless));
        assert_eq!(take_part(&[kept(&[WORKER.staff()])], raise()), Ok(1));
        let shared = |sensitivity| ConsultationShared { sensitivity }.into();
        assert_eq!(take_part(&[kept(&others), shared(Sensitivity::normal())], raise()), Ok(1));
        assert_eq!(take_part(&[kept(&others), shared(restricted())], raise()), absent);
    }

    #[test]
    fn an_option_is_offered_only_as_far_as_its_own_sensitivity_is_shared() {
        let offer = |sensitivity| OfferOption {
            person: PERSON,
            option: id(7),
            author: NURSE,
            text: "a carer".into(),
            benefits: String::new(),
            risks: String::new(),
            sensitivity,
        };
        let on = Consultation::folded(&[requested(Mode::Involve)]);
        assert!(offer(None).decide_within(&on, Some(&scope())).is_ok());
        assert_eq!(offer(Some(restricted())).decide_within(&on, Some(&scope())), Err(Refusal::undisclosed()));
    }
}
