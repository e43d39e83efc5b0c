use super::events::{AskingAllowed, RelationshipEvent};
use super::{Relationship, Stage};
use crate::ids::PersonId;
use crate::{Command, Refusal};

/// The person takes back that a worker is not to ask again, or not yet.
#[derive(Debug, Clone)]
pub struct AllowAsking {
    pub person: PersonId,
}

impl Command for AllowAsking {
    type Aggregate = Relationship;

    fn decide(self, state: &Relationship) -> Result<Vec<RelationshipEvent>, Refusal> {
        let worker = state.of(self.person)?.worker;
        if !matches!(state.stage, Stage::Over | Stage::Unheard) {
            return Err(Refusal::rule(
                "declined_or_ended",
                "only what was declined, withdrawn or ended can be asked again",
            ));
        }
        // Asked for twice it is one wish.
        Ok(state.again_from.map(|_| AskingAllowed { worker }.into()).into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::DeclineSupport;
    use super::super::fixtures::{PERSON, WORKER, propose, proposed};
    use super::*;
    use crate::scenario::given;
    use crate::vocabulary::Timestamp;
    use crate::{Aggregate as _, Reason};

    #[test]
    fn who_was_told_not_again_may_ask_once_the_person_takes_it_back() {
        let decline = DeclineSupport { person: PERSON, reason: String::new(), not_again: true, now: Timestamp(0) };
        let declined = decline.decide(&Relationship::folded(&[proposed()])).unwrap();
        let over = || [proposed()].into_iter().chain(declined.clone()).collect::<Vec<_>>();
        let (allow, allowed) = (|| AllowAsking { person: PERSON }, AskingAllowed { worker: WORKER });
        given(over()).when(allow()).then([allowed.clone().into()]);
        let allowed: Vec<_> = over().into_iter().chain([allowed.into()]).collect();
        given(allowed.clone()).when(allow()).then([]);
        let again = propose("visits", Timestamp(1));
        given(allowed).when(again).then([proposed()]);
        given([proposed()]).when(allow()).then_refused(Reason::Rule, "declined_or_ended");
    }
}
