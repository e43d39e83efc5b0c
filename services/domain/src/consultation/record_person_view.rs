use super::events::{ConsultationEvent, PersonViewRecorded};
use super::{Consultation, ITEMS_LIMIT};
use crate::ids::PersonId;
use crate::text::{PARAGRAPH, required};
use crate::{Command, Refusal};

/// The person says what they think.
#[derive(Debug, Clone)]
pub struct RecordPersonView {
    /// The person.
    pub person: PersonId,
    /// Their view, in their words.
    pub view: String,
}

impl Command for RecordPersonView {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("view", &self.view, PARAGRAPH)?;
        state.open_for(self.person)?;
        if state.views >= ITEMS_LIMIT {
            return Err(Refusal::rule("items_limit", format!("a consultation holds at most `{ITEMS_LIMIT}` views")));
        }
        Ok(vec![PersonViewRecorded { view: self.view }.into()])
    }
}
