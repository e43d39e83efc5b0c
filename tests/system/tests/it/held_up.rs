//! Nobody outside holds the services up: not by asking and not finishing, by holding connections, nor by leaving answers unread.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use harness::{Authority, Cluster, Node};
use http::uri::PathAndQuery;
use proto::people::v1::{GetMyRecordRequest, GetMyRecordResponse};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming};
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_prost::ProstCodec;
use tonic_types::StatusExt as _;

use crate::world::{Callers, Pair, Supported, import};

/// As many as held everybody up: unfinished calls, on so many connections.
const CALLS: usize = 200;
const CONNECTIONS: usize = 7;
/// How long whoever asks meanwhile waits, and an unfinished call stays, at most.
const SOON: Duration = Duration::from_secs(2);
const GIVEN_UP: Duration = Duration::from_secs(10);
/// How long a connection stays that says nothing, and an answer that nobody reads.
const SILENT: Duration = Duration::from_secs(14);
/// How a connection by HTTP/2 begins.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A connection from another address of this machine.
async fn from(nth: u8, port: u16) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{port}")).unwrap();
    let address = IpAddr::V4(Ipv4Addr::new(127, 0, 0, nth));
    endpoint.local_address(Some(address)).connect().await.unwrap()
}

/// The same, as bytes.
async fn bytes_from(nth: u8, port: u16) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::new(127, 0, 0, nth)), 0)).unwrap();
    socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await.unwrap()
}

