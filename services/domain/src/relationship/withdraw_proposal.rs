use super::events::{ProposalWithdrawn, RelationshipEvent};
use super::{Relationship, Stage, WAIT_DAYS};
use crate::vocabulary::{Timestamp, Worker};
use crate::{Command, Refusal};

/// A worker withdraws their own proposal while it waits. They wait before they ask again, so that nobody is asked over and over.
#[derive(Debug, Clone)]
pub struct WithdrawProposal {
    pub worker: Worker,
    pub now: Timestamp,
}

impl Command for WithdrawProposal {
    type Aggregate = Relationship;

    fn decide(self, state: &Relationship) -> Result<Vec<RelationshipEvent>, Refusal> {
        let theirs = state.parties.filter(|parties| parties.worker == self.worker);
        let worker = theirs.ok_or_else(|| Refusal::not_found("proposal"))?.worker;
        let heard = match state.stage {
            Stage::Proposed => true,
            Stage::Unheard => false,
            Stage::Over => return Ok(vec![]),
            Stage::None | Stage::Active => return Err(Refusal::not_found("proposal")),
        };
        Ok(vec![ProposalWithdrawn { worker, heard, again_from: self.now.plus_days(WAIT_DAYS) }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::AcceptSupport;
    use super::super::fixtures::{PERSON, WORKER, accepted, propose, proposed, unheard};
    use super::*;
    use crate::Reason;
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;

    #[test]
    fn a_worker_withdraws_their_own_and_does_not_ask_again_at_once() {
        let withdraw = |worker| WithdrawProposal { worker, now: Timestamp(0) };
        let again_from = Timestamp(0).plus_days(WAIT_DAYS);
        let withdrawn = |heard| RelationshipEvent::from(ProposalWithdrawn { worker: WORKER, heard, again_from });
        given([proposed()]).when(withdraw(WORKER)).then([withdrawn(true)]);
        given([unheard()]).when(withdraw(WORKER)).then([withdrawn(false)]);
        // The same wish again is fulfilled.
        given([proposed(), withdrawn(true)]).when(withdraw(WORKER)).then_nothing();
        let another = Worker::new(AgencyId(WORKER.agency().0), StaffId(PERSON.0));
        given([proposed()]).when(withdraw(another)).then_refused(Reason::NotFound, "proposal");
        given([proposed(), accepted()]).when(withdraw(WORKER)).then_refused(Reason::NotFound, "proposal");
        let again = propose("visits", Timestamp(1));
        given([proposed(), withdrawn(true)]).when(again).then_refused(Reason::Rule, "the_answer_stands");
        // What the person has not heard of does not exist for them.
        given([unheard()])
            .when(AcceptSupport { person: PERSON, now: Timestamp(0) })
            .then_refused(Reason::NotFound, "relationship");
    }
}
