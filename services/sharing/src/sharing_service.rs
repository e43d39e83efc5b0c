//! One method for each RPC of `SharingService`.

use access::Caller;
use domain::Command;
use domain::ids::ProvisionId;
use domain::sharing::{
    BlockAgency, DenyProvision, GrantProvision, NarrowProvision, Sharing, UnblockAgency, WithdrawProvision,
};
use engine::{Committed, Context, Loaded};
use events::Actor;
use proto::sharing::v1 as pb;
use proto::sharing::v1::sharing_service_server::SharingService;
use rpc::{Error, words};
use tonic::{Extensions, Request, Response, Status};

use crate::{SharingServices, terms};

impl SharingServices {
    /// Changes the caller's own directive. `command` makes the wish, given the id of what it creates.
    async fn change<C>(
        &self,
        extensions: &Extensions,
        request_id: &str,
        command: impl Fn(ProvisionId) -> C + Send + Sync,
    ) -> Result<(ProvisionId, Committed), Error>
    where
        C: Command<Aggregate = Sharing>,
    {
        let person = Caller::of(extensions)?.person()?;
        let context = Context::new(Actor::person(person), access::request_id(extensions, request_id)?);
        let provision = ProvisionId(context.new_id());
        let changed = self.gate.engine().transact(&context, (person.0,), |(sharing,): &(Loaded<Sharing>,), changes| {
            changes.record(sharing, person.0, command(provision).decide(sharing)?);
            Ok(())
        });
        Ok((provision, changed.await?))
    }
}

#[tonic::async_trait]
impl SharingService for SharingServices {
    async fn get_my_sharing(
        &self,
        request: Request<pb::GetMySharingRequest>,
    ) -> Result<Response<pb::GetMySharingResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.my_sharing(&extensions, message).await?))
    }

    async fn grant_provision(
        &self,
        request: Request<pb::GrantProvisionRequest>,
    ) -> Result<Response<pb::GrantProvisionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let terms = terms::read(m.terms)?;
        let grant = |provision| GrantProvision { provision, terms: terms.clone() };
        let (provision, committed) = self.change(&extensions, &m.request_id, grant).await?;
        let position = committed.position.0;
        Ok(Response::new(pb::GrantProvisionResponse { position, provision_id: provision.to_string() }))
    }

    async fn deny_provision(
        &self,
        request: Request<pb::DenyProvisionRequest>,
    ) -> Result<Response<pb::DenyProvisionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let terms = terms::read(m.terms)?;
        let deny = |provision| DenyProvision { provision, terms: terms.clone() };
        let (provision, committed) = self.change(&extensions, &m.request_id, deny).await?;
        let position = committed.position.0;
        Ok(Response::new(pb::DenyProvisionResponse { position, provision_id: provision.to_string() }))
    }

    async fn narrow_provision(
        &self,
        request: Request<pb::NarrowProvisionRequest>,
    ) -> Result<Response<pb::NarrowProvisionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let provision: ProvisionId = rpc::id("provision_id", &m.provision_id)?;
        let categories = words::categories("categories", &m.categories)?;
        let level = words::level("up_to", m.up_to)?;
        let narrow = |_| NarrowProvision { provision, categories: categories.clone(), level };
        let (_, committed) = self.change(&extensions, &m.request_id, narrow).await?;
        Ok(Response::new(pb::NarrowProvisionResponse { position: committed.position.0 }))
    }

    async fn withdraw_provision(
        &self,
        request: Request<pb::WithdrawProvisionRequest>,
    ) -> Result<Response<pb::WithdrawProvisionResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let provision = rpc::id("provision_id", &m.provision_id)?;
        let (_, committed) = self.change(&extensions, &m.request_id, |_| WithdrawProvision { provision }).await?;
        Ok(Response::new(pb::WithdrawProvisionResponse { position: committed.position.0 }))
    }

    async fn block_agency(
        &self,
        request: Request<pb::BlockAgencyRequest>,
    ) -> Result<Response<pb::BlockAgencyResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let agency = rpc::id("agency_id", &m.agency_id)?;
        let (_, committed) = self.change(&extensions, &m.request_id, |_| BlockAgency { agency }).await?;
        Ok(Response::new(pb::BlockAgencyResponse { position: committed.position.0 }))
    }

    async fn unblock_agency(
        &self,
        request: Request<pb::UnblockAgencyRequest>,
    ) -> Result<Response<pb::UnblockAgencyResponse>, Status> {
        let (_, extensions, m) = request.into_parts();
        let agency = rpc::id("agency_id", &m.agency_id)?;
        let (_, committed) = self.change(&extensions, &m.request_id, |_| UnblockAgency { agency }).await?;
        Ok(Response::new(pb::UnblockAgencyResponse { position: committed.position.0 }))
    }
}