/// Whether the other end closes a connection in time.
async fn is_closed(mut stream: TcpStream, within: Duration) -> bool {
    let mut said = Vec::new();
    timeout(within, stream.read_to_end(&mut said)).await.is_ok()
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

fn with_token<T>(mut request: Request<T>, token: &str) -> Request<T> {
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
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

#[tokio::test(flavor = "multi_thread")]
async fn streams_without_a_token_have_room_of_their_own_and_the_oldest_gives_way() {
    let cluster = Cluster::embedded().unwrap();
    let node = cluster.start("").await.unwrap();
    let watch = async |channel: &Channel| {
        let mut watch = HealthClient::new(channel.clone()).watch(HealthCheckRequest::default()).await?.into_inner();
        watch.message().await?.expect("how the server is");
        Ok::<_, Status>(watch)
    };
    let (mut held, other) = (Vec::new(), from(3, node.grpc).await);
    let mut others = watch(&other).await.unwrap();
    let channel = from(2, node.grpc).await;
    for _ in 0..150 {
        held.push(watch(&channel).await.unwrap());
    }
    let told = timeout(SOON, held[0].message()).await.expect("the oldest goes on").unwrap_err();
    assert_eq!(told.code(), Code::ResourceExhausted, "{told:?}");
    assert!(timeout(SOON / 4, held[149].message()).await.is_err(), "the last has ended");
    assert!(timeout(SOON / 4, others.message()).await.is_err(), "somebody else's has ended");
    HealthClient::new(channel).check(HealthCheckRequest::default()).await.expect("streams take the room of calls");
}

/// A person with a record, on a server of one file.
pub(crate) struct Alone {
    pub(crate) cluster: Cluster,
    pub(crate) node: Node,
    pub(crate) token: String,
}

impl Alone {
    pub(crate) async fn start(settings: impl FnOnce(&mut Cluster)) -> Self {
        let mut cluster = Cluster::embedded().unwrap();
        settings(&mut cluster);
        let pair = Pair::of(&import(&cluster, 1)[0]);
        let node = cluster.start("").await.unwrap();
        let token = cluster.signer.person(pair.person).unwrap();
        let callers = Callers::unenrolled(&cluster, &node.channel().await.unwrap(), &pair);
        // More than is handed over at a time.
        for n in 0..16 {
            callers.person.strength(&format!("{n}{}", "x".repeat(1_900))).await.unwrap();
        }
        Self { cluster, node, token }
    }

    /// A connection that reads so little of each answer by itself.
    pub(crate) async fn slow(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", self.node.grpc)).unwrap();
        endpoint.initial_stream_window_size(64).connect().await.unwrap()
    }

    /// Asks for the record, and reads nothing of it yet.
    pub(crate) async fn asks(&self, channel: &Channel) -> Result<Streaming<GetMyRecordResponse>, Status> {
        let mut grpc = Grpc::new(channel.clone());
        grpc.ready().await.unwrap();
        let path = PathAndQuery::from_static("/alongside.people.v1.PeopleService/GetMyRecord");
        let question = with_token(Request::new(GetMyRecordRequest::default()), &self.token);
        let codec = ProstCodec::<GetMyRecordRequest, GetMyRecordResponse>::default();
        Ok(grpc.server_streaming(question, path, codec).await?.into_inner())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_holds_its_callers_place_and_is_given_up() {
    let alone = Alone::start(|cluster| cluster.set("limits", "calls_in_progress", 4)).await;
    let channel = alone.slow().await;
    let mut unread = Vec::new();
    for _ in 0..4 {
        unread.push(alone.asks(&channel).await.unwrap());
    }
    let refused = alone.asks(&channel).await.unwrap_err();
    let info = refused.get_details_error_info().unwrap();
    assert_eq!(info.metadata["limit"], "calls_in_progress", "{refused:?}");
    // Whoever reads one has its place again.
    let read = timeout(SOON, unread[0].message()).await.expect("the answer does not come").unwrap();
    assert!(read.is_some_and(|record| record.entries.len() >= 16));
    drop(unread.remove(0));
    unread.push(alone.asks(&channel).await.expect("what was read holds its place still"));
    tokio::time::sleep(SILENT).await;
    let again = alone.asks(&channel).await.expect("what nobody reads is never given up");
    // What was given up is not told as if it was whole.
    for mut given_up in unread {
        let end = timeout(SOON, given_up.message()).await.expect("an answer that was given up goes on");
        assert!(end.is_err(), "{end:?}");
    }
    drop(again);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_does_not_come_is_given_up_in_seconds_with_a_token_too() {
    let alone = Alone::start(|_| {}).await;
    let mut grpc = Grpc::new(alone.node.channel().await.unwrap());
    grpc.ready().await.unwrap();
    let path = PathAndQuery::from_static("/alongside.people.v1.PeopleService/GetMyRecord");
    let question = with_token(Request::new(tokio_stream::pending::<GetMyRecordRequest>()), &alone.token);
    let codec = ProstCodec::<GetMyRecordRequest, GetMyRecordResponse>::default();
    let given_up = timeout(GIVEN_UP, grpc.client_streaming(question, path, codec)).await;
    let status = given_up.expect("a message is waited for").unwrap_err();
    assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
    assert!(status.message().contains("the message did not come"), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_and_handshakes_that_stop_are_closed() {
    let plain = Cluster::embedded().unwrap();
    let plain = (plain.start("").await.unwrap(), plain);
    let mut secured = Cluster::embedded().unwrap();
    let authority = Authority::new().unwrap();
    let (certificate, key) = authority.issue("127.0.0.1").unwrap();
    for (setting, text) in [("certificate", certificate), ("private_key", key)] {
        let path = secured.directory().join(setting);
        node::files::write_private(&path, text.as_bytes()).unwrap();
        secured.set("tls", setting, path.display().to_string());
    }
    let secured = (secured.start("").await.unwrap(), secured);
    // The beginning of a handshake (RFC 8446, section 5.1): a record that says how long it is, and not more.
    let hello: &[u8] = &[22, 3, 1, 2, 0, 1];
    let said: [(u16, &[u8]); 6] = [
        (plain.0.grpc, b""),
        (plain.0.grpc, &PREFACE[..10]),
        (plain.0.grpc, b"POST / HTTP/1.1\r\nhost: x\r\n"),
        (plain.0.grpc, b"\x16\x03"),
        (secured.0.grpc, b""),
        (secured.0.grpc, hello),
    ];
    let mut closed = JoinSet::new();
    for (port, said) in said {
        let mut stream = bytes_from(2, port).await;
        stream.write_all(said).await.unwrap();
        closed.spawn(async move { (said, is_closed(stream, SILENT).await) });
    }
    for (said, closed) in closed.join_all().await {
        assert!(closed, "a connection stays that has said {said:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_so_many_connections_and_nobody_else_loses_one() {
    let alone = Alone::start(|cluster| cluster.set("limits", "connections_of_one_address", 8)).await;
    let port = alone.node.grpc;
    let other = from(3, port).await;
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(bytes_from(2, port).await);
    }
    assert!(is_closed(held.remove(0), SOON).await, "one address has as many connections as it likes");
    assert!(!is_closed(held.pop().unwrap(), SOON / 4).await, "the last is closed");
    HealthClient::new(other).check(HealthCheckRequest::default()).await.expect("somebody else has lost theirs");
    drop(alone.cluster);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_few_files_may_be_open_connections_give_way_and_the_admin_port_answers() {
    let cluster = Cluster::embedded().unwrap();
    let node = cluster.start_with_files(256).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..400 {
        held.push(bytes_from(2, node.grpc).await);
    }
    let metrics = timeout(SOON, node.admin_get("/metrics")).await.expect("the admin port hangs").unwrap();
    assert!(metrics.contains("200 OK"), "{metrics}");
    HealthClient::new(from(3, node.grpc).await).check(HealthCheckRequest::default()).await.expect("no call is taken");
}

/// How much of a core a process has used, in seconds.
pub(crate) fn used(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    // `utime` and `stime` (proc_pid_stat(5)), in hundredths of a second.
    (11..=12).map(|nth| fields[nth].parse::<f64>().unwrap() / 100.0).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_file_can_be_opened_nothing_spins_it_is_told_and_goes_on_by_itself() {
    let cluster = Cluster::embedded().unwrap();
    let node = cluster.start("").await.unwrap();
    let process = Pid::from_raw(i32::try_from(node.process()).unwrap());
    let open = std::fs::read_dir(format!("/proc/{}/fd", node.process())).unwrap().count() as u64;
    let limit = |current| prlimit(process, Resource::Nofile, Rlimit { current: Some(current), maximum: Some(4_096) });
    limit(open).unwrap();
    let mut stream = bytes_from(2, node.grpc).await;
    let before = used(node.process());
    tokio::time::sleep(SOON).await;
    let spent = used(node.process()) - before;
    assert!(spent < SOON.as_secs_f64() / 4.0, "{spent} s of a core in {SOON:?}");
    let log = node.log().unwrap();
    assert_eq!(log.matches("no connection can be taken").count(), 1, "{log}");
    assert!(log.contains("Too many open files"), "{log}");
    limit(4_096).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(is_closed(stream, SOON).await, "it does not go on by itself");
}
