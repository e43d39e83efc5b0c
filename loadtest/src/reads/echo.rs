//! What no product can beat: a bare service on the same stack that answers the same bytes to everybody.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use proto::people::v1::{GetSharedPlanRequest, GetSharedPlanResponse};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::server::{Grpc, NamedService, UnaryService};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tonic_web::GrpcWebLayer;

/// Stands in for the service whose answers it repeats.
#[derive(Debug, Clone)]
struct Echo(Arc<GetSharedPlanResponse>);

impl NamedService for Echo {
    const NAME: &'static str = "alongside.people.v1.PeopleService";
}

impl UnaryService<GetSharedPlanRequest> for Echo {
    type Response = GetSharedPlanResponse;
    type Future = Pin<Box<dyn Future<Output = Result<Response<GetSharedPlanResponse>, Status>> + Send>>;

    fn call(&mut self, _: Request<GetSharedPlanRequest>) -> Self::Future {
        let answer = self.0.as_ref().clone();
        Box::pin(async move { Ok(Response::new(answer)) })
    }
}

impl tower::Service<http::Request<Body>> for Echo {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let echo = self.clone();
        Box::pin(async move { Ok(Grpc::new(ProstCodec::default()).unary(echo, request).await) })
    }
}

/// Serves this answer. Returns where.
pub(crate) async fn start(answer: GetSharedPlanResponse) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let server = Server::builder().accept_http1(true).layer(GrpcWebLayer::new()).add_service(Echo(Arc::new(answer)));
    tokio::spawn(server.serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true))));
    Ok(address)
}
