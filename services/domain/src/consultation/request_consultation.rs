use super::events::{ConsultationEvent, ConsultationRequested};
use super::{Consultation, Mode};
use crate::ids::PersonId;
use crate::text::{LINE, required};
use crate::vocabulary::Author;
use crate::{Command, Refusal};

/// Asks for a conversation, in a mode.
#[derive(Debug, Clone)]
pub struct RequestConsultation {
    /// The person.
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
