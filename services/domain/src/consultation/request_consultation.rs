use super::events::{ConsultationEvent, ConsultationRequested};
use super::{Consultation, Mode};
use crate::ids::PersonId;
use crate::text::{LINE, required};
use crate::vocabulary::Author;
use crate::{Command, Refusal};

/// Asks for a conversation, in a mode.
#[derive(Debug, Clone)]
pub struct RequestConsultation {
    pub person: PersonId,
    /// Who asks.
    pub author: Author,
    /// How the person takes part.
    pub mode: Mode,
    /// What it is about.
    pub topic: String,
}

impl Command for RequestConsultation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("topic", &self.topic, LINE)?;
        if state.mode.is_some() {
            return Err(Refusal::already_exists("consultation"));
        }
        let Self { person, author, mode, topic } = self;
        Ok(vec![ConsultationRequested { person, author, mode, topic }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{NURSE, PERSON, requested};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn is_asked_for_once_and_says_what_it_is_about() {
        let ask = |topic: &str| {
            let (mode, topic) = (Mode::Involve, topic.into());
            RequestConsultation { person: PERSON, author: NURSE, mode, topic }
        };
        given([]).when(ask("care at home")).then([requested(Mode::Involve)]);
        given([]).when(ask("")).then_refused(Reason::Invalid, "topic");
        let again = given([requested(Mode::Involve)]);
        again.when(ask("care at home")).then_refused(Reason::AlreadyExists, "consultation");
    }
}
