//! One method for each RPC of `AccessService`.

use proto::access::v1 as pb;
use proto::access::v1::access_service_server::AccessService;
use tonic::{Request, Response, Status};

use crate::SharingServices;

#[tonic::async_trait]
impl AccessService for SharingServices {
    async fn list_access_history(
        &self,
        request: Request<pb::ListAccessHistoryRequest>,
    ) -> Result<Response<pb::ListAccessHistoryResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.history(&extensions, message).await?))
    }

    async fn query_access(
        &self,
        request: Request<pb::QueryAccessRequest>,
    ) -> Result<Response<pb::QueryAccessResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.query(&extensions, message).await?))
    }

    async fn declare_emergency_access(
        &self,
        request: Request<pb::DeclareEmergencyAccessRequest>,
    ) -> Result<Response<pb::DeclareEmergencyAccessResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.declare(&extensions, message).await?))
    }

    async fn close_emergency_access(
        &self,
        request: Request<pb::CloseEmergencyAccessRequest>,
    ) -> Result<Response<pb::CloseEmergencyAccessResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.close(&extensions, message).await?))
    }

    async fn review_emergency_access(
        &self,
        request: Request<pb::ReviewEmergencyAccessRequest>,
    ) -> Result<Response<pb::ReviewEmergencyAccessResponse>, Status> {
        let (_, extensions, message) = request.into_parts();
        Ok(Response::new(self.review(&extensions, message).await?))
    }
}
