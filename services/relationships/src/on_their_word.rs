//! What a worker enters on the person's word: that they accept somebody's support.

use domain::access::{Ask, Scope, decide};
use domain::ids::{PersonId, RelationshipId};
use domain::issuers::{Only, Register};
use domain::notices::{Notices, WordCodeFor};
use domain::operations::Act;
use domain::relationship::events::RelationshipEvent;
use domain::relationship::{
    Accepting, ConfirmAcceptance, EnterAcceptance, EnterEnd, Relationship, confirm_acceptance, enter_acceptance,
    enter_end,
};
use domain::sharing::Sharing;
use domain::sharing::events::SharingEvent;
use domain::staff::Staff;
use domain::vocabulary::{
    Action, Author, Category, OnTheirWord, Purpose, Sensitivity, SignedIn, Subject, Timestamp, Worker,
};
use domain::{Command as _, Refusal};
use engine::{Changes, Loaded};
use gate::{Asked, Call, SaidCode};
use proto::relationships::v1 as pb;
use rpc::Error;

use crate::Relationships;

/// What is decided on: the relationship, the directive, the supporter, who enters or confirms it, and which agencies are one.
type Loads = (Loaded<Relationship>, Loaded<Sharing>, Loaded<Staff>, Loaded<Staff>, Loaded<Register>, Loaded<Notices>);

/// Whether somebody who supports the person may see who else does: to nobody else it is told by what becomes of a relationship.
fn knows_the_network(sharing: &Sharing, staff: &Staff, by: SignedIn, now: Timestamp) -> bool {
    let ask = Ask { by, purpose: Purpose::CareCoordination, action: Action::Read, now };
    let covers = |scope: &Scope| scope.covers(Category::SupportNetwork, &Sensitivity::NORMAL);
    sharing.relationship_open(by.worker()) && decide(sharing, staff, &ask).scope().is_some_and(covers)
}

impl Relationships {
    pub(crate) async fn enter_acceptance(
        &self,
        call: &Call,
        m: pb::EnterAcceptanceRequest,
    ) -> Result<pb::EnterAcceptanceResponse, Error> {
        let (by, person): (_, PersonId) = (call.worker()?, rpc::id("person_id", &m.person_id)?);
        let by_code = !m.code.is_empty();
        let word = OnTheirWord { by_code, ..OnTheirWord::new(by.worker(), m.on_their_word) };
        let accept = |on: Accepting<'_>, now| enter_acceptance(on, EnterAcceptance { person, word: word.clone(), now });
        let said = self.gate.word_code(call, person, &m.code).await?;
        let position = self.on_word(call, (&m.request_id, person, &m.relationship_id), (by, said), accept).await?;
        Ok(pb::EnterAcceptanceResponse { position })
    }

