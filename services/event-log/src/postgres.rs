//! The log in PostgreSQL.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{ConnectOptions as _, PgConnection, PgPool, Row as _};
use std::time::Duration;
use uuid::Uuid;

use crate::batcher::{Batcher, Committer, Verdict};
use crate::dialect::{STORE, event_log, signed, unsigned};
use crate::types::NotDurable;
use crate::{
    Append, AppendError, Appended, EventLog, Expected, Limits, LogMetrics, Position, Recorded, StoreError, StreamId,
    Version,
};

/// Where the log is, and how many connections read it.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// `postgres://…`; over a Unix socket with `?host=/directory`.
    pub url: String,
    /// The most connections for reading streams. Appending uses one more, and following the log a few.
    pub readers: u32,
    /// The limits.
    pub limits: Limits,
    /// Whether to append to a server that loses or breaks what it acknowledged when it crashes.
    pub accept_volatile: bool,
}

/// The log in PostgreSQL. A batch is one call of one function: see `migrations/postgres/`.
#[derive(Debug, Clone)]
pub struct PostgresLog {
    readers: PgPool,
    followers: PgPool,
    batcher: Batcher,
    epoch: Uuid,
}

/// The name that the server shows for its connections.
const APPLICATION: &str = "alongside";
/// Connections for following the log: relay, views, and a rebuild beside them. Readers of streams cannot hold them up.
const FOLLOWERS: u32 = 3;
/// How long to wait for a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long a batch may take. After that its outcome is unknown, and the connection is given up.
const COMMIT_LIMIT: Duration = Duration::from_secs(20);

impl PostgresLog {
    /// Opens a log that [`PostgresLog::migrate`] has made.
    ///
    /// # Errors
    /// When the database cannot be reached, or has no log.
    pub async fn open(config: &PostgresConfig, metrics: LogMetrics) -> Result<Self, StoreError> {
        let options = database::options(&config.url, APPLICATION)?;
        let pool = || PgPoolOptions::new().acquire_timeout(CONNECT_LIMIT).test_before_acquire(false);
        let readers = pool().max_connections(config.readers).connect_with(options.clone()).await?;
        let followers = pool().max_connections(FOLLOWERS).connect_lazy_with(options.clone());
        let (_, epoch): (i64, Uuid) = sqlx::query_as(include_str!("../sql/head.sql")).fetch_one(&readers).await?;
        // What is acknowledged is durable, whatever the server, the database or the role is set to.
        let options = options.options([
            ("synchronous_commit", "on"),
            ("default_transaction_isolation", "read committed"),
            ("default_transaction_read_only", "off"),
        ]);
        let accept = config.accept_volatile;
        // Checked at once, and not by the first caller who appends.
        let connection = Some(connect(&options, accept).await?);
        let committer = PostgresCommitter { options, accept, connection };
        Ok(Self { readers, followers, batcher: Batcher::start(committer, config.limits, metrics), epoch })
    }

    /// Creates or upgrades the schema. Safe to run again.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses a statement.
    pub async fn migrate(url: &str) -> Result<(), StoreError> {
        let files = [
            (1, include_str!("../migrations/postgres/0001_event_log.sql")),
            (2, include_str!("../migrations/postgres/0002_not_after.sql")),
        ];
        let options = database::options(url, APPLICATION)?;
        database::migrate(options, &database::migrator(STORE, &files)).await.map_err(StoreError::new)
    }
}

event_log!(PostgresLog, PgRow, include_str!("../sql/postgres/now.sql"));

/// Owns the one connection that appends. It lives in the batcher's task, so that a caller who goes away can never leave
/// a transaction open on it.
struct PostgresCommitter {
    options: PgConnectOptions,
    accept: bool,
    connection: Option<PgConnection>,
}

#[async_trait::async_trait]
impl Committer for PostgresCommitter {
    async fn commit(&mut self, batch: &[Append]) -> Result<Vec<Verdict>, StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => connect(&self.options, self.accept).await?,
        };
        // A connection that has died silently would otherwise hold up every append of this process.
        let called = tokio::time::timeout(COMMIT_LIMIT, Columns::of(batch).call(&mut connection, batch)).await;
        let verdicts = called.unwrap_or_else(|elapsed| Err(StoreError::new(elapsed)));
        // After an error of the connection itself, the next batch starts on a new one.
        if verdicts.as_ref().map_or_else(|e| e.refused, |_| true) {
            self.connection = Some(connection);
        }
        verdicts
    }
}

