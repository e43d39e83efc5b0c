//! An objection can go to an independent advocate (rule 21): asked by the person, answered to the person, and heard before the decision is taken up again.

use std::collections::BTreeSet;

use super::Consultation;
use super::events::{AdvocateHeard, ConsultationEvent, ObjectionTakenToAdvocate};
use crate::ids::{AgencyId, EntryId, PersonId, StaffId};
use crate::issuers::Parts;
use crate::text::{PARAGRAPH, explained, optional};
use crate::vocabulary::{Author, Timestamp};
use crate::{Command, Refusal};

/// How long an advocate has, in days. While they have it nobody but the person takes anything up again.
const ANSWER_DAYS: u32 = 10;
/// The shortest answer, in characters.
const ANSWER_LEAST: usize = 20;

/// The person takes an objection of theirs to an advocate.
#[derive(Debug, Clone)]
pub struct TakeToAdvocate {
    pub person: PersonId,
    pub decision: EntryId,
    pub agency: AgencyId,
    /// Whether the agency's kind is advocacy.
    pub is_advocacy: bool,
    /// Who there supports the person: for everybody else it is as if there were no such consultation.
    pub supporters: BTreeSet<StaffId>,
    /// Which agencies are one.
    pub parts: Parts,
    /// What they ask; may be empty.
    pub words: String,
    pub now: Timestamp,
}

/// The advocate answers.
#[derive(Debug, Clone)]
pub struct AnswerAsAdvocate {
    pub person: PersonId,
    pub decision: EntryId,
    /// Who answers.
    pub author: Author,
    pub words: String,
    /// Which agencies are one.
    pub parts: Parts,
}

/// Where an objection is with an advocate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hearing {
    agency: AgencyId,
    answer_by: Timestamp,
    heard: bool,
}

impl Hearing {
    pub(super) fn asked(e: &ObjectionTakenToAdvocate) -> Self {
        Self { agency: e.agency, answer_by: e.answer_by, heard: false }
    }

    pub(super) fn heard(self) -> Self {
        Self { heard: true, ..self }
    }

    /// Whether it is yet to be heard, be it overdue.
    pub(super) fn is_open(self) -> bool {
        !self.heard
    }

    fn waits(&self, now: Timestamp) -> bool {
        self.is_open() && now < self.answer_by
    }
}

impl Consultation {
    /// Refuses to take anything up again while an advocate is yet to be heard.
    pub(super) fn has_heard_the_advocate(&self, by: Author, now: Timestamp) -> Result<(), Refusal> {
        let waits = self.decisions.values().filter_map(|decision| decision.hearing).any(|hearing| hearing.waits(now));
        if by == Author::Person || !waits {
            return Ok(());
        }
        Err(Refusal::rule(
            "advocate_first",
            "the person has asked an advocate, who is heard before anything is taken up again",
        ))
    }

    /// Whether an agency has proposed or decided something here.
    fn decides(&self, is_it: impl Fn(AgencyId) -> bool) -> bool {
        let sides = self.decisions.values().flat_map(|known| std::iter::once(known.author).chain(known.decider));
        sides.filter_map(Author::worker).any(|side| is_it(side.agency()))
    }
}

fn not_independent() -> Refusal {
    let says = "an advocate is of an agency of the kind `advocacy` that supports the person, and proposes and decides nothing here";
    Refusal::rule("independent_advocate", says)
}

impl Command for TakeToAdvocate {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        let Self { person, decision, agency, is_advocacy, supporters, parts, words, now } = self;
        optional("words", &words, PARAGRAPH)?;
        state.is_of(person)?;
        let known = state.decision(decision)?;
        if !known.objected {
            return Err(Refusal::rule("objection_stands", "only what the person objects to goes to an advocate"));
        }
        if !is_advocacy || supporters.is_empty() || state.decides(|side| parts.are_one(side, agency)) {
            return Err(not_independent());
        }
        if state.circle.kept && state.circle.named.is_disjoint(&supporters) {
            let says = "you keep this consultation to few: invite somebody of that agency first";
            return Err(Refusal::rule("advocate_sees", says));
        }
        if known.hearing.is_some_and(|hearing| hearing.agency == agency && (hearing.heard || hearing.waits(now))) {
            return Ok(vec![]);
        }
        let answer_by = now.plus_days(ANSWER_DAYS);
        Ok(vec![ObjectionTakenToAdvocate { decision, agency, words, answer_by }.into()])
    }
}

