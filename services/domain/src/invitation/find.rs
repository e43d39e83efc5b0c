use super::events::{CodeGiven, CodeUsed, InvitationEvent};
use super::{CODE_DAYS, For, Invitation};
use crate::ids::PersonId;
use crate::text::{PARAGRAPH, optional};
use crate::vocabulary::{Author, Timestamp, Worker};
use crate::{Command, Refusal};

/// The person makes a code for somebody whom they want to be found by.
#[derive(Debug, Clone)]
pub struct GiveCode {
    pub person: PersonId,
    /// What they say to them; may be empty.
    pub message: String,
    pub now: Timestamp,
}

/// A worker finds the person who gave them a code.
#[derive(Debug, Clone)]
pub struct UseCode {
    pub worker: Worker,
    pub now: Timestamp,
}

impl Command for GiveCode {
    type Aggregate = Invitation;

    fn decide(self, state: &Invitation) -> Result<Vec<InvitationEvent>, Refusal> {
        optional("message", &self.message, PARAGRAPH)?;
        state.is_unused()?;
        let Self { person, message, now } = self;
        Ok(vec![CodeGiven { person, message, expires: now.plus_days(CODE_DAYS) }.into()])
    }
}

impl Invitation {
    /// Who gave the code to this worker, and what they said: while it is taken, or when it was this worker who used it.
    ///
    /// # Errors
    /// That there is no such code: also for one that was used, is over, or is for something else.
    pub fn found_by(&self, worker: Worker, now: Timestamp) -> Result<(PersonId, &str), Refusal> {
        let absent = || Refusal::not_found("code");
        let is_theirs = self.used.is_some_and(|(author, _)| author == Author::Worker(worker));
        let is_for = if is_theirs { self.is_for.as_ref() } else { Some(self.taken(now)?) };
        match is_for {
            Some(For::Finding { message }) => Ok((self.person.ok_or_else(absent)?, message)),
            Some(For::Newcomer { .. } | For::Return { .. }) | None => Err(absent()),
        }
    }
}

impl Command for UseCode {
    type Aggregate = Invitation;

    fn decide(self, state: &Invitation) -> Result<Vec<InvitationEvent>, Refusal> {
        let (person, _) = state.found_by(self.worker, self.now)?;
        if state.used.is_some() {
            return Ok(vec![]);
        }
        Ok(vec![CodeUsed { author: Author::Worker(self.worker), person }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reason;
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;
    use uuid::Uuid;

    #[test]
    fn a_code_finds_who_gave_it_once_and_for_one_worker() {
        let (now, person) = (Timestamp(5), PersonId(Uuid::from_u128(1)));
        let worker = |n| Worker::new(AgencyId(Uuid::from_u128(n)), StaffId(Uuid::from_u128(n)));
        let expires = now.plus_days(CODE_DAYS);
        let given_code: InvitationEvent = CodeGiven { person, message: "we met on Monday".into(), expires }.into();
        let use_code = |n, now| UseCode { worker: worker(n), now };
        let used = |n| InvitationEvent::from(CodeUsed { author: Author::Worker(worker(n)), person });
        given([given_code.clone()]).when(use_code(2, now)).then([used(2)]);
        given([given_code.clone(), used(2)]).when(use_code(2, expires)).then_nothing();
        given([given_code.clone(), used(2)]).when(use_code(3, now)).then_refused(Reason::NotFound, "code");
        given([given_code]).when(use_code(2, expires)).then_refused(Reason::NotFound, "code");
        given([]).when(use_code(2, now)).then_refused(Reason::NotFound, "code");
    }
}
