use super::events::{ConsultationEvent, PersonViewRecorded};
use super::{Consultation, has_room};
use crate::ids::{EntryId, PersonId};
use crate::text::{PARAGRAPH, labels, required};
use crate::vocabulary::{Author, Sensitivity};
use crate::{Command, Refusal};

/// The person says what they think.
#[derive(Debug, Clone)]
pub struct RecordPersonView {
    pub person: PersonId,
    /// The decision that it is of; none when it is of the whole.
    pub decision: Option<EntryId>,
    /// Their view, in their words.
    pub view: String,
    /// How sensitive it is; as the consultation when nothing is said.
    pub sensitivity: Option<Sensitivity>,
}

impl Command for RecordPersonView {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("view", &self.view, PARAGRAPH)?;
        self.sensitivity.as_ref().map_or(Ok(()), |own| labels("sensitivity.labels", &own.labels))?;
        state.open_for(self.person)?;
        self.decision.map_or(Ok(()), |decision| state.decision(decision).map(|_known| ()))?;
        has_room(state.views.len(), Author::Person, "views")?;
        let Self { decision, view, sensitivity, .. } = self;
        Ok(vec![PersonViewRecorded { decision, view, sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{PERSON, requested, viewed};
    use super::super::{ITEMS_LIMIT, Mode};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn takes_views_up_to_the_limit() {
        let view = || RecordPersonView {
            person: PERSON,
            decision: None,
            view: "I want to stay at home".into(),
            sensitivity: None,
        };
        let of_nothing = RecordPersonView { decision: Some(EntryId(uuid::Uuid::nil())), ..view() };
        given([requested(Mode::Involve)]).when(of_nothing).then_refused(Reason::NotFound, "decision");
        let with = |views: usize| given([requested(Mode::Involve)].into_iter().chain((0..views).map(|_| viewed())));
        with(ITEMS_LIMIT - 1).when(view()).then([viewed()]);
        with(ITEMS_LIMIT).when(view()).then_refused(Reason::Rule, "items_limit");
    }
}
