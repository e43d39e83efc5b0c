//! One method for each RPC.

use access::{Asked, Caller, Contribution};
use domain::ids::{PersonId, RelationshipId};
use domain::person::Person;
use domain::relationship::{
    AcceptSupport, DeclineSupport, EndSupport, Parties, ProposeSupport, Relationship, end_support,
};
use domain::sharing::{OpenRelationshipAccess, Sharing};
use domain::staff::Staff;
use domain::vocabulary::{Category, Purpose};
use domain::{Command, Refusal};
use engine::{Context, Loaded};
use events::Actor;
use proto::relationships::v1 as pb;
use proto::relationships::v1::relationship_service_server::RelationshipService;
use rpc::Error;
use tonic::{Extensions, Request, Response, Status};

use crate::Relationships;

/// A person's own answer: who, about what, under which request.
fn own(
    extensions: &Extensions,
    request_id: &str,
    relationship_id: &str,
) -> Result<(PersonId, RelationshipId, Context), Error> {
    let person = Caller::of(extensions)?.person()?;
    let context = Context::new(Actor::person(person), access::request_id(extensions, request_id)?);
    Ok((person, rpc::id("relationship_id", relationship_id)?, context))
}

impl Relationships {
    async fn propose(
        &self,
        extensions: &Extensions,
        message: pb::ProposeSupportRequest,
    ) -> Result<pb::ProposeSupportResponse, Error> {
        let (agency, staff) = Caller::of(extensions)?.staff()?;
        let person: PersonId = rpc::id("person_id", &message.person_id)?;
        let context =
            Context::new(Actor::staff(agency, staff, ""), access::request_id(extensions, &message.request_id)?);
        let relationship = RelationshipId(context.new_id());
        type Loads = (Loaded<Relationship>, Loaded<Person>, Loaded<Sharing>, Loaded<Staff>);
        let ids = (relationship.0, person.0, person.0, staff.0);
        let offer = message.offer;
        let proposed = self.gate.engine().transact(&context, ids, |(new, record, sharing, worker): &Loads, changes| {
            // What depends on the worker and their words comes first: whether somebody is registered, or has blocked the
            // agency, is not told by what is refused.
            let parties = Parties { person, agency, staff };
            let propose = ProposeSupport { parties, role: worker.role().to_owned(), offer: offer.clone() };
            if !worker.works_for(agency) {
                return Err(Refusal::undisclosed());
            }
            let events = propose.decide(new)?;
            if !record.is_registered() || sharing.is_blocked(agency) {
                return Err(Refusal::undisclosed());
            }
            changes.record(new, person.0, events);
            changes.guard(sharing);
            changes.guard(worker);
            changes.in_role(worker.role());
            Ok(())
        });
        match proposed.await {
            Ok(committed) => Ok(pb::ProposeSupportResponse {
                position: committed.position.0,
                relationship_id: relationship.to_string(),
            }),
            Err(error) => {
                let asked = Asked {
                    agency,
                    staff,
                    purpose: Purpose::SupportNetwork,
                    categories: vec![Category::SupportNetwork],
                };
                Err(self.gate.refused(&asked, person, error).await)
            }
        }
    }

    async fn accept(
        &self,
        extensions: &Extensions,
        message: pb::AcceptSupportRequest,
    ) -> Result<pb::AcceptSupportResponse, Error> {
        let (person, id, context) = own(extensions, &message.request_id, &message.relationship_id)?;
        type Loads = (Loaded<Relationship>, Loaded<Sharing>);
        let accepted =
            self.gate.engine().transact(&context, (id.0, person.0), |(relationship, sharing): &Loads, changes| {
                let events = AcceptSupport { person }.decide(relationship)?;
                let parties = relationship.parties().ok_or_else(|| Refusal::not_found("relationship"))?;
                let open = OpenRelationshipAccess { relationship: id, agency: parties.agency, staff: parties.staff };
                changes.record(relationship, person.0, events);
                changes.record(sharing, person.0, open.decide(sharing)?);
                Ok(())
            });
        Ok(pb::AcceptSupportResponse { position: accepted.await?.position.0 })
    }

    async fn end(
        &self,
        extensions: &Extensions,
        message: pb::EndSupportRequest,
    ) -> Result<pb::EndSupportResponse, Error> {
        let category = Category::SupportNetwork;
        let wish = Contribution::read(extensions, &message.request_id, &message.person_id, 0, category)?;
        let (person, context) = wish.target()?;
        let id: RelationshipId = rpc::id("relationship_id", &message.relationship_id)?;
        let (by, reason) = (context.actor.author(), message.reason);
        type Loads = (Loaded<Relationship>, Loaded<Sharing>);
        let ended =
            self.gate.engine().transact(&context, (id.0, person.0), |(relationship, sharing): &Loads, changes| {
                let end = EndSupport { person, by, reason: reason.clone() };
                let (ended, closed) = end_support(id, relationship, sharing, end)?;
                changes.record(relationship, person.0, ended);
                changes.record(sharing, person.0, closed);
                Ok(())
            });
        Ok(pb::EndSupportResponse { position: ended.await?.position.0 })
    }
}

#[tonic::async_trait]
impl RelationshipService for Relationships {
    async fn propose_support(
        &self,
        request: Request<pb::ProposeSupportRequest>,
    ) -> Result<Response<pb::ProposeSupportResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.propose(&extensions, message).await?))
    }

    async fn accept_support(
        &self,
        request: Request<pb::AcceptSupportRequest>,
    ) -> Result<Response<pb::AcceptSupportResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.accept(&extensions, message).await?))
    }

    async fn decline_support(
        &self,
        request: Request<pb::DeclineSupportRequest>,
    ) -> Result<Response<pb::DeclineSupportResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        let (person, id, context) = own(&extensions, &message.request_id, &message.relationship_id)?;
        let reason = message.reason;
        let declined =
            self.gate.engine().transact(&context, (id.0,), |(relationship,): &(Loaded<Relationship>,), changes| {
                changes.record(
                    relationship,
                    person.0,
                    DeclineSupport { person, reason: reason.clone() }.decide(relationship)?,
                );
                Ok(())
            });
        let position = declined.await.map_err(Error::from)?.position.0;
        Ok(Response::new(pb::DeclineSupportResponse { position }))
    }

    async fn end_support(
        &self,
        request: Request<pb::EndSupportRequest>,
    ) -> Result<Response<pb::EndSupportResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.end(&extensions, message).await?))
    }

    async fn list_my_people(
        &self,
        request: Request<pb::ListMyPeopleRequest>,
    ) -> Result<Response<pb::ListMyPeopleResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.my_people(&extensions, message).await?))
    }

    async fn get_caseload(
        &self,
        request: Request<pb::GetCaseloadRequest>,
    ) -> Result<Response<pb::GetCaseloadResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.caseload(&extensions, message).await?))
    }
}
