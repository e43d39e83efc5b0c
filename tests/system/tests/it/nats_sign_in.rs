//! The bus signs in to a NATS server that asks for it, in every form that there is, and to none that it should not trust.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bus::KeyPair;
use bus::{Bus, CopyOf, Message, NatsBus, NatsConfig, NatsServers};
use harness::{Authority, Nats, NatsAccounts};
use tempfile::TempDir;

/// How long somebody who is not let in goes on trying here.
const A_WHILE: Duration = Duration::from_millis(1_500);

/// Whether the bus takes and holds a message.
async fn works(servers: NatsServers) -> bool {
    let copy_of =
        Arc::new(|| CopyOf { log: "log".to_owned(), epoch: uuid::Uuid::now_v7().simple().to_string(), began_at: 0 });
    let epoch = copy_of();
    let config = NatsConfig { servers, copy_of: Arc::new(move || epoch.clone()), replicas: 1 };
    let bus = NatsBus::connect(&config).await.unwrap();
    let publishing = async {
        let message = Message { position: 1, subject: "log.0.1.1.x".into(), payload: "one".into() };
        assert_eq!(bus.prepare(1).await?, 0);
        bus.publish(0, vec![message.clone()]).await?;
        assert!(bus.holds(&message).await?);
        bus.reset().await
    };
    tokio::time::timeout(A_WHILE, publishing).await.is_ok_and(|published| published.is_ok())
}

fn at(server: &Nats, with: &str) -> NatsServers {
    NatsServers::read(&server.url().replace("://", &format!("://{with}"))).unwrap()
}

