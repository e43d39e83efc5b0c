//! What an integrator is shown works: a consumer of their own, and the document that describes what it receives.

use std::path::Path;
use std::process::Command;

use harness::{Child, wait_until};
use proto::access::v1::recall;
use proto::feeds::v1::ContentLevel;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::fed::Fed;
use crate::on_nats::OnNats;

/// What a consumer keeps: the ids and the data of events.
async fn kept(database: &Path) -> Vec<(String, String)> {
    let options = SqliteConnectOptions::new().filename(database).read_only(true).disable_statement_logging();
    let Ok(mut connection) = options.connect().await else { return vec![] };
    let kept = sqlx::query_as("SELECT id, data FROM event ORDER BY id").fetch_all(&mut connection).await;
    drop(connection.close().await);
    kept.unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_over_grpc_keeps_each_event_once_whatever_is_killed_and_deletes_what_is_recalled() {
    keeps_each_event_once("grpc_consumer.py", Fed::new(ContentLevel::Full).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_on_jetstream_keeps_each_event_once_whatever_is_killed_and_deletes_what_is_recalled() {
    let OnNats { fed, keys } = OnNats::new(ContentLevel::Full, &[]).await;
    keeps_each_event_once("jetstream_consumer.py", fed).await;
    drop(keys);
}

/// A consumer keeps what comes while it and its server are killed, and deletes what is asked back.
async fn keeps_each_event_once(script: &str, mut fed: Fed) {
    let provision = fed.permit().await;
    let (directory, cluster) = (tempfile::tempdir().unwrap(), &fed.supported.world.cluster);
    let (token, database, log) =
        (directory.path().join("token"), directory.path().join("kept.db"), directory.path().join("log"));
    let pair = &fed.supported.callers.pair;
    std::fs::write(&token, cluster.signer.staff(pair.worker.agency(), "record-system").unwrap()).unwrap();
    let port = fed.supported.node.grpc;
    let start = || {
        let mut command = harness::consumer(script).unwrap();
        command.args(["--server", &format!("127.0.0.1:{port}"), "--feed", &fed.feed]).arg("--token-file").arg(&token);
        Child::start(command.arg("--database").arg(&database), &log).unwrap()
    };
    let keeps = async |count: usize| {
        let kept = wait_until("the consumer", || async { Ok(kept(&database).await.len() == count) }).await;
        kept.unwrap_or_else(|error| panic!("{error}: {}", std::fs::read_to_string(&log).unwrap()));
    };
    let mut consumer = start();
    fed.person().strength("one").await.unwrap();
    keeps(1).await;
    consumer.kill().unwrap();
    fed.person().strength("two").await.unwrap();
    let mut consumer_again = start();
    keeps(2).await;
    // The server goes, too.
    fed.supported.node.kill().unwrap();
    fed.supported.node = fed.supported.world.cluster.start_on("", port).await.unwrap();
    fed.person().strength("three").await.unwrap();
    keeps(3).await;
    let texts: Vec<_> = kept(&database).await.into_iter().map(|(_, data)| data).collect();
    for text in ["one", "two", "three"] {
        assert_eq!(texts.iter().filter(|data| data.contains(&format!("\"text\": \"{text}\""))).count(), 1, "{texts:?}");
    }
    fed.person().withdraw(&provision).await.unwrap();
    keeps(0).await;
    wait_until("the answer", || async {
        Ok(fed.recalls().await.iter().all(|recall| recall.state() == recall::State::Erased))
    })
    .await
    .unwrap();
    let asked_back: u32 = fed.recalls().await.iter().map(|recall| recall.count).sum();
    assert_eq!(asked_back, 3);
    consumer_again.kill().unwrap();
}

#[test]
fn the_document_that_describes_feeds_is_an_asyncapi_document() {
    let described = Command::new(harness::alongside().unwrap()).args(["feeds", "describe"]).output().unwrap();
    assert!(described.status.success());
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("feeds.json");
    std::fs::write(&file, &described.stdout).unwrap();
    let script = "
        const { Parser } = require('@asyncapi/parser');
        const text = require('fs').readFileSync(process.argv[1], 'utf8');
        new Parser().parse(text).then(({ document, diagnostics }) => {
            const wrong = diagnostics.filter(d => d.severity === 0);
            console.log(JSON.stringify({ messages: document ? document.allMessages().length : 0, wrong }));
        });";
    let mut parse = Command::new("node");
    parse.current_dir(harness::asyncapi().unwrap()).args(["-e", script]).arg(&file);
    let parsed = parse.output().unwrap();
    let said = String::from_utf8_lossy(&parsed.stdout).into_owned();
    let said: serde_json::Value =
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&parsed.stderr)));
    assert!(said["wrong"] == serde_json::json!([]) && said["messages"].as_u64() > Some(18), "{said}");
}
