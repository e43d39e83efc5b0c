use super::events::{ConsultationEvent, DecisionWithdrawn};
use super::{Consultation, DecisionStage};
use crate::ids::{EntryId, PersonId};
use crate::issuers::Parts;
use crate::text::{PARAGRAPH, required};
use crate::vocabulary::Author;
use crate::{Command, Refusal};

/// Takes a decision off the table that is not settled: one that was objected to, too (rule 21). Whoever works for the agency that proposed it may, and
/// the person one of their own.
#[derive(Debug, Clone)]
pub struct WithdrawDecision {
    pub person: PersonId,
    pub decision: EntryId,
    /// Who withdraws it.
    pub author: Author,
    /// Why.
    pub reason: String,
    /// Which agencies are one.
    pub parts: Parts,
}

impl Command for WithdrawDecision {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        required("reason", &self.reason, PARAGRAPH)?;
        state.is_of(self.person)?;
        let known = state.decision(self.decision)?;
        if known.stage == DecisionStage::Withdrawn {
            return Ok(vec![]);
        }
        // What the person objects to once it is over is withdrawn then.
        if !known.objected {
            state.open_for(self.person)?;
        }
        if !self.parts.are_one_side(known.author, self.author) {
            return Err(Refusal::rule("the_proposers", "a decision is withdrawn by whoever proposed it"));
        }
        if known.is_settled() && !known.objected {
            return Err(Refusal::rule("waiting_decision", "this decision is settled already"));
        }
        let Self { decision, author, reason, .. } = self;
        Ok(vec![DecisionWithdrawn { decision, author, reason }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{DecisionAgreed, DecisionMadeWithoutPerson, DecisionObjected};
    use super::super::fixtures::{NURSE, PERSON, id, proposed, requested};
    use super::super::{Mode, WithoutPersonGround};
    use super::*;
    use crate::Reason;
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;
    use crate::vocabulary::Worker;

    #[test]
    fn rule_21_what_was_objected_to_is_withdrawn_by_whoever_proposed_it() {
        let withdraw = |author| {
            let (decision, reason, parts) = (id(5), "we heard you".into(), Parts::default());
            WithdrawDecision { person: PERSON, decision, author, reason, parts }
        };
        let withdrawn = || {
            let reason = "we heard you".into();
            ConsultationEvent::from(DecisionWithdrawn { decision: id(5), author: NURSE, reason })
        };
        let objected = DecisionObjected { decision: id(5), reason: "no".into(), word: None }.into();
        let before = [requested(Mode::Consult), proposed(5), objected];
        given(before.clone()).when(withdraw(NURSE)).then([withdrawn()]);
        given(before.clone()).when(withdraw(Author::Person)).then_refused(Reason::Rule, "the_proposers");
        given(before.into_iter().chain([withdrawn()])).when(withdraw(NURSE)).then_nothing();
        let agreed = DecisionAgreed { decision: id(5) }.into();
        let settled = given([requested(Mode::Consult), proposed(5), agreed]);
        settled.when(withdraw(NURSE)).then_refused(Reason::Rule, "waiting_decision");
        // What was taken without them, too, once they object; by whatever is one with the proposer's agency.
        let (ground, evidence) = (WithoutPersonGround::Unreachable, "rang four times".into());
        let without: ConsultationEvent =
            DecisionMadeWithoutPerson { decision: id(5), author: NURSE, ground, evidence }.into();
        let taken = [requested(Mode::Consult), proposed(5), without];
        given(taken.clone()).when(withdraw(NURSE)).then_refused(Reason::Rule, "waiting_decision");
        let objected = DecisionObjected { decision: id(5), reason: "no".into(), word: None }.into();
        let taken = taken.into_iter().chain([objected]);
        given(taken.clone()).when(withdraw(NURSE)).then([withdrawn()]);
        let (other, north) = (AgencyId(uuid::Uuid::from_u128(8)), NURSE.worker().unwrap().agency());
        let author = Author::Worker(Worker::new(other, StaffId(uuid::Uuid::from_u128(9))));
        given(taken.clone()).when(withdraw(author)).then_refused(Reason::Rule, "the_proposers");
        let merged = WithdrawDecision { parts: Parts::of(north, other), ..withdraw(author) };
        let reason = "we heard you".into();
        given(taken).when(merged).then([DecisionWithdrawn { decision: id(5), author, reason }.into()]);
    }
}
