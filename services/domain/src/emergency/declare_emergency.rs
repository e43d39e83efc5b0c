use super::Emergency;
use super::events::{EmergencyAccessDeclared, EmergencyEvent};
use crate::ids::{AgencyId, EmergencyId, PersonId};
use crate::{Command, Refusal};

/// A worker declares an emergency. Opens nothing by itself: see [`crate::sharing::OpenEmergencyAccess`], which commits
/// with it.
#[derive(Debug, Clone)]
pub struct DeclareEmergency {
    /// The emergency.
    pub emergency: EmergencyId,
    /// The person in danger.
    pub person: PersonId,
    /// The worker's agency.
    pub agency: AgencyId,
}

impl Command for DeclareEmergency {
    type Aggregate = Emergency;

    fn decide(self, state: &Emergency) -> Result<Vec<EmergencyEvent>, Refusal> {
        if !state.unreviewed.is_empty() {
            return Err(Refusal::rule(
                "emergency_review_first",
                "an earlier emergency access waits for its review; ask your privacy officer to review it",
            ));
        }
        let Self { emergency, person, agency } = self;
        Ok(vec![EmergencyAccessDeclared { emergency, person, agency }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::ReviewEmergency;
    use super::*;
    use crate::scenario::given;
    use crate::{Aggregate, Reason};
    use uuid::Uuid;

    fn declare(n: u128) -> DeclareEmergency {
        DeclareEmergency {
            emergency: EmergencyId(Uuid::from_u128(n)),
            person: PersonId(Uuid::nil()),
            agency: AgencyId(Uuid::nil()),
        }
    }

    #[test]
    fn rule_8_no_second_use_before_the_review_of_the_first() {
        let first = declare(1).decide(&Emergency::default()).unwrap();
        given(first.clone()).when(declare(2)).then_refused(Reason::Rule, "emergency_review_first");
        let review = ReviewEmergency {
            emergency: EmergencyId(Uuid::from_u128(1)),
            agency: AgencyId(Uuid::nil()),
            reviewer_role: "Privacy officer".into(),
            justified: true,
            finding: "a real emergency".into(),
        };
        let reviewed = review.decide(&Emergency::folded(&first)).unwrap();
        let expected = declare(2).decide(&Emergency::default()).unwrap();
        given(first.into_iter().chain(reviewed)).when(declare(2)).then(expected);
    }
}
