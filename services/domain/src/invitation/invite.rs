use super::events::{InvitationEvent, NewcomerInvited, ReturnConfirmed, ReturnInvited};
use super::{CODE_DAYS, For, Invitation};
use crate::ids::{InvitationId, PersonId};
use crate::issuers::Parts;
use crate::text::{LINE, PARAGRAPH, explained, optional, required};
use crate::vocabulary::{Author, Timestamp, Worker};
use crate::{Command, Refusal};

/// The shortest reason for letting somebody sign in anew, in characters.
const REASON_LEAST: usize = 20;

/// A worker invites somebody. Nothing is looked up by the name: whether they are here already is found out by whoever claims it, and by nobody else.
#[derive(Debug, Clone)]
pub struct InvitePerson {
    /// Who they would be, if they are new.
    pub person: PersonId,
    pub worker: Worker,
    /// A name that they use.
    pub name: String,
    /// How to reach them; may be empty.
    pub reach: String,
    /// What the worker offers; may be empty.
    pub offer: String,
    pub now: Timestamp,
}

/// A worker who supports somebody asks that they may sign in anew.
#[derive(Debug, Clone)]
pub struct InviteReturn {
    pub person: PersonId,
    pub worker: Worker,
    /// Why, in words that the person reads.
    pub reason: String,
    pub now: Timestamp,
}

/// Somebody else confirms that: a worker of another agency who supports them, too, or whoever runs the system.
#[derive(Debug, Clone)]
pub struct ConfirmReturn {
    pub author: Author,
    /// Why, in words that the person reads.
    pub reason: String,
    /// The other code: a claim needs both, so that neither of the two who vouch can take the place alone.
    pub second: InvitationId,
    pub now: Timestamp,
    /// Which agencies are one.
    pub parts: Parts,
}

impl Command for InvitePerson {
    type Aggregate = Invitation;

    fn decide(self, state: &Invitation) -> Result<Vec<InvitationEvent>, Refusal> {
        required("name", &self.name, LINE)?;
        optional("reach", &self.reach, LINE)?;
        optional("offer", &self.offer, PARAGRAPH)?;
        state.is_unused()?;
        let Self { person, worker, name, reach, offer, now } = self;
        let (at, expires) = (now, now.plus_days(CODE_DAYS));
        Ok(vec![NewcomerInvited { person, worker, name, reach, offer, at, expires }.into()])
    }
}

impl Command for InviteReturn {
    type Aggregate = Invitation;

    fn decide(self, state: &Invitation) -> Result<Vec<InvitationEvent>, Refusal> {
        explained("reason", &self.reason, REASON_LEAST)?;
        state.is_unused()?;
        let Self { person, worker, reason, now } = self;
        Ok(vec![ReturnInvited { person, worker, reason, expires: now.plus_days(CODE_DAYS) }.into()])
    }
}

impl Command for ConfirmReturn {
    type Aggregate = Invitation;

    fn decide(self, state: &Invitation) -> Result<Vec<InvitationEvent>, Refusal> {
        explained("reason", &self.reason, REASON_LEAST)?;
        match state.taken(self.now)? {
            For::Return { confirmed: Some((_, second)), .. } if *second == Some(self.second) => Ok(vec![]),
            For::Return { confirmed: Some(_), .. } => Err(Refusal::already_exists("confirmation")),
            For::Return { worker, .. } if self.parts.are_one_side(Author::Worker(*worker), self.author) => {
                Err(Refusal::rule("another_agency", "it is confirmed by a worker of another agency"))
            }
            For::Return { .. } => {
                let Self { author, reason, second, .. } = self;
                Ok(vec![ReturnConfirmed { author, reason, second: Some(second) }.into()])
            }
            For::Newcomer { .. } | For::Finding { .. } => Err(Refusal::not_found("code")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::events::CodeUsed;
    use super::*;
    use crate::Reason;
    use crate::ids::{AgencyId, StaffId};
    use crate::scenario::given;
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp(1_000);
    const PERSON: PersonId = PersonId(Uuid::from_u128(1));

    fn worker(agency: u128) -> Worker {
        Worker::new(AgencyId(Uuid::from_u128(agency)), StaffId(Uuid::from_u128(agency + 1)))
    }

    #[test]
    fn who_signs_in_anew_is_vouched_for_by_two_of_different_agencies() {
        let reason = || "she has lost her phone; I have known her for years".to_owned();
        let invite =
            |reason: &str| InviteReturn { person: PERSON, worker: worker(10), reason: reason.into(), now: NOW };
        let expires = NOW.plus_days(CODE_DAYS);
        let invited: InvitationEvent =
            ReturnInvited { person: PERSON, worker: worker(10), reason: reason(), expires }.into();
        given([]).when(invite(&reason())).then([invited.clone()]);
        given([]).when(invite("lost it")).then_refused(Reason::Invalid, "reason");
        given([invited.clone()]).when(invite(&reason())).then_refused(Reason::AlreadyExists, "invitation");
        let second = InvitationId(Uuid::from_u128(9));
        let confirm = |author| ConfirmReturn { author, reason: reason(), second, now: NOW, parts: Parts::default() };
        let confirmed =
            |author| InvitationEvent::from(ReturnConfirmed { author, reason: reason(), second: Some(second) });
        let (own, other) = (Author::Worker(worker(10)), Author::Worker(worker(20)));
        given([invited.clone()]).when(confirm(own)).then_refused(Reason::Rule, "another_agency");
        for author in [other, Author::System] {
            given([invited.clone()]).when(confirm(author)).then([confirmed(author)]);
        }
        let merged = Parts::of(worker(20).agency(), worker(10).agency());
        let one = ConfirmReturn { parts: merged, ..confirm(other) };
        given([invited.clone()]).when(one).then_refused(Reason::Rule, "another_agency");
        given([invited.clone(), confirmed(other)]).when(confirm(other)).then_nothing();
        let again = ConfirmReturn { second: InvitationId(Uuid::nil()), ..confirm(Author::System) };
        given([invited.clone(), confirmed(other)]).when(again).then_refused(Reason::AlreadyExists, "confirmation");
        let late = ConfirmReturn { now: expires, ..confirm(other) };
        given([invited.clone()]).when(late).then_refused(Reason::NotFound, "code");
        let used = CodeUsed { author: Author::Person, person: PERSON }.into();
        given([invited, used]).when(confirm(other)).then_refused(Reason::NotFound, "code");
        given([]).when(confirm(other)).then_refused(Reason::NotFound, "code");
    }

    #[test]
    fn an_invitation_has_a_name() {
        let invite = |name: &str| InvitePerson {
            person: PERSON,
            worker: worker(10),
            name: name.into(),
            reach: String::new(),
            offer: String::new(),
            now: NOW,
        };
        given([]).when(invite("")).then_refused(Reason::Invalid, "name");
        let decided = invite("Ailsa").decide(&Invitation::default()).unwrap();
        given(decided).when(invite("Ailsa")).then_refused(Reason::AlreadyExists, "invitation");
    }
}
