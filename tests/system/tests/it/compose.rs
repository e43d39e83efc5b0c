//! The compose file runs as it is. Here without containers: every command that it gives the binary, with the settings that it
//! mounts, on servers started as it starts them.

use std::path::Path;

use client::Client;
use harness::{Cluster, Nats, Postgres};
use proto::agencies::v1::ListAgenciesRequest;
use serde::Deserialize;

use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Compose {
    services: BTreeMap<String, Service>,
}

#[derive(Deserialize)]
struct Service {
    build: Option<BTreeMap<String, String>>,
    #[serde(default)]
    command: Vec<String>,
    #[serde(default)]
    environment: BTreeMap<String, String>,
    #[serde(default)]
    volumes: Vec<String>,
}

impl Service {
    /// The folders of secrets that this text needs, and that are not among its volumes.
    fn misses<'a>(&self, text: &'a str) -> Vec<&'a str> {
        let needed = text.split("/run/secrets/").skip(1).filter_map(|rest| rest.split(['/', '"', ' ']).next());
        let mounted = |folder: &str| self.volumes.iter().any(|v| v.contains(&format!(":/run/secrets/{folder}")));
        needed.filter(|folder| !mounted(folder)).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_compose_file_runs_as_it_is() {
    let infra = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra").canonicalize().unwrap();
    let text = std::fs::read_to_string(infra.join("compose.yaml")).unwrap();
    let compose: Compose = serde_saphyr::from_str(&text).unwrap();
    for file in compose.services.values().flat_map(|service| &service.volumes) {
        let Some(file) = file.strip_prefix("./").and_then(|file| file.split(':').next()) else { continue };
        assert!(infra.join(file).exists(), "{file} is mounted");
    }

    for (name, service) in &compose.services {
        let told = service.command.iter().chain(service.environment.values());
        let missing: Vec<_> = told.flat_map(|text| service.misses(text)).collect();
        assert!(missing.is_empty(), "{name} has no {missing:?}");
    }
    let settings = std::fs::read_to_string(infra.join("alongside.toml")).unwrap();
    let settings: String = settings.lines().filter(|line| !line.starts_with('#')).collect();
    assert!(compose.services["alongside"].misses(&settings).is_empty(), "its settings name what it has");

    let (secrets, nats) = (tempfile::tempdir().unwrap(), Nats::start().await.unwrap());
    let made = std::process::Command::new("sh").arg(infra.join("secrets.sh")).arg(secrets.path()).status();
    assert!(made.unwrap().success());
    let server = Postgres::start_on_network().await.unwrap();
    let database = server.database().await.unwrap();
    let name = database.name();
    server.ask_for_passwords(&secrets.path().join("database")).await.unwrap();
    // What a container sees of the network and of its volumes, as this machine has it.
    let here = |text: &str| {
        let url = |role: &str| server.network_url(role, name);
        let folder = format!("{}/", secrets.path().display());
        text.replace("postgres://alongside_owner@postgres/alongside", &url("alongside_owner"))
            .replace("postgres://alongside_app@postgres/alongside", &url("alongside_app"))
            .replace("nats://nats:4222", &nats.url())
            .replace("/run/secrets/", &folder)
    };
    let settings = here(&std::fs::read_to_string(infra.join("alongside.toml")).unwrap());
    let cluster = Cluster::of(&settings).unwrap();
    let run = |command: &[String], pgpass: &str| {
        let command: Vec<_> = command.iter().map(|argument| here(argument)).collect();
        let mut command: Vec<_> = command.iter().map(String::as_str).collect();
        // The settings are those that the cluster has from the file.
        if let ["--config", "/etc/alongside.toml", rest @ ..] = command.as_slice() {
            command = rest.to_vec();
        }
        let output = cluster.run_with(&[("PGPASSFILE", &secrets.path().join(pgpass))], &command).unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let built: Vec<_> = compose.services.iter().filter(|(_, service)| service.build.is_some()).collect();
    assert_eq!(built.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["alongside", "migrate", "sign-in"]);
    run(&compose.services["migrate"].command, "owner/pgpass");
    run(&compose.services["sign-in"].command, "owner/pgpass");
    let serve = &compose.services["alongside"].command;
    assert_eq!(serve.iter().map(String::as_str).collect::<Vec<_>>(), ["--config", "/etc/alongside.toml", "serve"]);
    let node = cluster.start_with("PGPASSFILE", &secrets.path().join("app/pgpass")).await.unwrap();
    // As its settings say how.
    let hint = settings.lines().find(|line| line.contains("run --rm sign-in")).unwrap();
    let arguments = hint.split('`').nth(1).unwrap().split_once("run --rm sign-in ").unwrap().1;
    let token = run(&arguments.split(' ').map(str::to_owned).collect::<Vec<_>>(), "owner/pgpass");
    let operator = Client::new(node.channel().await.unwrap(), token.trim()).unwrap();
    operator.agencies().list_agencies(ListAgenciesRequest::default()).await.unwrap();
}
