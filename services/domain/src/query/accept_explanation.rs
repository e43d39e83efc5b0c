use super::events::{ExplanationAccepted, QueryEvent};
use super::{Query, QueryStage};
use crate::{Command, Refusal};

/// The person is content with what they were told.
#[derive(Debug, Clone)]
pub struct AcceptExplanation;

impl Command for AcceptExplanation {
    type Aggregate = Query;

    fn decide(self, state: &Query) -> Result<Vec<QueryEvent>, Refusal> {
        let receipt = state.receipt()?;
        match state.stage {
            QueryStage::Accepted => Ok(vec![]),
            QueryStage::Explained | QueryStage::ResolvedByOfficer | QueryStage::Closed => {
                Ok(vec![ExplanationAccepted { receipt }.into()])
            }
            QueryStage::Asked | QueryStage::WithOfficer | QueryStage::WithReviewer => {
                Err(Refusal::rule("explained_question", "nothing was told yet that could be accepted"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{RECEIPT, asked, explained};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;

    #[test]
    fn rule_24_what_was_explained_is_accepted_once() {
        let accepted = || QueryEvent::from(ExplanationAccepted { receipt: RECEIPT });
        given([asked(), explained()]).when(AcceptExplanation).then([accepted()]);
        given([asked(), explained(), accepted()]).when(AcceptExplanation).then_nothing();
        given([asked()]).when(AcceptExplanation).then_refused(Reason::Rule, "explained_question");
        given([]).when(AcceptExplanation).then_refused(Reason::NotFound, "question");
    }
}
