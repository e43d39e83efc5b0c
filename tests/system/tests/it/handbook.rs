//! The commands of the handbook do what it says.

use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Cluster, Copy, CopyKind};

use crate::world::{World, import};

fn page(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/handbook").join(name)
}

/// The shell commands of a page, in order, from this heading to the next.
fn commands(name: &str, heading: &str) -> String {
    let text = std::fs::read_to_string(page(name)).unwrap();
    let text = text.split_once(heading).unwrap().1;
    let text = text.split("\n## ").next().unwrap();
    let mut commands = String::new();
    for block in text.split("```sh\n").skip(1) {
        commands += block.split("```").next().unwrap();
    }
    assert!(!commands.is_empty(), "{name} {heading}");
    commands
}

/// Runs them as somebody at a terminal would, one after the other until one fails.
fn run(script: &str, variables: &[(&str, String)]) -> String {
    let tools: Vec<PathBuf> = vec![
        harness::alongside().unwrap().parent().unwrap().to_owned(),
        harness::postgres_tool("psql").unwrap().parent().unwrap().to_owned(),
        "/usr/bin".into(),
        "/bin".into(),
    ];
    let mut bash = Command::new("bash");
    bash.args(["-eu", "-c", script]).env("PATH", std::env::join_paths(tools).unwrap());
    bash.envs(variables.iter().map(|(name, value)| (*name, value.as_str())));
    let output = bash.output().unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
    assert!(output.status.success(), "{script}\n{said}");
    said
}

fn config(cluster: &Cluster) -> (&'static str, String) {
    ("CONFIG", cluster.config_file().unwrap().display().to_string())
}

#[test]
fn an_embedded_system_is_backed_up_and_restored_as_it_says() {
    let (cluster, kept) = (Cluster::embedded().unwrap(), tempfile::tempdir().unwrap());
    import(&cluster, 2);
    let variables = [
        config(&cluster),
        ("BACKUP", kept.path().display().to_string()),
        ("DATA", cluster.data().display().to_string()),
        ("WHO", "Ailsa".to_owned()),
    ];
    let said = run(&commands("restore.md", "## SQLite"), &variables);
    assert!(said.contains("the log ends at") && said.contains("documents up to position"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_distributed_system_is_restored_failed_over_and_upgraded_as_it_says() {
    let mut world = World::distributed().await;
    world.import(2);
    let who = || ("WHO", "Ailsa".to_owned());
    let said = run(&commands("restore.md", "## PostgreSQL"), &[config(&world.cluster), who()]);
    assert!(said.contains("pg_dump") && said.contains("the log ends at"), "{said}");

    let standby: Copy = world.postgres.copy(CopyKind::Standby).await.unwrap();
    world.import(3);
    world.postgres.lost_to(standby).await.unwrap();
    // The tools know nothing of how this system's own connections are set up.
    let owner = world.database.owner.split("&options=").next().unwrap().to_owned();
    let variables = [config(&world.cluster), who(), ("OWNER", owner.clone())];
    let said = run(&commands("failover.md", "# When a standby takes over"), &variables);
    assert!(said.lines().filter(|line| line.contains('|')).count() > 1, "two histories: {said}");
    run(&commands("failover.md", "## What it looks like"), &variables);

    let mut owners = Cluster::embedded().unwrap();
    owners.set("database", "url", world.database.owner.clone());
    let config = config(&world.cluster);
    let variables =
        [config, who(), ("OWNER", owner), ("OWNER_CONFIG", owners.config_file().unwrap().display().to_string())];
    run(&commands("upgrade.md", "# A new version"), &variables);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_looks_at_who_runs_it_is_there_as_it_says() {
    let world = World::distributed().await;
    world.import(1);
    let node = world.start().await;
    let nobody = client::Client::new(node.channel().await.unwrap(), "not-a-token").unwrap();
    nobody.my_record(0).await.unwrap_err();
    let owner = world.database.owner.split("&options=").next().unwrap().to_owned();
    let variables = [
        config(&world.cluster),
        ("ADMIN", format!("http://127.0.0.1:{}", node.admin)),
        ("OWNER", owner),
        ("PID", node.process().to_string()),
        ("WHO", "Ailsa".to_owned()),
    ];
    let page = std::fs::read_to_string(page("operate.md")).unwrap();
    for heading in page.lines().filter(|line| line.starts_with('#')) {
        let section = page.split_once(&format!("{heading}\n")).unwrap().1.split("\n## ").next().unwrap();
        if section.contains("```sh") {
            let said = run(&commands("operate.md", heading), &variables);
            assert!(!said.is_empty() || heading == "## New certificates and keys", "{heading}");
        }
    }
    assert!(node.log().unwrap().contains("certificates and key sets were read again"));
}
