use super::events::{EmergencyAccessReviewed, EmergencyEvent};
use super::{Emergency, PRIVACY_OFFICER, is_officer, officer};
use crate::access::events::EmergencyReviewed;
use crate::ids::{AgencyId, EmergencyId, StaffId};
use crate::sharing::Sharing;
use crate::sharing::events::SharingEvent;
use crate::staff::{Roles, Staff};
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::{Author, SignedIn};
use crate::{Command, Refusal};

/// The agency's privacy officer reviews an emergency access.
#[derive(Debug, Clone)]
pub struct ReviewEmergency {
    pub emergency: EmergencyId,
    /// The reviewer's agency: the one that it was declared for.
    pub agency: AgencyId,
    /// The reviewer's roles.
    pub reviewer_roles: Roles,
    /// Whether it was justified.
    pub justified: bool,
    /// Whether it takes the place of a review that was entered wrongly; the person reads both.
    pub corrects: bool,
}

impl Command for ReviewEmergency {
    type Aggregate = Emergency;

    fn decide(self, state: &Emergency) -> Result<Vec<EmergencyEvent>, Refusal> {
        is_officer(&self.reviewer_roles)?;
        match state.declared.get(&self.emergency).filter(|declared| declared.agency == self.agency) {
            None => return Err(Refusal::not_found("emergency")),
            Some(declared) if declared.justified.is_some() != self.corrects => {
                return Err(if self.corrects {
                    Refusal::not_found("review")
                } else {
                    Refusal::already_exists("review")
                });
            }
            Some(_) => {}
        }
        let Self { emergency, justified, .. } = self;
        Ok(vec![EmergencyAccessReviewed { emergency, justified }.into()])
    }
}

/// What a review comes to, as one append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// The outcome, on the worker's stream.
    pub outcome: Vec<EmergencyEvent>,
    /// For the person whom it was about: what was found.
    pub found: EmergencyReviewed,
    /// What ends with it: the access, when it was not justified and is open still.
    pub closed: Vec<SharingEvent>,
}

/// Somebody who works at the agency, and in the right role, reviews an emergency access. One that was not justified ends with its
/// review (rule 8).
///
/// # Errors
/// As [`ReviewEmergency`], or that nothing is disclosed to somebody who does not work there.
pub fn review_emergency(
    (declared_by, declared): (StaffId, &Emergency),
    sharing: &Sharing,
    by: &Staff,
    reviewing: Reviewing,
) -> Result<Reviewed, Refusal> {
    let Reviewing { emergency, by: signed_in, justified, corrects, finding } = reviewing;
    officer(signed_in, by, declared_by)?;
    required("finding", &finding, PARAGRAPH)?;
    let (agency, role) = (signed_in.worker().agency(), by.roles().called(PRIVACY_OFFICER));
    let review = ReviewEmergency { emergency, agency, reviewer_roles: by.roles().clone(), justified, corrects };
    let outcome = review.decide(declared)?;
    let closed = if justified { vec![] } else { sharing.end_emergency(emergency) };
    let found = EmergencyReviewed { emergency, party: Author::Worker(signed_in.worker()), role, justified, finding };
    Ok(Reviewed { outcome, found, closed })
}

/// What a reviewer says.
#[derive(Debug, Clone)]
pub struct Reviewing {
    pub emergency: EmergencyId,
    /// Who reviews.
    pub by: SignedIn,
    /// Whether it was justified.
    pub justified: bool,
    /// Whether it takes the place of a review that was entered wrongly.
    pub corrects: bool,
    /// What the review found.
    pub finding: String,
}

#[cfg(test)]
mod tests {
    use super::super::PRIVACY_OFFICER;
    use super::super::events::EmergencyAccessDeclared;
    use super::*;
    use crate::Aggregate as _;
    use crate::Reason;
    use crate::ids::PersonId;
    use crate::scenario::given;
    use crate::sharing::events::{EmergencyAccessClosed, EmergencyAccessOpened};
    use crate::staff::fixtures::{AGENCY, BY, joined};
    use crate::vocabulary::{Timestamp, Worker};
    use uuid::Uuid;

    fn review(agency: u128, role: &str) -> ReviewEmergency {
        ReviewEmergency {
            emergency: EmergencyId(Uuid::nil()),
            agency: AgencyId(Uuid::from_u128(agency)),
            reviewer_roles: Roles::stored(vec![role.into()]),
            justified: false,
            corrects: false,
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
        given(declared()).when(review(2, PRIVACY_OFFICER)).then([reviewed.clone().into()]);
        // One review stands: another finding would be another word.
        let twice = declared().into_iter().chain([reviewed.into()]);
        given(twice.clone()).when(review(2, PRIVACY_OFFICER)).then_refused(Reason::AlreadyExists, "review");
        // One that was entered wrongly is corrected, and what followed from it with it.
        let correct = || ReviewEmergency { justified: true, corrects: true, ..review(2, PRIVACY_OFFICER) };
        given(declared()).when(correct()).then_refused(Reason::NotFound, "review");
        let corrected = EmergencyAccessReviewed { emergency: EmergencyId(Uuid::nil()), justified: true };
        given(twice.clone()).when(correct()).then([corrected.clone().into()]);
        let history: Vec<_> = twice.collect();
        assert!(Emergency::folded(&history).is_barred_from(PERSON));
        assert!(!Emergency::folded(&[history, vec![corrected.into()]].concat()).is_barred_from(PERSON));
    }

    #[test]
    fn a_reviewer_works_at_the_agency_as_its_privacy_officer() {
        let review_of = |by: StaffId, officer: &Staff, finding: &str| {
            let (emergency, finding) = (EmergencyId(Uuid::nil()), finding.into());
            let reviewing = Reviewing { emergency, by: BY, justified: false, corrects: false, finding };
            let opened = EmergencyAccessOpened {
                emergency,
                worker: Worker::new(AGENCY, by),
                reason: "found unconscious at home".into(),
                until: Timestamp(i64::MAX),
                nth: 1,
            };
            let sharing = Sharing::folded(&[opened.into()]);
            review_emergency((by, &Emergency::folded(&declared())), &sharing, officer, reviewing)
        };
        let review = |officer: &Staff, finding: &str| review_of(StaffId(Uuid::nil()), officer, finding);
        let officer = |role| Staff::folded(&[joined(role)]);
        let own = review_of(BY.worker().staff(), &officer(PRIVACY_OFFICER), "no emergency").unwrap_err();
        assert_eq!((own.reason, own.subject), (Reason::Denied, "no_review_of_ones_own"));
        let Reviewed { outcome, found, closed } = review(&officer(PRIVACY_OFFICER), "no emergency").unwrap();
        assert_eq!((outcome.len(), found.finding.as_str()), (1, "no emergency"));
        assert_eq!(closed, [EmergencyAccessClosed { emergency: EmergencyId(Uuid::nil()) }.into()]);
        assert_eq!(review(&officer(PRIVACY_OFFICER), " ").unwrap_err().subject, "finding");
        assert_eq!(review(&officer("nurse"), "no emergency").unwrap_err().reason, Reason::Denied);
        assert_eq!(review(&Staff::default(), "no emergency"), Err(Refusal::undisclosed()));
    }
}
