//! Nobody outside holds the services up: whoever has no token has room of their own, and not for long.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use http::uri::PathAndQuery;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_prost::ProstCodec;

use crate::world::Supported;

/// As many as held everybody up: unfinished calls, on so many connections.
const CALLS: usize = 200;
const CONNECTIONS: usize = 7;
/// How long whoever asks meanwhile waits, and an unfinished call stays, at most.
const SOON: Duration = Duration::from_secs(2);
const GIVEN_UP: Duration = Duration::from_secs(10);

/// A connection from another address of this machine.
async fn from(nth: u8, port: u16) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
    let address = IpAddr::V4(Ipv4Addr::new(127, 0, 0, nth));
    endpoint.local_address(Some(address)).connect().await.unwrap()
}

/// Asks whether the server is well, and never says the end of the question.
async fn unfinished(channel: Channel) -> Status {
    let mut grpc = Grpc::new(channel);
    grpc.ready().await.unwrap();
    let question = Request::new(tokio_stream::pending::<HealthCheckRequest>());
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
    let codec = ProstCodec::<HealthCheckRequest, HealthCheckResponse>::default();
    grpc.client_streaming(question, path, codec).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn unfinished_calls_without_a_token_hold_nobody_up_and_are_given_up() {
    let supported = Supported::sharing(0).await;
    let port = supported.node.grpc;
    let (mut held, begun) = (JoinSet::new(), Instant::now());
    for _ in 0..CONNECTIONS {
        let channel = from(2, port).await;
        for _ in 0..CALLS {
            held.spawn(unfinished(channel.clone()));
        }
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    // The load balancer, behind which the strangers are, and those who have a token.
    let mut health = HealthClient::new(from(2, port).await);
    for _ in 0..10 {
        let asked = timeout(SOON, health.check(HealthCheckRequest::default())).await;
        asked.expect("the check is not answered in time").expect("the check is refused");
        let look = timeout(SOON, supported.callers.look()).await;
        look.expect("a call is not answered in time").expect("a call is refused");
    }
    let mut given_up = 0;
    while let Some(status) = timeout(GIVEN_UP, held.join_next()).await.expect("a call is held still") {
        let code = status.unwrap().code();
        assert!(matches!(code, Code::ResourceExhausted | Code::DeadlineExceeded), "{code:?}");
        given_up += usize::from(code == Code::DeadlineExceeded);
    }
    assert!((1..=16).contains(&given_up), "{given_up} calls of one address had a place to the end");
    assert!(begun.elapsed() < GIVEN_UP * 2, "{:?}", begun.elapsed());
}
