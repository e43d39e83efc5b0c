//! A row for each RPC, and what changes a relationship.

use domain::ids::{PersonId, RelationshipId, StaffId};
use domain::issuers::{Only, Register};
use domain::person::Person;
use domain::relationship::{
    AcceptSupport, AllowAsking, DeclineSupport, DismissSuggestion, EndSupport, Ending, InviteSupporter, Offer, Parties,
    Proposing, Relationship, WithdrawProposal, accept_support, end_support, invite_supporter, propose_support,
    relationship_id,
};
use domain::sharing::Sharing;
use domain::staff::Staff;
use domain::vocabulary::Subject;
use domain::{Command as _, Refusal};
use engine::{Changes, Freshness, Loaded};
use gate::{Asked, Call};
use proto::relationships::v1 as pb;
use proto::relationships::v1::relationship_service_server::RelationshipService;
use rpc::Error;

use crate::Relationships;

gate::service! { RelationshipService for Relationships {
    propose_support(ProposeSupportRequest) -> ProposeSupportResponse: propose,
    accept_support(AcceptSupportRequest) -> AcceptSupportResponse: accept,
    enter_acceptance(EnterAcceptanceRequest) -> EnterAcceptanceResponse: enter_acceptance,
    enter_end_of_support(EnterEndOfSupportRequest) -> EnterEndOfSupportResponse: enter_end,
    confirm_acceptance(ConfirmAcceptanceRequest) -> ConfirmAcceptanceResponse: confirm_acceptance,
    confirm_acceptance_as_operator(ConfirmAcceptanceAsOperatorRequest) -> ConfirmAcceptanceAsOperatorResponse: confirm_as_operator,
    decline_support(DeclineSupportRequest) -> DeclineSupportResponse: decline,
    end_support(EndSupportRequest) -> EndSupportResponse: end,
    withdraw_proposal(WithdrawProposalRequest) -> WithdrawProposalResponse: withdraw_proposal,
    allow_asking(AllowAskingRequest) -> AllowAskingResponse: allow_asking,
    invite_supporter(InviteSupporterRequest) -> InviteSupporterResponse: invite,
    dismiss_suggestion(DismissSuggestionRequest) -> DismissSuggestionResponse: dismiss,
    list_my_proposals(ListMyProposalsRequest) -> ListMyProposalsResponse: my_proposals,
    get_my_proposal(GetMyProposalRequest) -> GetMyProposalResponse: get_my_proposal,
    get_my_relationship(GetMyRelationshipRequest) -> GetMyRelationshipResponse: my_relationship,
    list_my_people(ListMyPeopleRequest) -> ListMyPeopleResponse: my_people,
    get_caseload(GetCaseloadRequest) -> GetCaseloadResponse: caseload,
} }

