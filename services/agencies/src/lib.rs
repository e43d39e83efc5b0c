//! Agencies and their staff, over gRPC.

use access::{Caller, Gate};
use domain::agency::{Agency, RegisterAgency};
use domain::ids::{AgencyId, StaffId, staff_id};
use domain::staff::{ChangeStaffRole, JoinStaff, RemoveStaff, Staff};
use domain::{Command, Refusal};
use engine::{Changes, Committed, Context, Loaded};
use events::Actor;
use proto::agencies::v1 as pb;
use proto::agencies::v1::agency_service_server::AgencyService;
use rpc::Error;
use tonic::{Extensions, Request, Response, Status};
use views::directory::{self, AgencyDoc};
use views::{Pages, Views};

/// The service.
#[derive(Debug, Clone)]
pub struct Agencies {
    gate: Gate,
    views: Views,
}

impl Agencies {
    /// The service on this gate and these views.
    #[must_use]
    pub fn new(gate: Gate, views: Views) -> Self {
        Self { gate, views }
    }

    /// The context of an operator's write.
    fn operator(extensions: &Extensions, request_id: &str) -> Result<Context, Error> {
        Caller::of(extensions)?;
        Ok(Context::new(Actor::system(), access::request_id(extensions, request_id)?))
    }

    /// Changes a worker's standing.
    async fn change_staff<C>(&self, context: &Context, staff: StaffId, command: C) -> Result<Committed, Error>
    where
        C: Command<Aggregate = Staff> + Clone + Send + Sync,
    {
        let changed =
            self.gate.engine().transact(context, (staff.0,), |(worker,): &(Loaded<Staff>,), changes: &mut Changes| {
                let agency = worker.agency().ok_or_else(|| Refusal::not_found("staff"))?;
                changes.record(worker, agency.0, command.clone().decide(worker)?);
                Ok(())
            });
        Ok(changed.await?)
    }
}

fn agency(doc: AgencyDoc) -> pb::Agency {
    pb::Agency { agency_id: doc.agency.to_string(), name: doc.name, kind: doc.kind }
}

#[tonic::async_trait]
impl AgencyService for Agencies {
    async fn register_agency(
        &self,
        request: Request<pb::RegisterAgencyRequest>,
    ) -> Result<Response<pb::RegisterAgencyResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        let context = Self::operator(&extensions, &message.request_id)?;
        let id = context.new_id();
        let command = RegisterAgency { name: message.name, kind: message.kind };
        let registered = self.gate.engine().transact(&context, (id,), |(agency,): &(Loaded<Agency>,), changes| {
            changes.record(agency, id, command.clone().decide(agency)?);
            Ok(())
        });
        let position = registered.await.map_err(Error::from)?.position.0;
        Ok(Response::new(pb::RegisterAgencyResponse { position, agency_id: id.to_string() }))
    }

    async fn get_agency(
        &self,
        request: Request<pb::GetAgencyRequest>,
    ) -> Result<Response<pb::GetAgencyResponse>, Status> {
        let message = request.into_inner();
        let id: AgencyId = rpc::id("agency_id", &message.agency_id)?;
        self.views.wait(directory::NAME, message.at_least_position).await.map_err(Error::from)?;
        let key = directory::agency_key(id);
        let mut found = self.views.get(directory::NAME, std::slice::from_ref(&key)).await.map_err(Error::from)?;
        let doc = found.remove(&key).ok_or_else(|| Error::not_found("agency"))?;
        Ok(Response::new(pb::GetAgencyResponse { agency: Some(agency(doc)) }))
    }

    async fn list_agencies(
        &self,
        request: Request<pb::ListAgenciesRequest>,
    ) -> Result<Response<pb::ListAgenciesResponse>, Status> {
        let message = request.into_inner();
        let (size, after) = rpc::pages(message.page_size, &message.page_token)?;
        self.views.wait(directory::NAME, message.at_least_position).await.map_err(Error::from)?;
        let pages = Pages { size, after };
        let page = self.views.list(directory::NAME, &directory::agencies(), &pages, |_: &AgencyDoc| true).await;
        let page = page.map_err(Error::from)?;
        let agencies = page.items.into_iter().map(agency).collect();
        let next_page_token = rpc::next_token(page.next);
        Ok(Response::new(pb::ListAgenciesResponse { agencies, next_page_token, position: page.position }))
    }

    async fn add_staff(&self, request: Request<pb::AddStaffRequest>) -> Result<Response<pb::AddStaffResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        let context = Self::operator(&extensions, &message.request_id)?;
        let id: AgencyId = rpc::id("agency_id", &message.agency_id)?;
        let staff = staff_id(id, &message.subject);
        let command = JoinStaff { agency: id, subject: message.subject, name: message.name, role: message.role };
        type Loads = (Loaded<Staff>, Loaded<Agency>);
        let joined = self.gate.engine().transact(&context, (staff.0, id.0), |(worker, agency): &Loads, changes| {
            if !agency.is_registered() {
                return Err(Refusal::not_found("agency"));
            }
            changes.record(worker, id.0, command.clone().decide(worker)?);
            Ok(())
        });
        let position = joined.await.map_err(Error::from)?.position.0;
        Ok(Response::new(pb::AddStaffResponse { position, staff_id: staff.to_string() }))
    }

    async fn change_staff_role(
        &self,
        request: Request<pb::ChangeStaffRoleRequest>,
    ) -> Result<Response<pb::ChangeStaffRoleResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        let context = Self::operator(&extensions, &message.request_id)?;
        let staff = rpc::id("staff_id", &message.staff_id)?;
        let changed = self.change_staff(&context, staff, ChangeStaffRole { role: message.role }).await?;
        Ok(Response::new(pb::ChangeStaffRoleResponse { position: changed.position.0 }))
    }

    async fn remove_staff(
        &self,
        request: Request<pb::RemoveStaffRequest>,
    ) -> Result<Response<pb::RemoveStaffResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        let context = Self::operator(&extensions, &message.request_id)?;
        let staff = rpc::id("staff_id", &message.staff_id)?;
        let removed = self.change_staff(&context, staff, RemoveStaff).await?;
        Ok(Response::new(pb::RemoveStaffResponse { position: removed.position.0 }))
    }
}
