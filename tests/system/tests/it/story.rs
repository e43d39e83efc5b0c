//! The demo's story is true: embedded, as a newcomer runs it, and distributed over several processes.

use harness::Cluster;

use crate::world::{Callers, Pair, World, import};

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_true_embedded() {
    let cluster = Cluster::new("sqlite:unused", "in-process").unwrap();
    let output = cluster.run_alone(&["demo"]).unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    for sentence in [
        "60 sample people imported",
        "withdraws the consent",
        "breaks the glass",
        "signs in on their pages",
        "What to try next",
    ] {
        assert!(told.contains(sentence), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_story_is_true_distributed_over_processes_of_different_roles() {
    let world = World::distributed().await;
    let imported = import(&world.cluster, 60);
    let _views = world.cluster.start("views").await.unwrap();
    let _relay = world.cluster.start("relay").await.unwrap();
    let services = world.cluster.start("people,relationships,consultations,sharing,agencies,feeds").await.unwrap();
    let channel = services.channel().await.unwrap();
    let mut lines = Vec::new();
    // The story waits for the views where it must; its first chapter reads what was imported a moment ago.
    harness::wait_until("the imported people", || async {
        let callers = Callers::unenrolled(&world.cluster, &channel, &Pair::of(&imported[59]));
        Ok(!callers.person.my_people(0).await?.is_empty())
    })
    .await
    .unwrap();
    let is_told = |report: &&serde_json::Value| report["file"].as_str().unwrap().ends_with(node::demo::SAMPLE);
    let person = Pair::of(imported.iter().find(is_told).unwrap()).person;
    node::demo::play(channel, &world.cluster.signer, person, |line| lines.push(line.to_owned())).await.unwrap();
    assert!(lines.iter().any(|line| line.contains("Why did you need all of it?")));
}
