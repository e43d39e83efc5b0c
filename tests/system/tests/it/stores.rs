//! What a system's stores must hold together, and what a wrong clock or a full disk does.

use std::path::Path;

use event_log::{EventLog as _, Limits, LogMetrics, PostgresConfig, PostgresLog};
use harness::{Cluster, Postgres};
use proto::access::v1::{Purpose, RecordCategory, receipt};
use proto::sharing::v1::provision_actor::Actor;

use sqlx::{Connection as _, Executor as _, PgConnection};

use crate::world::{Callers, Supported, World, import};

fn move_all(from: &Path, to: &Path, name: &str) {
    for file in [name.to_owned(), format!("{name}-wal"), format!("{name}-shm")] {
        if from.join(&file).exists() {
            std::fs::rename(from.join(&file), to.join(&file)).unwrap();
        }
    }
}

#[test]
fn a_log_without_its_keys_and_views_without_their_log_are_refused_by_name() {
    let (cluster, mut other) = (Cluster::embedded().unwrap(), Cluster::embedded().unwrap());
    other.set("vault", "key_encryption_key", format!("file:{}", cluster.directory().join("kek").display()));
    import(&cluster, 1);
    import(&other, 1);
    let refused = |why: &str| {
        let output = cluster.run(&["serve"]).unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why), "{said}");
    };
    let rebuilds = || {
        let output = cluster.run(&["rebuild"]).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let (data, away) = (cluster.data(), tempfile::tempdir().unwrap());
    let (gone, nowhere) = (away.path(), tempfile::tempdir().unwrap());
    move_all(&data, gone, "keys.db");
    // Twice: the first start has made no key in its place.
    refused("the key store is empty, and the log is not");
    refused("the key store is empty, and the log is not");
    move_all(&data, nowhere.path(), "keys.db");
    // Those of another system, under the same key-encryption key.
    move_all(&other.data(), &data, "keys.db");
    refused("the key store has no keys of this log");
    move_all(&data, nowhere.path(), "keys.db");
    move_all(gone, &data, "keys.db");
    rebuilds();

    move_all(&data, gone, "log.db");
    refused("the log was lost, or another one is named");
    move_all(&data, nowhere.path(), "log.db");
    move_all(gone, &data, "log.db");
    rebuilds();
}

