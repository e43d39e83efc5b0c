//! The log in SQLite: one writer, one fsync for each batch.

mod committer;

use database::{Migrations, Pool};
use sqlx::sqlite::{SqlitePoolOptions, SqliteRow, SqliteSynchronous};
use sqlx::{ConnectOptions as _, Row as _, Sqlite, SqliteConnection};
use std::path::{Path, PathBuf};
use std::time::Duration;
use uuid::Uuid;

use crate::batcher::Batcher;
use crate::dialect::{STORE, event_log, signed, unsigned};
use crate::lead::{Duty, Leading, by_file};
use crate::timeline::Timeline;
use crate::{
    Append, AppendError, Appended, EventLog, History, Limits, LogMetrics, Position, Recorded, StoreError, StreamId,
    Version,
};
use committer::SqliteCommitter;

/// The log in one SQLite file.
#[derive(Debug, Clone)]
pub struct SqliteLog {
    readers: Pool<Sqlite>,
    followers: Pool<Sqlite>,
    batcher: Batcher,
    timeline: Timeline,
    file: PathBuf,
}

/// Connections for reading: SQLite reads do not block one another, and a machine has few cores.
const READERS: u32 = 4;
/// Connections for following the log.
const FOLLOWERS: u32 = 2;
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
        let options = database::sqlite(file)?
            .synchronous(SqliteSynchronous::Full)
            // Streams grow side by side, so a batch touches many pages of the index; the next batches touch the same ones.
            // A checkpoint that comes later writes each of them once.
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
            .pragma("cache_size", CACHE_KIB)
            .busy_timeout(BUSY_LIMIT);
        let mut writer = options.connect().await?;
        let files = [
            (1, include_str!("../migrations/sqlite/0001_event_log.sql")),
            (2, include_str!("../migrations/sqlite/0002_epoch.sql")),
        ];
        Migrations::of(STORE, &files).run(&mut writer).await.map_err(StoreError::new)?;
        let timeline = Timeline::default();
        timeline.entered(enter(&mut writer).await?.0);
        let pool = |connections| {
            let pool = SqlitePoolOptions::new().acquire_timeout(BUSY_LIMIT).max_connections(connections);
            Pool::new(pool, options.clone(), &timeline.since)
        };
        let (readers, followers) = (pool(READERS), pool(FOLLOWERS));
        let committer = SqliteCommitter::new(options, writer, timeline.clone());
        let (batcher, file) = (Batcher::start(committer, limits, metrics), file.to_owned());
        Ok(Self { readers, followers, batcher, timeline, file })
    }

    async fn wait_to_lead(&self, duty: Duty) -> Result<Leading, StoreError> {
        by_file(&self.file, duty).await
    }

    async fn begin_epoch(&self) -> Result<(), StoreError> {
        let mut connection = self.followers.connections().acquire().await?;
        let now: i64 = sqlx::query_scalar(include_str!("../sql/sqlite/now.sql")).fetch_one(&mut *connection).await?;
        let renew = sqlx::query(include_str!("../sql/sqlite/renew.sql")).bind(self.timeline.epoch()).bind(now);
        renew.execute(&mut *connection).await?;
        self.timeline.began(enter(&mut connection).await?.0);
        Ok(())
    }
}

event_log!(SqliteLog, SqliteRow, include_str!("../sql/sqlite/now.sql"));

/// Which history this is, and the position of its last event.
async fn enter(connection: &mut SqliteConnection) -> Result<(History, u64), sqlx::Error> {
    let row = sqlx::query_as(include_str!("../sql/sqlite/enter.sql")).fetch_one(connection).await?;
    let (log, epoch, began_at, position): (Uuid, Uuid, i64, i64) = row;
    Ok((History { log, epoch, began_at }, unsigned(position)))
}
