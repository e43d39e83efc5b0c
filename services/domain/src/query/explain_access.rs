use super::events::{AccessExplained, QueryEvent};
use super::{Query, QueryStage};
use crate::issuers::Parts;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::Author;
use crate::{Command, Refusal};

/// The agency of whoever looked explains it: they themselves, or its privacy officer.
#[derive(Debug, Clone)]
pub struct ExplainAccess {
    /// Who explains.
    pub author: Author,
    /// Whether they are a privacy officer.
    pub is_officer: bool,
    pub words: String,
    /// Which agencies are one.
    pub parts: Parts,
}

impl Command for ExplainAccess {
    type Aggregate = Query;

    fn decide(self, state: &Query) -> Result<Vec<QueryEvent>, Refusal> {
        required("words", &self.words, PARAGRAPH)?;
        let receipt = state.receipt()?;
        let is_theirs = state.party.is_some_and(|party| self.parts.are_one_side(party, self.author));
        if !is_theirs || (!self.is_officer && state.party != Some(self.author)) {
            return Err(Refusal::not_found("question"));
        }
        if state.stage != QueryStage::Asked {
            return Err(Refusal::rule("waiting_question", "this question does not wait for an explanation"));
        }
        Ok(vec![AccessExplained { receipt, author: self.author, words: self.words }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{asked, explained};
    use super::*;
    use crate::Reason;
    use crate::consultation::fixtures::NURSE;
    use crate::ids::StaffId;
    use crate::scenario::given;
    use crate::vocabulary::Worker;
    use uuid::Uuid;

    #[test]
    fn is_explained_once_by_whoever_looked_or_their_privacy_officer() {
        let explain = |author, is_officer| {
            let (words, parts) = ("to plan your visit".into(), Parts::default());
            ExplainAccess { author, is_officer, words, parts }
        };
        let colleague = Author::Worker(Worker::new(NURSE.worker().unwrap().agency(), StaffId(Uuid::from_u128(77))));
        given([asked()]).when(explain(NURSE, false)).then([explained()]);
        given([asked()]).when(explain(colleague, false)).then_refused(Reason::NotFound, "question");
        let by_officer = AccessExplained {
            receipt: super::super::fixtures::RECEIPT,
            author: colleague,
            words: "to plan your visit".into(),
        };
        given([asked()]).when(explain(colleague, true)).then([by_officer.into()]);
        given([]).when(explain(NURSE, false)).then_refused(Reason::NotFound, "question");
        given([asked(), explained()]).when(explain(NURSE, false)).then_refused(Reason::Rule, "waiting_question");
    }
}
