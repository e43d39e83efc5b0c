use super::events::{QueryEvent, QueryResolved};
use super::{Query, QueryStage};
use crate::issuers::Parts;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::Author;
use crate::{Command, Refusal};

/// A privacy officer says what they found: of the agency that looked, or of the independent one that was asked.
#[derive(Debug, Clone)]
pub struct ResolveQuery {
    /// Who found it: a privacy officer.
    pub author: Author,
    /// Whether the look was right.
    pub justified: bool,
    /// What they found.
    pub words: String,
    /// Which agencies are one.
    pub parts: Parts,
}

impl Command for ResolveQuery {
    type Aggregate = Query;

    fn decide(self, state: &Query) -> Result<Vec<QueryEvent>, Refusal> {
        required("words", &self.words, PARAGRAPH)?;
        let receipt = state.receipt()?;
        let is_of = |agency| self.author.worker().is_some_and(|worker| self.parts.are_one(agency, worker.agency()));
        let of_looker = state.party.and_then(|party| party.worker()).is_some_and(|worker| is_of(worker.agency()));
        let of_reviewer = state.reviewer.is_some_and(is_of);
        let is_theirs = match state.stage {
            QueryStage::WithOfficer => of_looker,
            QueryStage::WithReviewer => of_reviewer,
            QueryStage::Asked
            | QueryStage::Explained
            | QueryStage::Accepted
            | QueryStage::ResolvedByOfficer
            | QueryStage::Closed => {
                if of_looker || of_reviewer {
                    let problem = "this question does not wait for a privacy officer's finding";
                    return Err(Refusal::rule("waiting_question", problem));
                }
                false
            }
        };
        if !is_theirs {
            return Err(Refusal::not_found("question"));
        }
        let Self { author, justified, words, .. } = self;
        // Whoever looked does not judge their own look, nor whoever decided that they may.
        let decided = author.worker().is_some_and(|worker| state.deciders.contains(&worker.staff()));
        if state.party == Some(author) || decided {
            return Err(Refusal::rule("ones_own_look", "nobody finds whether their own look, or decision, was right"));
        }
        Ok(vec![QueryResolved { receipt, author, justified, words }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::AccessQueried;
    use super::super::fixtures::{REVIEWER, asked, escalated, explained, resolved};
    use super::*;
    use crate::Reason;
    use crate::consultation::fixtures::NURSE;
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;
    use crate::vocabulary::Worker;
    use uuid::Uuid;

    #[test]
    fn is_found_by_whoever_was_asked_and_never_by_whoever_looked() {
        let of = |agency| Author::Worker(Worker::new(agency, StaffId(Uuid::from_u128(60))));
        let (officer, reviewer) = (of(NURSE.worker().unwrap().agency()), of(REVIEWER));
        let resolve = |author| ResolveQuery {
            author,
            justified: false,
            words: "it was not needed".into(),
            parts: Parts::default(),
        };
        let with_officer = vec![asked(), explained(), escalated(None, &[])];
        given(with_officer.clone()).when(resolve(officer)).then([resolved(officer)]);
        given(with_officer.clone()).when(resolve(NURSE)).then_refused(Reason::Rule, "ones_own_look");
        let QueryEvent::AccessQueried(by_law) = asked() else { panic!("what was asked") };
        let by_law = AccessQueried { deciders: vec![officer.worker().unwrap().staff()], ..by_law }.into();
        let by_law = [vec![by_law], with_officer[1..].to_vec()].concat();
        given(by_law).when(resolve(officer)).then_refused(Reason::Rule, "ones_own_look");
        given(with_officer.clone()).when(resolve(reviewer)).then_refused(Reason::NotFound, "question");
        let with_reviewer = [with_officer, vec![resolved(officer), escalated(Some(REVIEWER), &[])]].concat();
        given(with_reviewer.clone()).when(resolve(officer)).then_refused(Reason::NotFound, "question");
        given(with_reviewer.clone()).when(resolve(reviewer)).then([resolved(reviewer)]);
        let closed = [with_reviewer, vec![resolved(reviewer)]].concat();
        given(closed).when(resolve(reviewer)).then_refused(Reason::Rule, "waiting_question");
        let stranger = of(AgencyId(Uuid::from_u128(70)));
        given([asked()]).when(resolve(stranger)).then_refused(Reason::NotFound, "question");
    }
}
