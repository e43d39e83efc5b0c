use super::events::{ConsultationEvent, DecisionMadeWithoutPerson};
use super::{Consultation, Decision, WithoutPersonGround};
use crate::ids::{EntryId, PersonId};
use crate::issuers::Parts;
use crate::text::explained;
use crate::vocabulary::{Author, Timestamp};
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
    pub now: Timestamp,
    /// Against whom an objection of the person stands in other consultations.
    pub elsewhere: Vec<Author>,
    /// Which agencies are one.
    pub parts: Parts,
}

impl DecideWithoutPerson {
    /// That the person chose not to take part they have said themselves, or somebody says so who gains nothing by it: of another agency than who
    /// decides, and than who proposed.
    fn is_their_choice(&self, decision: &Decision) -> Result<(), Refusal> {
        let gains = |author| [self.author, decision.author].iter().any(|side| self.parts.are_one_side(*side, author));
        let counts = |author: &Author| *author == Author::Person || (author.worker().is_some() && !gains(*author));
        if decision.declined.iter().any(counts) {
            return Ok(());
        }
        Err(Refusal::rule(
            "the_persons_choice",
            "that the person chose not to take part is said by them, or on their word by somebody of another agency",
        ))
    }
}

impl Command for DecideWithoutPerson {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        explained("evidence", &self.evidence, EVIDENCE_LEAST)?;
        state.open_for(self.person)?;
        state.has_heard_the_advocate(self.author, self.now)?;
        let decision = state.proposed(self.decision)?;
        if self.author == Author::Person {
            let says = "whoever is there says what they think, and agrees or objects";
            return Err(Refusal::rule("the_persons_own", says));
        }
        if decision.author == Author::Person {
            return Err(Refusal::rule("the_persons_decision", "what the person proposed is not decided without them"));
        }
        if decision.released.iter().any(|by| self.parts.are_one_side(*by, self.author)) {
            let says = "whoever entered that the person takes an answer back does not decide without them";
            return Err(Refusal::rule("another_agency", says));
        }
        // Of whatever it is: whoever has said something here was reached, and takes part.
        if state.said().next().is_some() {
            return Err(Refusal::rule(
                "the_persons_view",
                "the person has given their view; it cannot be decided as if they had not",
            ));
        }
        // Whoever said something here or objected was reached, though they have taken that back since, or it was withdrawn.
        if self.ground == WithoutPersonGround::Unreachable && (state.was_reached || !state.views.is_empty()) {
            return Err(Refusal::rule("the_persons_view", "the person has said something here: they were reached"));
        }
        if self.ground == WithoutPersonGround::ChoseNotTo {
            self.is_their_choice(decision)?;
        }
        // What they said no to is not decided over their head in another conversation, but for what the law requires.
        let by_law = self.ground == WithoutPersonGround::StatutoryDuty;
        let is_against = |against: &Author| {
            [self.author, decision.author].iter().any(|side| self.parts.are_one_side(*against, *side))
        };
        if !by_law && self.elsewhere.iter().any(is_against) {
            return Err(Refusal::rule(
                "objection_elsewhere",
                "an objection of the person to a decision of your agency stands in another consultation: withdraw that one, or let them answer",
            ));
        }
        let Self { decision, author, ground, evidence, .. } = self;
        Ok(vec![DecisionMadeWithoutPerson { decision, author, ground, evidence }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::Mode;
    use super::super::events::{DecisionObjected, DecisionProposed, ParticipationDeclined, PersonViewRecorded};
    use super::super::fixtures::{NURSE, PERSON, id, proposed, requested, viewed};
    use super::*;
    use crate::access::{self, Contribute as _, scope_of};
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;
    use crate::vocabulary::{Category, Level, Sensitivity, Worker};
    use crate::{Aggregate as _, Reason};
    use uuid::Uuid;

    fn decide(evidence: &str) -> DecideWithoutPerson {
        let ground = WithoutPersonGround::Unreachable;
        let parts = Parts::default();
        DecideWithoutPerson {
            person: PERSON,
            decision: id(5),
            author: NURSE,
            ground,
            evidence: evidence.into(),
            now: Timestamp(0),
            elsewhere: vec![],
            parts,
        }
    }

    const EVIDENCE: &str = "called on 3, 4 and 6 March, wrote on 7 March";

    #[test]
    fn rule_21_what_the_person_said_no_to_is_not_decided_without_them_elsewhere() {
        let colleague = Worker::new(NURSE.worker().unwrap().agency(), StaffId(Uuid::from_u128(77)));
        let elsewhere = vec![Author::Worker(colleague)];
        let over_their_head = DecideWithoutPerson { elsewhere, ..decide(EVIDENCE) };
        let by_law = DecideWithoutPerson { ground: WithoutPersonGround::StatutoryDuty, ..over_their_head.clone() };
        let of_others = Worker::new(AgencyId(Uuid::from_u128(78)), StaffId(Uuid::from_u128(77)));
        let against_others = DecideWithoutPerson { elsewhere: vec![Author::Worker(of_others)], ..decide(EVIDENCE) };
        let waits = || given([requested(Mode::Consult), proposed(5)]);
        // Nor by somebody else, of what the same agency proposes again.
        let by_others = DecideWithoutPerson { author: Author::Worker(of_others), ..over_their_head.clone() };
        for refused in [over_their_head, by_others] {
            waits().when(refused).then_refused(Reason::Rule, "objection_elsewhere");
        }
        for decided in [by_law, against_others] {
            assert!(decided.decide(&Consultation::folded(&[requested(Mode::Consult), proposed(5)])).is_ok());
        }
    }

    #[test]
    fn rule_20_nobody_who_is_there_decides_without_themselves() {
        let own = DecideWithoutPerson { author: Author::Person, ..decide(EVIDENCE) };
        given([requested(Mode::Involve), proposed(5)]).when(own).then_refused(Reason::Rule, "the_persons_own");
    }

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
        let access::Decision::Permit(scope) = scope_of(&[Category::Consultations]) else { panic!("denied") };
        let view = |sensitivity| {
            PersonViewRecorded {
                decision: None,
                view: "I am afraid of him".into(),
                sensitivity,
                entry: None,
                word: None,
            }
            .into()
        };
        let decided = |view| {
            let state = Consultation::folded(&[requested(Mode::Involve), proposed(5), view]);
            decide(EVIDENCE).decide_within(&state, Some(&scope)).map(|events| events.len())
        };
        let kept = Sensitivity { level: Level::VeryRestricted, labels: vec![] };
        assert_eq!(decided(view(Some(kept))), Ok(1));
        assert_eq!(decided(view(None)).unwrap_err().subject, "the_persons_view");
    }

    #[test]
    fn rule_20_that_the_person_chose_not_to_is_their_word_or_that_of_another_agency() {
        let before = || [requested(Mode::Consult), proposed(5)];
        let chose = || DecideWithoutPerson { ground: WithoutPersonGround::ChoseNotTo, ..decide(EVIDENCE) };
        given(before()).when(chose()).then_refused(Reason::Rule, "the_persons_choice");
        let declined = |author| {
            let words = "told me on 3 March, in her kitchen".into();
            ConsultationEvent::from(ParticipationDeclined { decision: id(5), author, words })
        };
        let after = |author| given(before().into_iter().chain([declined(author)]));
        after(NURSE).when(chose()).then_refused(Reason::Rule, "the_persons_choice");
        let other = Author::Worker(Worker::new(AgencyId(uuid::Uuid::from_u128(8)), StaffId(uuid::Uuid::from_u128(9))));
        let (ground, evidence) = (WithoutPersonGround::ChoseNotTo, EVIDENCE.to_owned());
        let decided = DecisionMadeWithoutPerson { decision: id(5), author: NURSE, ground, evidence };
        for author in [Author::Person, other] {
            after(author).when(chose()).then([decided.clone().into()]);
        }
        // Of an agency that has become one with the decider's, too.
        let parts = Parts::of(AgencyId(uuid::Uuid::from_u128(2)), AgencyId(uuid::Uuid::from_u128(8)));
        after(other).when(DecideWithoutPerson { parts, ..chose() }).then_refused(Reason::Rule, "the_persons_choice");
        // What the person proposed themselves is theirs to settle.
        let (text, follow_up) = ("a carer".into(), None);
        let own = DecisionProposed { decision: id(5), author: Author::Person, text, follow_up }.into();
        given([requested(Mode::PersonLed), own])
            .when(decide(EVIDENCE))
            .then_refused(Reason::Rule, "the_persons_decision");
        // Nor does a decision that is proposed after they spoke pass over what they said.
        let spoke = [requested(Mode::Consult), viewed(), proposed(5)];
        given(spoke).when(decide(EVIDENCE)).then_refused(Reason::Rule, "the_persons_view");
        // Whoever says what they think after that takes part.
        let after = before().into_iter().chain([declined(Author::Person), viewed()]);
        given(after).when(chose()).then_refused(Reason::Rule, "the_persons_view");
    }

    #[test]
    fn rule_20_a_view_or_an_objection_cannot_be_passed_over() {
        given([requested(Mode::Involve), proposed(5), viewed()])
            .when(decide(EVIDENCE))
            .then_refused(Reason::Rule, "the_persons_view");
        let objected = DecisionObjected { decision: id(5), reason: "no".into(), word: None }.into();
        given([requested(Mode::Involve), proposed(5), objected])
            .when(decide(EVIDENCE))
            .then_refused(Reason::Rule, "objection_stands");
    }
}
