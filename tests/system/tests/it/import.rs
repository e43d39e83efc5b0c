//! FHIR import in both modes: all samples, once; and views that grew equal views rebuilt.

use domain::ids::PersonId;
use harness::Cluster;
use proto::people::v1::entry::Content;
use serde_json::{Value, json};

use crate::world::{Callers, Pair, World, at_rest, import, import_bundles, stores, views_equal_a_rebuild};

const SOURCE: &str = "https://records.example";

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
    // Of 2,747 encounters 14 name nobody whom a relationship could be with, and 8 plans say one thing twice.
    left_out.sort_unstable();
    let expected = [
        vec!["names no practitioner of this bundle who has seen the person"; 14],
        vec!["says the same as one before it"; 8],
        vec!["that the person has died is not kept"; 28],
    ]
    .concat();
    assert_eq!((conditions, left_out), (711, expected));
    assert_eq!(events(&import(cluster, 60)), 0, "a re-import appends no event");

    let mut node = cluster.start("").await.unwrap();
    let channel = node.channel().await.unwrap();
    let callers = Callers::unenrolled(cluster, &channel, &Pair::of(&first[59]));
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
    let cluster = Cluster::embedded().unwrap();
    imports_once_and_rebuilds_equal(&cluster).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_samples_import_once_distributed() {
    let world = World::distributed().await;
    imports_once_and_rebuilds_equal(&world.cluster).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_suggests_nobody_of_an_agency_that_the_person_blocks() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let callers = Callers::unenrolled(&world.cluster, &node.channel().await.unwrap(), &pair);
    let at = callers.person.block(&callers.pair.agency_id()).await.unwrap();
    let before = callers.person.my_people(at).await.unwrap();

    // The same record, in which a new colleague at that agency has seen the person.
    let (name, bytes) = interop::samples().next().unwrap();
    let colleague = String::from_utf8(bytes).unwrap().replace(&callers.pair.number, "a-new-colleague");
    let imported = import_bundles(&world.cluster, [(name, colleague.into_bytes())]).remove(0);
    let left_out = |r: &&Value| r["left_out"] == "the worker has left, or the person wants nothing of them";
    let resources: Vec<_> = imported["resources"].as_array().unwrap().iter().filter(left_out).collect();
    assert!(!resources.is_empty(), "{imported}");
    assert!(resources.iter().all(|r| r["resource"].as_str().unwrap().starts_with("Encounter/")), "{resources:?}");
    assert_eq!(imported["events"], 1, "the colleague is named; nobody is suggested");
    let at = stores(&world.cluster).await.log.head().await.unwrap().0;
    assert_eq!(callers.person.my_people(at).await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_read_of_a_bundle_costs_little_memory() {
    let cluster = Cluster::embedded().unwrap();
    // Twelve megabytes of an observation, which took a gigabyte when they were taken apart.
    let parts = vec![r#"{"a":{}}"#; (12 << 20) / 9].join(",");
    let observation = format!(r#"{{"resource":{{"resourceType":"Observation","id":"1","component":[{parts}]}}}}"#);
    let (_, bytes) = interop::samples().next().unwrap();
    let text = String::from_utf8(bytes).unwrap().replacen("\"entry\":[", &format!("\"entry\":[{observation},"), 1);
    let file = cluster.directory().join("large.json");
    std::fs::write(&file, &text).unwrap();
    assert!(text.len() > 12 << 20);
    let output = cluster.run_within(800_000, &["import", "fhir", "--source", SOURCE, file.to_str().unwrap()]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_refused_stops_none_behind_it() {
    let cluster = Cluster::embedded().unwrap();
    let file = |name: &str| cluster.directory().join(name);
    let mut samples = interop::samples().map(|(_, bytes)| bytes);
    let (first, last) = (samples.next().unwrap(), samples.next().unwrap());
    std::fs::write(
        file("bad.json"),
        String::from_utf8(first.clone()).unwrap().replacen("\"subject\"", "\"subjec\"", 400),
    )
    .unwrap();
    std::fs::write(file("first.json"), first).unwrap();
    std::fs::write(file("last.json"), last).unwrap();
    // More than a bundle may hold; nobody reads it to its end.
    std::fs::File::create(file("huge.json")).unwrap().set_len(3 << 30).unwrap();
    let files = ["first.json", "bad.json", "gone.json", "huge.json", "last.json"].map(file);
    let mut arguments = vec!["import", "fhir", "--json", "--source", SOURCE];
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    let output = cluster.run_within(800_000, &arguments).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 2, "the first and the last");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("3 of 5 files were not imported:"), "{said}");
    assert!(said.contains("bad.json: entry[") && said.contains("`subject` is missing"), "{said}");
    assert!(said.contains("gone.json cannot be read"), "{said}");
    assert!(said.contains("huge.json: has more than"), "{said}");
}

/// What importing a case printed.
pub(crate) fn import_case(cluster: &Cluster, case: &str) -> Value {
    let file = format!("{}/../../services/interop/cases/{case}.json", env!("CARGO_MANIFEST_DIR"));
    import_file(cluster, &file)
}

fn import_file(cluster: &Cluster, file: &str) -> Value {
    let output = cluster.run(&["import", "fhir", "--json", "--source", SOURCE, file]).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What came of each resource and part of a case, on importing it.
fn lines_of(cluster: &Cluster, case: &str) -> Vec<(String, String)> {
    lines(&import_case(cluster, case))
}

fn lines(report: &Value) -> Vec<(String, String)> {
    let outcome = |line: &Value| {
        let otherwise = if line["changed"] == true { "changed" } else { "already there" };
        let outcome = line["became"].as_str().or(line["left_out"].as_str()).unwrap_or(otherwise);
        (line["resource"].as_str().unwrap().to_owned(), outcome.to_owned())
    };
    report["resources"].as_array().unwrap().iter().map(outcome).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_imported_keeps_its_author_its_day_and_its_source() {
    let cluster = Cluster::embedded().unwrap();
    let before = engine::now().0 / 1_000_000;
    let report = import_case(&cluster, "a12");
    let node = cluster.start("").await.unwrap();
    let token = cluster.signer.person(PersonId(report["person_id"].as_str().unwrap().parse().unwrap())).unwrap();
    let person = client::Client::new(node.channel().await.unwrap(), &token).unwrap();
    let head = stores(&cluster).await.log.head().await.unwrap().0;
    let record = person.my_record(head).await.unwrap();
    let conditions = record.iter().filter(|entry| matches!(entry.content, Some(Content::Condition(_))));
    let mut authors = Vec::new();
    for entry in conditions {
        let recorded = entry.recorded_at.unwrap();
        assert_eq!(recorded.seconds, 1_241_568_000, "6 May 2009");
        assert!(entry.imported_at.unwrap().seconds >= before, "{entry:?}");
        assert!(entry.imported_from.starts_with("Condition/a12-"), "{entry:?}");
        let author = entry.author.as_ref().unwrap();
        authors.push(if author.name.is_empty() { author.kind().as_str_name().to_owned() } else { author.name.clone() });
    }
    authors.sort_unstable();
    assert_eq!(authors, ["Ben Baker", "Ben Baker", "KIND_PERSON"], "nobody who was only there");
    // Nobody whom the file names has looked or added anything: those who run the system brought it in.
    let history = person.history(head).await.unwrap();
    let said: Vec<_> = history.iter().map(|receipt| receipt.summary.as_str()).collect();
    assert_eq!(said, [format!("Those who run the system brought in records of {SOURCE} (`a12.json`): your health")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_activity_has_its_outcome_once_and_again() {
    let cluster = Cluster::embedded().unwrap();
    let of = |case: &str| lines_of(&cluster, case).into_iter().map(|(_, outcome)| outcome).collect::<Vec<_>>();
    assert_eq!(of("i02"), ["person", "actions", "action"]);
    assert_eq!(of("i02-again"), ["already there", "actions", "already there", "action"]);
    assert_eq!(of("i02-again"), ["already there"; 4]);
    // One that is too long is left out, and says how long it may be; the one beside it is not.
    let long = of("i01");
    assert_eq!(long[..3], ["person", "actions", "action"]);
    assert!(long[3].starts_with("text: ") && long[3].contains("characters"), "{long:?}");
    // What was retracted at the source is said again whenever it is imported.
    let (once, again) = (lines_of(&cluster, "f02"), lines_of(&cluster, "f02"));
    assert_eq!(once[1..], again[1..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_changed_at_its_source_is_said_to_have_and_left_alone() {
    let cluster = Cluster::embedded().unwrap();
    let file = cluster.directory().join("changed.json");
    let import = |status: &str, recorded: &str| {
        let condition = format!(
            r#"{{"resource":{{"resourceType":"Condition","id":"c","code":{{"text":"asthma"}},"recordedDate":"{recorded}",
            "clinicalStatus":{{"coding":[{{"code":"{status}"}}]}},"subject":{{"reference":"Patient/p"}}}}}}"#
        );
        let patient = r#"{"resource":{"resourceType":"Patient","id":"p","name":[{"text":"Ailsa"}]}}"#;
        let bundle = format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{patient},{condition}]}}"#);
        std::fs::write(&file, bundle).unwrap();
        let report = import_file(&cluster, file.to_str().unwrap());
        lines(&report).remove(1).1
    };
    assert_eq!(import("active", "2020-01-01"), "condition");
    assert_eq!(import("active", "2020-01-01"), "already there");
    assert_eq!(import("resolved", "2020-01-01"), "changed");
    assert_eq!(import("active", "2021-01-01"), "changed");
    // It is left as it was.
    assert_eq!(import("active", "2020-01-01"), "already there");
    // So is what has been retracted since, and a person who is called otherwise, or labelled.
    let text = std::fs::read_to_string(&file).unwrap();
    let again = |from: &str, to: &str, of: usize| {
        assert!(text.contains(from));
        std::fs::write(&file, text.replace(from, to)).unwrap();
        lines(&import_file(&cluster, file.to_str().unwrap())).remove(of).1
    };
    let retracted = r#""verificationStatus":{"coding":[{"code":"entered-in-error"}]},"clinicalStatus""#;
    assert_eq!(again(r#""clinicalStatus""#, retracted, 1), "changed");
    assert_eq!(again("Ailsa", "Ailsa Munro", 0), "changed");
    assert_eq!(again(r#""id":"p","#, r#""id":"p","meta":{"security":[{"code":"V"}]},"#, 0), "changed");
    assert_eq!(again("Ailsa", "Ailsa", 0), "already there");
}

/// What came of importing this Patient, with a condition, from a source: the person's id, or what was said against it.
fn import_patient(cluster: &Cluster, source: &str, patient: &str) -> Result<String, String> {
    import_patient_of(cluster, source, "", patient)
}

/// The same, of this server.
fn import_patient_of(cluster: &Cluster, source: &str, server: &str, patient: &str) -> Result<String, String> {
    let file = cluster.directory().join("patient.json");
    let condition = r#"{"resource":{"resourceType":"Condition","id":"1","code":{"text":"asthma"},"subject":{"reference":"Patient/1"}}}"#;
    let patient = format!(
        r#"{{"fullUrl":"{server}Patient/1","resource":{{"resourceType":"Patient","name":[{{"text":"Ailsa"}}],{patient}}}}}"#
    );
    let bundle = format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{patient},{condition}]}}"#);
    std::fs::write(&file, bundle).unwrap();
    let arguments = ["import", "fhir", "--json", "--source", source, file.to_str().unwrap()];
    let output = cluster.run(&arguments).unwrap();
    if !output.status.success() {
        return Err(String::from_utf8(output.stderr).unwrap());
    }
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    Ok(report["person_id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_meet_in_one_person_only_by_a_national_number() {
    const OTHER: &str = "https://other.example";
    let mut cluster = Cluster::embedded().unwrap();
    let nhs = "https://fhir.nhs.uk/Id/nhs-number";
    cluster.set("import", "person_identifiers", vec![nhs.to_owned()]);
    let with = |id: &str, value: &str| {
        format!(r#""id":"{id}","identifier":[{{"system":"mrn","value":""}},{{"system":"{nhs}","value":"{value}"}}]"#)
    };
    // `Patient/1` of two sources are two; the same of one source is one.
    let one = import_patient(&cluster, SOURCE, r#""id":"1""#).unwrap();
    assert_ne!(import_patient(&cluster, OTHER, r#""id":"1""#).unwrap(), one);
    assert_eq!(import_patient(&cluster, SOURCE, r#""id":"1""#).unwrap(), one);
    // So are those of two servers, whatever source they are said to come from.
    let at = |server: &str| import_patient_of(&cluster, SOURCE, server, r#""id":"1""#).unwrap();
    assert_eq!(at("https://records.example/"), one);
    assert_ne!(at("https://north.example/fhir/"), one);
    assert_ne!(at("https://north.example/fhir/"), at("https://south.example/fhir/"));
    // A number without a value, or that does not check, names nobody.
    let two = import_patient(&cluster, SOURCE, &with("2", "9434765918")).unwrap();
    let three = import_patient(&cluster, SOURCE, &with("3", "9434765918")).unwrap();
    assert_ne!(two, three);
    // One that checks is the same person everywhere, and known with it from then on.
    let four = import_patient(&cluster, SOURCE, &with("4", "943 476 5919")).unwrap();
    assert_eq!(import_patient(&cluster, OTHER, &with("44", "9434765919")).unwrap(), four);
    assert_eq!(import_patient(&cluster, OTHER, r#""id":"44""#).unwrap(), four);
    // Two who were born on different days are two, whatever number they share.
    let born = |id: &str, day: &str| format!(r#"{},"birthDate":"{day}""#, with(id, "4010232137"));
    let five = import_patient(&cluster, SOURCE, &born("5", "1950-06")).unwrap();
    assert_eq!(import_patient(&cluster, OTHER, &born("55", "1950-06-07")).unwrap(), five);
    let refused = import_patient(&cluster, OTHER, &born("56", "1990-06-07")).unwrap_err();
    assert!(refused.contains("entry[0].resource.birthDate: is another day"), "{refused}");
    // Two people who are known apart are not made one, and nobody gets another number.
    let refused = import_patient(&cluster, SOURCE, &with("2", "9434765919")).unwrap_err();
    assert!(refused.contains("entry[0].resource.identifier: is known as several people"), "{refused}");
    let refused = import_patient(&cluster, SOURCE, &with("4", "4857773457")).unwrap_err();
    assert!(refused.contains("another national number than before"), "{refused}");
    let nobody = import_patient(&cluster, SOURCE, r#""identifier":[{"system":"mrn","value":""}]"#).unwrap_err();
    assert!(nobody.contains("has neither an id nor a number that can be used"), "{nobody}");
    let unknown = cluster.run(&["import", "fhir", "--source", "clinic", "x.json"]).unwrap();
    assert_eq!(unknown.status.code(), Some(2), "no URI");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_refused_gives_nobody_its_number() {
    let mut cluster = Cluster::embedded().unwrap();
    let nhs = "https://fhir.nhs.uk/Id/nhs-number";
    cluster.set("import", "person_identifiers", vec![nhs.to_owned()]);
    let import = |id: &str, number: &str, conditions: usize| {
        let file = cluster.directory().join("numbered.json");
        let subject = json!({ "reference": format!("Patient/{id}") });
        let number = json!({ "system": nhs, "value": number });
        let patient =
            json!({ "resourceType": "Patient", "id": id, "name": [{ "text": "Ailsa" }], "identifier": [number] });
        let condition = |n| json!({ "resourceType": "Condition", "id": format!("c{n}"), "code": { "text": "asthma" }, "subject": subject });
        let resources = std::iter::once(patient).chain((0..conditions).map(condition));
        let entries: Vec<_> = resources.map(|resource| json!({ "resource": resource })).collect();
        let bundle = json!({ "resourceType": "Bundle", "type": "collection", "entry": entries });
        std::fs::write(&file, bundle.to_string()).unwrap();
        let output = cluster.run(&["import", "fhir", "--source", SOURCE, file.to_str().unwrap()]).unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(import("1", "9434765919", 4_200).contains("split it"), "refused for its size");
    // What was wrong with it was the number, too.
    assert!(import("1", "9434765870", 1).contains("1 bundles"));
    assert!(import("2", "9434765919", 1).contains("1 bundles"), "it is somebody else's");
    let another = import("1", "9434765919", 1);
    assert!(another.contains("is known as several people"), "{another}");
}
