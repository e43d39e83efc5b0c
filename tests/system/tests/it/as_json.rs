//! Every call as JSON over HTTP: with a real client of the Connect protocol, with `curl`, and as the OpenAPI document says.

use std::path::{Path, PathBuf};
use std::process::Command;

use harness::Cluster;
use proto::people::v1::GetMyRecordRequest;
use serde_json::{Value, json};

use crate::held_up::Alone;

/// The repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// What a command prints, if it goes well.
fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{command:?}: {}{}", said(&output.stdout), said(&output.stderr));
    said(&output.stdout)
}

/// What `curl` sends and is answered: the status, the headers and the body.
fn curl(url: &str, arguments: &[&str]) -> (u16, String, Value) {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--include", "--max-time", "20"]).args(arguments).arg(url);
    let answer = printed(&mut command);
    // Before a large message it is asked whether it may come.
    let answer = answer.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, head.to_lowercase(), serde_json::from_str(body).unwrap_or(Value::Null))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_generated_from_the_protos_alone_is_answered_as_one_of_grpc() {
    let alone = Alone::start(|_| {}).await;
    // The protos as they are, in a folder that knows nothing of this repository.
    let module = tempfile::tempdir().unwrap();
    let at = |name: &str| module.path().join(name);
    printed(Command::new("cp").arg("-r").arg(repository().join("proto")).arg(at("proto")));
    std::fs::copy(repository().join("tests/system/connect/client.mjs"), at("client.mjs")).unwrap();
    std::fs::write(at("package.json"), r#"{"type": "module"}"#).unwrap();
    let packages = harness::connect().unwrap();
    std::os::unix::fs::symlink(&packages, at("node_modules")).unwrap();
    let plugin = packages.join(".bin/protoc-gen-es").display().to_string();
    let template = json!({"version": "v2", "plugins": [{"local": plugin, "out": "gen", "opt": ["target=js", "import_extension=js"]}]});
    let template = template.to_string();
    let mut generate = Command::new(harness::buf().unwrap());
    printed(generate.current_dir(module.path()).args([
        "generate",
        "proto",
        "--exclude-path",
        "proto/alongside/events",
        "--template",
        &template,
    ]));

    let url = format!("http://127.0.0.1:{}", alone.node.grpc);
    let mut node = Command::new("node");
    let told = printed(node.current_dir(module.path()).args(["client.mjs", &url, &alone.token]));
    let told: Value = serde_json::from_str(&told).unwrap();
    let person = client::Client::new(alone.node.channel().await.unwrap(), &alone.token).unwrap();
    let asked = GetMyRecordRequest { page_size: 2, ..Default::default() };
    let record = person.people().get_my_record(asked).await.unwrap().into_inner();
    let record = proto::readable("alongside.people.v1.GetMyRecordResponse", &record).unwrap();
    let record = serde_json::to_value(&record).unwrap();
    for form in ["json", "proto", "http1"] {
        let told = &told[form];
        assert_eq!(told["record"]["entries"], record["entries"], "{form}");
        // By their numbers: unauthenticated, invalid argument, deadline exceeded.
        let codes = ["nobody", "wrong", "late"].map(|call| told[call]["code"].as_u64().unwrap());
        assert_eq!(codes, [16, 3, 4], "{form}: {told}");
        assert_eq!(told["wrong"]["details"], json!(["google.rpc.ErrorInfo", "google.rpc.BadRequest"]), "{form}");
        assert_eq!(told["wrong"]["readable"][0]["reason"], "INVALID_ARGUMENT");
        assert_eq!(told["wrong"]["readable"][1]["fieldViolations"][0]["field"], "request_id");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_as_json_is_answered_or_refused_for_what_it_is() {
    let alone = Alone::start(|_| {}).await;
    let service = format!("http://127.0.0.1:{}/alongside.people.v1.PeopleService", alone.node.grpc);
    let method = |name: &str| format!("{service}/{name}");
    let token = format!("authorization: Bearer {}", alone.token);
    let (as_json, own) = (["-H", "content-type: application/json"], ["-H", &token]);
    let sends = |name: &str, more: &[&str]| curl(&method(name), &[&as_json[..], &own[..], more].concat());

    let (status, head, record) = sends("GetMyRecord", &["-d", r#"{"pageSize": 1}"#]);
    assert_eq!((status, record["entries"].as_array().map(Vec::len)), (200, Some(1)), "{record}");
    assert!(head.contains("content-type: application/json") && record["receiptId"].is_string(), "{head} {record}");
    // Names as in the protos are taken, too (ProtoJSON).
    assert_eq!(sends("GetMyRecord", &["-d", r#"{"page_size": 1}"#]).2["entries"].as_array().map(Vec::len), Some(1));
    // Over HTTP/2 as well as HTTP/1.1.
    let by_2 = sends("GetMyRecord", &["--http2-prior-knowledge", "-d", "{}"]);
    assert_eq!(by_2.0, 200, "{by_2:?}");

    let nobody = curl(&method("GetMyRecord"), &[&as_json[..], &["-d", "{}"]].concat());
    assert_eq!((nobody.0, &nobody.2["code"]), (401, &json!("unauthenticated")), "{nobody:?}");
    assert!(nobody.1.contains("www-authenticate: bearer"), "{}", nobody.1);
    let marker = "Plantedmarker";
    for (body, says) in [
        (format!("{{\"{marker}\": 1}}"), "a field that there is not"),
        (format!("{{\"pageSize\": \"{marker}\"}}"), "a value of another kind"),
        (format!("{{\"pageSize\": 1, {marker}"), "no JSON"),
        ("{\"pageSize\": 1".to_owned(), "an end too soon"),
        (String::new(), "an end too soon"),
        ("[]".to_owned(), "a value of another kind"),
        ("{} {}".to_owned(), "no JSON"),
    ] {
        let (status, _, wrong) = sends("GetMyRecord", &["-d", &body]);
        let message = wrong["message"].as_str().unwrap().to_owned();
        assert_eq!((status, wrong["code"].as_str()), (400, Some("invalid_argument")), "{body}: {wrong}");
        assert!(message.contains(says) && !message.contains(marker), "{body}: {message}");
    }
    let large = alone.cluster.directory().join("large.json");
    std::fs::write(&large, json!({"text": "x".repeat(2 << 20)}).to_string()).unwrap();
    let (status, _, refused) = sends("RecordStrength", &["-d", &format!("@{}", large.display())]);
    assert_eq!((status, refused["details"][0]["debug"]["reason"].as_str()), (429, Some("TOO_LARGE")), "{refused}");
    std::fs::write(&large, json!({"text": "x".repeat(300 << 10)}).to_string()).unwrap();
    let (status, _, refused) = sends("RecordStrength", &["-d", &format!("@{}", large.display())]);
    assert_eq!((status, refused["details"][0]["debug"]["reason"].as_str()), (429, Some("TOO_LARGE")), "{refused}");

    for (more, status) in [
        (&["-H", "connect-protocol-version: 2", "-d", "{}"][..], 400),
        (&["-H", "connect-timeout-ms: soon", "-d", "{}"], 400),
        (&["-H", "content-encoding: gzip", "-d", "{}"], 400),
        (&["-H", "grpc-accept-encoding: gzip", "-H", "accept-encoding: gzip", "-d", "{}"], 200),
        (&["-H", "connect-timeout-ms: 200", "-d", "{\"atLeastPosition\": \"1099511627776\"}"], 504),
    ] {
        let answer = sends("GetMyRecord", more);
        assert_eq!(answer.0, status, "{more:?}: {answer:?}");
    }
    // What is no call of this protocol.
    assert_eq!(curl(&method("GetMyRecord"), &own).0, 405);
    assert_eq!(curl(&method("GetMyRecord"), &["-H", "content-type: application/connect+json", "-d", "{}"]).0, 415);
    assert_eq!(sends("DropTables", &["-d", "{}"]).0, 403);
    let root = format!("http://127.0.0.1:{}", alone.node.grpc);
    let open = ["/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/grpc.health.v1.Health/Check"];
    for path in open {
        let answer = curl(&format!("{root}{path}"), &[&as_json[..], &["-d", "{}"]].concat());
        assert_eq!((answer.0, answer.2["code"].as_str()), (404, Some("not_found")), "{path}: {answer:?}");
    }
    assert!(!alone.node.log().unwrap().contains("failed inside"));
    // A write that is sent again is the same one.
    let written = json!({"requestId": client::request_id(), "text": "bakes"}).to_string();
    let (one, again) = (sends("RecordStrength", &["-d", &written]).2, sends("RecordStrength", &["-d", &written]).2);
    assert!(one["position"].is_string() && one["position"] == again["position"], "{one} {again}");
    let other = json!({"requestId": serde_json::from_str::<Value>(&written).unwrap()["requestId"], "text": "other"});
    let (status, _, reused) = sends("RecordStrength", &["-d", &other.to_string()]);
    assert_eq!((status, reused["code"].as_str()), (409, Some("already_exists")), "{reused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_readmes_example_with_curl_does_what_it_says() {
    let alone = Alone::start(|_| {}).await;
    let readme = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let example = readme.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let example = example.into_iter().find(|block| block.starts_with("curl ")).expect("the README has an example");
    let mut bash = Command::new("bash");
    bash.args(["-eu", "-c", example]).env("SERVER", format!("http://127.0.0.1:{}", alone.node.grpc));
    let told = printed(bash.env("TOKEN", &alone.token));
    let record: Value = serde_json::from_str(&told).unwrap();
    assert!(record["entries"].as_array().is_some_and(|entries| !entries.is_empty()), "{record}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_openapi_document_is_sound_and_what_is_answered_is_as_it_says() {
    let alone = Alone::start(|_| {}).await;
    let document = Cluster::embedded().unwrap().run_alone(&["api", "openapi"]).unwrap();
    assert!(document.status.success(), "{document:?}");
    let directory = alone.cluster.directory();
    std::fs::write(directory.join("openapi.json"), &document.stdout).unwrap();
    let openapi: Value = serde_json::from_slice(&document.stdout).unwrap();
    let paths = openapi["paths"].as_object().unwrap();
    let unary = proto::rpcs().filter(|(method, _)| !method.is_server_streaming()).count();
    assert_eq!(paths.len(), unary);
    // Every call and every field says what it is for.
    let is_said = |of: &Value| of["description"].as_str().is_some_and(|said| said.len() > 3);
    assert!(paths.values().all(|path| is_said(&path["post"])));
    for (name, schema) in openapi["components"]["schemas"].as_object().unwrap() {
        let fields = schema["properties"].as_object().into_iter().flatten();
        fields.for_each(|(field, of)| assert!(is_said(of), "{name}.{field} is not described: {of}"));
    }

    let service = format!("http://127.0.0.1:{}/alongside.people.v1.PeopleService", alone.node.grpc);
    let token = format!("authorization: Bearer {}", alone.token);
    let as_json = ["-H", "content-type: application/json", "-H", &token];
    let written = json!({"requestId": client::request_id(), "text": "bakes"}).to_string();
    let calls = [
        ("GetMyRecord", "{}".to_owned()),
        ("RecordStrength", written),
        ("GetMyRecord", r#"{"pageSize": -1}"#.to_owned()),
    ];
    let answers: Vec<Value> = calls
        .iter()
        .map(|(method, body)| {
            let (status, _, answer) = curl(&format!("{service}/{method}"), &[&as_json[..], &["-d", body]].concat());
            let sent = serde_json::from_str::<Value>(body).unwrap();
            json!({"path": format!("/alongside.people.v1.PeopleService/{method}"), "status": status.to_string(), "sent": sent, "answer": answer})
        })
        .collect();
    std::fs::write(directory.join("answers.json"), serde_json::to_vec(&answers).unwrap()).unwrap();
    let mut check = harness::python().unwrap();
    check.arg(repository().join("tests/system/connect/openapi.py")).current_dir(directory);
    let told = printed(&mut check);
    assert!(told.contains("3 answers are as the document says"), "{told}");

    let reference = Cluster::embedded().unwrap().run_alone(&["api", "reference"]).unwrap();
    let reference = String::from_utf8(reference.stdout).unwrap();
    for (method, _) in proto::rpcs() {
        assert!(reference.contains(&format!("### {}", method.name())), "{} is missing", method.name());
    }
}
