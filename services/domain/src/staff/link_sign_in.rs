use super::Staff;
use super::events::{SignInLinked, StaffEvent, StaffSignInChanged};
use crate::Refusal;
use crate::ids::{AgencyId, SignIn, StaffId};
use crate::text::{LINE, required};

/// A worker is to sign in with another subject: after the agency has changed its identity provider, for instance.
#[derive(Debug, Clone)]
pub struct ChangeSignIn {
    /// The identity provider (`iss`).
    pub issuer: String,
    /// The subject there (`sub`).
    pub subject: String,
    /// The two as a pseudonym.
    pub sign_in: SignIn,
}

/// Gives a worker another sign-in: what must commit as one append, on the stream of the new sign-in and on that of the worker.
/// The sign-in that they had opens nothing from then on.
///
/// # Errors
/// That there is no such worker now, or that the sign-in is somebody else's.
pub fn change_sign_in(
    sign_in: &Staff,
    (id, staff): (StaffId, &Staff),
    command: ChangeSignIn,
) -> Result<(Vec<StaffEvent>, Vec<StaffEvent>), Refusal> {
    required("subject", &command.subject, LINE)?;
    required("issuer", &command.issuer, LINE)?;
    let agency = staff.agency.filter(|_| staff.current).ok_or_else(|| Refusal::not_found("staff"))?;
    if staff.sign_in == Some(command.sign_in) {
        return Ok((vec![], vec![]));
    }
    // The one that they first joined with has their own id.
    let own = StaffId::from(command.sign_in) == id;
    let linked = if own { vec![] } else { link_sign_in(sign_in, agency, id)? };
    let ChangeSignIn { issuer, subject, sign_in } = command;
    Ok((linked, vec![StaffSignInChanged { issuer, subject, sign_in }.into()]))
}

/// Links a sign-in that is nobody's yet to a worker; nothing when it is theirs.
pub(super) fn link_sign_in(sign_in: &Staff, agency: AgencyId, staff: StaffId) -> Result<Vec<StaffEvent>, Refusal> {
    match sign_in.same_as {
        Some(theirs) if theirs == staff => Ok(vec![]),
        None if sign_in.agency.is_none() => Ok(vec![SignInLinked { agency, staff }.into()]),
        Some(_) | None => Err(Refusal::already_exists("sign_in")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::StaffLeft;
    use super::super::fixtures::{AGENCY, SIGN_IN, joined};
    use super::*;
    use crate::Aggregate as _;
    use crate::vocabulary::{SignedIn, Worker};
    use uuid::Uuid;

    const OTHER: SignIn = SignIn(Uuid::from_u128(77));

    fn change(sign_in: SignIn) -> ChangeSignIn {
        ChangeSignIn { issuer: "https://new.example".into(), subject: "t".into(), sign_in }
    }

    #[test]
    fn a_worker_with_another_sign_in_is_the_same_worker_and_the_one_before_opens_nothing() {
        let id = StaffId::from(SIGN_IN);
        let mut staff = Staff::folded(&[joined("nurse")]);
        let (linked, changed) = change_sign_in(&Staff::default(), (id, &staff), change(OTHER)).unwrap();
        assert_eq!(linked, [SignInLinked { agency: AGENCY, staff: id }.into()]);
        assert_eq!(Staff::folded(&linked).same_as(), Some(id));
        changed.iter().for_each(|event| staff.evolve(event));
        let by = |sign_in| SignedIn::new(Worker::new(AGENCY, id), sign_in);
        assert_eq!((staff.admits(by(OTHER)), staff.admits(by(SIGN_IN))), (true, false));
        // The same wish twice is one; and they may go back to the first.
        let links = Staff::folded(&linked);
        assert_eq!(change_sign_in(&links, (id, &staff), change(OTHER)), Ok((vec![], vec![])));
        let (linked, changed) = change_sign_in(&staff, (id, &staff), change(SIGN_IN)).unwrap();
        assert_eq!((linked.len(), changed.len()), (0, 1));
    }

    #[test]
    fn nobody_gets_the_sign_in_of_somebody_else_and_the_departed_get_none() {
        let (id, staff) = (StaffId::from(SIGN_IN), Staff::folded(&[joined("nurse")]));
        let theirs = Staff::folded(&[joined("nurse")]);
        let linked = Staff::folded(&[SignInLinked { agency: AGENCY, staff: StaffId(Uuid::nil()) }.into()]);
        for taken in [theirs, linked] {
            let refused = change_sign_in(&taken, (id, &staff), change(OTHER));
            assert_eq!(refused, Err(Refusal::already_exists("sign_in")));
        }
        let left = Staff::folded(&[joined("nurse"), StaffLeft {}.into()]);
        for gone in [left, Staff::default()] {
            assert_eq!(change_sign_in(&Staff::default(), (id, &gone), change(OTHER)), Err(Refusal::not_found("staff")));
        }
    }
}
