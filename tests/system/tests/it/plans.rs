//! How PostgreSQL carries out each statement: by an index that finds just what is wanted, whatever the planner knows of the tables.

use std::path::{Path, PathBuf};

use harness::Postgres;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

/// Tables that grow.
const LARGE: [&str; 6] = ["document", "event", "stream_head", "subject_key", "identifier", "parked"];

/// What makes the tables young (as the planner does not know yet), and then large.
const FILL: &str = "
INSERT INTO document (view, generation, key, place, subject, position, body)
SELECT 'record', 1, decode(md5(n::text), 'hex'), decode(md5(n::text), 'hex'), gen_random_uuid(), n, 'x'
  FROM generate_series($from, $to) n;
INSERT INTO stream_head SELECT 1, md5(n::text)::uuid, 1 FROM generate_series($from, $to) n;
INSERT INTO event SELECT 3 * n, md5(n::text)::uuid, gen_random_uuid(), gen_random_uuid(), 1, n, 7, 1, 'h', 'b'
  FROM generate_series($from, $to) n;
UPDATE log_head SET position = 3 * $to;
INSERT INTO subject_key SELECT md5(n::text)::uuid, md5(n::text)::uuid, 'x' FROM generate_series($from, $to) n;
INSERT INTO identifier SELECT md5(n::text)::uuid, 'x' FROM generate_series($from, $to) n;
";

/// Calls of the functions whose statements nobody sees from outside: a batch that writes, guards, and writes the same again.
const CALLS: &str = "
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET client_min_messages = log;
SELECT log_append('{1,2}', '{1,1}', ARRAY[gen_random_uuid(), gen_random_uuid()], '{0,-1}', '{1,1}',
    ARRAY[gen_random_uuid(), gen_random_uuid()], '{1}', '{1}', ARRAY[gen_random_uuid()], '{0}', '{1,2}', '{1,1}', '{7,7}',
    ARRAY[gen_random_uuid(), gen_random_uuid()], '{1,1}', '{h,h}', '{b,b}', '{NULL,9000000000000000}',
    (SELECT epoch FROM log_head), log_timeline(), 0);
SELECT log_enter();
SELECT views_advance('{record}', '{1}', '{0}', '{0}', '{true}', ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()], '{1}', '{false}', '{kk}', '{pp}', ARRAY[gen_random_uuid()], '{1}', '{b}',
    '{1}', '{kk}', '{1}', ARRAY[gen_random_uuid()], '{1}', '{reason}');
";

/// What reads more of a large table than it wants.
fn wasteful(plan: &str) -> Option<String> {
    let mut scanned = None;
    for line in plan.lines() {
        let table = |line: &str| {
            let name = line.split(" on ").nth(1)?.split_whitespace().next()?.to_owned();
            LARGE.iter().any(|large| name == *large || name.starts_with(&format!("{large}_"))).then_some(name)
        };
        if line.contains(" Scan") {
            scanned = table(line);
            if line.contains("Seq Scan") && scanned.is_some() {
                return Some(line.trim().to_owned());
            }
        }
        let whole_view = line.contains("Index Cond") && !["key", "place", "subject"].iter().any(|c| line.contains(c));
        if scanned.is_some() && (line.contains("Filter:") || (scanned.as_deref() == Some("document") && whole_view)) {
            return Some(line.trim().to_owned());
        }
    }
    None
}

fn statements() -> Vec<PathBuf> {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../services");
    let mut found = Vec::new();
    for store in ["event-log", "vault", "views"] {
        for folder in ["sql", "sql/postgres"] {
            let files = std::fs::read_dir(services.join(store).join(folder)).unwrap().map(|file| file.unwrap().path());
            found.extend(files.filter(|file| file.extension().is_some_and(|extension| extension == "sql")));
        }
    }
    assert!(found.len() > 15, "{found:?}");
    found
}

async fn explain(connection: &mut PgConnection, statement: &str) -> String {
    let parameters = (1..40).take_while(|n| statement.contains(&format!("${n}"))).count();
    let nothing = vec!["NULL"; parameters].join(", ");
    let execute = if parameters == 0 { "one".to_owned() } else { format!("one({nothing})") };
    let prepare = format!("PREPARE one AS {statement}");
    sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection).await.unwrap();
    let explained = format!("EXPLAIN (COSTS OFF) EXECUTE {execute}");
    let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explained)).fetch_all(&mut *connection).await.unwrap();
    sqlx::raw_sql("DEALLOCATE one").execute(&mut *connection).await.unwrap();
    lines.join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_reads_what_it_wants_and_no_more_on_an_empty_a_young_and_a_large_table() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let name = database.name();
    let fill = |from: u32, to: u32| FILL.replace("$from", &from.to_string()).replace("$to", &to.to_string());
    // An empty table of which the planner knows that it is empty is the worst.
    let empty = "VACUUM ANALYZE; INSERT INTO view_state VALUES ('record', 1, 0, true);".to_owned();
    let states = [("empty", empty), ("young", fill(1, 3_000)), ("large", fill(3_001, 100_000) + "ANALYZE;")];
    for (state, script) in states {
        server.script(name, &script).unwrap();
        let options = database::options(&database.owner, "plans").unwrap();
        let mut connection = options.connect().await.unwrap();
        for file in statements() {
            // Deletes a whole generation: it is what it wants.
            if file.ends_with("drop_documents.sql") {
                continue;
            }
            let plan = explain(&mut connection, &std::fs::read_to_string(&file).unwrap()).await;
            assert_eq!(wasteful(&plan), None, "{} on an {state} table:\n{plan}", file.display());
        }
        connection.close().await.unwrap();
        let plans = server.script(name, CALLS).unwrap();
        assert!(plans.contains("Insert on event") && plans.contains("Insert on document"), "{plans}");
        assert_eq!(wasteful(&plans), None, "a function on an {state} table:\n{plans}");
    }
}

#[test]
fn a_wasteful_plan_is_seen() {
    assert!(wasteful("Seq Scan on document\n  Filter: (key = ANY ($3))").is_some());
    assert!(
        wasteful("Index Scan using document_pkey on document\n  Index Cond: (view = $1)\n  Filter: (key = ANY ($3))")
            .is_some()
    );
    assert!(wasteful("Index Scan using document_pkey on document\n  Index Cond: (view = $1)").is_some());
    assert!(
        wasteful("Index Scan using document_pkey on document\n  Index Cond: ((view = $1) AND (key = w.key))").is_none()
    );
}
