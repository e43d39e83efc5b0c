use super::Emergency;
use super::events::{EmergencyAccessReviewed, EmergencyEvent};
use crate::access::events::EmergencyReviewed;
use crate::ids::{AgencyId, EmergencyId, PersonId, StaffId};
use crate::staff::Staff;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::{Author, SignedIn};
use crate::{Command, Refusal};

/// The role that reviews emergency access.
pub(super) const PRIVACY_OFFICER: &str = "privacy officer";

/// The agency's privacy officer reviews an emergency access.
#[derive(Debug, Clone)]
pub struct ReviewEmergency {
    pub emergency: EmergencyId,
    /// The reviewer's agency: the one that it was declared for.
    pub agency: AgencyId,
    /// The reviewer's role.
    pub reviewer_role: String,
    /// Whether it was justified.
    pub justified: bool,
}

impl Command for ReviewEmergency {
    type Aggregate = Emergency;

    fn decide(self, state: &Emergency) -> Result<Vec<EmergencyEvent>, Refusal> {
        if !self.reviewer_role.eq_ignore_ascii_case(PRIVACY_OFFICER) {
            return Err(Refusal::denied("privacy_officer_reviews", "only a privacy officer reviews emergency access"));
        }
        if state.unreviewed.get(&self.emergency).is_none_or(|(agency, _)| *agency != self.agency) {
            return Err(Refusal::not_found("emergency"));
        }
        let Self { emergency, justified, .. } = self;
        Ok(vec![EmergencyAccessReviewed { emergency, justified }.into()])
    }
}

/// Somebody who works at the agency, and in the right role, reviews an emergency access. What must commit as one append:
/// the outcome, on the worker's stream; and for the person whom it was about, what was found.
///
/// # Errors
/// As [`ReviewEmergency`], or that nothing is disclosed to somebody who does not work there.
pub fn review_emergency(
    (declared_by, declared): (StaffId, &Emergency),
    officer: &Staff,
    reviewing: Reviewing,
) -> Result<(Vec<EmergencyEvent>, PersonId, EmergencyReviewed), Refusal> {
    let Reviewing { emergency, by, justified, finding } = reviewing;
    if !officer.admits(by) {
        return Err(Refusal::undisclosed());
    }
    if by.worker().staff() == declared_by {
        return Err(Refusal::denied(
            "no_review_of_ones_own",
            "nobody reviews their own emergency access; ask a colleague",
        ));
    }
    required("finding", &finding, PARAGRAPH)?;
    let (agency, role) = (by.worker().agency(), officer.role().to_owned());
    let reviewed = ReviewEmergency { emergency, agency, reviewer_role: role.clone(), justified }.decide(declared)?;
    let (_, person) = declared.unreviewed.get(&emergency).ok_or_else(|| Refusal::not_found("emergency"))?;
    let found = EmergencyReviewed { emergency, party: Author::Worker(by.worker()), role, justified, finding };
    Ok((reviewed, *person, found))
}

/// What a reviewer says.
#[derive(Debug, Clone)]
pub struct Reviewing {
    pub emergency: EmergencyId,
    /// Who reviews.
    pub by: SignedIn,
    /// Whether it was justified.
    pub justified: bool,
    /// What the review found.
    pub finding: String,
}

#[cfg(test)]
mod tests {
    use super::super::events::EmergencyAccessDeclared;
    use super::*;
    use crate::Aggregate as _;
    use crate::Reason;
    use crate::scenario::given;
    use crate::staff::fixtures::{AGENCY, BY, joined};
    use uuid::Uuid;

    fn review(agency: u128, role: &str) -> ReviewEmergency {
        ReviewEmergency {
            emergency: EmergencyId(Uuid::nil()),
            agency: AgencyId(Uuid::from_u128(agency)),
            reviewer_role: role.into(),
            justified: false,
        }
    }

    const PERSON: PersonId = PersonId(Uuid::from_u128(8));

    fn declared() -> [EmergencyEvent; 1] {
        let declared = EmergencyAccessDeclared { emergency: EmergencyId(Uuid::nil()), person: PERSON, agency: AGENCY };
        [declared.into()]
    }

    #[test]
    fn only_the_privacy_officer_of_the_same_agency_reviews() {
        given(declared()).when(review(2, "nurse")).then_refused(Reason::Denied, "privacy_officer_reviews");
        given(declared()).when(review(1, PRIVACY_OFFICER)).then_refused(Reason::NotFound, "emergency");
        let reviewed = EmergencyAccessReviewed { emergency: EmergencyId(Uuid::nil()), justified: false };
        given(declared()).when(review(2, PRIVACY_OFFICER)).then([reviewed.into()]);
    }

    #[test]
    fn a_reviewer_works_at_the_agency_as_its_privacy_officer() {
        let review_of = |by: StaffId, officer: &Staff, finding: &str| {
            let (emergency, finding) = (EmergencyId(Uuid::nil()), finding.into());
            let reviewing = Reviewing { emergency, by: BY, justified: false, finding };
            review_emergency((by, &Emergency::folded(&declared())), officer, reviewing)
        };
        let review = |officer: &Staff, finding: &str| review_of(StaffId(Uuid::nil()), officer, finding);
        let officer = |role| Staff::folded(&[joined(role)]);
        let own = review_of(BY.worker().staff(), &officer(PRIVACY_OFFICER), "no emergency").unwrap_err();
        assert_eq!((own.reason, own.subject), (Reason::Denied, "no_review_of_ones_own"));
        let (reviewed, person, found) = review(&officer(PRIVACY_OFFICER), "no emergency").unwrap();
        assert_eq!((reviewed.len(), person, found.finding.as_str()), (1, PERSON, "no emergency"));
        assert_eq!(review(&officer(PRIVACY_OFFICER), " ").unwrap_err().subject, "finding");
        assert_eq!(review(&officer("nurse"), "no emergency").unwrap_err().reason, Reason::Denied);
        assert_eq!(review(&Staff::default(), "no emergency"), Err(Refusal::undisclosed()));
    }
}