impl Command for AnswerAsAdvocate {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        let Self { person, decision, author, words, parts } = self;
        explained("words", &words, ANSWER_LEAST)?;
        state.is_of(person)?;
        let own = author.worker().map(|worker| worker.agency());
        let hearing = state.decision(decision)?.hearing;
        let is_asked = hearing.zip(own).is_some_and(|(hearing, own)| parts.are_one(hearing.agency, own));
        if !is_asked {
            return Err(Refusal::rule("asked_advocate", "only the advocate whom the person has asked answers"));
        }
        if own.is_some_and(|own| state.decides(|side| parts.are_one(side, own))) {
            return Err(not_independent());
        }
        if hearing.is_some_and(|hearing| hearing.heard) {
            return Err(Refusal::rule("asked_advocate", "the advocate has answered already"));
        }
        Ok(vec![AdvocateHeard { decision, author, words }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::{AnswerTakenBack, DecisionObjected};
    use super::super::fixtures::{NURSE, PERSON, id, proposed, requested};
    use super::super::{Mode, ProposeDecision};
    use super::*;
    use crate::Reason;
    use crate::scenario::given;
    use crate::vocabulary::Worker;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(0);
    const ADVOCACY: AgencyId = AgencyId(Uuid::from_u128(60));

    fn advocate() -> Author {
        Author::Worker(Worker::new(ADVOCACY, StaffId(Uuid::from_u128(61))))
    }

    fn take(agency: AgencyId) -> TakeToAdvocate {
        let (is_advocacy, words, parts) = (true, "please hear me".into(), Parts::default());
        let supporters = BTreeSet::from([StaffId(Uuid::from_u128(61))]);
        TakeToAdvocate { person: PERSON, decision: id(5), agency, is_advocacy, supporters, parts, words, now: NOW }
    }

    fn taken() -> ConsultationEvent {
        let (words, answer_by) = ("please hear me".into(), NOW.plus_days(ANSWER_DAYS));
        ObjectionTakenToAdvocate { decision: id(5), agency: ADVOCACY, words, answer_by }.into()
    }

    fn objected() -> Vec<ConsultationEvent> {
        let objected = DecisionObjected { decision: id(5), reason: "no".into(), word: None };
        vec![requested(Mode::Consult), proposed(5), objected.into()]
    }

    fn answer(author: Author) -> AnswerAsAdvocate {
        let words = "She is right: nobody asked her first".into();
        AnswerAsAdvocate { person: PERSON, decision: id(5), author, words, parts: Parts::default() }
    }

    fn heard() -> ConsultationEvent {
        let AnswerAsAdvocate { decision, author, words, .. } = answer(advocate());
        AdvocateHeard { decision, author, words }.into()
    }

    #[test]
    fn rule_21_an_objection_goes_to_an_advocate_who_decides_nothing_here() {
        given(objected()).when(take(ADVOCACY)).then([taken()]);
        given([requested(Mode::Consult), proposed(5)])
            .when(take(ADVOCACY))
            .then_refused(Reason::Rule, "objection_stands");
        let nurses = NURSE.worker().map(|nurse| nurse.agency()).unwrap();
        for refused in [
            take(nurses),
            TakeToAdvocate { is_advocacy: false, ..take(ADVOCACY) },
            TakeToAdvocate { supporters: BTreeSet::new(), ..take(ADVOCACY) },
            TakeToAdvocate { parts: Parts::of(ADVOCACY, nurses), ..take(ADVOCACY) },
        ] {
            given(objected()).when(refused).then_refused(Reason::Rule, "independent_advocate");
        }
        let asked = [objected(), vec![taken()]].concat();
        given(asked.clone()).when(take(ADVOCACY)).then_nothing();
        given(asked.clone()).when(answer(advocate())).then([heard()]);
        given(asked.clone()).when(answer(NURSE)).then_refused(Reason::Rule, "asked_advocate");
        // Who has become one with whoever proposed is independent no more.
        let one = AnswerAsAdvocate { parts: Parts::of(ADVOCACY, nurses), ..answer(advocate()) };
        given(asked.clone()).when(one).then_refused(Reason::Rule, "independent_advocate");
        let done = [asked, vec![heard()]].concat();
        given(done.clone()).when(answer(advocate())).then_refused(Reason::Rule, "asked_advocate");
        given(done).when(take(ADVOCACY)).then_nothing();
    }

    #[test]
    fn rule_21_nothing_is_taken_up_again_before_the_advocate_is_heard() {
        let propose = |author, now| {
            let (decision, text) = (id(6), "a carer once a day".into());
            ProposeDecision { person: PERSON, decision, author, text, follow_up: None, now }
        };
        let asked = [objected(), vec![taken()]].concat();
        let is_refused = |history: &[ConsultationEvent], author, now| {
            use crate::Aggregate as _;
            propose(author, now).decide(&Consultation::folded(history)).is_err_and(|no| no.subject == "advocate_first")
        };
        assert!(is_refused(&asked, NURSE, NOW));
        assert!(!is_refused(&asked, Author::Person, NOW));
        assert!(!is_refused(&asked, NURSE, NOW.plus_days(ANSWER_DAYS)), "overdue, and told so");
        assert!(!is_refused(&[asked.clone(), vec![heard()]].concat(), NURSE, NOW));
        let back = AnswerTakenBack { decision: id(5), reason: String::new(), word: None };
        assert!(!is_refused(&[asked, vec![back.into()]].concat(), NURSE, NOW));
    }
}
