//! What those who hold a part of the store try, and what comes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use harness::{Cluster, Database, Node, Postgres};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tonic::Code;
use views::{Advance, DocumentStore, Found, Generation, Key, Rebuild, StoredDocument, Wanted};

use crate::world::{Callers, Pair, World, at_rest, stores};

/// A sample person and a worker, on a server.
async fn a_system() -> (World, Node, Callers) {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
    (world, node, callers)
}

/// As the application's role: appends a copy of the last event of this kind and type to the end of its stream.
async fn put_back(database: &Database, kind: i16, event_type: i32) {
    let copy = "SELECT (SELECT position_before[1] FROM log_append(ARRAY[1], ARRAY[kind], ARRAY[stream], ARRAY[-1::bigint], ARRAY[1], ARRAY[request], \
                '{}', '{}', '{}', '{}', ARRAY[1], ARRAY[1], ARRAY[type], ARRAY[key_id], ARRAY[at], ARRAY[head], ARRAY[body], ARRAY[NULL::bigint], \
                (SELECT born FROM log_enter()), (SELECT timeline FROM log_enter()), 0::bigint)) \
                FROM event WHERE kind = $1 AND type = $2 ORDER BY position DESC LIMIT 1";
    let mut app = PgConnection::connect(&database.app).await.unwrap();
    let before: i64 = sqlx::query_scalar(copy).bind(kind).bind(event_type).fetch_one(&mut app).await.unwrap();
    assert!(before > 0, "the copy was not appended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_that_was_withdrawn_and_is_put_back_opens_nothing() {
    let (world, _node, callers) = a_system().await;
    callers.accept().await;
    let grant = callers.grant().await;
    callers.look().await.unwrap();
    callers.person.withdraw(&grant.provision_id).await.unwrap();
    callers.is_refused().await;
    // `ProvisionGranted`, whose type is 2, on the directive, whose kind is 2.
    put_back(&world.database, 2, 2).await;
    assert_eq!(callers.look().await.unwrap_err().code(), Code::Internal);
    // Nor on a server that remembers nothing.
    let fresh = world.start().await;
    let elsewhere = Callers::unenrolled(&world.cluster, &fresh.channel().await.unwrap(), &callers.pair);
    assert_eq!(elsewhere.look().await.unwrap_err().code(), Code::Internal);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_who_was_removed_and_is_put_back_stays_out() {
    let (world, _node, callers) = a_system().await;
    callers.accept().await;
    callers.grant().await;
    let remove =
        proto::agencies::v1::RemoveStaffRequest { request_id: client::request_id(), staff_id: callers.pair.staff_id() };
    callers.operator.agencies().remove_staff(remove).await.unwrap();
    callers.is_refused().await;
    let mut owner = PgConnection::connect(&world.database.owner).await.unwrap();
    let stream = "SELECT count(*) FROM event WHERE kind = 9 AND stream = $1";
    let events = async |owner: &mut PgConnection| -> i64 {
        sqlx::query_scalar(stream).bind(callers.pair.worker.staff().0).fetch_one(owner).await.unwrap()
    };
    let before = events(&mut owner).await;
    // `StaffJoined`, whose type is 1, of this worker: whoever can write the file needs no function.
    let mut whole = owner.begin().await.unwrap();
    for statement in [
        "INSERT INTO event (position, kind, stream, version, type, key_id, at, request, head, body) \
         SELECT h.position + 1, e.kind, e.stream, $2 + 1, e.type, e.key_id, e.at, e.request, e.head, e.body \
         FROM event e, log_head h WHERE e.kind = 9 AND e.type = 1 AND e.stream = $1",
        "UPDATE stream_head SET version = $2 + 1 WHERE kind = 9 AND stream = $1",
        "UPDATE log_head SET position = position + 1 WHERE $1::uuid IS NOT NULL AND $2::bigint IS NOT NULL",
    ] {
        let changed =
            sqlx::query(statement).bind(callers.pair.worker.staff().0).bind(before).execute(&mut *whole).await;
        assert_eq!(changed.unwrap().rows_affected(), 1);
    }
    whole.commit().await.unwrap();
    assert_eq!(events(&mut owner).await, before + 1);
    assert_eq!(callers.look().await.unwrap_err().code(), Code::Internal);
    // Nobody else is stopped.
    assert!(!callers.person.my_record(0).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_is_put_back_is_still_one_receipt_and_keeps_its_question() {
    let (world, _node, callers) = a_system().await;
    callers.accept().await;
    let grant = callers.grant().await;
    callers.look().await.unwrap();
    let receipts = callers.person.history(grant.position).await.unwrap();
    let ask = proto::access::v1::QueryAccessRequest {
        request_id: client::request_id(),
        receipt_id: receipts[0].receipt_id.clone(),
        question: "Why did you look?".into(),
    };
    let asked = callers.person.access().query_access(ask).await.unwrap().into_inner();
    let before = callers.person.history(asked.position).await.unwrap();
    // `RecordViewed`, whose type is 1, among the receipts, whose kind is 3.
    put_back(&world.database, 3, 1).await;
    let head = at_rest(&world.cluster).await;
    assert_eq!(callers.person.history(head).await.unwrap(), before);
    // And the history goes on.
    callers.look().await.unwrap();
    let head = at_rest(&world.cluster).await;
    let after = callers.person.history(head).await.unwrap();
    assert_eq!((after.len(), &after[1..]), (before.len() + 1, &before[..]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_document_that_is_put_back_does_not_open() {
    let (world, _node, callers) = a_system().await;
    let mut owner = PgConnection::connect(&world.database.owner).await.unwrap();
    at_rest(&world.cluster).await;
    sqlx::query("CREATE TABLE kept AS SELECT * FROM document WHERE view = 'relationships'")
        .execute(&mut owner)
        .await
        .unwrap();
    let accepted = callers.accept().await;
    assert!(!callers.person.my_people(accepted).await.unwrap().is_empty());
    let put_back = "UPDATE document d SET body = k.body FROM kept k WHERE (d.view, d.key) = (k.view, k.key)";
    assert!(sqlx::query(put_back).execute(&mut owner).await.unwrap().rows_affected() > 0);
    assert_eq!(callers.person.my_people(accepted).await.unwrap_err().code(), Code::Internal);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_part_in_it_can_neither_connect_nor_create_nor_lock() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let name = database.name();
    let mut admin = PgConnection::connect(&server.url("postgres", "postgres")).await.unwrap();
    admin.execute("CREATE ROLE stranger LOGIN").await.unwrap();
    let refused = PgConnection::connect(&server.url("stranger", name)).await.unwrap_err().to_string();
    assert!(refused.contains("permission denied for database"), "{refused}");

    let mut app = PgConnection::connect(&database.app).await.unwrap();
    for statement in [
        "CREATE TABLE alongside.event_from_10000000 ()",
        "CREATE FUNCTION alongside.array_agg(bigint) RETURNS bigint LANGUAGE sql AS 'SELECT 1'",
        "DO $$ BEGIN LOCK TABLE append_lock IN ACCESS SHARE MODE; END $$",
        "SELECT FROM log_head FOR UPDATE",
        "SELECT log_extend()",
        "UPDATE subject_key SET wrapped = NULL, destroyed_at = now()",
        "DELETE FROM subject_key",
        "INSERT INTO subject_key (key_id, subject, wrapped, destroyed_at) \
         VALUES (gen_random_uuid(), gen_random_uuid(), NULL, now())",
    ] {
        let refused = app.execute(statement).await.unwrap_err().to_string();
        assert!(refused.contains("permission denied"), "{statement}: {refused}");
    }
    let insert =
        "INSERT INTO subject_key (key_id, subject, wrapped) VALUES (gen_random_uuid(), gen_random_uuid(), 'x')";
    app.execute(insert).await.unwrap();
    app.execute(insert).await.unwrap();
    let everybody = app.execute("SELECT destroy_key(subject) FROM subject_key").await.unwrap_err().to_string();
    assert!(everybody.contains("key_destruction_pkey"), "{everybody}");
    app.execute("SELECT destroy_key(subject) FROM subject_key LIMIT 1").await.unwrap();
    app.execute("SELECT destroy_key(subject) FROM subject_key LIMIT 1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_serves_cannot_log_in_as_who_owns() {
    let workspace = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let secrets = tempfile::tempdir().unwrap();
    let make = || {
        let script =
            std::process::Command::new("sh").arg(workspace.join("infra/secrets.sh")).arg(secrets.path()).status();
        assert!(script.unwrap().success());
    };
    make();
    let of = |file: &str| std::fs::read_to_string(secrets.path().join(file)).unwrap();
    let app = of("app/pgpass");
    make();
    assert_eq!(of("app/pgpass"), app, "what is there stays");
    vault::LocalKek::from_base64(&of("app/kek")).unwrap();
    let known = [of("database/superuser"), of("database/owner"), of("database/app"), of("app/kek")];
    assert_eq!(known.iter().collect::<std::collections::BTreeSet<_>>().len(), 4);

    let server = Postgres::start_on_network().await.unwrap();
    let database = server.database().await.unwrap();
    let name = database.name();
    server.ask_for_passwords(&secrets.path().join("database")).await.unwrap();
    let url = |role: &str| server.network_url(role, name);
    let cluster = Cluster::new(&url("alongside_app"), "in-process").unwrap();
    let migrate = |pgpass: &str| {
        let environment = [("PGPASSFILE", secrets.path().join(pgpass))];
        let environment = environment.each_ref().map(|(name, file)| (*name, file.as_path()));
        cluster.run_with(&environment, &["--database", &url("alongside_owner"), "migrate"]).unwrap()
    };
    let migrated = migrate("owner/pgpass");
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    // With what the serving container has.
    let refused = String::from_utf8(migrate("app/pgpass").stderr).unwrap();
    assert!(refused.contains("password authentication failed"), "{refused}");
    let with = async |role: &str, password: &str| {
        let options: sqlx::postgres::PgConnectOptions = url(role).parse().unwrap();
        PgConnection::connect_with(&options.password(password.trim())).await
    };
    with("alongside_app", &known[2]).await.unwrap();
    for (role, password) in
        [("alongside_owner", &known[2]), ("postgres", &known[2]), ("alongside_owner", &String::new())]
    {
        let refused = with(role, password).await.unwrap_err().to_string();
        assert!(refused.contains("authentication failed"), "{role}: {refused}");
    }

    let compose = std::fs::read_to_string(workspace.join("infra/compose.yaml")).unwrap();
    assert!(!compose.contains("AUTH_METHOD: trust"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_as_the_owner_looks_nowhere_else_and_is_not_for_everybody() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let mut owner = PgConnection::connect(&database.owner).await.unwrap();
    let functions = "SELECT p.proname, coalesce(array_to_string(p.proconfig, ';'), ''), \
                     has_function_privilege('public', p.oid, 'EXECUTE') FROM pg_proc p WHERE p.prosecdef ORDER BY 1";
    let functions: Vec<(String, String, bool)> = sqlx::query_as(functions).fetch_all(&mut owner).await.unwrap();
    let names: Vec<_> = functions.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["destroy_key", "log_append", "log_enter", "log_extend", "log_renew"]);
    for (name, settings, public) in &functions {
        assert!(settings.split(';').any(|s| s == "search_path=pg_catalog, alongside, pg_temp"), "{name}: {settings}");
        assert!(!public, "anybody may call {name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrate_refuses_a_schema_in_which_others_may_create() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let mut config = node::config::Config::default();
    config.database.url.clone_from(&database.owner);
    let mut owner = PgConnection::connect(&database.owner).await.unwrap();
    for role in ["PUBLIC", "alongside_app"] {
        owner.execute(AssertSqlSafe(format!("GRANT CREATE ON SCHEMA alongside TO {role}"))).await.unwrap();
        let refused = format!("{:#}", node::compose::migrate(&config).await.unwrap_err());
        assert!(refused.contains(&format!("{role} may create in it")), "{refused}");
        owner.execute(AssertSqlSafe(format!("REVOKE CREATE ON SCHEMA alongside FROM {role}"))).await.unwrap();
        node::compose::migrate(&config).await.unwrap();
    }
    // What somebody has left there, as when they could.
    let name = database.name();
    let mut admin = PgConnection::connect(&server.url("postgres", name)).await.unwrap();
    admin.execute("CREATE TABLE alongside.event_from_10000000 ()").await.unwrap();
    let refused = format!("{:#}", node::compose::migrate(&config).await.unwrap_err());
    assert!(refused.contains("belongs to somebody else"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_refuses_what_replaces_too() {
    let cluster = Cluster::embedded().unwrap();
    crate::world::import(&cluster, 1);
    let open = async |file: &str| {
        let url = format!("sqlite:{}", cluster.data().join(file).display());
        sqlx::SqliteConnection::connect(&url).await.unwrap()
    };
    let (mut log, mut keys) = (open("log.db").await, open("keys.db").await);
    // In the place of an event: at its position, and at its place in its stream.
    let columns = "kind, stream, version, type, key_id, at, request, head, body";
    let other = "kind, stream, version, type, key_id, at, request, head, x'00' FROM event LIMIT 3";
    for statement in [
        format!("INSERT OR REPLACE INTO event (position, {columns}) SELECT position, {other}"),
        format!("INSERT OR REPLACE INTO event (position, {columns}) SELECT position + 1000000, {other}"),
        "UPDATE OR REPLACE event SET position = position + 1".into(),
        "DELETE FROM event".into(),
    ] {
        let refused = sqlx::query(AssertSqlSafe(statement.clone())).execute(&mut log).await.unwrap_err().to_string();
        assert!(refused.contains("the log is append-only"), "{statement}: {refused}");
    }
    // In the place of a key: by its own id, by its subject, and by what is in the way of a change.
    let count = "SELECT count(*) FROM subject_key WHERE wrapped IS NOT NULL";
    let before: i64 = sqlx::query_scalar(count).fetch_one(&mut keys).await.unwrap();
    for replace in [
        "INSERT OR REPLACE INTO subject_key (key_id, subject, wrapped) SELECT key_id, subject, x'00' FROM subject_key",
        "INSERT OR REPLACE INTO subject_key (key_id, subject, wrapped) SELECT randomblob(16), subject, x'00' FROM subject_key",
        "INSERT OR REPLACE INTO subject_key (rowid, key_id, subject, wrapped) VALUES (1, randomblob(16), randomblob(16), x'00')",
        "UPDATE OR REPLACE subject_key SET wrapped = x'00'",
        "UPDATE OR REPLACE subject_key SET wrapped = NULL, destroyed_at = 'x', key_id = (SELECT max(key_id) FROM subject_key)",
        "DELETE FROM subject_key",
    ] {
        drop(sqlx::query(replace).execute(&mut keys).await);
    }
    let after: i64 = sqlx::query_scalar(count).fetch_one(&mut keys).await.unwrap();
    assert!(before > 1 && before == after, "{before} {after}");
    let forged: i64 = sqlx::query_scalar("SELECT count(*) FROM subject_key WHERE wrapped = x'00'")
        .fetch_one(&mut keys)
        .await
        .unwrap();
    assert_eq!(forged, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_somebody_who_is_not_registered_writes_nothing_and_makes_no_key() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let nobody = Pair { person: uuid::Uuid::now_v7().into(), ..pair };
    let callers = Callers::unenrolled(&world.cluster, &node.channel().await.unwrap(), &nobody);
    let head = at_rest(&world.cluster).await;
    let mut owner = PgConnection::connect(&world.database.owner).await.unwrap();
    let keys = "SELECT count(*) FROM subject_key";
    let before: i64 = sqlx::query_scalar(keys).fetch_one(&mut owner).await.unwrap();
    let request = proto::consultations::v1::RequestConsultationRequest {
        request_id: client::request_id(),
        mode: proto::consultations::v1::Mode::Involve.into(),
        topic: "care at home".into(),
        ..Default::default()
    };
    let person = &callers.person;
    let refused = [
        person.consultations().request_consultation(request).await.unwrap_err(),
        person.strength("I bake").await.unwrap_err(),
        person.block(&nobody.agency_id()).await.unwrap_err(),
        person.my_record(0).await.unwrap_err(),
    ];
    for status in refused {
        assert_eq!(status.code(), Code::NotFound, "{status:?}");
    }
    assert_eq!(at_rest(&world.cluster).await, head);
    let after: i64 = sqlx::query_scalar(keys).fetch_one(&mut owner).await.unwrap();
    assert_eq!(after, before);
}

/// A store whose caller dies after some calls.
struct Dying {
    inner: Arc<dyn DocumentStore>,
    left: AtomicI64,
}

impl Dying {
    fn alive(&self) -> Result<(), views::StoreError> {
        if self.left.fetch_sub(1, Ordering::SeqCst) > 0 { Ok(()) } else { Err(sqlx::Error::WorkerCrashed.into()) }
    }
}

#[async_trait::async_trait]
impl DocumentStore for Dying {
    async fn scan(
        &self,
        view: &str,
        between: (&[u8], &[u8]),
        about: Option<uuid::Uuid>,
        limit: usize,
    ) -> Result<Found, views::StoreError> {
        self.alive()?;
        self.inner.scan(view, between, about, limit).await
    }

    async fn get(&self, view: &str, keys: &[Key]) -> Result<Found, views::StoreError> {
        self.alive()?;
        self.inner.get(view, keys).await
    }

    async fn load(&self, wanted: &[Wanted]) -> Result<Vec<Vec<StoredDocument>>, views::StoreError> {
        self.alive()?;
        self.inner.load(wanted).await
    }

    async fn page(
        &self,
        view: &str,
        number: i32,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<StoredDocument>, views::StoreError> {
        self.alive()?;
        self.inner.page(view, number, after, limit).await
    }

    async fn generations(&self, view: &str, code: i32) -> Result<Vec<Generation>, views::StoreError> {
        self.alive()?;
        self.inner.generations(view, code).await
    }

    async fn position(&self, view: &str) -> Result<u64, views::StoreError> {
        self.alive()?;
        self.inner.position(view).await
    }

    async fn parked(&self, view: &str, number: i32) -> Result<Vec<uuid::Uuid>, views::StoreError> {
        self.alive()?;
        self.inner.parked(view, number).await
    }

    async fn advance(&self, advances: Vec<Advance>) -> Result<bool, views::StoreError> {
        self.alive()?;
        self.inner.advance(advances).await
    }

    async fn unpark(&self, advance: Advance, subjects: &[uuid::Uuid]) -> Result<bool, views::StoreError> {
        self.alive()?;
        self.inner.unpark(advance, subjects).await
    }

    async fn begin_generation(&self, view: &str, code: i32) -> Result<i32, views::StoreError> {
        self.alive()?;
        self.inner.begin_generation(view, code).await
    }

    async fn swap(&self, view: &str, number: i32) -> Result<bool, views::StoreError> {
        self.alive()?;
        self.inner.swap(view, number).await
    }

    async fn restart(&self, view: &str, code: i32, readable_from: u64) -> Result<(), views::StoreError> {
        self.alive()?;
        self.inner.restart(view, code, readable_from).await
    }

    async fn sweep(&self, view: &str) -> Result<(), views::StoreError> {
        self.alive()?;
        self.inner.sweep(view).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_that_dies_at_any_step_stops_no_view() {
    let (world, _node, callers) = a_system().await;
    let stores = stores(&world.cluster).await;
    let record = || views::all().into_iter().find(|view| view.name() == "record").unwrap();
    let mut finished = false;
    for calls in 0..60 {
        let store = Arc::new(Dying { inner: stores.documents.clone(), left: AtomicI64::new(calls) });
        let rebuild = Rebuild { log: stores.log.clone(), store, codec: stores.codec.clone() };
        finished = rebuild.run(vec![record()]).await.is_ok();
        // The next entry is read as soon as it is written: by whoever waits for it.
        let words = format!("after {calls} calls");
        let written = callers.person.strength(&words).await.unwrap();
        let record = callers.person.my_record(written.position).await.unwrap();
        assert!(record.iter().any(|entry| entry.entry_id == written.entry_id), "{words}");
        // What one that died after its swap has left behind goes, though no rebuild sweeps it.
        harness::wait_until("the sweep", || async {
            let generations = stores.documents.generations("record", 1).await?;
            let current = generations.iter().find(|g| g.current).map_or(0, |g| g.number);
            Ok(generations.iter().all(|g| g.number >= current))
        })
        .await
        .unwrap();
        if finished {
            break;
        }
    }
    assert!(finished, "the rebuild takes more calls than this test grants");
}
