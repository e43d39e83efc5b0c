//! The one writer. It remembers the heads of streams that it wrote last: another process may write the same file, and
//! then the log's head has moved and the memory is dropped.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};

use crate::batcher::{Committer, Verdict};
use uuid::Uuid;

use crate::dialect::{signed, unsigned};
use crate::timeline::Timeline;
use crate::{Append, Expected, NewEvent, Position, StoreError, StreamId, Version};

/// Stream heads to remember: 16 MB at most. All are dropped when there are more.
const REMEMBERED: usize = 200_000;
/// Rows in one INSERT: what a statement costs besides its rows is paid once for so many.
const ROWS: usize = 64;

pub(super) struct SqliteCommitter {
    options: SqliteConnectOptions,
    timeline: Timeline,
    /// None after a batch that failed: whether its transaction is over only a new connection knows for sure.
    connection: Option<SqliteConnection>,
    /// The log's head after the last commit, and the heads of streams as of then.
    position: u64,
    heads: HashMap<StreamId, u64>,
}

impl SqliteCommitter {
    pub(super) fn new(options: SqliteConnectOptions, connection: SqliteConnection, timeline: Timeline) -> Self {
        Self { options, timeline, connection: Some(connection), position: 0, heads: HashMap::new() }
    }

    /// A batch in a transaction. After an error that may be open still, or not: the connection is of no use any more.
    async fn within(
        &mut self,
        connection: &mut SqliteConnection,
        batch: &[Append],
    ) -> Result<Vec<Verdict>, StoreError> {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
        let verdicts = self.transaction(connection, batch).await?;
        sqlx::query("COMMIT").execute(&mut *connection).await?;
        Ok(verdicts)
    }

    async fn transaction(
        &mut self,
        connection: &mut SqliteConnection,
        batch: &[Append],
    ) -> Result<Vec<Verdict>, StoreError> {
        let (history, base) = super::enter(connection).await?;
        self.timeline.entered(history);
        if base != self.position || self.heads.len() > REMEMBERED {
            self.heads.clear();
        }
        let mut plan = Plan { next: base, ..Plan::default() };
        let now: i64 = sqlx::query_scalar(include_str!("../../sql/sqlite/now.sql")).fetch_one(&mut *connection).await?;
        for append in batch {
            let verdict = if append.epoch.is_some_and(|of| of != history.epoch) {
                // What was decided on another history is decided again.
                Verdict::GuardMoved
            } else if append.not_after.is_some_and(|not_after| not_after <= now) {
                Verdict::TooLate
            } else {
                self.decide(connection, append, &mut plan).await?
            };
            plan.verdicts.push(verdict);
        }
        if plan.next > base {
            self.write(connection, &plan).await?;
        }
        self.position = plan.next;
        Ok(plan.verdicts)
    }