/// What a start says that does not come to anything.
fn said(cluster: &Cluster, command: &str) -> String {
    let output = cluster.run(&[command]).unwrap();
    assert_eq!(output.status.code(), Some(1), "`{command}` went well");
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_is_made_after_the_tables_gets_its_rights_with_the_next_migration() {
    let world = World::distributed().await;
    world.import(1);
    let name = world.database.name().to_owned();
    let script = |sql: &str| world.postgres.script(&name, sql).unwrap();
    let rights = async || {
        let mut connection = PgConnection::connect(&world.postgres.url("postgres", &name)).await.unwrap();
        let all = "SELECT concat_ws(' ', table_name, privilege_type, column_name) FROM information_schema.column_privileges WHERE grantee = 'alongside_app' \
             UNION SELECT concat_ws(' ', table_name, privilege_type) FROM information_schema.table_privileges WHERE grantee = 'alongside_app' \
             UNION SELECT routine_name::text FROM information_schema.routine_privileges WHERE grantee = 'alongside_app' ORDER BY 1";
        sqlx::query_scalar::<_, String>(all).fetch_all(&mut connection).await.unwrap()
    };
    let before = rights().await;
    assert!(before.iter().any(|right| right.contains("session")) && before.iter().any(|right| right == "log_append"));
    script("DROP OWNED BY alongside_app; DROP ROLE alongside_app; CREATE ROLE alongside_app LOGIN;");
    let told = said(&world.cluster, "serve");
    assert!(told.contains("run `alongside migrate` as the owner, which gives them also to a role"), "{told}");
    let mut owners = Cluster::embedded().unwrap();
    owners.set("database", "url", world.database.owner.clone());
    let migrated = owners.run(&["migrate"]).unwrap();
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    assert_eq!(rights().await, before);
    let pair = world.import(1).remove(0);
    let node = world.start().await;
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
    let position = callers.person.strength("goes on").await.unwrap().position;
    assert!(!callers.person.my_record(position).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_schema_a_pooler_and_a_newer_version_are_refused_by_name() {
    let mut world = World::distributed().await;
    world.import(1);
    let name = world.database.name().to_owned();
    let app = world.database.app.clone();
    let mut told = |url: String| {
        world.cluster.set("database", "url", url);
        said(&world.cluster, "serve")
    };
    let another = told(app.replace("search_path%3Dalongside", "search_path%3Dtenant"));
    assert!(another.contains("the tables are always in the schema `alongside`"), "{another}");
    // Whatever the pooler does with what it does not know, and whatever it shares.
    for settings in [
        "pool_mode = transaction",
        "pool_mode = transaction\nignore_startup_parameters = options",
        "pool_mode = session\nignore_startup_parameters = options",
    ] {
        let (_pooler, url) = world.postgres.pooler(&name, settings).await.unwrap();
        let pooled = told(url);
        assert!(
            pooled.contains("such as PgBouncer") && pooled.contains("name PostgreSQL itself"),
            "{settings}: {pooled}"
        );
    }
    let newer = "INSERT INTO alongside.migrations_event_log VALUES (99, 'later', now(), true, '', 0);";
    world.postgres.script(&name, newer).unwrap();
    let mut owners = Cluster::embedded().unwrap();
    owners.set("database", "url", world.database.owner.clone());
    let migrated = said(&owners, "migrate");
    assert!(migrated.contains("upgraded by a newer version of Alongside, to 99"), "{migrated}");

    let embedded = Cluster::embedded().unwrap();
    import(&embedded, 1);
    let file = format!("sqlite:{}", embedded.data().join("views.db").display());
    let mut views = sqlx::SqliteConnection::connect(&file).await.unwrap();
    let newer = "INSERT INTO migrations_views VALUES (99, 'later', CURRENT_TIMESTAMP, true, x'', 0)";
    views.execute(newer).await.unwrap();
    views.close().await.unwrap();
    let started = said(&embedded, "serve");
    assert!(started.contains("the tables of `views` were upgraded by a newer version"), "{started}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_set_to_serializable_refuses_nobody_for_it() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let name = world.database.name().to_owned();
    let stricter = format!(
        "ALTER DATABASE {name} SET default_transaction_isolation = serializable; \
         ALTER ROLE alongside_app SET default_transaction_isolation = serializable;"
    );
    world.postgres.script(&name, &stricter).unwrap();
    let node = world.start().await;
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
    callers.accept().await;
    callers.grant().await;
    let calls = (0..200).map(|n| {
        let callers = callers.clone();
        async move {
            if n % 2 == 0 {
                callers.person.strength(&format!("{n}")).await.map(drop)
            } else {
                callers.look().await.map(drop)
            }
        }
    });
    for done in futures::future::join_all(calls).await {
        done.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_is_durable_whatever_the_server_is_set_to() {
    let server = Postgres::start().await.unwrap();
    let database = server.database().await.unwrap();
    let name = database.name();
    let open = async |accept_volatile| {
        let config =
            PostgresConfig { url: database.app.clone(), readers: 1, limits: Limits::default(), accept_volatile };
        PostgresLog::open(&config, LogMetrics::default()).await
    };
    // What can be set for a connection is.
    let quick = format!(
        "ALTER DATABASE {name} SET synchronous_commit = off; ALTER ROLE alongside_app SET synchronous_commit = off;"
    );
    server.script(name, &quick).unwrap();
    assert!(open(false).await.unwrap().head().await.is_ok());
    // What cannot is refused, unless somebody wants it so.
    for setting in ["fsync", "full_page_writes"] {
        server
            .script(name, &format!("ALTER SYSTEM SET {setting} = off; SELECT pg_reload_conf(); SELECT pg_sleep(0.5);"))
            .unwrap();
        let refused = open(false).await.unwrap_err();
        assert!(refused.is_volatile() && format!("{refused:?}").contains(setting), "{refused:?}");
        assert!(open(true).await.is_ok());
        server
            .script(name, &format!("ALTER SYSTEM RESET {setting}; SELECT pg_reload_conf(); SELECT pg_sleep(0.5);"))
            .unwrap();
    }
    assert!(open(false).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_that_has_ended_by_the_logs_clock_discloses_nothing_whatever_the_servers_says() {
    let Supported { callers, world, node, .. } = &Supported::without_consent(0).await;
    let seconds =
        i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()).unwrap();
    let agency = Actor::AgencyId(callers.pair.agency_id());
    let mut terms = client::terms(agency, [RecordCategory::Health], Purpose::CareCoordination, []);
    terms.until = Some(prost_types::Timestamp { seconds: seconds + 3_600, nanos: 0 });
    callers.person.grant(terms).await.unwrap();
    callers.look().await.unwrap();
    assert!(node.admin_get("/readyz").await.unwrap().contains("200 OK"));
    // The server's clock is two hours behind the log's.
    world.time_passes("2 hours");
    callers.is_refused().await;
    // Nobody is kept from anything else: the person still reads and chooses.
    let position = callers.person.strength("x").await.unwrap().position;
    let newest = callers.person.history(position).await.unwrap().remove(0);
    assert_eq!(newest.kind(), receipt::Kind::Denied);
    let wrong = async || Ok(node.admin_get("/readyz").await?.contains("this machine's clock is wrong"));
    harness::wait_until("readiness to say so", wrong).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_with_few_connections_is_used_with_what_there_is_and_the_shortage_is_named() {
    let world = World::distributed().await;
    let pair = world.import(1).remove(0);
    let mut owner = PgConnection::connect(&world.postgres.url("postgres", "postgres")).await.unwrap();
    owner.execute("ALTER ROLE alongside_app CONNECTION LIMIT 13").await.unwrap();
    let node = world.start().await;
    let log = node.log().unwrap();
    assert!(
        log.contains("the database allows fewer connections than this process wants") && log.contains("13"),
        "{log}"
    );
    let callers = Callers::new(&world.cluster, &node.channel().await.unwrap(), &pair).await;
    callers.propose().await;
    callers.accept().await;
    callers.grant().await;
    // More at once than there are connections.
    let looks = (0..64).map(|_| callers.look());
    for look in futures::future::join_all(looks).await {
        look.unwrap();
    }
    assert!(!node.log().unwrap().contains("too many connections"), "no more is asked for than there is");
}
