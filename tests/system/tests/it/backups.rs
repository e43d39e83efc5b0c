//! Backups of an embedded system that serves, and what a restore says of them.

use std::path::{Path, PathBuf};

use harness::Cluster;

use crate::world::{Callers, Pair, at_rest, import, stores};

/// Copies the log and the keys to these folders.
fn back_up(cluster: &Cluster, log: &Path, keys: &Path) -> Result<String, String> {
    let (log, keys) = (log.to_str().unwrap(), keys.to_str().unwrap());
    let output = cluster.run(&["backup", "--to", log, "--keys-to", keys]).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    if output.status.success() { Ok(said) } else { Err(said) }
}

fn restore(cluster: &Cluster, log: &Path, keys: &Path) -> (bool, String) {
    let (log, keys) = (log.to_str().unwrap(), keys.to_str().unwrap());
    let output = cluster.run(&["restore", "--from", log, "--keys-from", keys, "--by", "Ailsa"]).unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8(said).unwrap()).concat();
    (output.status.success(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_while_it_serves_is_whole_and_a_restore_is_another_epoch() {
    let cluster = Cluster::embedded().unwrap();
    let pair = Pair::of(&import(&cluster, 1)[0]);
    let kept = tempfile::tempdir().unwrap();
    let folder = |name: &str| -> PathBuf { kept.path().join(name) };
    let mut node = cluster.start("").await.unwrap();
    let callers = Callers::unenrolled(&cluster, &node.channel().await.unwrap(), &pair);
    let mut acknowledged = 0;
    // Somebody writes all the while.
    let writer = callers.person.clone();
    let writing = tokio::spawn(async move {
        for n in 0..60 {
            writer.strength(&format!("number {n}")).await.unwrap();
        }
    });
    for n in 0..3 {
        back_up(&cluster, &folder(&format!("log {n}")), &folder(&format!("keys {n}"))).unwrap();
        acknowledged += 1;
    }
    assert_eq!(acknowledged, 3);
    writing.await.unwrap();
    let same = back_up(&cluster, &folder("one"), &folder("one")).unwrap_err();
    assert!(same.contains("kept apart"), "{same}");
    let again = back_up(&cluster, &folder("log 0"), &folder("keys 0")).unwrap_err();
    assert!(again.contains("nothing is overwritten"), "{again}");

    let before_backup = callers.person.strength("before the backup").await.unwrap();
    back_up(&cluster, &folder("log"), &folder("keys")).unwrap();
    callers.person.strength("after the backup").await.unwrap();
    at_rest(&cluster).await;
    let epoch = stores(&cluster).await.log.epoch();
    let (refused, said) = restore(&cluster, &folder("log"), &folder("keys"));
    assert!(!refused && said.contains("move it away first"), "{said}");
    node.terminate().unwrap();
    node.ended().await.unwrap();
    // The views stay, and stand beyond what is restored.
    for name in ["log.db", "log.db-wal", "log.db-shm", "keys.db", "keys.db-wal", "keys.db-shm"] {
        drop(std::fs::remove_file(cluster.data().join(name)));
    }
    let (restored, said) = restore(&cluster, &folder("log"), &folder("keys"));
    assert!(restored && said.contains(&format!("the log ends at {}", before_backup.position)), "{said}");
    assert_ne!(stores(&cluster).await.log.epoch(), epoch);
    let node = cluster.start("").await.unwrap();
    let callers = Callers::unenrolled(&cluster, &node.channel().await.unwrap(), &pair);
    let written = callers.person.strength("goes on").await.unwrap();
    let entries = callers.person.my_record(written.position).await.unwrap();
    let said = format!("{entries:?}");
    assert!(said.contains("before the backup") && said.contains("number 59") && said.contains("goes on"));
    assert!(!said.contains("after the backup"), "it is lost, and not shown");
    let acts =
        callers.operator.agencies().list_operator_acts(proto::agencies::v1::ListOperatorActsRequest::default()).await;
    let acts = acts.unwrap().into_inner().acts;
    assert!(
        acts.iter()
            .any(|act| act.operator == "Ailsa" && act.kind() == proto::agencies::v1::operator_act::Kind::Restored)
    );
}

#[test]
fn a_restore_says_which_keys_are_missing() {
    let cluster = Cluster::embedded().unwrap();
    let kept = tempfile::tempdir().unwrap();
    let folder = |name: &str| kept.path().join(name);
    import(&cluster, 1);
    back_up(&cluster, &folder("early log"), &folder("early keys")).unwrap();
    import(&cluster, 2);
    back_up(&cluster, &folder("log"), &folder("keys")).unwrap();
    std::fs::remove_dir_all(cluster.data()).unwrap();
    // Keys from before the log: those of everybody who came later are not there.
    let (whole, said) = restore(&cluster, &folder("log"), &folder("early keys"));
    assert!(!whole && said.contains("cannot be opened: their keys are missing"), "{said}");
    std::fs::remove_dir_all(cluster.data()).unwrap();
    let (whole, said) = restore(&cluster, &folder("log"), &folder("keys"));
    assert!(whole, "{said}");
}
