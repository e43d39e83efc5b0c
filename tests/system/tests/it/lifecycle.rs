//! How the server starts, answers on the wire, and ends.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use client::Client;
use harness::{Authority, Cluster};
use node::tokens::TokenSigner;
use prost::Message as _;
use proto::people::v1::{GetMyRecordRequest, GetMyRecordResponse, RecordStrengthRequest};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_stream::StreamExt as _;
use tonic::Code;
use tonic::codec::CompressionEncoding;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_types::StatusExt as _;

use crate::access_matrix::call;
use crate::held_up::Alone;
use crate::world::{Callers, Pair, import};

#[tokio::test(flavor = "multi_thread")]
async fn on_sigterm_readiness_goes_first_and_calls_in_progress_finish() {
    let mut cluster = Cluster::embedded().unwrap();
    cluster.set_top("drain_ms", 1_500);
    let pair = Pair::of(&import(&cluster, 1)[0]);
    let mut node = cluster.start("").await.unwrap();
    let callers = Callers::unenrolled(&cluster, &node.channel().await.unwrap(), &pair);
    // It waits for a position that never comes, and answers when it gives up.
    let mut people = callers.person.people();
    let waiting = tokio::spawn(async move {
        people.get_my_record(GetMyRecordRequest { at_least_position: 1 << 40, ..Default::default() }).await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    node.terminate().unwrap();
    harness::wait_until("readiness to go", || async { Ok(node.admin_get("/readyz").await?.contains("503")) })
        .await
        .unwrap();
    callers.person.strength("late").await.expect("calls are taken until the drain is over");
    let status = waiting.await.unwrap().unwrap_err();
    assert_eq!(
        (status.code(), status.get_details_error_info().unwrap().reason.as_str()),
        (Code::Unavailable, "VIEW_BEHIND")
    );
    assert!(node.ended().await.unwrap(), "{}", node.log().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_end_when_the_server_does() {
    let cluster = Cluster::embedded().unwrap();
    let mut node = cluster.start("").await.unwrap();
    let channel = node.channel().await.unwrap();
    let mut health = HealthClient::new(channel.clone());
    let mut watch = health.watch(HealthCheckRequest::default()).await.unwrap().into_inner();
    watch.message().await.unwrap().expect("how the server is");
    let mut reflection = ServerReflectionClient::new(channel);
    let question = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..Default::default()
    };
    let questions = tokio_stream::once(question).chain(tokio_stream::pending());
    let mut reflected = reflection.server_reflection_info(questions).await.unwrap().into_inner();
    reflected.message().await.unwrap().expect("which services there are");
    let begun = std::time::Instant::now();
    node.terminate().unwrap();
    // First that it takes no more calls, and then that it is gone.
    let last = watch.message().await.unwrap().expect("how the server is");
    assert_eq!(last.status(), ServingStatus::NotServing);
    for end in [watch.message().await.unwrap_err(), reflected.message().await.unwrap_err()] {
        assert_eq!((end.code(), end.message()), (Code::Unavailable, "this server ends; connect again"));
    }
    assert!(node.ended().await.unwrap(), "{}", node.log().unwrap());
    assert!(begun.elapsed() < Duration::from_secs(5), "a stream keeps it from ending");
}

/// A server that was told to end while an answer is not read; and the answer.
async fn unread(finish_ms: i64) -> (harness::Node, Cluster, tonic::Streaming<GetMyRecordResponse>) {
    let alone = Alone::start(|cluster| cluster.set_top("finish_ms", finish_ms)).await;
    let answer = alone.asks(&alone.slow().await).await.unwrap();
    alone.node.terminate().unwrap();
    (alone.node, alone.cluster, answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_keeps_a_process_from_ending_for_so_long_and_a_second_signal_for_none() {
    let begun = std::time::Instant::now();
    let (mut node, cluster, answer) = unread(1_000).await;
    assert!(node.ended().await.unwrap(), "{}", node.log().unwrap());
    assert!(node.log().unwrap().contains("were cut off"));
    assert!(begun.elapsed() < Duration::from_secs(10), "an answer keeps it from ending");
    drop((answer, cluster));
    let (mut node, _cluster, answer) = unread(600_000).await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    node.terminate().unwrap();
    assert!(!node.ended().await.unwrap(), "it ended as if nothing was in progress");
    drop(answer);
}

/// Connects by TLS to whoever has a certificate of this authority.
async fn by_tls(port: u16, authority: &Authority) -> Result<Channel, tonic::transport::Error> {
    let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authority.certificate()));
    Endpoint::from_shared(format!("https://127.0.0.1:{port}")).unwrap().tls_config(tls)?.connect().await
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_and_key_sets_are_read_again_and_no_call_is_dropped() {
    let mut cluster = Cluster::embedded().unwrap();
    let pair = Pair::of(&import(&cluster, 1)[0]);
    let (before, after) = (Authority::new().unwrap(), Authority::new().unwrap());
    let directory = cluster.directory().to_owned();
    let of = |authority: &Authority| {
        let (certificate, key) = authority.issue("127.0.0.1").unwrap();
        for (name, text) in [("certificate", certificate), ("private_key", key)] {
            drop(std::fs::remove_file(directory.join(name)));
            node::files::write_private(&directory.join(name), text.as_bytes()).unwrap();
        }
    };
    of(&before);
    for setting in ["certificate", "private_key"] {
        cluster.set("tls", setting, directory.join(setting).display().to_string());
    }
    let node = cluster.start("").await.unwrap();
    let open = by_tls(node.grpc, &before).await.unwrap();
    let callers = Callers::unenrolled(&cluster, &open, &pair);
    let mut people = callers.person.people();
    let waiting = tokio::spawn(async move {
        people.get_my_record(GetMyRecordRequest { at_least_position: 1 << 40, ..Default::default() }).await
    });
    callers.person.strength("before").await.unwrap();

    let read_again = async |times: usize| {
        node.reload().unwrap();
        let log = || async { Ok(node.log()?.matches("were read again").count() == times) };
        harness::wait_until("the files to be read again", log).await.unwrap();
    };
    // What cannot be used changes nothing.
    std::fs::write(directory.join("certificate"), "nothing").unwrap();
    std::fs::write(directory.join("jwks.json"), "nothing").unwrap();
    node.reload().unwrap();
    let told = || async { Ok(node.log()?.matches("those in use stay").count() > 3) };
    harness::wait_until("what cannot be read to be told of", told).await.unwrap();
    assert!(!node.log().unwrap().contains("were read again"));
    by_tls(node.grpc, &before).await.expect("a bad file has replaced what was in use");
    callers.person.strength("meanwhile").await.expect("a bad file has replaced what was in use");

    let another = TokenSigner::open(&directory.join("another.der")).unwrap();
    std::fs::write(directory.join("jwks.json"), serde_json::to_vec(&another.key_set().unwrap()).unwrap()).unwrap();
    of(&after);
    read_again(1).await;
    by_tls(node.grpc, &before).await.expect_err("the old certificate is still shown");
    let channel = by_tls(node.grpc, &after).await.unwrap();
    let refused = callers.person.strength("after").await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated, "what is no key any more is believed: {refused:?}");
    let person = Client::new(channel, &another.person(pair.person).unwrap()).unwrap();
    person.strength("after").await.expect("a new key is not believed");
    // The call in progress goes on as if nothing was.
    let status = waiting.await.unwrap().unwrap_err();
    assert_eq!(status.get_details_error_info().unwrap().reason, "VIEW_BEHIND");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_health_reflection_and_grpc_web_and_refuses_what_is_too_large() {
    let cluster = Cluster::embedded().unwrap();
    let pair = Pair::of(&import(&cluster, 1)[0]);
    let node = cluster.start("").await.unwrap();
    let channel = node.channel().await.unwrap();
    // HealthCheckResponse { status: SERVING }
    let health = call(&channel, "/grpc.health.v1.Health/Check", vec![], None).await.unwrap();
    assert_eq!(health, [8, 1]);
    let unknown = call(&channel, "/alongside.people.v1.PeopleService/DropTables", vec![], Some("x")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::Unauthenticated);

    let callers = Callers::unenrolled(&cluster, &channel, &pair);
    let large = || RecordStrengthRequest { text: "x".repeat(300 << 10), ..Default::default() };
    let as_it_is = callers.person.people().record_strength(large()).await;
    // Small on the way, and large once it is unpacked.
    let packed = callers.person.people().send_compressed(CompressionEncoding::Gzip).record_strength(large()).await;
    for status in [as_it_is.unwrap_err(), packed.unwrap_err()] {
        let info = status.get_details_error_info().unwrap();
        assert_eq!((status.code(), info.reason.as_str()), (Code::ResourceExhausted, "TOO_LARGE"), "{status:?}");
        assert_eq!(info.metadata["limit"], "request_bytes");
    }
    // It waits for a position that never comes, for as long as its caller does.
    let mut waiting = tonic::Request::new(GetMyRecordRequest { at_least_position: 1 << 40, ..Default::default() });
    waiting.set_timeout(Duration::from_millis(200));
    let status = callers.person.people().get_my_record(waiting).await.unwrap_err();
    assert!(matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled), "{status:?}");
    let status = callers.person.strength(&"x".repeat(2_001)).await.unwrap_err();
    assert_eq!(status.get_details_bad_request().unwrap().field_violations[0].field, "text");

    let token = cluster.signer.person(pair.person).unwrap();
    for (authorization, expected) in
        [(format!("authorization: Bearer {token}\r\n"), "grpc-status:0"), (String::new(), "grpc-status: 16")]
    {
        let answer = grpc_web(node.grpc, &authorization, GetMyRecordRequest::default().encode_to_vec()).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains(expected), "{answer}");
    }
}

/// A gRPC-web call over HTTP/1.1, as a browser makes it.
async fn grpc_web(port: u16, authorization: &str, message: Vec<u8>) -> String {
    let mut body = vec![0];
    body.extend(u32::try_from(message.len()).unwrap().to_be_bytes());
    body.extend(message);
    let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let head = format!(
        "POST /alongside.people.v1.PeopleService/GetMyRecord HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
         content-type: application/grpc-web+proto\r\n{authorization}content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(&body).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_the_configured_origins_may_call_and_no_others() {
    let mut cluster = Cluster::embedded().unwrap();
    cluster.set_top("web_origins", vec!["https://portal.example".to_owned()]);
    let node = cluster.start("").await.unwrap();
    let preflight = async |origin: &str| {
        let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", node.grpc)).await.unwrap();
        let head = format!(
            "OPTIONS /alongside.people.v1.PeopleService/GetMyRecord HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             origin: {origin}\r\naccess-control-request-method: POST\r\n\
             access-control-request-headers: authorization,content-type,x-grpc-web\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.to_lowercase()
    };
    let ours = preflight("https://portal.example").await;
    assert!(ours.starts_with("http/1.1 200"), "{ours}");
    assert!(ours.contains("access-control-allow-origin: https://portal.example"), "{ours}");
    assert!(ours.contains("authorization") && !ours.contains("access-control-allow-credentials"), "{ours}");
    for other in ["https://portal.example.evil", "http://portal.example", "null"] {
        let theirs = preflight(other).await;
        assert!(!theirs.contains(&format!("access-control-allow-origin: {other}")), "{theirs}");
    }
    drop(node);
    cluster.set_top("web_origins", vec!["*".to_owned()]);
    let refused = cluster.run(&["serve"]).unwrap();
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("web_origins"));
}

#[test]
fn the_binary_documents_itself() {
    let cluster = Cluster::embedded().unwrap();
    let bash = cluster.run_alone(&["completions", "bash"]).unwrap();
    assert!(bash.status.success() && String::from_utf8_lossy(&bash.stdout).contains("_alongside"));
    let man = cluster.run_alone(&["man", "pages"]).unwrap();
    assert!(man.status.success(), "{}", String::from_utf8_lossy(&man.stderr));
    let pages = cluster.directory().join("pages");
    for page in ["alongside.1", "alongside-serve.1", "alongside-import-fhir.1"] {
        assert!(std::fs::read_to_string(pages.join(page)).unwrap().contains(".TH"), "{page}");
    }
}

#[tokio::test]
async fn the_configuration_is_printed_without_secrets_and_refused_with_unknown_settings() {
    let mut cluster = Cluster::embedded().unwrap();
    cluster.set("database", "url", "postgres://alongside:hunter2@db/alongside");
    let output = cluster.run(&["config", "--listen", "127.0.0.1:9"]).unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && shown.contains("127.0.0.1:9") && !shown.contains("hunter2"), "{shown}");
    cluster.set("database", "urll", "x");
    let output = cluster.run(&["config"]).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("urll"));
    assert_eq!(cluster.run(&["no-such-command"]).unwrap().status.code(), Some(2));
}

#[tokio::test]
async fn only_a_development_system_makes_tokens() {
    let cluster = Cluster::embedded().unwrap();
    let output = cluster.run(&["token", "operator"]).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no development system"));
}

#[tokio::test]
async fn a_key_encryption_key_that_is_not_the_systems_own_is_refused_at_the_start() {
    let mut cluster = Cluster::embedded().unwrap();
    import(&cluster, 1);
    let other = cluster.directory().join("another-kek");
    node::files::write_private(&other, vault::LocalKek::generate().unwrap().as_bytes()).unwrap();
    cluster.set("vault", "key_encryption_key", format!("file:{}", other.display()));
    let output = cluster.run(&["rebuild"]).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`vault.key_encryption_key` is not the one"));
    // Nor is one taken that everybody on the machine reads.
    std::fs::set_permissions(&other, std::fs::Permissions::from_mode(0o644)).unwrap();
    let output = cluster.run(&["rebuild"]).unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        output.status.code() == Some(1) && said.contains("can be read or written by everybody: `chmod 600` it"),
        "{said}"
    );
    // Nor any other: here what the bus is signed in to with, and the key of the certificate.
    for (section, setting, beside) in
        [("bus", "nkey_file", ("url", "nats://127.0.0.1:1")), ("tls", "private_key", ("certificate", "none.pem"))]
    {
        let mut cluster = Cluster::embedded().unwrap();
        let lies_open = cluster.directory().join("lies-open");
        std::fs::write(&lies_open, "secret").unwrap();
        std::fs::set_permissions(&lies_open, std::fs::Permissions::from_mode(0o644)).unwrap();
        cluster.set(section, setting, lies_open.display().to_string());
        cluster.set(section, beside.0, beside.1);
        let output = cluster.run(&["serve"]).unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(1) && said.contains("lies-open` can be read or written by everybody"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn what_kubernetes_tells_of_a_service_of_our_name_keeps_nothing_from_starting() {
    let cluster = Cluster::embedded().unwrap();
    let mut command = std::process::Command::new(harness::alongside().unwrap());
    command.arg("--config").arg(cluster.config_file().unwrap()).arg("config");
    for (name, value) in [
        ("ALONGSIDE_SERVICE_HOST", "10.96.0.7"),
        ("ALONGSIDE_SERVICE_PORT", "7443"),
        ("ALONGSIDE_SERVICE_PORT_GRPC", "7443"),
        ("ALONGSIDE_PORT", "tcp://10.96.0.7:7443"),
        ("ALONGSIDE_PORT_7443_TCP_ADDR", "10.96.0.7"),
    ] {
        command.env(name, value);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // What is ours and not known is refused still.
    let output = command.env("ALONGSIDE_SERVICE_PROT", "7443").output().unwrap();
    assert!(!output.status.success(), "a variable that is no setting is passed over");
}

#[tokio::test]
async fn what_a_wrong_start_needs_is_said() {
    let said = |cluster: &Cluster, arguments: &[&str]| {
        let output = cluster.run(arguments).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let server = harness::Postgres::start().await.unwrap();
    // A database without a log, and none at all.
    let empty = Cluster::new(&server.url("postgres", "postgres"), "in-process").unwrap();
    assert!(said(&empty, &["serve"]).contains("run `alongside migrate`"), "{}", said(&empty, &["serve"]));
    let nowhere = Cluster::new("postgres://alongside_app@127.0.0.1:1/alongside", "in-process").unwrap();
    assert!(said(&nowhere, &["serve"]).contains("cannot be reached"), "{}", said(&nowhere, &["serve"]));
    // What would be ignored is refused.
    assert!(said(&nowhere, &["dev"]).contains("settings of its own"));
}
