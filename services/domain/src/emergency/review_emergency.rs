use super::Emergency;
use super::events::{EmergencyAccessReviewed, EmergencyEvent};
use crate::ids::{AgencyId, EmergencyId};
use crate::staff::Staff;
use crate::text::{PARAGRAPH, required};
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
    /// What the review found.
    pub finding: String,
}

impl Command for ReviewEmergency {
    type Aggregate = Emergency;

    fn decide(self, state: &Emergency) -> Result<Vec<EmergencyEvent>, Refusal> {
        if !self.reviewer_role.eq_ignore_ascii_case(PRIVACY_OFFICER) {
            return Err(Refusal::denied("privacy_officer_reviews", "only a privacy officer reviews emergency access"));
        }
        required("finding", &self.finding, PARAGRAPH)?;
        if state.unreviewed.get(&self.emergency) != Some(&self.agency) {
            return Err(Refusal::not_found("emergency"));
        }
        let Self { emergency, justified, finding, .. } = self;
        Ok(vec![EmergencyAccessReviewed { emergency, justified, finding }.into()])
    }
}

/// Somebody who works at the agency, and in the right role, reviews an emergency access.
///
/// # Errors
/// As [`ReviewEmergency`], or that nothing is disclosed to somebody who does not work there.
pub fn review_emergency(
    declared: &Emergency,
    officer: &Staff,
    reviewing: Reviewing,
) -> Result<Vec<EmergencyEvent>, Refusal> {
    let Reviewing { emergency, agency, justified, finding } = reviewing;
    if !officer.works_for(agency) {
        return Err(Refusal::undisclosed());
    }
    let reviewer_role = officer.role().to_owned();
    ReviewEmergency { emergency, agency, reviewer_role, justified, finding }.decide(declared)
}

/// What a reviewer says.
#[derive(Debug, Clone)]
pub struct Reviewing {
    pub emergency: EmergencyId,
    /// The reviewer's agency.
    pub agency: AgencyId,
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
    use crate::ids::PersonId;
    use crate::scenario::given;
    use crate::staff::events::StaffJoined;
    use uuid::Uuid;

    fn review(agency: u128, role: &str) -> ReviewEmergency {
        ReviewEmergency {
            emergency: EmergencyId(Uuid::nil()),
            agency: AgencyId(Uuid::from_u128(agency)),
            reviewer_role: role.into(),
            justified: false,
            finding: "no emergency".into(),
        }
    }

    fn declared() -> [EmergencyEvent; 1] {
        let agency = AgencyId(Uuid::from_u128(1));
        [EmergencyAccessDeclared { emergency: EmergencyId(Uuid::nil()), person: PersonId(Uuid::nil()), agency }.into()]
    }

    #[test]
    fn only_the_privacy_officer_of_the_same_agency_reviews() {
        given(declared()).when(review(1, "nurse")).then_refused(Reason::Denied, "privacy_officer_reviews");
        given(declared()).when(review(2, PRIVACY_OFFICER)).then_refused(Reason::NotFound, "emergency");
        let reviewed = EmergencyAccessReviewed {
            emergency: EmergencyId(Uuid::nil()),
            justified: false,
            finding: "no emergency".into(),
        };
        given(declared()).when(review(1, PRIVACY_OFFICER)).then([reviewed.into()]);
    }

    #[test]
    fn a_reviewer_works_at_the_agency_as_its_privacy_officer() {
        let agency = AgencyId(Uuid::from_u128(1));
        let joined = |role: &str| {
            let role = role.to_owned();
            Staff::folded(&[StaffJoined { agency, subject: "s".into(), name: "N".into(), role }.into()])
        };
        let review = |officer: &Staff| {
            let (emergency, finding) = (EmergencyId(Uuid::nil()), "no emergency".into());
            let reviewing = Reviewing { emergency, agency, justified: false, finding };
            review_emergency(&Emergency::folded(&declared()), officer, reviewing)
        };
        assert_eq!(review(&joined(PRIVACY_OFFICER)).map(|events| events.len()), Ok(1));
        assert_eq!(review(&joined("nurse")).unwrap_err().reason, Reason::Denied);
        assert_eq!(review(&Staff::default()), Err(Refusal::undisclosed()));
    }
}
