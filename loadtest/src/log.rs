//! Append throughput.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use event_log::{
    Append, EventLog, Expected, Limits, LogMetrics, NewEvent, PostgresConfig, PostgresLog, SqliteLog, StreamAppend,
    StreamId, Version,
};
use harness::Postgres;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgPool, SqliteConnection};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::measure::{Measured, closed};
use crate::{Backend, report};

/// Bytes of a header and of a sealed body: together about 300.
const HEAD: usize = 100;
const BODY: usize = 200;
/// The baseline's connections: what PostgreSQL's limit leaves, and about what serves it best.
const BASELINE_CONNECTIONS: u32 = 64;
/// Ours and the baseline take turns, so that neither gets the quieter machine.
const TURNS: u32 = 2;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The database.
    #[arg(long, value_enum)]
    backend: Backend,
    /// Callers who append at once, each to a stream of their own at an expected version.
    #[arg(long, default_value_t = 256)]
    writers: usize,
    /// How long each side is measured.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// A PostgreSQL database to use instead of a private one.
    #[arg(long)]
    url: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let turn = Duration::from_secs(args.seconds) / TURNS;
    let (ours, baseline) = match args.backend {
        Backend::Postgres => postgres(&args, turn).await?,
        Backend::Sqlite => sqlite(&args, turn).await?,
    };
    let mut report = report::compare("events", &ours, &baseline);
    report.insert("writers".into(), args.writers.into());
    report.insert("seconds".into(), args.seconds.into());
    report::print(&report, args.json)
}

