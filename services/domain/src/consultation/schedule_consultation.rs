use super::events::{ConsultationEvent, ConsultationScheduled};
use super::{Consultation, ahead, has_room};
use crate::ids::PersonId;
use crate::text::{LINE, required};
use crate::vocabulary::{Author, Timestamp};
use crate::{Command, Refusal};

/// Says when and where people meet. The last that was said holds.
#[derive(Debug, Clone)]
pub struct ScheduleConsultation {
    pub person: PersonId,
    /// Who says so.
    pub author: Author,
    pub at: Timestamp,
    /// Where, or how: a room, a number to ring.
    pub place: String,
    pub now: Timestamp,
}

impl Command for ScheduleConsultation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("place", &self.place, LINE)?;
        state.open_for(self.person)?;
        if state.scheduled.as_ref().is_some_and(|(at, place)| *at == self.at && *place == self.place) {
            return Ok(vec![]);
        }
        ahead("at", self.at, self.now)?;
        has_room(state.times_scheduled, self.author, "times to meet")?;
        let Self { author, at, place, .. } = self;
        Ok(vec![ConsultationScheduled { author, at, place }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::super::fixtures::{NURSE, PERSON, requested};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn rule_24_a_time_that_is_to_come_is_said_once() {
        let now = Timestamp(0);
        let schedule = |days: u32, place: &str| {
            let (at, place) = (now.plus_days(days), place.into());
            ScheduleConsultation { person: PERSON, author: NURSE, at, place, now }
        };
        let scheduled = |days: u32| {
            let (at, place) = (now.plus_days(days), "at home".into());
            ConsultationEvent::from(ConsultationScheduled { author: NURSE, at, place })
        };
        let given = |more: &[ConsultationEvent]| given([&[requested(Mode::Consult)], more].concat());
        given(&[]).when(schedule(3, "at home")).then([scheduled(3)]);
        given(&[scheduled(3)]).when(schedule(3, "at home")).then_nothing();
        given(&[scheduled(3)]).when(schedule(4, "at home")).then([scheduled(4)]);
        given(&[]).when(schedule(0, "at home")).then_refused(Reason::Invalid, "at");
        given(&[]).when(schedule(3, "")).then_refused(Reason::Invalid, "place");
    }
}
