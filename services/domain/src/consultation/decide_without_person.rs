use super::events::{ConsultationEvent, DecisionMadeWithoutPerson};
use super::{Consultation, WithoutPersonGround};
use crate::ids::{EntryId, PersonId};
use crate::text::explained;
use crate::vocabulary::Author;
use crate::{Command, Refusal};

/// The shortest evidence for deciding without the person, in characters.
const EVIDENCE_LEAST: usize = 20;

/// Takes a proposed decision without the person's view, for a typed and visible reason (rule 20).
#[derive(Debug, Clone)]
pub struct DecideWithoutPerson {
    pub person: PersonId,
    pub decision: EntryId,
    /// Who decides.
    pub author: Author,
    /// Why the person's view is missing.
    pub ground: WithoutPersonGround,
    /// The evidence, the attempts or the Act.
    pub evidence: String,
}

impl Command for DecideWithoutPerson {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        explained("evidence", &self.evidence, EVIDENCE_LEAST)?;
        state.open_for(self.person)?;
        state.proposed(self.decision)?;
        if !state.views.is_empty() {
            return Err(Refusal::rule(
                "the_persons_view",
                "the person has given their view; it cannot be decided as if they had not",
            ));
        }
        let Self { decision, author, ground, evidence, .. } = self;
        Ok(vec![DecisionMadeWithoutPerson { decision, author, ground, evidence }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::super::events::{DecisionObjected, PersonViewRecorded};
    use super::super::fixtures::{NURSE, PERSON, id, proposed, requested, viewed};
    use super::*;
    use crate::access::{Contribute as _, Decision, scope_of};
    use crate::scenario::given;
    use crate::vocabulary::{Category, Level, Sensitivity};
    use crate::{Aggregate as _, Reason};

    fn decide(evidence: &str) -> DecideWithoutPerson {
        let ground = WithoutPersonGround::Unreachable;
        DecideWithoutPerson { person: PERSON, decision: id(5), author: NURSE, ground, evidence: evidence.into() }
    }

    const EVIDENCE: &str = "called on 3, 4 and 6 March, wrote on 7 March";

    #[test]
    fn rule_20_without_the_person_needs_a_ground_with_evidence() {
        let given = || given([requested(Mode::Involve), proposed(5)]);
        given().when(decide("no answer")).then_refused(Reason::Invalid, "evidence");
        let decided = DecisionMadeWithoutPerson {
            decision: id(5),
            author: NURSE,
            ground: WithoutPersonGround::Unreachable,
            evidence: EVIDENCE.into(),
        };
        given().when(decide(EVIDENCE)).then([decided.into()]);
    }

    #[test]
    fn rule_6_a_view_that_is_kept_from_a_worker_is_as_if_it_were_not_there_for_them() {
        let Decision::Permit(scope) = scope_of(&[Category::Consultations]) else { panic!("denied") };
        let view = |sensitivity| PersonViewRecorded { view: "I am afraid of him".into(), sensitivity }.into();
        let decided = |view| {
            let state = Consultation::folded(&[requested(Mode::Involve), proposed(5), view]);
            decide(EVIDENCE).decide_within(&state, Some(&scope)).map(|events| events.len())
        };
        let kept = Sensitivity { level: Level::VeryRestricted, labels: vec![] };
        assert_eq!(decided(view(Some(kept))), Ok(1));
        assert_eq!(decided(view(None)).unwrap_err().subject, "the_persons_view");
    }

    #[test]
    fn rule_20_a_view_or_an_objection_cannot_be_passed_over() {
        given([requested(Mode::Involve), proposed(5), viewed()])
            .when(decide(EVIDENCE))
            .then_refused(Reason::Rule, "the_persons_view");
        let objected = DecisionObjected { decision: id(5), reason: "no".into() }.into();
        given([requested(Mode::Involve), proposed(5), objected])
            .when(decide(EVIDENCE))
            .then_refused(Reason::Rule, "objection_stands");
    }
}
