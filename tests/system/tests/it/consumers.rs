//! What an integrator is shown works: a consumer of their own, and the document that describes what it receives.

use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Authority, Child, wait_until};
use proto::access::v1::recall;
use proto::feeds::v1::ContentLevel;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;

use crate::fed::Fed;
use crate::on_nats::OnNats;
use crate::receiver::ORIGIN;
use crate::webhooks::{calls, open};
use crate::world::{Supported, World};

/// What a consumer keeps: the ids and the data of events.
pub(crate) async fn kept(database: &Path) -> Vec<(String, String)> {
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

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_of_a_webhook_keeps_each_event_once_whatever_is_killed_and_deletes_what_is_recalled() {
    let authority = Authority::new().unwrap();
    let files = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = files.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (certificate, key) = authority.issue("localhost").unwrap();
    let (certificate, key) = (file("certificate.pem", &certificate), file("key.pem", &key));
    let mut world = World::distributed().await;
    calls(
        &mut world.cluster,
        &["127.0.0.0/8"],
        &[("authority", file("authority.pem", &authority.certificate()).into())],
    );
    let mut fed = Fed::of(Supported::on(world, 0).await, ContentLevel::Full).await;
    let port = harness::free_port().unwrap();
    let target = format!("https://localhost:{port}/events");
    fed.feed = open(&fed.admin, &fed.supported.callers.pair, ContentLevel::Full, &target).await.unwrap();
    let listen = format!("127.0.0.1:{port}");
    let own = ["--listen", &listen, "--origin", ORIGIN, "--listen-certificate", &certificate, "--listen-key", &key];
    keeps_each_event_once_with("webhook_consumer.py", &own, fed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_was_away_for_too_long_asks_again_for_what_it_missed() {
    let on = OnNats::new(ContentLevel::IdOnly, &[("kept_for_seconds", 1.into())]).await;
    on.fed.permit().await;
    for n in 0..5 {
        on.fed.person().strength(&format!("strength {n}")).await.unwrap();
    }
    // All that stands is that something does not stand any more.
    let fell = || async { Ok(on.fed.supported.node.log()?.contains("have fallen out")) };
    wait_until("it has fallen out", fell).await.unwrap();
    let running = Running::new("jetstream_consumer.py", &on.fed);
    let mut consumer = running.start(on.fed.supported.node.grpc);
    running.keeps(5).await;
    consumer.kill().unwrap();
}

/// A consumer that is run for a feed.
struct Running {
    script: &'static str,
    /// What it is started with beside what all are.
    own: Vec<String>,
    feed: String,
    directory: TempDir,
}

impl Running {
    fn new(script: &'static str, fed: &Fed) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let pair = &fed.supported.callers.pair;
        let token = fed.supported.world.cluster.signer.staff(pair.worker.agency(), "record-system").unwrap();
        std::fs::write(directory.path().join("token"), token).unwrap();
        Self { script, own: vec![], feed: fed.feed.clone(), directory }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn start(&self, port: u16) -> Child {
        let mut command = harness::consumer(self.script).unwrap();
        command.args(["--server", &format!("127.0.0.1:{port}"), "--feed", &self.feed]);
        command.args(&self.own).arg("--token-file").arg(self.file("token")).arg("--database").arg(self.file("kept.db"));
        Child::start(&mut command, &self.file("log")).unwrap()
    }

    /// Waits until it keeps so many events; returns the data of each.
    async fn keeps(&self, count: usize) -> Vec<String> {
        let database = self.file("kept.db");
        let keeping = wait_until("the consumer", || async { Ok(kept(&database).await.len() == count) }).await;
        keeping.unwrap_or_else(|error| panic!("{error}: {}", std::fs::read_to_string(self.file("log")).unwrap()));
        kept(&database).await.into_iter().map(|(_, data)| data).collect()
    }
}

/// A consumer keeps what comes while it and its server are killed, and deletes what is asked back.
async fn keeps_each_event_once(script: &'static str, fed: Fed) {
    keeps_each_event_once_with(script, &[], fed).await;
}

async fn keeps_each_event_once_with(script: &'static str, own: &[&str], mut fed: Fed) {
    let provision = fed.permit().await;
    let own = own.iter().map(|&argument| argument.to_owned()).collect();
    let running = Running { own, ..Running::new(script, &fed) };
    let port = fed.supported.node.grpc;
    let mut consumer = running.start(port);
    fed.person().strength("one").await.unwrap();
    running.keeps(1).await;
    consumer.kill().unwrap();
    fed.person().strength("two").await.unwrap();
    let mut consumer_again = running.start(port);
    running.keeps(2).await;
    // The server goes, too.
    fed.supported.node.kill().unwrap();
    fed.supported.node = fed.supported.world.cluster.start_on("", port).await.unwrap();
    fed.person().strength("three").await.unwrap();
    let texts = running.keeps(3).await;
    for text in ["one", "two", "three"] {
        assert_eq!(texts.iter().filter(|data| data.contains(&format!("\"text\": \"{text}\""))).count(), 1, "{texts:?}");
    }
    fed.person().withdraw(&provision).await.unwrap();
    running.keeps(0).await;
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
