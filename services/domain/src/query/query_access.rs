use super::events::{AccessQueried, QueryEvent};
use super::{ANSWER_DAYS, Query};
use crate::ids::{ReceiptId, StaffId};
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::{Author, Timestamp};
use crate::{Command, Refusal};

/// The person asks why somebody looked. The same question about the same look is one; it stays open until it is explained.
#[derive(Debug, Clone)]
pub struct QueryAccess {
    pub receipt: ReceiptId,
    pub question: String,
    /// Who looked.
    pub party: Author,
    /// Who decided that they may, where a law let them.
    pub deciders: Vec<StaffId>,
    pub now: Timestamp,
}

impl Command for QueryAccess {
    type Aggregate = Query;

    fn decide(self, state: &Query) -> Result<Vec<QueryEvent>, Refusal> {
        required("question", &self.question, PARAGRAPH)?;
        if state.asked.is_some() {
            return Ok(vec![]);
        }
        let Self { receipt, question, party, deciders, now } = self;
        // Of a look by nobody's worker there is no agency that could explain it.
        let answer_by = party.worker().map(|_worker| now.plus_days(ANSWER_DAYS));
        Ok(vec![AccessQueried { receipt, question, party: Some(party), answer_by, deciders }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{NOW, RECEIPT, asked};
    use super::*;
    use crate::Reason;
    use crate::consultation::fixtures::NURSE;
    use crate::scenario::given;

    #[test]
    fn rule_24_the_same_question_about_the_same_look_is_one() {
        let ask =
            || QueryAccess { receipt: RECEIPT, question: "Why?".into(), party: NURSE, deciders: vec![], now: NOW };
        given([]).when(ask()).then([asked()]);
        given([asked()]).when(ask()).then_nothing();
        given([]).when(QueryAccess { question: " ".into(), ..ask() }).then_refused(Reason::Invalid, "question");
        let of_the_system = QueryAccess { party: Author::System, ..ask() };
        let (question, party, answer_by, deciders) = ("Why?".into(), Some(Author::System), None, vec![]);
        let asked = AccessQueried { receipt: RECEIPT, question, party, answer_by, deciders };
        given([]).when(of_the_system).then([asked.into()]);
    }
}