    pub(crate) async fn confirm_acceptance(
        &self,
        call: &Call,
        m: pb::ConfirmAcceptanceRequest,
    ) -> Result<pb::ConfirmAcceptanceResponse, Error> {
        let (by, person): (_, PersonId) = (call.worker()?, rpc::id("person_id", &m.person_id)?);
        let author = Author::Worker(by.worker());
        let accept = |on: Accepting<'_>, now| {
            confirm_acceptance(on, ConfirmAcceptance { person, author, reason: m.reason.clone(), now })
        };
        let position = self.on_word(call, (&m.request_id, person, &m.relationship_id), (by, None), accept).await?;
        Ok(pb::ConfirmAcceptanceResponse { position })
    }

    pub(crate) async fn enter_end(
        &self,
        call: &Call,
        m: pb::EnterEndOfSupportRequest,
    ) -> Result<pb::EnterEndOfSupportResponse, Error> {
        let (by, person): (_, PersonId) = (call.worker()?, rpc::id("person_id", &m.person_id)?);
        let word = OnTheirWord::new(by.worker(), m.on_their_word);
        let end = |on: Accepting<'_>, now| enter_end(on, EnterEnd { person, word: word.clone(), now });
        let position = self.on_word(call, (&m.request_id, person, &m.relationship_id), (by, None), end).await?;
        Ok(pb::EnterEndOfSupportResponse { position })
    }

    pub(crate) async fn confirm_as_operator(
        &self,
        call: &Call,
        m: pb::ConfirmAcceptanceAsOperatorRequest,
    ) -> Result<pb::ConfirmAcceptanceAsOperatorResponse, Error> {
        let context = call.context(&m.request_id)?;
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let id: RelationshipId = rpc::id("relationship_id", &m.relationship_id)?;
        let supporter = self.supporter(id).await?;
        let confirm = ConfirmAcceptance { person, author: Author::System, reason: m.reason, now: context.now };
        type Loads = (Loaded<Relationship>, Loaded<Sharing>, Loaded<Staff>, Loaded<Register>);
        let decide = |(relationship, sharing, supporter, register): &Loads, changes: &mut Changes| {
            let parts = register.parts();
            let sharing_now = &register.resolve(sharing);
            let on = Accepting { id, relationship, sharing: sharing_now, supporter, parts };
            let (accepted, opened) = confirm_acceptance(on, confirm.clone())?;
            changes.record(relationship, person, accepted);
            changes.record(sharing, person, opened);
            changes.guard(supporter);
            changes.guard(register);
            call.acts(changes, Act::ConfirmedAcceptance, None, person.to_string());
            Ok(())
        };
        let confirmed = self.gate.engine().transact(&context, (id, person, supporter, Only), decide).await?;
        Ok(pb::ConfirmAcceptanceAsOperatorResponse { position: confirmed.position.0 })
    }

    /// What a worker does who supports the person, or is the supporter whom it is about. For everybody else it is as if there were no such person.
    async fn on_word(
        &self,
        call: &Call,
        (request_id, person, relationship_id): (&str, PersonId, &str),
        (by, said): (SignedIn, Option<SaidCode>),
        accept: impl Fn(Accepting<'_>, Timestamp) -> Result<(Vec<RelationshipEvent>, Vec<SharingEvent>), Refusal>
        + Send
        + Sync,
    ) -> Result<u64, Error> {
        let context = call.context(request_id)?;
        let now = context.now;
        let id: RelationshipId = rpc::id("relationship_id", relationship_id)?;
        let refused = async |error| Err(self.gate.refused(&Asked::in_network(call)?, person, error).await);
        let Ok(supporter_id) = self.supporter(id).await else {
            return refused(Refusal::undisclosed().into()).await;
        };
        let decide = |(relationship, sharing, supporter, staff, register, notices): &Loads, changes: &mut Changes| {
            let resolved = register.resolve(sharing);
            // The supporter themselves, or who supports the person already: for everybody else it is as if there were no such person.
            let proposed = relationship.proposed_to(person);
            let knows = |supporter: Worker| {
                supporter == by.worker() || (resolved.hears(by) && knows_the_network(&resolved, staff, by, now))
            };
            if !staff.admits(by) || !proposed.is_some_and(knows) {
                return Err(Refusal::undisclosed());
            }
            let on = Accepting { id, relationship, sharing: &resolved, supporter, parts: register.parts() };
            // Before all else: of whom the person does not hear, nobody has a code, and what is none is refused alike.
            let used =
                said.map(|said| said.used(by.worker(), WordCodeFor::Acceptance, now).decide(notices)).transpose()?;
            let (accepted, opened) = accept(on, now)?;
            if let Some(used) = used.filter(|_| !accepted.is_empty()) {
                changes.record(notices, person, used);
                changes.holds_until(said.and_then(|said| said.expires_at()));
            }
            // Of what nobody hears the agency keeps that it was asked: nobody may be registered there.
            let agency = Subject::Agency(by.worker().agency());
            let subject = if accepted.is_empty() { agency } else { Subject::from(person) };
            changes.record(relationship, subject, accepted);
            changes.record(sharing, person, opened);
            changes.guard(supporter);
            changes.guard(staff);
            changes.guard(register);
            call.in_role(staff, changes);
            Ok(())
        };
        let ids = (id, person, supporter_id, by.worker().staff(), Only, person);
        match self.gate.engine().transact(&context, ids, decide).await {
            Ok(done) => Ok(done.position.0),
            Err(error) => refused(error).await,
        }
    }
}
