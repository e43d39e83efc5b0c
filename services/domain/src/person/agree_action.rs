use super::Person;
use super::events::{ActionAgreed, PersonEvent};
use crate::ids::EntryId;
use crate::text::{LINE, PARAGRAPH, one_to_ten, optional, optional_date, required};
use crate::vocabulary::{Author, Category, Sensitivity};
use crate::{Command, Refusal};

/// Agrees an action: what, who, by when.
#[derive(Debug, Clone)]
pub struct AgreeAction {
    /// The new entry.
    pub entry: EntryId,
    /// Who writes it.
    pub author: Author,
    /// What will be done.
    pub text: String,
    /// The goal it serves.
    pub goal: Option<EntryId>,
    /// Who does it, in words.
    pub owner: String,
    /// By when, `YYYY-MM-DD`, or empty.
    pub due: String,
    /// How confident the person is, 1 to 10, or 0 when not said. Only the person sets it (rule 15).
    pub confidence: u8,
    /// The resource that it was imported from, or empty.
    pub source: String,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
}

impl Command for AgreeAction {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        required("text", &self.text, PARAGRAPH)?;
        required("owner", &self.owner, LINE)?;
        optional_date("due", &self.due)?;
        optional("source", &self.source, LINE)?;
        if let Some(goal) = self.goal
            && state.entry(goal).is_none_or(|e| e.category != Category::Goals)
        {
            return Err(Refusal::not_found("goal"));
        }
        if self.confidence != 0 {
            one_to_ten("confidence", self.confidence)?;
            if self.author != Author::Person {
                return Err(Refusal::rule("only_the_person_rates", "only the person says how confident they are"));
            }
        }
        let Self { entry, author, text, goal, owner, due, confidence, source, sensitivity } = self;
        Ok(vec![ActionAgreed { entry, author, text, goal, owner, due, confidence, source, sensitivity }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{action, entry, registered};
    use super::*;
    use crate::Reason;
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;
    use uuid::Uuid;

    fn agree() -> AgreeAction {
        AgreeAction {
            entry: entry(2),
            author: Author::Person,
            text: "buy boots".into(),
            goal: None,
            owner: "me".into(),
            due: String::new(),
            confidence: 7,
            source: String::new(),
            sensitivity: Sensitivity::normal(),
        }
    }

    #[test]
    fn is_agreed() {
        given([registered()]).when(agree()).then([action(2)]);
    }

    #[test]
    fn serves_a_goal_that_exists() {
        given([registered()])
            .when(AgreeAction { goal: Some(entry(1)), ..agree() })
            .then_refused(Reason::NotFound, "goal");
    }

    #[test]
    fn only_the_person_sets_confidence() {
        let staff = Author::Staff { agency: AgencyId(Uuid::nil()), staff: StaffId(Uuid::nil()) };
        let by_staff = AgreeAction { author: staff, ..agree() };
        given([registered()]).when(by_staff).then_refused(Reason::Rule, "only_the_person_rates");
        given([registered()])
            .when(AgreeAction { confidence: 11, ..agree() })
            .then_refused(Reason::Invalid, "confidence");
    }
}
