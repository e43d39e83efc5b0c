use super::Query;
use super::events::{AccessQueried, QueryEvent};
use crate::ids::ReceiptId;
use crate::text::{PARAGRAPH, required};
use crate::{Command, Refusal};

/// The person asks why somebody looked. The same question about the same look is one; it stays open until it is explained.
#[derive(Debug, Clone)]
pub struct QueryAccess {
    pub receipt: ReceiptId,
    pub question: String,
}

impl Command for QueryAccess {
    type Aggregate = Query;

    fn decide(self, state: &Query) -> Result<Vec<QueryEvent>, Refusal> {
        required("question", &self.question, PARAGRAPH)?;
        if state.asked {
            return Ok(vec![]);
        }
        Ok(vec![AccessQueried { receipt: self.receipt, question: self.question }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;
    use crate::scenario::given;
    use uuid::Uuid;

    #[test]
    fn rule_24_the_same_question_about_the_same_look_is_one() {
        let receipt = ReceiptId(Uuid::nil());
        let ask = || QueryAccess { receipt, question: "Why?".into() };
        let asked = || QueryEvent::from(AccessQueried { receipt, question: "Why?".into() });
        given([]).when(ask()).then([asked()]);
        given([asked()]).when(ask()).then_nothing();
        given([]).when(QueryAccess { question: " ".into(), ..ask() }).then_refused(Reason::Invalid, "question");
    }
}