fn file(directory: &TempDir, name: &str, text: &str) -> PathBuf {
    let file = directory.path().join(name);
    std::fs::write(&file, text).unwrap();
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_and_a_password_stand_in_the_url_whatever_they_are_made_of() {
    let server = Nats::start_with(r#"authorization { user: "al@ong", password: "p/a:s%s,#w ?d" }"#).await.unwrap();
    let right = "al%40ong:p%2Fa%3As%25s%2C%23w%20%3Fd@";
    assert!(works(at(&server, right)).await);
    for wrong in ["", "al%40ong:pass@", "al%40ong@"] {
        assert!(!works(at(&server, wrong)).await, "{wrong}");
    }
    // The first is down, the second takes its place, and is signed in to alike.
    let both = NatsServers::read(&format!("nats://{right}127.0.0.1:1,{}", server.url())).unwrap();
    assert!(works(both).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_stands_in_the_url() {
    let server = Nats::start_with(r#"authorization { token: "to@ken" }"#).await.unwrap();
    assert!(works(at(&server, "to%40ken@")).await);
    assert!(!works(at(&server, "token@")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_nkey_is_read_from_its_file() {
    let (key, other, directory) = (KeyPair::new_user(), KeyPair::new_user(), tempfile::tempdir().unwrap());
    let server =
        Nats::start_with(&format!("authorization {{ users: [{{ nkey: {} }}] }}", key.public_key())).await.unwrap();
    let with = |seed: String| server.servers().unwrap().with_nkey(file(&directory, "seed", &seed)).unwrap();
    assert!(works(with(key.seed().unwrap())).await);
    assert!(!works(with(other.seed().unwrap())).await);
    let refused = async |servers: NatsServers| format!("{:?}", servers.connect("x").await.unwrap_err());
    assert!(refused(with("no seed".to_owned())).await.contains("holds no seed"));
    let missing = server.servers().unwrap().with_nkey(directory.path().join("missing")).unwrap();
    assert!(refused(missing).await.contains("missing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_jwt_is_read_from_its_file_again_at_every_connection() {
    let (ours, others) = (NatsAccounts::new().unwrap(), NatsAccounts::new().unwrap());
    let mut server = Nats::start_with(&ours.configuration().unwrap()).await.unwrap();
    let read = |accounts: &NatsAccounts| std::fs::read_to_string(accounts.file(node::nats_accounts::BUS)).unwrap();
    let credentials = ours.file("used.creds");
    std::fs::write(&credentials, read(&ours)).unwrap();
    let servers = || server.servers().unwrap().with_credentials(credentials.clone()).unwrap();
    assert!(works(servers()).await);
    // A copy that is wrong by now is not what the next connection reads.
    let client = servers().connect("x").await.unwrap();
    client.flush().await.unwrap();
    std::fs::write(&credentials, read(&others)).unwrap();
    assert!(!works(servers()).await, "another operator's users are let in nowhere");
    std::fs::write(&credentials, read(&ours)).unwrap();
    server.kill().unwrap();
    server.restart().await.unwrap();
    harness::wait_until("the client", || async { Ok(client.flush().await.is_ok()) }).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_trusted_by_its_authority_and_may_ask_for_a_certificate() {
    let directory = tempfile::tempdir().unwrap();
    let (authority, another) = (Authority::new().unwrap(), Authority::new().unwrap());
    let ca = file(&directory, "ca.pem", &authority.certificate());
    let (certificate, key) = authority.issue("127.0.0.1").unwrap();
    let (certificate, key) = (file(&directory, "server.pem", &certificate), file(&directory, "server.key", &key));
    let tls = |verify: bool| {
        format!("tls {{ cert_file: {certificate:?}, key_file: {key:?}, ca_file: {ca:?}, verify: {verify} }}")
    };
    let server = Nats::start_with(&tls(false)).await.unwrap();
    let secure = |server: &Nats| NatsServers::read(&server.url().replace("nats://", "tls://")).unwrap();
    assert!(works(secure(&server).trusting(ca.clone())).await);
    // Asked for by the server alone, it is the same.
    assert!(works(server.servers().unwrap().trusting(ca.clone())).await);
    let wrong = file(&directory, "another.pem", &another.certificate());
    assert!(!works(secure(&server).trusting(wrong)).await);
    let plain = Nats::start().await.unwrap();
    assert!(!works(secure(&plain).trusting(ca.clone())).await, "nothing is said to a server without TLS");

    let asking = Nats::start_with(&tls(true)).await.unwrap();
    assert!(!works(secure(&asking).trusting(ca.clone())).await);
    let (shown, shown_key) = authority.issue("alongside").unwrap();
    let (shown, shown_key) = (file(&directory, "app.pem", &shown), file(&directory, "app.key", &shown_key));
    assert!(works(secure(&asking).trusting(ca).showing(shown, shown_key)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_the_keys_prints_what_works() {
    let directory = tempfile::tempdir().unwrap();
    let keys = directory.path().join("keys");
    let make = || {
        let mut command = std::process::Command::new(harness::alongside().unwrap());
        command.current_dir(directory.path()).args(["feeds", "nats-config", "--to", "keys", "--accounts"]);
        command.arg(keys.join("accounts")).output().unwrap()
    };
    let made = make();
    assert!(made.status.success(), "{made:?}");
    let printed = String::from_utf8(made.stdout).unwrap();
    let (_, settings) = printed.split_once("[bus]").unwrap();
    let settings: toml::Table = format!("[bus]{settings}").parse().unwrap();
    let included = std::fs::read_to_string(keys.join(node::nats_accounts::INCLUDED)).unwrap();
    let is_seed = |word: &str| word.len() == 58 && word.starts_with('S');
    assert!(!included.split(|c: char| !c.is_ascii_alphanumeric()).any(is_seed));
    assert!(printed.contains("include \"nats-accounts.conf\""));
    let server = Nats::start_with(&included).await.unwrap();
    let credentials = settings["bus"]["credentials_file"].as_str().unwrap();
    assert!(works(server.servers().unwrap().with_credentials(credentials.into()).unwrap()).await);
    // What tells of accounts does nothing else.
    let system = settings["feeds"]["jetstream"]["system_credentials_file"].as_str().unwrap();
    let system = server.servers().unwrap().with_credentials(system.into()).unwrap().connect("x").await.unwrap();
    let asked = system.request("$SYS.REQ.SERVER.PING", "".into());
    assert!(tokio::time::timeout(A_WHILE, asked).await.is_err(), "nothing answers it");
    let twice = make();
    assert!(
        !twice.status.success() && String::from_utf8_lossy(&twice.stderr).contains("is there"),
        "keys are not written over"
    );
}