    async fn decide<'a>(
        &mut self,
        connection: &mut SqliteConnection,
        append: &'a Append,
        plan: &mut Plan<'a>,
    ) -> Result<Verdict, StoreError> {
        for slot in &append.streams {
            let head = self.head(connection, slot.stream).await?;
            if matches!(slot.expected, Expected::Exactly(version) if version.0 != head) {
                return Ok(Verdict::Conflict);
            }
        }
        for guard in &append.guards {
            if self.head(connection, guard.stream).await? != guard.version.0 {
                return Ok(Verdict::GuardMoved);
            }
        }
        let mut versions = Vec::with_capacity(append.streams.len());
        for slot in &append.streams {
            let mut version = self.head(connection, slot.stream).await?;
            for event in &slot.events {
                plan.next += 1;
                version += 1;
                plan.rows.push(EventRow {
                    position: plan.next,
                    stream: slot.stream,
                    version,
                    request: append.request,
                    event,
                });
            }
            self.heads.insert(slot.stream, version);
            plan.moved.insert(slot.stream);
            versions.push(Version(version));
        }
        Ok(Verdict::Accepted(Position(plan.next), versions))
    }

    async fn head(&mut self, connection: &mut SqliteConnection, stream: StreamId) -> Result<u64, StoreError> {
        if let Some(version) = self.heads.get(&stream) {
            return Ok(*version);
        }
        let version: Option<i64> = sqlx::query_scalar(include_str!("../../sql/sqlite/stream_head.sql"))
            .bind(stream.kind)
            .bind(stream.id)
            .fetch_optional(&mut *connection)
            .await?;
        let version = version.map_or(0, unsigned);
        self.heads.insert(stream, version);
        Ok(version)
    }

    async fn write(&self, connection: &mut SqliteConnection, plan: &Plan<'_>) -> Result<(), StoreError> {
        for rows in plan.rows.chunks(ROWS) {
            let mut insert = sqlx::query(insert_events(rows.len()));
            for row in rows {
                insert = insert
                    .bind(signed(row.position))
                    .bind(row.stream.kind)
                    .bind(row.stream.id)
                    .bind(signed(row.version))
                    .bind(row.event.event_type)
                    .bind(row.event.key_id)
                    .bind(row.event.at)
                    .bind(row.request)
                    .bind(row.event.head.as_ref())
                    .bind(row.event.body.as_ref());
            }
            insert.execute(&mut *connection).await?;
        }
        let moved: Vec<_> = plan.moved.iter().copied().collect();
        for streams in moved.chunks(ROWS) {
            let mut upsert = sqlx::query(upsert_heads(streams.len()));
            for stream in streams {
                let version = self.heads.get(stream).copied().unwrap_or(0);
                upsert = upsert.bind(stream.kind).bind(stream.id).bind(signed(version));
            }
            upsert.execute(&mut *connection).await?;
        }
        sqlx::query(include_str!("../../sql/sqlite/set_head.sql"))
            .bind(signed(plan.next))
            .execute(&mut *connection)
            .await?;
        Ok(())
    }
}

#[async_trait::async_trait]
impl Committer for SqliteCommitter {
    async fn commit(&mut self, batch: &[Append]) -> Result<Vec<Verdict>, StoreError> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await?,
        };
        let verdicts = self.within(&mut connection, batch).await;
        if verdicts.is_ok() {
            self.connection = Some(connection);
        } else {
            // What was remembered may never have been committed.
            self.heads.clear();
        }
        verdicts
    }
}

/// What a batch will write.
#[derive(Default)]
struct Plan<'a> {
    next: u64,
    rows: Vec<EventRow<'a>>,
    moved: HashSet<StreamId>,
    verdicts: Vec<Verdict>,
}

struct EventRow<'a> {
    position: u64,
    stream: StreamId,
    version: u64,
    request: Uuid,
    event: &'a NewEvent,
}

/// One statement for each number of rows, made once, so that SQLite prepares each once.
fn statements(head: &str, row: &str, tail: &str) -> Vec<String> {
    (0..=ROWS).map(|rows| format!("{head}{}{tail}", vec![row; rows].join(","))).collect()
}

fn insert_events(rows: usize) -> AssertSqlSafe<&'static str> {
    static STATEMENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let head = "INSERT INTO event (position, kind, stream, version, type, key_id, at, request, head, body) VALUES ";
        statements(head, "(?,?,?,?,?,?,?,?,?,?)", "")
    });
    AssertSqlSafe(STATEMENTS.get(rows).map_or("", String::as_str))
}

fn upsert_heads(rows: usize) -> AssertSqlSafe<&'static str> {
    static STATEMENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
        let tail = " ON CONFLICT (kind, stream) DO UPDATE SET version = excluded.version";
        statements("INSERT INTO stream_head (kind, stream, version) VALUES ", "(?,?,?)", tail)
    });
    AssertSqlSafe(STATEMENTS.get(rows).map_or("", String::as_str))
}
