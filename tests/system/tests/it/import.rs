//! FHIR import in both modes: all samples, once; and views that grew equal views rebuilt.

use harness::Cluster;
use serde_json::Value;

use crate::world::{Callers, World, at_rest, import, pair, views_equal_a_rebuild};

fn events(reports: &[Value]) -> u64 {
    reports.iter().map(|report| report["events"].as_u64().unwrap()).sum()
}

/// Imports everything twice, lets the views grow, and rebuilds them.
async fn imports_once_and_rebuilds_equal(cluster: &Cluster) {
    let first = import(cluster, 60);
    assert_eq!(first.len(), 60);
    assert!(first.iter().all(|report| report["events"].as_u64().unwrap() > 0));
    let resources = first.iter().flat_map(|report| report["resources"].as_array().unwrap());
    let (mut conditions, mut left_out) = (0, Vec::new());
    for resource in resources {
        conditions += u32::from(resource["became"] == "condition");
        left_out.extend(resource["left_out"].as_str());
    }
    // Of 2,747 encounters 14 name nobody whom a relationship could be with.
    assert_eq!((conditions, left_out), (711, vec!["names no practitioner of this bundle"; 14]));
    assert_eq!(events(&import(cluster, 60)), 0, "a re-import appends no event");

    let mut node = cluster.start("").await.unwrap();
    let channel = node.channel().await.unwrap();
    let last = pair(59);
    let callers = Callers::new(cluster, &channel, &last);
    let head = events(&first);
    assert!(!callers.person.my_record(head).await.unwrap().is_empty());
    // The look left a receipt.
    let head = at_rest(cluster).await;
    node.terminate().unwrap();
    assert!(node.ended().await.unwrap(), "{}", node.log().unwrap());
    views_equal_a_rebuild(cluster, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_samples_import_once_embedded() {
    let mut cluster = Cluster::new("sqlite:unused", "in-process").unwrap();
    let data = cluster.directory().join("data");
    cluster.set("database", "url", format!("sqlite:{}", data.display()));
    imports_once_and_rebuilds_equal(&cluster).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_samples_import_once_distributed() {
    let world = World::distributed().await;
    imports_once_and_rebuilds_equal(&world.cluster).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_malformed_bundle_is_named_and_nothing_is_imported() {
    let mut cluster = Cluster::new("sqlite:unused", "in-process").unwrap();
    let data = cluster.directory().join("data");
    cluster.set("database", "url", format!("sqlite:{}", data.display()));
    let (good, bad) = (cluster.directory().join("good.json"), cluster.directory().join("bad.json"));
    let (_, bytes) = interop::samples().next().unwrap();
    std::fs::write(&good, &bytes).unwrap();
    let broken = String::from_utf8(bytes).unwrap().replacen("\"name\"", "\"nam\"", 400);
    std::fs::write(&bad, broken).unwrap();
    let output = cluster.run(&["import", "fhir", good.to_str().unwrap(), bad.to_str().unwrap()]).unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("bad.json: entry[") && said.contains("`name` is missing"), "{said}");
    assert!(!data.join("log.db").exists(), "the good bundle waits until the bad one is mended");
}
