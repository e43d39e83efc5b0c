//! Who is to take part, and whether they come. An invitation opens nothing: whoever is invited sees what the person shares. Only whom the person invites
//! to what they keep to few they name by that.

use super::events::{ConsultationEvent, ParticipantInvited, ParticipantResponded};
use super::request_consultation::NAMED_LIMIT;
use super::{Consultation, has_room};
use crate::ids::PersonId;
use crate::text::{PARAGRAPH, optional};
use crate::vocabulary::{Author, Worker};
use crate::{Command, Refusal};

/// How often a worker says whether they come, at most.
const ANSWERS_LIMIT: usize = 10;

/// Invites a worker.
#[derive(Debug, Clone)]
pub struct InviteParticipant {
    pub person: PersonId,
    /// Who invites.
    pub author: Author,
    /// Whom; none when it is nobody who is known here.
    pub worker: Option<Worker>,
}

/// Says whether one comes: whoever was invited, or the person. The last that was said holds.
#[derive(Debug, Clone)]
pub struct RespondToInvitation {
    pub person: PersonId,
    /// Who says so.
    pub author: Author,
    pub comes: bool,
    /// What they need, or why they do not come; may be empty.
    pub words: String,
}

/// Somebody who is to take part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Participant {
    pub(super) author: Author,
    /// Whether they come, and what they said; none before they have answered.
    pub(super) answer: Option<(bool, String)>,
    /// How often they have answered.
    answers: usize,
}

impl Consultation {
    fn participant(&self, author: Author) -> Option<&Participant> {
        self.participants.iter().find(|known| known.author == author)
    }

    /// Takes in that somebody is invited.
    pub(super) fn invited(&mut self, e: &ParticipantInvited) {
        self.part_of(Author::Worker(e.worker));
        self.circle.invite(e.worker, e.author);
    }

    /// Takes in whether somebody comes.
    pub(super) fn responded(&mut self, e: &ParticipantResponded) {
        if let Some(known) = self.part_of(e.author) {
            known.answer = Some((e.comes, e.words.clone()));
            known.answers += 1;
        }
    }

    /// Somebody among the participants, as whom they are from now on.
    fn part_of(&mut self, author: Author) -> Option<&mut Participant> {
        if self.participant(author).is_none() {
            self.participants.push(Participant { author, answer: None, answers: 0 });
        }
        self.participants.iter_mut().find(|known| known.author == author)
    }
}

impl Command for InviteParticipant {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        let Self { person, author, worker } = self;
        state.open_for(person)?;
        let worker = worker.ok_or_else(|| Refusal::invalid("staff_id", "must be of somebody who is known here"))?;
        let names = author == Author::Person && state.circle.kept && !state.circle.named.contains(&worker.staff());
        if !names && state.participant(Author::Worker(worker)).is_some() {
            return Ok(vec![]);
        }
        has_room(state.participants.len(), author, "participants")?;
        if author == Author::Person && state.circle.kept && state.circle.named.len() >= NAMED_LIMIT {
            return Err(Refusal::rule("named_limit", format!("at most `{NAMED_LIMIT}` workers are named")));
        }
        Ok(vec![ParticipantInvited { worker, author }.into()])
    }
}

impl Command for RespondToInvitation {
    type Aggregate = Consultation;

    fn decide(self, state: &Consultation) -> Result<Vec<ConsultationEvent>, Refusal> {
        let Self { person, author, comes, words } = self;
        optional("words", &words, PARAGRAPH)?;
        state.open_for(person)?;
        let known = state.participant(author);
        if known.is_none() && author != Author::Person {
            return Err(Refusal::rule("invited", "only whoever was invited says whether they come"));
        }
        if known.is_some_and(|known| known.answer.as_ref() == Some(&(comes, words.clone()))) {
            return Ok(vec![]);
        }
        // Nobody uses up what others have.
        let said = known.map_or(0, |known| known.answers);
        if said >= ANSWERS_LIMIT && author != Author::Person {
            let says = format!("at most `{ANSWERS_LIMIT}` times one says whether one comes");
            return Err(Refusal::rule("answers_limit", says));
        }
        has_room(said, author, "answers to an invitation")?;
        Ok(vec![ParticipantResponded { author, comes, words }.into()])
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::ConsultationRequested;
    use super::super::fixtures::{NURSE, PERSON, requested};
    use super::super::{Circle, Mode};
    use super::*;
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;
    use crate::{Aggregate as _, Reason};
    use uuid::Uuid;

    fn doctor() -> Worker {
        Worker::new(AgencyId(Uuid::from_u128(7)), StaffId(Uuid::from_u128(8)))
    }

    fn invited(author: Author) -> ConsultationEvent {
        ParticipantInvited { worker: doctor(), author }.into()
    }

    fn answers(author: Author, comes: bool) -> RespondToInvitation {
        RespondToInvitation { person: PERSON, author, comes, words: "by phone".into() }
    }

    fn answered(author: Author, comes: bool) -> ConsultationEvent {
        ParticipantResponded { author, comes, words: "by phone".into() }.into()
    }

    #[test]
    fn whoever_is_invited_says_whether_they_come_and_nobody_else_does() {
        let invite = |author| InviteParticipant { person: PERSON, author, worker: Some(doctor()) };
        let history = vec![requested(Mode::Consult), invited(NURSE)];
        given([requested(Mode::Consult)]).when(invite(NURSE)).then([invited(NURSE)]);
        given(history.clone()).when(invite(Author::Person)).then_nothing();
        let by = Author::Worker(doctor());
        given(history.clone()).when(answers(by, true)).then([answered(by, true)]);
        given(history.clone()).when(answers(NURSE, true)).then_refused(Reason::Rule, "invited");
        given(history.clone()).when(answers(Author::Person, false)).then([answered(Author::Person, false)]);
        let said = [history, vec![answered(by, true)]].concat();
        given(said.clone()).when(answers(by, true)).then_nothing();
        given(said).when(answers(by, false)).then([answered(by, false)]);
    }

    #[test]
    fn only_whom_the_person_invites_sees_what_they_keep_to_few() {
        let (mode, topic) = (Mode::PersonLed, "my home".into());
        let circle = Circle::kept(vec![], std::collections::BTreeSet::new());
        let kept = ConsultationRequested { person: PERSON, author: Author::Person, mode, topic, circle };
        let named = |author| {
            let held = Consultation::folded(&[kept.clone().into(), invited(author)]);
            held.circle().named.contains(&doctor().staff())
        };
        assert_eq!((named(Author::Person), named(NURSE)), (true, false));
        // Whom somebody else invited before the person still names.
        let before = vec![kept.clone().into(), invited(NURSE)];
        let invite = InviteParticipant { person: PERSON, author: Author::Person, worker: Some(doctor()) };
        given(before.clone()).when(invite.clone()).then([invited(Author::Person)]);
        let held = Consultation::folded(&[before, vec![invited(Author::Person)]].concat());
        assert!(held.circle().named.contains(&doctor().staff()) && held.participants.len() == 1);
        assert_eq!(invite.decide(&held), Ok(vec![]));
    }
}
