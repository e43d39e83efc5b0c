use super::events::{EmergencyAccessAllowed, EmergencyEvent};
use super::{Emergency, PRIVACY_OFFICER, officer};
use crate::access::events::EmergencyAllowedAgain;
use crate::ids::{AgencyId, PersonId};
use crate::sharing::Sharing;
use crate::staff::Staff;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::{Author, SignedIn, Version, Worker};
use crate::{Command, Refusal};

/// A worker whose emergency access to a person was found unjustified, or whom the person has blocked, may declare one for them.
#[derive(Debug, Clone)]
pub struct AllowEmergency {
    pub person: PersonId,
    /// The officer's agency: the one that it was declared for.
    pub agency: AgencyId,
    /// Since when the person has blocked the worker, if they have: then each needs to be allowed.
    pub needed: Option<Version>,
    /// The version of the person's directive.
    pub directive: Version,
}

impl Command for AllowEmergency {
    type Aggregate = Emergency;

    fn decide(self, state: &Emergency) -> Result<Vec<EmergencyEvent>, Refusal> {
        let Self { person, agency, needed, directive } = self;
        let before = || state.declared.values().any(|declared| (declared.person, declared.agency) == (person, agency));
        if needed.is_none() && !before() {
            return Err(Refusal::not_found("emergency"));
        }
        if state.is_barred_from(person) || needed.is_some_and(|since| !state.is_allowed_for(person, since)) {
            Ok(vec![EmergencyAccessAllowed { person, directive }.into()])
        } else {
            Ok(vec![])
        }
    }
}

/// What an officer says.
#[derive(Debug, Clone)]
pub struct Allowing {
    /// Who may declare an emergency again.
    pub worker: Worker,
    pub person: PersonId,
    /// Who allows it.
    pub by: SignedIn,
    /// Why, in words that the person reads.
    pub reason: String,
}

/// The agency's privacy officer allows a worker to declare an emergency for a person again. What must commit as one append: that they
/// may, on the worker's stream; and for the person, why. Nothing when they may already.
///
/// # Errors
/// As [`AllowEmergency`], or that somebody else than a privacy officer, or the worker themselves, asks.
pub fn allow_emergency(
    declared: &Emergency,
    (sharing, directive): (&Sharing, Version),
    (worker_is, by): (&Staff, &Staff),
    allowing: Allowing,
) -> Result<(Vec<EmergencyEvent>, Option<EmergencyAllowedAgain>), Refusal> {
    let Allowing { worker, person, by: signed_in, reason } = allowing;
    officer(signed_in, by, worker.staff())?;
    required("reason", &reason, PARAGRAPH)?;
    // Whoever has never joined has no sign-in, and could declare nothing.
    let needed = worker_is.sign_in().and_then(|sign_in| sharing.blocked_since(SignedIn::new(worker, sign_in)));
    let agency = signed_in.worker().agency();
    let allowed = AllowEmergency { person, agency, needed, directive }.decide(declared)?;
    let (party, role) = (Author::Worker(signed_in.worker()), by.roles().called(PRIVACY_OFFICER));
    let told = (!allowed.is_empty()).then_some(EmergencyAllowedAgain { party, role, reason, worker });
    Ok((allowed, told))
}

#[cfg(test)]
mod tests {
    use super::super::events::{EmergencyAccessDeclared, EmergencyAccessReviewed};
    use super::*;
    use crate::ids::{EmergencyId, StaffId};
    use crate::staff::fixtures::{AGENCY, BY, joined};
    use crate::{Aggregate as _, Reason};
    use uuid::Uuid;

    const PERSON: PersonId = PersonId(Uuid::from_u128(8));

    #[test]
    fn rule_8_only_a_privacy_officer_allows_it_with_a_reason_that_the_person_reads() {
        let emergency = EmergencyId(Uuid::nil());
        let declared = |agency| {
            Emergency::folded(&[
                EmergencyAccessDeclared { emergency, person: PERSON, agency }.into(),
                EmergencyAccessReviewed { emergency, justified: false }.into(),
            ])
        };
        let worker = Worker::new(AGENCY, StaffId(Uuid::from_u128(77)));
        let allow = |of: &Emergency, role: &str, worker, reason: &str| {
            let allowing = Allowing { worker, person: PERSON, by: BY, reason: reason.into() };
            allow_emergency(
                of,
                (&Sharing::default(), Version(0)),
                (&Staff::default(), &Staff::folded(&[joined(role)])),
                allowing,
            )
        };
        let ours = declared(AGENCY);
        let (allowed, told) = allow(&ours, "privacy officer", worker, "spoke with them").unwrap();
        assert_eq!(allowed, [EmergencyAccessAllowed { person: PERSON, directive: Version(0) }.into()]);
        assert_eq!(told.unwrap().reason, "spoke with them");
        let reason = |refused: Refusal| (refused.reason, refused.subject);
        let refused = |of, role, worker, words| reason(allow(of, role, worker, words).unwrap_err());
        assert_eq!(refused(&ours, "nurse", worker, "x").0, Reason::Denied);
        assert_eq!(refused(&ours, "privacy officer", BY.worker(), "x").1, "no_review_of_ones_own");
        assert_eq!(refused(&ours, "privacy officer", worker, " "), (Reason::Invalid, "reason"));
        assert_eq!(refused(&declared(AgencyId(Uuid::nil())), "privacy officer", worker, "x").0, Reason::NotFound);
        // Twice is once.
        let again = Emergency::folded(&[EmergencyAccessDeclared { emergency, person: PERSON, agency: AGENCY }.into()]);
        assert_eq!(allow(&again, "privacy officer", worker, "x"), Ok((vec![], None)));
    }
}