async fn postgres(args: &Args, turn: Duration) -> anyhow::Result<(Measured, Measured)> {
    let private = if args.url.is_none() { Some(Postgres::start().await?) } else { None };
    let url = match (&args.url, &private) {
        (Some(url), _) => url.clone(),
        (None, Some(server)) => server.database().await?.owner,
        (None, None) => anyhow::bail!("no database"),
    };
    PostgresLog::migrate(&url).await?;
    let config = PostgresConfig { url: url.clone(), readers: 2, limits: Limits::default(), accept_volatile: false };
    let log: Arc<dyn EventLog> = Arc::new(PostgresLog::open(&config, LogMetrics::default()).await?);
    let connections = BASELINE_CONNECTIONS.min(u32::try_from(args.writers)?);
    let pool = PgPoolOptions::new().max_connections(connections).test_before_acquire(false).connect(&url).await?;
    let table = format!("baseline_{}", Uuid::now_v7().simple());
    let create = format!(
        "CREATE TABLE {table} (position bigserial PRIMARY KEY, stream uuid NOT NULL, key_id uuid NOT NULL, request uuid NOT NULL, \
         version bigint NOT NULL, at bigint NOT NULL, type int NOT NULL, kind smallint NOT NULL, head bytea NOT NULL, body bytea NOT NULL)"
    );
    sqlx::query(AssertSqlSafe(create)).execute(&pool).await?;
    let index = format!("CREATE INDEX ON {table} (kind, stream, version)");
    sqlx::query(AssertSqlSafe(index)).execute(&pool).await?;
    let insert: Arc<str> = format!(
        "INSERT INTO {table} (stream, key_id, request, version, at, type, kind, head, body) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    )
    .into();
    let (mut ours, mut baseline) = (Measured::none()?, Measured::none()?);
    for _ in 0..TURNS {
        let callers = (0..args.writers).map(|_| postgres_baseline(pool.clone(), insert.clone())).collect();
        baseline.add(&closed(callers, turn).await?)?;
        ours.add(&closed((0..args.writers).map(|_| appender(log.clone())).collect(), turn).await?)?;
    }
    sqlx::query(AssertSqlSafe(format!("DROP TABLE {table}"))).execute(&pool).await?;
    Ok((ours, baseline))
}

async fn sqlite(args: &Args, turn: Duration) -> anyhow::Result<(Measured, Measured)> {
    let directory = tempfile::tempdir()?;
    let log = SqliteLog::open(&directory.path().join("log.db"), Limits::default(), LogMetrics::default()).await?;
    let log: Arc<dyn EventLog> = Arc::new(log);
    let options = SqliteConnectOptions::new()
        .filename(directory.path().join("baseline.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "16384")
        .pragma("cache_size", "-65536");
    let mut connection = options.connect().await?;
    let create = "CREATE TABLE baseline (position INTEGER PRIMARY KEY, stream BLOB, key_id BLOB, request BLOB, version INTEGER, \
                  at INTEGER, type INTEGER, kind INTEGER, head BLOB, body BLOB) STRICT";
    sqlx::query(create).execute(&mut connection).await?;
    sqlx::query("CREATE INDEX baseline_by_stream ON baseline (kind, stream, version)").execute(&mut connection).await?;
    // SQLite has one writer; callers who wait for it in the process do better than callers who wait for its lock.
    let writer = Arc::new(Mutex::new(connection));
    let (mut ours, mut baseline) = (Measured::none()?, Measured::none()?);
    for _ in 0..TURNS {
        let callers = (0..args.writers).map(|_| sqlite_baseline(writer.clone())).collect();
        baseline.add(&closed(callers, turn).await?)?;
        ours.add(&closed((0..args.writers).map(|_| appender(log.clone())).collect(), turn).await?)?;
    }
    Ok((ours, baseline))
}

/// A caller who appends one event after the other to a stream of their own.
fn appender(log: Arc<dyn EventLog>) -> impl FnMut() -> futures::future::BoxFuture<'static, anyhow::Result<()>> + Send {
    let stream = StreamId { kind: 1, id: Uuid::now_v7() };
    let (head, body) = (Bytes::from(vec![7; HEAD]), Bytes::from(vec![9; BODY]));
    let mut version = 0;
    move || {
        let event = NewEvent { event_type: 1, key_id: stream.id, at: 1, head: head.clone(), body: body.clone() };
        let expected = Expected::Exactly(Version(version));
        let append = Append {
            streams: vec![StreamAppend { stream, expected, events: vec![event] }],
            guards: vec![],
            request: Uuid::now_v7(),
            not_after: None,
            epoch: None,
        };
        version += 1;
        let log = log.clone();
        Box::pin(async move {
            log.append(append).await?;
            Ok(())
        })
    }
}

fn postgres_baseline(
    pool: PgPool,
    insert: Arc<str>,
) -> impl FnMut() -> futures::future::BoxFuture<'static, anyhow::Result<()>> + Send {
    let stream = Uuid::now_v7();
    let (head, body) = (Bytes::from(vec![7; HEAD]), Bytes::from(vec![9; BODY]));
    let mut version = 0i64;
    move || {
        version += 1;
        let (pool, insert, head, body, version) = (pool.clone(), insert.clone(), head.clone(), body.clone(), version);
        Box::pin(async move {
            sqlx::query(AssertSqlSafe(insert))
                .bind(stream)
                .bind(stream)
                .bind(Uuid::now_v7())
                .bind(version)
                .bind(1i64)
                .bind(1i32)
                .bind(1i16)
                .bind(head.as_ref())
                .bind(body.as_ref())
                .execute(&pool)
                .await?;
            Ok(())
        })
    }
}

fn sqlite_baseline(
    writer: Arc<Mutex<SqliteConnection>>,
) -> impl FnMut() -> futures::future::BoxFuture<'static, anyhow::Result<()>> + Send {
    let stream = Uuid::now_v7();
    let (head, body) = (Bytes::from(vec![7; HEAD]), Bytes::from(vec![9; BODY]));
    let mut version = 0i64;
    move || {
        version += 1;
        let (writer, head, body, version) = (writer.clone(), head.clone(), body.clone(), version);
        Box::pin(async move {
            let insert = "INSERT INTO baseline (stream, key_id, request, version, at, type, kind, head, body) VALUES (?,?,?,?,?,?,?,?,?)";
            let mut writer = writer.lock().await;
            sqlx::query(insert)
                .bind(stream)
                .bind(stream)
                .bind(Uuid::now_v7())
                .bind(version)
                .bind(1i64)
                .bind(1i32)
                .bind(1i16)
                .bind(head.as_ref())
                .bind(body.as_ref())
                .execute(&mut *writer)
                .await?;
            Ok(())
        })
    }
}
