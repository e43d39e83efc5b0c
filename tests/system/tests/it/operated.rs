//! What whoever runs the system is told, and what goes on by itself.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy, Stream};
use client::{Client, request_id};
use futures::StreamExt as _;
use harness::{Cluster, wait_until};
use proto::people::v1::RecordStrengthRequest;
use serde_json::Value;

use crate::held_up::used;
use crate::world::Supported;

const A_MOMENT: Duration = Duration::from_secs(1);
/// How long it may take until what somebody has changed is as it was.
const REPAIRED: Duration = Duration::from_secs(15);

/// What somebody makes of a stream's settings.
type Change = fn(Config) -> Config;

/// Whether it takes what there is, and keeps it.
fn is_sound(config: &Config) -> bool {
    let is_open = config.subjects == ["log.>"] && !config.sealed && !config.no_ack;
    is_open && config.max_message_size == -1 && config.max_bytes == -1 && config.max_age.is_zero()
}

/// The stream of the log, as somebody sees it who may do everything.
async fn stream(supported: &Supported) -> Option<Stream> {
    let jetstream = async_nats::jetstream::new(async_nats::connect(supported.world.nats.url()).await.unwrap());
    let mut names = jetstream.stream_names();
    while let Some(name) = names.next().await {
        let name = name.unwrap();
        if name.starts_with("LOG_") {
            return jetstream.get_stream(name).await.ok();
        }
    }
    None
}

async fn change(supported: &Supported, change: impl FnOnce(Config) -> Config) {
    let stream = stream(supported).await.unwrap();
    let jetstream = async_nats::jetstream::new(async_nats::connect(supported.world.nats.url()).await.unwrap());
    jetstream.update_stream(change(stream.cached_info().config.clone())).await.unwrap();
}

