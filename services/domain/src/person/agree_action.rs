use super::entry::new_entry;
use super::{Content, Person, PersonEvent, PlannedAction, Progress};
use serde::{Deserialize, Serialize};

use crate::ids::{AgencyId, EntryId};
use crate::text::{LINE, PARAGRAPH, optional, required, source_fits};
use crate::values::{Date, Link, Rating, Source};
use crate::vocabulary::{Author, Category, Sensitivity, Worker};
use crate::{Command, Refusal};

/// Who does an action, if it is somebody who is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The person.
    Person,
    /// A worker.
    Worker(Worker),
    /// Whoever it falls to at an agency.
    Agency(AgencyId),
}

/// Agrees an action: what, who, by when.
#[derive(Debug, Clone)]
pub struct AgreeAction {
    pub entry: EntryId,
    /// Who writes it.
    pub author: Author,
    /// What will be done.
    pub text: String,
    /// The goal it serves.
    pub goal: Option<EntryId>,
    /// Who does it, in words; may be empty when it is somebody who is known here.
    pub owner: String,
    /// Who does it, if it is somebody who is known here.
    pub party: Option<Owner>,
    /// Where it is found in the community, if it is.
    pub link: Option<Link>,
    /// By when.
    pub due: Option<Date>,
    /// How confident the person is, when said. Only the person sets it (rule 15).
    pub confidence: Option<Rating>,
    /// What it was imported from.
    pub source: Option<Source>,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
    /// A digest of what its source said, for what was imported; 0 otherwise.
    pub fingerprint: u64,
}

/// An action was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionAgreed {
    pub entry: EntryId,
    /// Who wrote it.
    pub author: Author,
    pub text: String,
    /// The goal that it serves.
    pub goal: Option<EntryId>,
    /// Who does it, in words; may be empty when it is somebody who is known here.
    pub owner: String,
    /// Who does it, if it is somebody who is known here.
    pub party: Option<Owner>,
    /// Where it is found in the community, if it is.
    pub link: Option<Link>,
    /// By when.
    pub due: Option<Date>,
    /// How confident the person is, when said.
    pub confidence: Option<Rating>,
    /// What it was imported from.
    pub source: Option<Source>,
    /// How sensitive it is.
    pub sensitivity: Sensitivity,
    /// A digest of what its source said, for what was imported; 0 otherwise.
    pub fingerprint: u64,
}

new_entry!(AgreeAction serving goal => ActionAgreed in Actions, e => Content::Action(e.planned()), from e.source, None, e.fingerprint);

impl ActionAgreed {
    fn planned(&self) -> PlannedAction {
        let Self { text, goal, owner, party, link, due, confidence, .. } = self.clone();
        PlannedAction { text, goal, owner, party, link, due, confidence, progress: Progress::Open, notes: Vec::new() }
    }
}

impl Command for AgreeAction {
    type Aggregate = Person;

    fn decide(self, state: &Person) -> Result<Vec<PersonEvent>, Refusal> {
        state.admits(self.entry, &self.sensitivity)?;
        required("text", &self.text, PARAGRAPH)?;
        if self.party.is_some() {
            optional("owner", &self.owner, LINE)?
        } else {
            required("owner", &self.owner, LINE)?
        }
        self.link.as_ref().map_or(Ok(()), Link::check)?;
        source_fits(self.source.as_ref())?;
        if let Some(goal) = self.goal
            && state.entry(goal).is_none_or(|e| e.category != Category::Goals)
        {
            return Err(Refusal::not_found("goal"));
        }
        if self.confidence.is_some() && self.author != Author::Person {
            return Err(Refusal::rule("only_the_person_rates", "only the person says how confident they are"));
        }
        let Self { entry, author, text, goal, owner, party, link, due, confidence, source, sensitivity, fingerprint } =
            self;
        let agreed = ActionAgreed {
            entry,
            author,
            text,
            goal,
            owner,
            party,
            link,
            due,
            confidence,
            source,
            sensitivity,
            fingerprint,
        };
        Ok(vec![agreed.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{action, entry, goal, registered};
    use super::*;
    use crate::Reason;
    use crate::ids::StaffId;
    use crate::scenario::given;
    use uuid::Uuid;

    fn agree() -> AgreeAction {
        AgreeAction {
            entry: entry(2),
            author: Author::Person,
            text: "buy boots".into(),
            goal: None,
            owner: "me".into(),
            party: None,
            link: None,
            due: None,
            confidence: Rating::stored(7),
            source: None,
            sensitivity: Sensitivity::normal(),
            fingerprint: 0,
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
        let staff = Author::Worker(Worker::new(AgencyId(Uuid::nil()), StaffId(Uuid::nil())));
        let by_staff = AgreeAction { author: staff, ..agree() };
        given([registered()]).when(by_staff).then_refused(Reason::Rule, "only_the_person_rates");
    }

    #[test]
    fn an_action_serves_a_goal_and_nothing_else() {
        let serving = |n| AgreeAction { goal: Some(entry(n)), ..agree() };
        let served = serving(1).decide(&crate::Aggregate::folded(&[registered(), goal(1)])).unwrap();
        assert_eq!(served.len(), 1);
        given([registered(), action(3)]).when(serving(3)).then_refused(Reason::NotFound, "goal");
    }
}
