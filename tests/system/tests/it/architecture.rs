//! The house keeps its shape: who may use whom, and how large a file may grow.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What each crate may use of ours, by folder name.
const MAY_USE: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("proto", &[]),
    ("database", &[]),
    ("event-log", &["database"]),
    ("bus", &[]),
    ("vault", &["database"]),
    ("state", &["database"]),
    ("door", &[]),
    ("telemetry", &["door"]),
    ("events", &["domain", "event-log", "proto", "vault"]),
    ("engine", &["domain", "events", "event-log", "bus"]),
    ("views", &["database", "domain", "events", "event-log", "bus"]),
    ("rpc", &["database", "domain", "engine", "proto", "views"]),
    ("gate", &["domain", "door", "engine", "events", "proto", "rpc", "vault", "views"]),
    ("client", &["proto"]),
    ("sentences", &[]),
    ("letters", &["sentences"]),
    ("people", TELLING),
    ("relationships", SERVICE),
    ("consultations", TELLING),
    ("sharing", TELLING),
    ("agencies", SERVICE),
    ("feeds", &["bus", "domain", "engine", "event-log", "events", "gate", "proto", "rpc", "state", "vault", "views"]),
    (
        "notices",
        &["domain", "engine", "event-log", "events", "gate", "letters", "proto", "rpc", "state", "vault", "views"],
    ),
    ("interop", &["domain", "engine", "events", "vault"]),
    // A client of the services: it knows nothing but what they answer.
    ("portal", &["client", "door", "letters", "proto", "sentences", "state"]),
];
/// Services that tell people something in their language, or on paper.
const TELLING: &[&str] = &["gate", "domain", "engine", "events", "letters", "proto", "rpc", "sentences", "views"];
const SERVICE: &[&str] = &["gate", "domain", "engine", "events", "proto", "rpc", "views"];
/// Who alone talks to a database, and to NATS.
const ONLY_IN: &[(&str, &[&str])] =
    &[("sqlx", &["database", "event-log", "state", "views", "vault"]), ("async-nats", &["bus", "feeds"])];
/// Above the system, and free to use all of it.
const ABOVE: &[&str] = &["node", "loadtest", "checker", "harness", "system", "xtask"];
/// The longest file, in lines.
const LINES: usize = 600;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The normal dependencies of each crate of ours: folder name to names, ours as folder names.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--no-deps", "--offline"])
        .current_dir(workspace())
        .output();
    let metadata: Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
    let folder = |path: &str| Path::new(path).file_name().unwrap().to_str().unwrap().to_owned();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let manifest = Path::new(package["manifest_path"].as_str().unwrap());
            let normal = package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"].is_null());
            let names =
                normal.map(|d| d["path"].as_str().map_or_else(|| d["name"].as_str().unwrap().to_owned(), folder));
            (folder(manifest.parent().unwrap().to_str().unwrap()), names.collect())
        })
        .collect()
}

#[test]
fn dependencies_point_inwards() {
    let dependencies = dependencies();
    for (name, uses) in &dependencies {
        if ABOVE.contains(&name.as_str()) {
            continue;
        }
        let (_, allowed) =
            MAY_USE.iter().find(|(of, _)| of == name).unwrap_or_else(|| panic!("`{name}` has no place in the house"));
        for used in uses.iter().filter(|used| dependencies.contains_key(*used)) {
            assert!(allowed.contains(&used.as_str()), "`{name}` must not use `{used}`");
        }
        for (library, only) in ONLY_IN {
            assert!(
                !uses.iter().any(|used| used == library) || only.contains(&name.as_str()),
                "`{name}` must not use `{library}`"
            );
        }
    }
}

/// Every file below a directory with this extension, and its path.
fn files(directory: &Path, extension: &str) -> Vec<PathBuf> {
    let (mut folders, mut files) = (vec![directory.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with("target") && !path.ends_with(".git") {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                files.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "no `.{extension}` below {}", directory.display());
    files
}

#[test]
fn no_file_is_too_long_to_read() {
    for path in files(&workspace(), "rs") {
        let lines = std::fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= LINES, "{} has {lines} lines", path.display());
    }
}

#[test]
fn every_migration_and_statement_is_in_the_binary() {
    for sql in files(&workspace().join("services"), "sql") {
        let service = sql.strip_prefix(workspace().join("services")).unwrap().iter().next().unwrap();
        let sources = files(&workspace().join("services").join(service).join("src"), "rs");
        // A migration by its number and dialect; a statement by its name, for both dialects take it in one place.
        let name = sql.file_name().unwrap().to_str().unwrap();
        let dialect = sql.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let migration = sql.ancestors().any(|folder| folder.ends_with("migrations"));
        let wanted = if migration { format!("{dialect}/{name}\"") } else { format!("/{name}\"") };
        let included = sources.iter().any(|source| std::fs::read_to_string(source).unwrap().contains(&wanted));
        assert!(included, "{} is nowhere included", sql.display());
    }
}

/// In the domain a field needs no comment when its name says it all; everything else that is public has one.
#[test]
fn every_public_item_of_the_domain_says_what_it_is_for() {
    let item = ["struct", "enum", "trait", "fn", "const", "type"].map(|kind| format!("pub {kind} "));
    for path in files(&workspace().join("services/domain/src"), "rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut before = "";
        for line in text.lines().map(str::trim) {
            // What a macro makes is documented where the macro is used.
            let public = item.iter().any(|item| line.starts_with(item)) && !line.contains('$');
            assert!(!public || before.starts_with("///"), "{}: `{line}` has no comment", path.display());
            // Attributes stand between a comment and its item.
            if !line.starts_with("#[") {
                before = line;
            }
        }
    }
}

#[test]
fn every_rule_stands_with_its_tests_in_the_table() {
    let table = std::fs::read_to_string(workspace().join("infra/rules.md")).unwrap();
    let named = |text: &str, before: &str| {
        let names = text.split(before).skip(1);
        let name = |rest: &str| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().map(str::to_owned);
        names.filter_map(name).filter(|name| name.starts_with("rule_")).collect::<BTreeSet<_>>()
    };
    let mut tests = BTreeSet::new();
    for folder in ["services", "tests"] {
        for path in files(&workspace().join(folder), "rs") {
            tests.extend(named(&std::fs::read_to_string(path).unwrap(), "fn "));
        }
    }
    assert_eq!(named(&table, "`"), tests);
}