/// Until the bus has everything that there is.
async fn is_copied(supported: &Supported, at_least: u64) {
    let copied =
        || async { Ok(stream(supported).await.is_some_and(|s| s.cached_info().state.last_sequence >= at_least)) };
    wait_until("the bus to take what there is", copied).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_buss_stream_is_set_up_again_whatever_somebody_has_made_of_it() {
    let supported = Supported::sharing(0).await;
    let changes: [(&str, Change); 6] = [
        ("other subjects", |config| Config { subjects: vec!["other.>".into()], ..config }),
        ("sealed", |config| Config { sealed: true, ..config }),
        ("small messages", |config| Config { max_message_size: 8, ..config }),
        ("full", |config| Config { max_bytes: 1, discard: DiscardPolicy::New, ..config }),
        ("soon forgotten", |config| Config { max_age: A_MOMENT, duplicate_window: A_MOMENT, ..config }),
        ("nothing acknowledged", |config| Config { no_ack: true, ..config }),
    ];
    for (what, spoil) in changes {
        change(&supported, spoil).await;
        let before = used(supported.node.process());
        let position = supported.callers.person.strength(what).await.unwrap().position;
        tokio::time::timeout(REPAIRED, is_copied(&supported, position)).await.expect(what);
        let is_sound = || async {
            let stream = stream(&supported).await;
            Ok(stream.is_some_and(|stream| is_sound(&stream.cached_info().config)))
        };
        wait_until(what, is_sound).await.unwrap();
        supported.callers.person.my_record(position).await.unwrap();
        let spent = used(supported.node.process()) - before;
        assert!(spent < 5.0, "{what}: {spent} s of a core");
    }
    let log = supported.node.log().unwrap();
    assert!(log.contains("are as they were again") && log.contains("starts again from nothing"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bus_that_takes_nothing_is_tried_more_and_more_rarely_and_the_cause_is_named() {
    let supported = Supported::sharing(0).await;
    // Nobody has set the stream up so: it is the server that takes no message, however it is set up.
    let jetstream = async_nats::jetstream::new(async_nats::connect(supported.world.nats.url()).await.unwrap());
    let name = stream(&supported).await.unwrap().cached_info().config.name.clone();
    jetstream.delete_stream(&name).await.unwrap();
    let in_the_way = Config { name: "IN_THE_WAY".into(), subjects: vec!["log.>".into()], ..Config::default() };
    jetstream.create_stream(in_the_way).await.unwrap();
    let warned = || supported.node.log().unwrap().matches("the relay failed").count();
    supported.callers.person.strength("waits").await.unwrap();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (before, begun) = (warned(), used(supported.node.process()));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let (more, spent) = (warned() - before, used(supported.node.process()) - begun);
    assert!((1..=5).contains(&more), "{more} warnings in 10 s");
    assert!(spent < 2.0, "{spent} s of a core in 10 s");
    let log = supported.node.log().unwrap();
    assert!(log.contains("subjects overlap with an existing stream"), "the cause is not named: {log}");
    let metrics = supported.node.admin_get("/metrics").await.unwrap();
    let lag = metrics.lines().find_map(|line| line.strip_prefix("alongside_relay_lag_positions ")).unwrap();
    assert!(lag.parse::<u64>().unwrap() > 0, "what is not copied is not told of");
    jetstream.delete_stream("IN_THE_WAY").await.unwrap();
    let position = supported.callers.person.strength("goes on").await.unwrap().position;
    is_copied(&supported, position).await;
}

/// A metric without labels.
fn metric(metrics: &str, name: &str) -> f64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("{name} ")));
    line.unwrap_or_else(|| panic!("no {name}: {metrics}")).parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lag_is_true_when_it_is_read_also_while_everything_stands_still() {
    let supported = Supported::sharing(0).await;
    let metrics = async || supported.node.admin_get("/metrics").await.unwrap();
    wait_until("nothing to be behind", || async {
        let now = metrics().await;
        let parts = ["views", "relay", "feeds"].map(|part| metric(&now, &format!("alongside_{part}_lag_positions")));
        Ok(parts == [0.0; 3])
    })
    .await
    .unwrap();
    // The views cannot be written any more, and nobody tells of it by itself.
    let name = supported.world.database.name().to_owned();
    let script = |sql: &str| supported.world.postgres.script(&name, sql).unwrap();
    script("ALTER TABLE alongside.document RENAME TO hidden;");
    for n in 0..3 {
        supported.callers.person.strength(&format!("{n}")).await.unwrap();
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    let now = metrics().await;
    assert!(metric(&now, "alongside_views_lag_positions") >= 3.0, "{now}");
    let waits = metric(&now, "alongside_views_lag_seconds");
    assert!((2.0..30.0).contains(&waits), "{waits}");
    assert!(metric(&now, "alongside_views_lag_age_seconds") < 2.0, "{now}");
    script("ALTER TABLE alongside.hidden RENAME TO document;");
    wait_until("the views", || async {
        let now = metrics().await;
        Ok(metric(&now, "alongside_views_lag_seconds") == 0.0)
    })
    .await
    .unwrap();
    // Where nothing can be found out, what was found out grows old, and the admin port answers.
    script("ALTER TABLE alongside.log_head RENAME TO hidden;");
    tokio::time::sleep(Duration::from_secs(3)).await;
    let now = metrics().await;
    script("ALTER TABLE alongside.hidden RENAME TO log_head;");
    for part in ["views", "relay", "feeds"] {
        let age = metric(&now, &format!("alongside_{part}_lag_age_seconds"));
        assert!(age > 2.0, "{part}: {age}");
    }
}

/// The metrics that a text speaks of.
fn named(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("alongside_")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_and_the_dashboard_stand_on_metrics_that_there_are() {
    let monitoring = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/monitoring");
    for arguments in [["check", "rules", "alerts.yaml"], ["test", "rules", "alerts.test.yaml"]] {
        let output = harness::promtool().current_dir(&monitoring).args(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    let supported = Supported::sharing(0).await;
    supported.callers.look().await.unwrap();
    let nobody = Client::new(supported.node.channel().await.unwrap(), "not-a-token").unwrap();
    nobody.people().record_strength(RecordStrengthRequest::default()).await.unwrap_err();
    let metrics = supported.node.admin_get("/metrics").await.unwrap();
    let there = |name: &str| {
        let ends = ["_total", "_bucket", "_sum", "_count", ""];
        let base = ends.iter().find_map(|end| name.strip_suffix(end)).unwrap();
        metrics.contains(&format!("# TYPE {base} "))
    };
    let handbook = std::fs::read_to_string(monitoring.join("../handbook/operate.md")).unwrap();
    let alerts = std::fs::read_to_string(monitoring.join("alerts.yaml")).unwrap();
    let dashboard = std::fs::read_to_string(monitoring.join("dashboard.json")).unwrap();
    serde_json::from_str::<Value>(&dashboard).unwrap();
    for text in [&alerts, &dashboard, &handbook] {
        let named = named(text);
        assert!(named.len() > 3);
        for name in named {
            assert!(there(name), "there is no metric {name}");
        }
    }
    // Each alert leads to its section.
    for section in alerts.split("operate.md#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        let heading = |line: &&str| line.starts_with("## ") && slug(line.trim_start_matches("## ")) == section;
        assert!(handbook.lines().any(|line| heading(&line)), "the handbook has no section {section}");
    }
}

/// What a heading is called in a link.
fn slug(heading: &str) -> String {
    let kept =
        heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-').collect::<String>();
    kept.replace(' ', "-")
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_counted_by_method_and_code_and_refused_tokens_by_issuer_and_reason() {
    let supported = Supported::sharing(0).await;
    let channel = supported.node.channel().await.unwrap();
    let nobody = Client::new(channel.clone(), "not-a-token").unwrap();
    nobody.people().record_strength(RecordStrengthRequest::default()).await.unwrap_err();
    let other = node::tokens::TokenSigner::open(&supported.world.cluster.directory().join("another.der")).unwrap();
    let forged = Client::new(channel.clone(), &other.person(supported.callers.pair.person).unwrap()).unwrap();
    forged.people().record_strength(RecordStrengthRequest::default()).await.unwrap_err();
    supported.callers.look().await.unwrap();
    crate::access_matrix::call(&channel, "/alongside.people.v1.PeopleService/DropTables", vec![], Some("x"))
        .await
        .unwrap_err();
    let metrics = supported.node.admin_get("/metrics").await.unwrap();
    for counted in [
        "alongside_calls_total{method=\"/alongside.people.v1.PeopleService/RecordStrength\",code=\"UNAUTHENTICATED\"} 2",
        "alongside_calls_total{method=\"/alongside.people.v1.PeopleService/GetSharedPlan\",code=\"OK\"} 1",
        "alongside_calls_total{method=\"unknown\",code=\"UNAUTHENTICATED\"} 1",
        "alongside_call_seconds_count{method=\"/alongside.people.v1.PeopleService/GetSharedPlan\"} 1",
        "alongside_gate_refused_tokens_total{issuer=\"unknown\",why=\"not a token of an issuer\"}",
        "why=\"a signature that does not verify\"} 1",
    ] {
        assert!(metrics.contains(counted), "{counted} is missing: {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_logged_with_its_cause_and_in_which_call_it_happened() {
    let mut supported = Supported::sharing(0).await;
    for json in [true, false] {
        supported.world.cluster.set("telemetry", "json", json);
        let node = supported.world.start().await;
        let person = Client::new(
            node.channel().await.unwrap(),
            &supported.world.cluster.signer.person(supported.callers.pair.person).unwrap(),
        );
        let person = person.unwrap();
        let name = supported.world.database.name().to_owned();
        let rename = |from: &str, to: &str| {
            let script = format!("ALTER TABLE alongside.{from} RENAME TO {to};");
            supported.world.postgres.script(&name, &script).unwrap();
        };
        rename("append_lock", "hidden");
        let id = request_id();
        let strength = RecordStrengthRequest { request_id: id.clone(), text: "bakes".into(), ..Default::default() };
        let status = person.people().record_strength(strength).await.unwrap_err();
        rename("hidden", "append_lock");
        assert!(!status.message().contains("relation"), "{status:?}");
        let log = node.log().unwrap();
        let line = log.lines().find(|line| line.contains("a call failed inside")).unwrap_or_else(|| panic!("{log}"));
        for told in ["does not exist", "/alongside.people.v1.PeopleService/RecordStrength", id.as_str()] {
            assert!(line.contains(told), "{told} is not told: {line}");
        }
        if json {
            let line: Value = serde_json::from_str(line).unwrap();
            assert_eq!(line["rpc"]["request_id"], id, "{line}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_reads_the_logs_calls_go_on_and_what_is_dropped_is_counted() {
    let mut cluster = Cluster::embedded().unwrap();
    cluster.set("telemetry", "filter", "debug");
    let (grpc, admin) = (harness::free_port().unwrap(), harness::free_port().unwrap());
    let mut command = Command::new(harness::alongside().unwrap());
    command.arg("--config").arg(cluster.config_file().unwrap());
    command.args(["--listen", &format!("127.0.0.1:{grpc}"), "--admin", &format!("127.0.0.1:{admin}"), "serve"]);
    let mut process = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let get = |path: &'static str| async move { harness::http_get(admin, path).await };
    wait_until("the node", || async { Ok(get("/readyz").await.is_ok_and(|ready| ready.contains("200 OK"))) })
        .await
        .unwrap();
    let channel = tonic::transport::Endpoint::from_shared(format!("http://127.0.0.1:{grpc}")).unwrap();
    let nobody = Client::new(channel.connect().await.unwrap(), "not-a-token").unwrap();
    let dropped = async || {
        let metrics = get("/metrics").await.unwrap();
        let lines = metrics.lines().find_map(|line| line.strip_prefix("alongside_log_lines_dropped_total "));
        lines.unwrap().parse::<u64>().unwrap()
    };
    // Each refused token is a line; as many as fill the pipe and all that waits.
    let calling = async {
        while dropped().await == 0 {
            let calls = (0..512).map(|_| async {
                let refused = nobody.people().record_strength(RecordStrengthRequest::default()).await.unwrap_err();
                assert_eq!(refused.code(), tonic::Code::Unauthenticated, "{refused:?}");
            });
            futures::future::join_all(calls).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), calling).await.expect("calls stand still with the logs");
    // Whoever reads again reads whole lines.
    let mut read = vec![0; 1 << 16];
    process.stderr.take().unwrap().read_exact(&mut read).unwrap();
    let text = String::from_utf8(read).unwrap();
    for line in text.lines().rev().skip(1) {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    process.kill().unwrap();
    process.wait().unwrap();
}
