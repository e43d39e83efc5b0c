use super::Consultation;
use super::events::{ConsultationEvent, DecisionObjected};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, required};
use crate::{Command, Refusal};

/// The person objects to a decision: it is not agreed.
#[derive(Debug, Clone)]
pub struct ObjectToDecision {
    /// The person.
    pub person: PersonId,
    /// The decision.
    pub decision: EntryId,
    /// Why, in their words.
    pub reason: String,
}

impl Command for ObjectToDecision {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("reason", &self.reason, PARAGRAPH)?;
        state.open_for(self.person)?;
        state.proposed(self.decision)?;
        Ok(vec![DecisionObjected { decision: self.decision, reason: self.reason }.into()])
    }
}