impl Relationships {
    async fn propose(&self, call: &Call, m: pb::ProposeSupportRequest) -> Result<pb::ProposeSupportResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let (id, agency) = (relationship_id(Parties { person, worker: by.worker() }), by.worker().agency());
        let (now, lapses_after_days) = (context.now, self.lapses_after_days);
        let offer = Offer { offer: m.offer, role: call.role().to_owned(), now, lapses_after_days };
        type Loads = (Loaded<Relationship>, Loaded<Person>, Loaded<Sharing>, Loaded<Staff>, Loaded<Register>);
        let decide = |(relationship, record, sharing, staff, register): &Loads, changes: &mut Changes| {
            let resolved = register.resolve(sharing);
            let on = Proposing { relationship, person: record, sharing: &resolved, staff };
            changes.guard(register);
            let proposed = propose_support(on, person, by, offer.clone())?;
            let subject = if record.is_registered() { Subject::from(person) } else { Subject::Agency(agency) };
            changes.record(relationship, subject, proposed);
            changes.guard(sharing);
            changes.guard(staff);
            call.in_role(staff, changes);
            Ok(())
        };
        match self.gate.engine().transact(&context, (id, person, person, by.worker().staff(), Only), decide).await {
            Ok(done) => {
                let (position, proposal) = (done.position.0, self.proposed(id, done.position.0).await);
                Ok(pb::ProposeSupportResponse { position, relationship_id: id.to_string(), proposal })
            }
            Err(error) => Err(self.gate.refused(&Asked::in_network(call)?, person, error).await),
        }
    }

    async fn invite(&self, call: &Call, m: pb::InviteSupporterRequest) -> Result<pb::InviteSupporterResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let id: RelationshipId = rpc::id("relationship_id", &m.relationship_id)?;
        let invite = InviteSupporter { person, message: m.message, now: context.now };
        let supporter = self.supporter(id).await?;
        type Loads = (Loaded<Relationship>, Loaded<Sharing>, Loaded<Staff>, Loaded<Register>);
        let decide = |(relationship, sharing, staff, register): &Loads, changes: &mut Changes| {
            let resolved = register.resolve(sharing);
            changes.record(relationship, person, invite_supporter(relationship, &resolved, staff, invite.clone())?);
            changes.guard(register);
            changes.guard(sharing);
            changes.guard(staff);
            Ok(())
        };
        let invited = self.gate.engine().transact(&context, (id, person, supporter, Only), decide).await?;
        Ok(pb::InviteSupporterResponse { position: invited.position.0 })
    }

    async fn dismiss(
        &self,
        call: &Call,
        m: pb::DismissSuggestionRequest,
    ) -> Result<pb::DismissSuggestionResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let id: RelationshipId = rpc::id("relationship_id", &m.relationship_id)?;
        let now = context.now;
        let dismissed = self.gate.engine().execute(&context, id, person, DismissSuggestion { person, now }).await?;
        Ok(pb::DismissSuggestionResponse { position: dismissed.position.0 })
    }

    /// The supporter of a relationship: whose it is never changes.
    pub(crate) async fn supporter(&self, id: RelationshipId) -> Result<StaffId, Error> {
        let parties = self.gate.engine().load::<Relationship>(id, Freshness::Latest).await?.parties();
        Ok(parties.ok_or_else(|| Error::not_found("relationship"))?.worker.staff())
    }

    async fn accept(&self, call: &Call, m: pb::AcceptSupportRequest) -> Result<pb::AcceptSupportResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let id: RelationshipId = rpc::id("relationship_id", &m.relationship_id)?;
        let (engine, accept) = (self.gate.engine(), AcceptSupport { person, now: context.now });
        let supporter = self.supporter(id).await?;
        type Loads = (Loaded<Relationship>, Loaded<Sharing>, Loaded<Staff>);
        let decide = |(relationship, sharing, staff): &Loads, changes: &mut Changes| {
            let (accepted, opened) = accept_support(id, relationship, sharing, staff, accept.clone())?;
            changes.record(relationship, person, accepted);
            changes.record(sharing, person, opened);
            changes.guard(staff);
            Ok(())
        };
        let accepted = engine.transact(&context, (id, person, supporter), decide).await?;
        Ok(pb::AcceptSupportResponse { position: accepted.position.0 })
    }

    async fn decline(&self, call: &Call, m: pb::DeclineSupportRequest) -> Result<pb::DeclineSupportResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let id: RelationshipId = rpc::id("relationship_id", &m.relationship_id)?;
        let command = DeclineSupport { person, reason: m.reason, not_again: m.not_again, now: context.now };
        let declined = self.gate.engine().execute(&context, id, person, command).await?;
        Ok(pb::DeclineSupportResponse { position: declined.position.0 })
    }

    async fn withdraw_proposal(
        &self,
        call: &Call,
        m: pb::WithdrawProposalRequest,
    ) -> Result<pb::WithdrawProposalResponse, Error> {
        let (by, context) = (call.worker()?, call.context(&m.request_id)?);
        let person: PersonId = rpc::id("person_id", &m.person_id)?;
        let (worker, now) = (by.worker(), context.now);
        let id = relationship_id(Parties { person, worker });
        type Loads = (Loaded<Relationship>, Loaded<Staff>);
        let decide = |(relationship, staff): &Loads, changes: &mut Changes| {
            if !staff.admits(by) {
                return Err(Refusal::undisclosed());
            }
            let withdrawn = WithdrawProposal { worker, now }.decide(relationship)?;
            let heard = relationship.waits_for_the_person();
            let subject = if heard { Subject::from(person) } else { Subject::Agency(worker.agency()) };
            changes.record(relationship, subject, withdrawn);
            changes.guard(staff);
            call.in_role(staff, changes);
            Ok(())
        };
        let withdrawn = self.gate.engine().transact(&context, (id, worker.staff()), decide).await?;
        Ok(pb::WithdrawProposalResponse { position: withdrawn.position.0 })
    }

    async fn allow_asking(&self, call: &Call, m: pb::AllowAskingRequest) -> Result<pb::AllowAskingResponse, Error> {
        let (person, context) = call.own(&m.request_id)?;
        let id: RelationshipId = rpc::id("relationship_id", &m.relationship_id)?;
        let allowed = self.gate.engine().execute(&context, id, person, AllowAsking { person }).await?;
        Ok(pb::AllowAskingResponse { position: allowed.position.0 })
    }

    async fn end(&self, call: &Call, m: pb::EndSupportRequest) -> Result<pb::EndSupportResponse, Error> {
        let wish = self.gate.contribution(call, &m.request_id, &m.person_id, 0).await?;
        let id: RelationshipId = rpc::id("relationship_id", &m.relationship_id)?;
        let (person, end) =
            (wish.person, EndSupport { person: wish.person, by: wish.author, reason: m.reason, now: wish.context.now });
        let record = |on: Ending<'_>, loaded: (&Loaded<Relationship>, &Loaded<Sharing>), changes: &mut Changes| {
            let (ended, closed) = end_support(id, on, end.clone())?;
            changes.record(loaded.0, person, ended);
            changes.record(loaded.1, person, closed);
            Ok(())
        };
        let engine = self.gate.engine();
        let Some(by) = wish.by else {
            type Loads = (Loaded<Relationship>, Loaded<Sharing>);
            let decide = |(relationship, sharing): &Loads, changes: &mut Changes| {
                record(Ending { relationship, sharing, by: None }, (relationship, sharing), changes)
            };
            let ended = engine.transact(&wish.context, (id, person), decide).await?;
            return Ok(pb::EndSupportResponse { position: ended.position.0 });
        };
        type Loads = (Loaded<Relationship>, Loaded<Sharing>, Loaded<Staff>, Loaded<Register>);
        let decide = |(relationship, sharing, staff, register): &Loads, changes: &mut Changes| {
            let on = Ending { relationship, sharing: &register.resolve(sharing), by: Some((by, staff)) };
            record(on, (relationship, sharing), changes)?;
            changes.guard(register);
            changes.guard(staff);
            call.in_role(staff, changes);
            Ok(())
        };
        match engine.transact(&wish.context, (id, person, by.worker().staff(), Only), decide).await {
            Ok(ended) => Ok(pb::EndSupportResponse { position: ended.position.0 }),
            Err(error) => Err(self.gate.refused(&Asked::in_network(call)?, person, error).await),
        }
    }
}
