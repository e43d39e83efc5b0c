use super::events::{ConsultationEvent, ConsultationRequested};
use super::{Circle, Consultation, Mode};
use crate::access::Contribute;
use crate::ids::PersonId;
use crate::text::{LINE, labels, required};
use crate::vocabulary::{Author, Category, Sensitivity};
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
    /// Who may see it. Only the person keeps it to few.
    pub circle: Circle,
}

impl Contribute for RequestConsultation {
    const HEADINGS: &'static [Category] = &[Category::Consultations];

    fn category(&self, _: &Consultation) -> Result<Category, Refusal> {
        Ok(Category::Consultations)
    }

    fn sensitivity<'a>(&'a self, _: &'a Consultation) -> Result<&'a Sensitivity, Refusal> {
        Ok(self.circle.sensitivity())
    }
}

/// The most workers whom a person names.
pub(super) const NAMED_LIMIT: usize = 20;

impl Command for RequestConsultation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("topic", &self.topic, LINE)?;
        labels("sensitivity.labels", &self.circle.sensitivity().labels)?;
        if self.circle.named.len() > NAMED_LIMIT {
            return Err(Refusal::invalid("staff_ids", format!("at most `{NAMED_LIMIT}` workers are named")));
        }
        if self.circle.kept && self.author != Author::Person {
            return Err(Refusal::invalid("staff_ids", "only the person says whom a consultation is for"));
        }
        if state.mode.is_some() {
            return Err(Refusal::already_exists("consultation"));
        }
        let Self { person, author, mode, topic, circle } = self;
        Ok(vec![ConsultationRequested { person, author, mode, topic, circle }.into()])
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
            let (mode, topic, circle) = (Mode::Involve, topic.into(), Circle::default());
            RequestConsultation { person: PERSON, author: NURSE, mode, topic, circle }
        };
        given([]).when(ask("care at home")).then([requested(Mode::Involve)]);
        given([]).when(ask("")).then_refused(Reason::Invalid, "topic");
        let again = given([requested(Mode::Involve)]);
        again.when(ask("care at home")).then_refused(Reason::AlreadyExists, "consultation");
    }
}
