use super::Invitation;
use super::events::{CodeRevoked, InvitationEvent};
use crate::ids::PersonId;
use crate::{Command, Refusal};

/// The person takes a code back that is about them: one that they gave, or one with which somebody is to sign in anew as them.
#[derive(Debug, Clone)]
pub struct RevokeCode {
    pub person: PersonId,
}

impl Command for RevokeCode {
    type Aggregate = Invitation;

    fn decide(self, state: &Invitation) -> Result<Vec<InvitationEvent>, Refusal> {
        if state.person != Some(self.person) {
            return Err(Refusal::not_found("code"));
        }
        if state.revoked {
            return Ok(vec![]);
        }
        if state.used.is_some() {
            return Err(Refusal::rule("used_code", "this code was used already"));
        }
        Ok(vec![CodeRevoked {}.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{CodeGiven, CodeUsed};
    use super::super::{CODE_DAYS, UseCode};
    use super::*;
    use crate::Reason;
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;
    use crate::vocabulary::{Author, Timestamp, Worker};
    use uuid::Uuid;

    #[test]
    fn rule_24_a_code_is_taken_back_once_and_finds_nobody_then() {
        let (now, person) = (Timestamp(5), PersonId(Uuid::from_u128(1)));
        let code: InvitationEvent =
            CodeGiven { person, message: String::new(), expires: now.plus_days(CODE_DAYS) }.into();
        let revoke = |person| RevokeCode { person };
        let revoked = || InvitationEvent::from(CodeRevoked {});
        given([code.clone()]).when(revoke(person)).then([revoked()]);
        given([code.clone(), revoked()]).when(revoke(person)).then_nothing();
        given([code.clone()]).when(revoke(PersonId(Uuid::nil()))).then_refused(Reason::NotFound, "code");
        let worker = Worker::new(AgencyId(Uuid::nil()), StaffId(Uuid::nil()));
        given([code.clone(), revoked()]).when(UseCode { worker, now }).then_refused(Reason::NotFound, "code");
        let used = CodeUsed { author: Author::Worker(worker), person }.into();
        given([code, used]).when(revoke(person)).then_refused(Reason::Rule, "used_code");
    }
}