/// The connection that appends, to a server that keeps what it acknowledges.
async fn connect(options: &PgConnectOptions, accept_volatile: bool) -> Result<PgConnection, StoreError> {
    let checked = async {
        let mut connection = options.connect().await?;
        let settings: Vec<(String, String)> =
            sqlx::query_as(include_str!("../sql/postgres/durable.sql")).fetch_all(&mut connection).await?;
        Ok::<_, StoreError>((connection, settings))
    };
    let (connection, settings) = tokio::time::timeout(CONNECT_LIMIT, checked).await.map_err(StoreError::new)??;
    let off: Vec<_> = settings.into_iter().filter(|(_, value)| value == "off").map(|(name, _)| name).collect();
    if off.is_empty() || accept_volatile { Ok(connection) } else { Err(StoreError::new(NotDurable(off.join("`, `")))) }
}

/// A batch, column by column, as the function takes it.
#[derive(Default)]
struct Columns<'a> {
    slot_request: Vec<i32>,
    slot_kind: Vec<i16>,
    slot_stream: Vec<Uuid>,
    slot_expected: Vec<i64>,
    slot_count: Vec<i32>,
    slot_id: Vec<Uuid>,
    guard_request: Vec<i32>,
    guard_kind: Vec<i16>,
    guard_stream: Vec<Uuid>,
    guard_version: Vec<i64>,
    event_slot: Vec<i32>,
    event_nth: Vec<i32>,
    event_type: Vec<i32>,
    event_key: Vec<Uuid>,
    event_at: Vec<i64>,
    event_head: Vec<&'a [u8]>,
    event_body: Vec<&'a [u8]>,
    not_after: Vec<Option<i64>>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a [Append]) -> Self {
        let mut columns = Self::default();
        for (request, append) in (1..).zip(batch) {
            columns.not_after.push(append.not_after);
            for slot in &append.streams {
                columns.slot_request.push(request);
                columns.slot_kind.push(slot.stream.kind);
                columns.slot_stream.push(slot.stream.id);
                columns.slot_expected.push(match slot.expected {
                    Expected::Any => -1,
                    Expected::Exactly(version) => signed(version.0),
                });
                columns.slot_count.push(i32::try_from(slot.events.len()).unwrap_or(i32::MAX));
                columns.slot_id.push(append.request);
                let ordinal = i32::try_from(columns.slot_request.len()).unwrap_or(i32::MAX);
                for (nth, event) in (1..).zip(&slot.events) {
                    columns.event_slot.push(ordinal);
                    columns.event_nth.push(nth);
                    columns.event_type.push(event.event_type);
                    columns.event_key.push(event.key_id);
                    columns.event_at.push(event.at);
                    columns.event_head.push(&event.head);
                    columns.event_body.push(&event.body);
                }
            }
            for guard in &append.guards {
                columns.guard_request.push(request);
                columns.guard_kind.push(guard.stream.kind);
                columns.guard_stream.push(guard.stream.id);
                columns.guard_version.push(signed(guard.version.0));
            }
        }
        columns
    }

    async fn call(self, connection: &mut PgConnection, batch: &[Append]) -> Result<Vec<Verdict>, StoreError> {
        let (position_before, version_before, conflicted, moved, late) =
            sqlx::query_as(include_str!("../sql/postgres/append.sql"))
                .bind(self.slot_request)
                .bind(self.slot_kind)
                .bind(self.slot_stream)
                .bind(self.slot_expected)
                .bind(self.slot_count)
                .bind(self.slot_id)
                .bind(self.guard_request)
                .bind(self.guard_kind)
                .bind(self.guard_stream)
                .bind(self.guard_version)
                .bind(self.event_slot)
                .bind(self.event_nth)
                .bind(self.event_type)
                .bind(self.event_key)
                .bind(self.event_at)
                .bind(self.event_head)
                .bind(self.event_body)
                .bind(self.not_after)
                .fetch_one(connection)
                .await?;
        Ok(Answer { position_before, version_before, conflicted, moved, late }.verdicts(batch))
    }
}

/// What the function answers: see its comment.
struct Answer {
    position_before: Vec<i64>,
    version_before: Vec<i64>,
    conflicted: Vec<i32>,
    moved: Vec<i32>,
    late: Vec<i32>,
}

impl Answer {
    fn verdicts(self, batch: &[Append]) -> Vec<Verdict> {
        let mut befores = self.position_before.into_iter().zip(self.version_before);
        let mut verdicts = Vec::with_capacity(batch.len());
        for (request, append) in (1..).zip(batch) {
            let mut versions = Vec::with_capacity(append.streams.len());
            let mut last = 0;
            for (slot, (position, version)) in append.streams.iter().zip(befores.by_ref()) {
                let count = signed(slot.events.len() as u64);
                last = last.max(position + count);
                versions.push(Version(unsigned(version + count)));
            }
            verdicts.push(if self.conflicted.contains(&request) {
                Verdict::Conflict
            } else if self.moved.contains(&request) {
                Verdict::GuardMoved
            } else if self.late.contains(&request) {
                Verdict::TooLate
            } else {
                Verdict::Accepted(Position(unsigned(last)), versions)
            });
        }
        verdicts
    }
}
