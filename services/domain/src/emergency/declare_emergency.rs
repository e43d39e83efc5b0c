use super::Emergency;
use super::events::{EmergencyAccessDeclared, EmergencyEvent};
use crate::ids::{AgencyId, EmergencyId, PersonId};
use crate::sharing::events::SharingEvent;
use crate::sharing::{OpenEmergencyAccess, Sharing};
use crate::staff::Staff;
use crate::vocabulary::SignedIn;
use crate::{Command, Refusal};

/// The rule that a second emergency waits for the review of the first (rule 8).
pub const REVIEW_FIRST: &str = "emergency_review_first";

/// The rule that a privacy officer allows it first: after one that was found unjustified (rule 8), and to a worker whom the person has
/// blocked.
pub const ALLOWED_FIRST: &str = "emergency_allowed_first";

/// A worker declares an emergency. Opens nothing by itself: see [`crate::sharing::OpenEmergencyAccess`], which commits
/// with it.
#[derive(Debug, Clone)]
pub struct DeclareEmergency {
    pub emergency: EmergencyId,
    /// The person in danger.
    pub person: PersonId,
    /// The worker's agency.
    pub agency: AgencyId,
}

impl Command for DeclareEmergency {
    type Aggregate = Emergency;

    fn decide(self, state: &Emergency) -> Result<Vec<EmergencyEvent>, Refusal> {
        if state.is_barred_from(self.person) {
            return Err(allowed_first());
        }
        if state.declared.values().any(|declared| declared.justified.is_none()) {
            return Err(Refusal::rule(
                REVIEW_FIRST,
                "an earlier emergency access waits for its review; ask your privacy officer to review it",
            ));
        }
        let Self { emergency, person, agency } = self;
        Ok(vec![EmergencyAccessDeclared { emergency, person, agency }.into()])
    }
}

/// Which of the two it is is not told.
fn allowed_first() -> Refusal {
    let says = "your privacy officer has to allow you this emergency access first; a colleague may declare one";
    Refusal::rule(ALLOWED_FIRST, says)
}

/// Declares an emergency and opens its access: what must commit as one append. What depends on the worker comes first,
/// so that a refusal tells nothing of the person.
///
/// # Errors
/// As [`DeclareEmergency`] and [`OpenEmergencyAccess`], or that nothing is disclosed to somebody who does not work there.
pub fn declare_emergency(
    declared: &Emergency,
    sharing: &Sharing,
    (by, staff): (SignedIn, &Staff),
    person: PersonId,
    open: OpenEmergencyAccess,
) -> Result<(Vec<EmergencyEvent>, Vec<SharingEvent>), Refusal> {
    let agency = open.worker.agency();
    if open.worker != by.worker() || !staff.admits(by) {
        return Err(Refusal::undisclosed());
    }
    // What is wrong with the words is told to everybody alike.
    open.check()?;
    let events = DeclareEmergency { emergency: open.emergency, person, agency }.decide(declared)?;
    if sharing.blocked_since(by).is_some_and(|since| !declared.is_allowed_for(person, since)) {
        return Err(allowed_first());
    }
    Ok((events, open.decide(sharing)?))
}

#[cfg(test)]
mod tests {
    use super::super::events::{EmergencyAccessAllowed, EmergencyAccessReviewed};
    use super::*;
    use crate::scenario::given;
    use crate::sharing::events::SharingStarted;
    use crate::staff::fixtures::{BY, WORKER, joined};
    use crate::vocabulary::{Timestamp, Version};
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
    fn rule_8_the_access_opens_with_the_declaration_and_for_current_staff_only() {
        let open = || OpenEmergencyAccess {
            emergency: EmergencyId(Uuid::from_u128(1)),
            worker: WORKER,
            reason: "found unconscious at home".into(),
            now: Timestamp(0),
            minutes: 5,
        };
        let sharing = Sharing::folded(&[SharingStarted {}.into()]);
        let (staff, person) = (Staff::folded(&[joined("nurse")]), PersonId(Uuid::nil()));
        let declare = |staff: &Staff, sharing: &Sharing| {
            declare_emergency(&Emergency::default(), sharing, (BY, staff), person, open())
        };
        let (declared, opened) = declare(&staff, &sharing).unwrap();
        assert_eq!((declared.len(), opened.len()), (1, 1));
        assert_eq!(declare(&Staff::default(), &sharing), Err(Refusal::undisclosed()));
        assert_eq!(declare(&staff, &Sharing::default()), Err(Refusal::undisclosed()));
    }

    #[test]
    fn rule_8_no_second_use_before_the_review_of_the_first() {
        let first = declare(1).decide(&Emergency::default()).unwrap();
        given(first.clone()).when(declare(2)).then_refused(Reason::Rule, "emergency_review_first");
        let reviewed = EmergencyAccessReviewed { emergency: EmergencyId(Uuid::from_u128(1)), justified: true };
        let expected = declare(2).decide(&Emergency::default()).unwrap();
        given(first.into_iter().chain([reviewed.into()])).when(declare(2)).then(expected);
    }

    #[test]
    fn rule_8_after_an_unjustified_one_none_for_that_person_until_it_is_allowed() {
        let unjustified = EmergencyAccessReviewed { emergency: EmergencyId(Uuid::from_u128(1)), justified: false };
        let first = declare(1).decide(&Emergency::default()).unwrap().into_iter().chain([unjustified.into()]);
        let first: Vec<_> = first.collect();
        given(first.clone()).when(declare(2)).then_refused(Reason::Rule, "emergency_allowed_first");
        // Nobody else in danger waits for it.
        let another = DeclareEmergency { person: PersonId(Uuid::from_u128(5)), ..declare(2) };
        assert!(another.decide(&Emergency::folded(&first)).is_ok());
        let allowed = EmergencyAccessAllowed { person: PersonId(Uuid::nil()), directive: Version(0) };
        let expected = declare(2).decide(&Emergency::default()).unwrap();
        given(first.into_iter().chain([allowed.into()])).when(declare(2)).then(expected);
    }
}
