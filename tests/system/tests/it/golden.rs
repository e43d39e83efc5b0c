//! A log that an earlier version wrote: `golden/dev` is the directory of a development system in which the demo's story was played.
//! It opens, builds its views and reads as it did then.

use std::path::{Path, PathBuf};

use harness::Cluster;
use prost::Message as _;
use prost_reflect::{DynamicMessage, SerializeOptions};
use serde_json::Value;
use uuid::Uuid;

use crate::access_matrix::call;

/// The person of the story, and somebody with nothing but what was imported.
const PEOPLE: [&str; 2] = ["01a215e4-b845-70f9-9b26-e303759a53fa", "01a215e4-b74a-7009-84af-ad613870662f"];

/// What they read about themselves.
const READS: [&str; 6] =
    ["GetMyRecord", "ListAccessHistory", "GetMySharing", "ListMyPeople", "ListMyConsultations", "ListMyQuestions"];

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// What differs between two readings of the same: a look of one's own leaves a receipt.
const EACH_TIME: [&str; 3] = ["position", "receiptId", "nextPageToken"];

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_an_earlier_version_opens_rebuilds_and_reads_the_same() {
    let cluster = Cluster::kept(&golden().join("dev")).unwrap();
    let rebuilt = cluster.run(&["rebuild"]).unwrap();
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    let node = cluster.start("").await.unwrap();
    let channel = node.channel().await.unwrap();
    let mut read = serde_json::Map::new();
    for person in PEOPLE {
        let id: Uuid = person.parse().unwrap();
        let token = cluster.signer.person(id.into()).unwrap();
        for (method, _) in proto::rpcs().filter(|(method, _)| READS.contains(&method.name())) {
            let mut request = DynamicMessage::new(method.input());
            request.set_field_by_name("page_size", prost_reflect::Value::I32(100));
            let path = proto::path(&method);
            let answer = call(&channel, &path, request.encode_to_vec(), Some(&token)).await.unwrap();
            let answer = DynamicMessage::decode(method.output(), answer.as_slice()).unwrap();
            let options = SerializeOptions::new().skip_default_fields(false);
            let mut answer = answer.serialize_with_options(serde_json::value::Serializer, &options).unwrap();
            EACH_TIME.iter().for_each(|name| drop(answer.as_object_mut().unwrap().remove(*name)));
            read.insert(format!("{} {person}", method.name()), answer);
        }
    }
    let file = golden().join("dev-reads.json");
    if !file.exists() {
        std::fs::write(&file, serde_json::to_string_pretty(&read).unwrap() + "\n").unwrap();
        panic!("{} was not there, and is now what this version reads", file.display());
    }
    let before: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let mut differing = Vec::new();
    holds(&before, &Value::Object(read), String::new(), &mut differing);
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// Whether all that was read before is read now; what is new may stand beside it.
fn holds(before: &Value, now: &Value, at: String, differing: &mut Vec<String>) {
    match (before, now) {
        (Value::Object(before), Value::Object(now)) => {
            for (name, value) in before {
                holds(value, now.get(name).unwrap_or(&Value::Null), format!("{at}.{name}"), differing);
            }
        }
        (Value::Array(before), Value::Array(now)) if before.len() == now.len() => {
            for (n, (before, now)) in before.iter().zip(now).enumerate() {
                holds(before, now, format!("{at}.{n}"), differing);
            }
        }
        (before, now) if before == now => {}
        (before, now) => differing.push(format!("{at}: {before} is now {now}")),
    }
}
