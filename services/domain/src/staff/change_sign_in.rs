use super::events::{StaffEvent, StaffSignInChanged};
use super::{Identity, Staff};
use crate::{Command, Refusal};

/// A worker is to sign in with another subject: after the agency has changed its identity provider, for instance. The sign-in
/// that they had opens nothing from then on.
#[derive(Debug, Clone)]
pub struct ChangeSignIn {
    /// The new one.
    pub identity: Identity,
}

impl Command for ChangeSignIn {
    type Aggregate = Staff;

    fn decide(self, state: &Staff) -> Result<Vec<StaffEvent>, Refusal> {
        self.identity.check()?;
        if !state.current {
            return Err(Refusal::not_found("staff"));
        }
        let Identity { issuer, subject, sign_in } = self.identity;
        if state.sign_in == Some(sign_in) {
            return Ok(vec![]);
        }
        Ok(vec![StaffSignInChanged { issuer, subject, sign_in }.into()])
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::events::StaffLeft;
    use super::super::fixtures::{AGENCY, identity, joined};
    use super::*;
    use crate::ids::{SignInId, StaffId};
    use crate::scenario::given;
    use crate::vocabulary::{SignedIn, Worker};
    use crate::{Aggregate as _, Reason};

    #[test]
    fn a_worker_with_another_sign_in_is_the_same_worker_and_the_one_before_opens_nothing() {
        let sign_in = SignInId(Uuid::from_u128(77));
        let change = |identity| ChangeSignIn { identity };
        let other = || Identity { sign_in, subject: "t".into(), ..identity() };
        let changed = StaffSignInChanged { issuer: identity().issuer, subject: "t".into(), sign_in };
        given([joined("nurse")]).when(change(other())).then([changed.clone().into()]);
        given([joined("nurse")]).when(change(identity())).then_nothing();
        given([joined("nurse"), StaffLeft {}.into()]).when(change(other())).then_refused(Reason::NotFound, "staff");
        given([]).when(change(other())).then_refused(Reason::NotFound, "staff");
        let staff = Staff::folded(&[joined("nurse"), changed.into()]);
        let by = |sign_in| SignedIn::new(Worker::new(AGENCY, StaffId(Uuid::nil())), sign_in);
        assert_eq!((staff.admits(by(sign_in)), staff.admits(by(identity().sign_in))), (true, false));
        assert_eq!((staff.holds(sign_in), staff.holds(identity().sign_in)), (true, false));
    }
}
