use super::SignIn;
use super::events::{SignInEvent, SignInLinked};
use crate::Refusal;
use crate::ids::{AgencyId, SignInId, StaffId};
use crate::staff::Staff;

/// The worker whom a sign-in was linked to last, and their standing.
pub type Holder<'a> = (StaffId, &'a Staff);

/// Links a sign-in to a worker, unless somebody else signs in with it now. Nothing happens when it is theirs.
///
/// # Errors
/// That it is somebody else's, or that `holder` is not the one whom it was linked to last.
pub fn link(
    (id, sign_in): (SignInId, &SignIn),
    (last, holder): Holder<'_>,
    agency: AgencyId,
    staff: StaffId,
) -> Result<Vec<SignInEvent>, Refusal> {
    match sign_in.staff {
        Some(theirs) if theirs == staff => Ok(vec![]),
        Some(other) if other != last || holder.holds(id) => Err(Refusal::already_exists("sign_in")),
        Some(_) | None => Ok(vec![SignInLinked { agency, staff }.into()]),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::Aggregate as _;
    use crate::staff::events::{StaffLeft, StaffSignInChanged};
    use crate::staff::fixtures::{AGENCY, identity, joined};

    #[test]
    fn a_sign_in_is_one_workers_until_they_have_another_or_leave() {
        let (first, second) = (StaffId(Uuid::from_u128(1)), StaffId(Uuid::from_u128(2)));
        let id = identity().sign_in;
        let linked = SignInEvent::from(SignInLinked { agency: AGENCY, staff: first });
        let theirs = SignIn::folded(std::slice::from_ref(&linked));
        let gives = |sign_in: &SignIn, holder: &Staff, to| link((id, sign_in), (first, holder), AGENCY, to);
        let holder = Staff::folded(&[joined("nurse")]);
        assert_eq!(gives(&SignIn::default(), &Staff::default(), first), Ok(vec![linked]));
        assert_eq!(gives(&theirs, &holder, first), Ok(vec![]));
        assert_eq!(gives(&theirs, &holder, second), Err(Refusal::already_exists("sign_in")));
        let moved_on = StaffSignInChanged { issuer: "i".into(), subject: "t".into(), sign_in: SignInId(Uuid::nil()) };
        for gone in [StaffLeft {}.into(), moved_on.into()] {
            let holder = Staff::folded(&[joined("nurse"), gone]);
            let again = SignInEvent::from(SignInLinked { agency: AGENCY, staff: second });
            assert_eq!(gives(&theirs, &holder, second), Ok(vec![again]));
            // Of somebody else that says nothing.
            let other = link((id, &theirs), (second, &holder), AGENCY, second);
            assert_eq!(other, Err(Refusal::already_exists("sign_in")));
        }
    }
}
