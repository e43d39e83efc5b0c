//! The log in SQLite: one writer, one fsync for each batch.

mod committer;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Row as _, SqlitePool};
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

use crate::batcher::Batcher;
use crate::postgres::{signed, unsigned};
use crate::{
    Append, AppendError, Appended, EventLog, Limits, LogMetrics, Position, Recorded, StoreError, StreamId, Version,
};
use committer::SqliteCommitter;

/// The log in one SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteLog {
    readers: SqlitePool,
    batcher: Batcher,
    epoch: Uuid,
}

/// Connections for reading: SQLite reads do not block one another, and a machine has few cores.
const READERS: u32 = 4;
/// How long to wait for another process's write, or for a free reader.
const BUSY_LIMIT: Duration = Duration::from_secs(10);
/// Pages in the write-ahead log before a checkpoint: 64 MB.
const CHECKPOINT_PAGES: &str = "16384";
/// The page cache of a connection: 64 MB, in the form that SQLite takes for kibibytes.
const CACHE_KIB: &str = "-65536";

impl SqliteLog {
    /// Opens the log in this file, and creates or upgrades it.
    ///
    /// # Errors
    /// When the file cannot be opened or is no database.
    pub async fn open(file: &Path, limits: Limits, metrics: LogMetrics) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // Streams grow side by side, so a batch touches many pages of the index; the next batches touch the same ones.
            // A checkpoint that comes later writes each of them once.
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .pragma("cache_size", CACHE_KIB)
            .busy_timeout(BUSY_LIMIT)
            .disable_statement_logging();
        let mut writer = options.connect().await?;
        let mut migrator = sqlx::migrate!("migrations/sqlite");
        migrator.dangerous_set_table_name("migrations_event_log");
        migrator.run(&mut writer).await.map_err(StoreError::new)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(READERS)
            .acquire_timeout(BUSY_LIMIT)
            .test_before_acquire(false)
            .connect_with(options)
            .await?;
        let (_, epoch): (i64, Uuid) =
            sqlx::query_as(include_str!("../sql/sqlite/head.sql")).fetch_one(&readers).await?;
        Ok(Self { readers, batcher: Batcher::start(SqliteCommitter::new(writer), limits, metrics), epoch })
    }

    async fn find_request(&self, append: &Append) -> Result<Option<Appended>, StoreError> {
        let mut versions = Vec::with_capacity(append.streams.len());
        let mut last = Position::default();
        for slot in &append.streams {
            let row: (Option<i64>, Option<i64>, Option<i64>) =
                sqlx::query_as(include_str!("../sql/sqlite/find_request.sql"))
                    .bind(slot.stream.kind)
                    .bind(slot.stream.id)
                    .bind(append.request)
                    .fetch_one(&self.readers)
                    .await?;
            let (Some(_), Some(position), Some(version)) = row else { return Ok(None) };
            last = last.max(Position(unsigned(position)));
            versions.push(Version(unsigned(version)));
        }
        Ok(Some(Appended { position: last, versions, replayed: true }))
    }
}

#[async_trait::async_trait]
impl EventLog for SqliteLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let retry = append.clone_shape();
        match self.batcher.append(append).await {
            // Looked up only now: a first write pays nothing for it.
            Err(AppendError::Conflict) => self.find_request(&retry).await?.ok_or(AppendError::Conflict),
            verdict => verdict,
        }
    }

    async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let rows = sqlx::query(include_str!("../sql/sqlite/read.sql")).bind(signed(after.0)).bind(signed(limit as u64));
        rows.try_map(|row| recorded(&row)).fetch_all(&self.readers).await.map_err(StoreError::from)
    }

    async fn read_stream(&self, stream: StreamId, after: Version, limit: usize) -> Result<Vec<Recorded>, StoreError> {
        let rows = sqlx::query(include_str!("../sql/sqlite/read_stream.sql"))
            .bind(stream.kind)
            .bind(stream.id)
            .bind(signed(after.0))
            .bind(signed(limit as u64));
        rows.try_map(|row| recorded(&row)).fetch_all(&self.readers).await.map_err(StoreError::from)
    }

    async fn head(&self) -> Result<Position, StoreError> {
        let (position, _): (i64, Uuid) =
            sqlx::query_as(include_str!("../sql/sqlite/head.sql")).fetch_one(&self.readers).await?;
        Ok(Position(unsigned(position)))
    }

    fn epoch(&self) -> Uuid {
        self.epoch
    }
}

fn recorded(row: &SqliteRow) -> Result<Recorded, sqlx::Error> {
    Ok(Recorded {
        position: Position(unsigned(row.try_get(0)?)),
        stream: StreamId { kind: row.try_get(1)?, id: row.try_get(2)? },
        version: Version(unsigned(row.try_get(3)?)),
        event_type: row.try_get(4)?,
        key_id: row.try_get(5)?,
        at: row.try_get(6)?,
        request: row.try_get(7)?,
        head: row.try_get::<Vec<u8>, _>(8)?.into(),
        body: row.try_get::<Vec<u8>, _>(9)?.into(),
    })
}
