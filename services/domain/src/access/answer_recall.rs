use super::events::{RecallAnswer, RecallAnswered};
use crate::Refusal;
use crate::ids::{AgencyId, RecallId};
use crate::text::{PARAGRAPH, required};

/// The shortest legal basis, in characters: it names a law, and why it applies.
const BASIS: usize = 10;

/// An agency answers a recall: what it names is erased, or is kept on a legal ground that the person reads.
#[derive(Debug, Clone)]
pub struct AnswerRecall {
    pub recall: RecallId,
    pub agency: AgencyId,
    pub answer: RecallAnswer,
    /// The legal basis on which it is kept; else empty.
    pub basis: String,
}

impl AnswerRecall {
    /// What is kept of it, given what was answered before; nothing when that says the same. What is kept may be erased later; what was erased is
    /// not kept after all.
    ///
    /// # Errors
    /// That a basis is missing or out of place, or that it was erased.
    pub fn decide(self, answered: &[RecallAnswer]) -> Result<Option<RecallAnswered>, Refusal> {
        let Self { recall, agency, answer, basis } = self;
        match answer {
            RecallAnswer::Retained => {
                required("basis", &basis, PARAGRAPH)?;
                if basis.trim().chars().count() < BASIS {
                    return Err(Refusal::invalid("basis", "must name the law, and why it applies"));
                }
            }
            RecallAnswer::Erased if !basis.is_empty() => {
                return Err(Refusal::invalid("basis", "must be empty where nothing is kept"));
            }
            RecallAnswer::Erased => {}
        }
        match (answered.contains(&RecallAnswer::Erased), answer) {
            (true, RecallAnswer::Erased) => Ok(None),
            (true, RecallAnswer::Retained) => {
                Err(Refusal::rule("recall_answered", "it was answered that it is erased; that cannot be kept"))
            }
            (false, _) => Ok(Some(RecallAnswered { recall, agency, answer, basis })),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::Reason;

    #[test]
    fn what_is_kept_has_a_ground_and_what_was_erased_stays_so() {
        let answer = |answer, basis: &str| AnswerRecall {
            recall: RecallId(Uuid::nil()),
            agency: AgencyId(Uuid::nil()),
            answer,
            basis: basis.into(),
        };
        let (erased, retained) = (RecallAnswer::Erased, RecallAnswer::Retained);
        let basis = "Health records are kept for eight years (NHS Scotland retention schedule)";
        assert!(answer(erased, "").decide(&[]).unwrap().is_some());
        assert_eq!(answer(erased, "").decide(&[erased]), Ok(None), "the same wish twice is one");
        assert!(answer(retained, basis).decide(&[]).unwrap().is_some());
        assert!(answer(erased, "").decide(&[retained]).unwrap().is_some(), "it may be erased later");
        let refused = |command: AnswerRecall, before: &[RecallAnswer]| {
            let refusal = command.decide(before).unwrap_err();
            (refusal.reason, refusal.subject)
        };
        assert_eq!(refused(answer(retained, basis), &[erased]), (Reason::Rule, "recall_answered"));
        for basis in ["", "  ", "because"] {
            assert_eq!(refused(answer(retained, basis), &[]), (Reason::Invalid, "basis"));
        }
        assert_eq!(refused(answer(erased, "x"), &[]), (Reason::Invalid, "basis"));
    }
}
