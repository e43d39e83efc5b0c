use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqliteConnection, SqlitePool};
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

use super::{Advance, DocumentStore, Generation, StoreError, StoredDocument};
use crate::key::Key;

const BUSY_LIMIT: Duration = Duration::from_secs(10);
/// Connections for reading.
const READERS: u32 = 4;

/// Documents in SQLite, in a file beside the log's. A lost commit only means that the runner reads the log again, so a
/// checkpoint costs no fsync.
#[derive(Debug, Clone)]
pub struct SqliteDocuments {
    readers: SqlitePool,
    writer: SqlitePool,
}

type Row = (Vec<u8>, Uuid, Vec<u8>);

impl SqliteDocuments {
    /// Opens the store in this file, and creates or upgrades it.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_LIMIT)
            .disable_statement_logging();
        let pool = || SqlitePoolOptions::new().acquire_timeout(BUSY_LIMIT).test_before_acquire(false);
        let writer = pool().max_connections(1).connect_with(options.clone()).await?;
        super::migrator(&[(1, include_str!("../../migrations/sqlite/0001_views.sql"))]).run(&writer).await?;
        Ok(Self { readers: pool().max_connections(READERS).connect_with(options).await?, writer })
    }
}

pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn document((key, subject, body): Row) -> StoredDocument {
    StoredDocument { key: Key(key), subject, body }
}

#[async_trait::async_trait]
impl DocumentStore for SqliteDocuments {
    async fn scan(
        &self,
        view: &str,
        after: &[u8],
        end: &[u8],
        limit: usize,
    ) -> Result<(Vec<StoredDocument>, u64), StoreError> {
        let rows: Vec<(i64, Option<Vec<u8>>, Option<Uuid>, Option<Vec<u8>>)> =
            sqlx::query_as(include_str!("../../sql/sqlite/scan.sql"))
                .bind(view)
                .bind(after)
                .bind(end)
                .bind(signed(limit as u64))
                .fetch_all(&self.readers)
                .await?;
        let position = rows.first().map_or(0, |row| row.0.unsigned_abs());
        let documents = rows.into_iter().filter_map(|(_, key, subject, body)| Some(document((key?, subject?, body?))));
        Ok((documents.collect(), position))
    }

    async fn get(&self, view: &str, keys: &[Key]) -> Result<Vec<StoredDocument>, StoreError> {
        let mut found = Vec::new();
        for key in keys {
            let query = sqlx::query_as(include_str!("../../sql/sqlite/get.sql")).bind(view).bind(&key.0);
            found.extend(query.fetch_optional(&self.readers).await?.map(document));
        }
        Ok(found)
    }

    async fn load(&self, view: &str, generation: i32, keys: &[Key]) -> Result<Vec<StoredDocument>, StoreError> {
        let mut found = Vec::new();
        for key in keys {
            let query =
                sqlx::query_as(include_str!("../../sql/sqlite/load.sql")).bind(view).bind(generation).bind(&key.0);
            found.extend(query.fetch_optional(&self.readers).await?.map(document));
        }
        Ok(found)
    }

    async fn page(
        &self,
        view: &str,
        generation: i32,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let query = sqlx::query_as(include_str!("../../sql/sqlite/page.sql"));
        let query = query.bind(view).bind(generation).bind(after).bind(signed(limit as u64));
        let rows: Vec<Row> = query.fetch_all(&self.readers).await?;
        Ok(rows.into_iter().map(document).collect())
    }

    async fn generations(&self, view: &str) -> Result<Vec<Generation>, StoreError> {
        sqlx::query(include_str!("../../sql/sqlite/create_current.sql")).bind(view).execute(&self.writer).await?;
        let query = sqlx::query_as(include_str!("../../sql/sqlite/states.sql")).bind(view);
        let rows: Vec<(i32, i64, bool)> = query.fetch_all(&self.readers).await?;
        let generation = |(number, position, current): (i32, i64, bool)| Generation {
            number,
            position: position.unsigned_abs(),
            current,
        };
        Ok(rows.into_iter().map(generation).collect())
    }

    async fn position(&self, view: &str) -> Result<u64, StoreError> {
        let query = sqlx::query_scalar(include_str!("../../sql/sqlite/position.sql")).bind(view);
        let position: Option<i64> = query.fetch_optional(&self.readers).await?;
        Ok(position.map_or(0, i64::unsigned_abs))
    }

    async fn parked(&self, view: &str, generation: i32) -> Result<Vec<Uuid>, StoreError> {
        let query = sqlx::query_scalar(include_str!("../../sql/sqlite/parked.sql"));
        Ok(query.bind(view).bind(generation).fetch_all(&self.readers).await?)
    }

    async fn advance(&self, advances: Vec<Advance>) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for advance in &advances {
            let moved = sqlx::query(include_str!("../../sql/sqlite/advance.sql"))
                .bind(advance.view)
                .bind(advance.generation)
                .bind(signed(advance.from))
                .bind(signed(advance.to))
                .execute(&mut *transaction)
                .await?;
            if moved.rows_affected() != 1 {
                transaction.rollback().await?;
                return Ok(false);
            }
            write(&mut transaction, advance).await?;
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn begin_generation(&self, view: &str) -> Result<i32, StoreError> {
        let query = sqlx::query_scalar(include_str!("../../sql/sqlite/create_generation.sql"));
        Ok(query.bind(view).fetch_one(&self.writer).await?)
    }

    async fn swap(&self, view: &str, generation: i32) -> Result<bool, StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let retire = sqlx::query_scalar(include_str!("../../sql/sqlite/retire.sql")).bind(view);
        let stood: Option<i64> = retire.fetch_optional(&mut *transaction).await?;
        let promote = sqlx::query(include_str!("../../sql/sqlite/promote.sql")).bind(view).bind(generation);
        let promoted = promote.bind(stood.unwrap_or(0)).execute(&mut *transaction).await?;
        if promoted.rows_affected() != 1 {
            transaction.rollback().await?;
            return Ok(false);
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn drop_generation(&self, view: &str, generation: i32) -> Result<(), StoreError> {
        let mut transaction = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        for statement in [
            include_str!("../../sql/sqlite/drop_state.sql"),
            include_str!("../../sql/sqlite/drop_documents.sql"),
            include_str!("../../sql/sqlite/drop_parked.sql"),
        ] {
            sqlx::query(statement).bind(view).bind(generation).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}

async fn write(transaction: &mut SqliteConnection, advance: &Advance) -> Result<(), StoreError> {
    for upsert in &advance.upserts {
        sqlx::query(include_str!("../../sql/sqlite/upsert.sql"))
            .bind(advance.view)
            .bind(advance.generation)
            .bind(&upsert.key.0)
            .bind(upsert.subject)
            .bind(signed(upsert.position))
            .bind(&upsert.body)
            .execute(&mut *transaction)
            .await?;
    }
    for key in &advance.removals {
        let delete =
            sqlx::query(include_str!("../../sql/sqlite/delete.sql")).bind(advance.view).bind(advance.generation);
        delete.bind(&key.0).execute(&mut *transaction).await?;
    }
    for (subject, position, reason) in &advance.parked {
        let park = sqlx::query(include_str!("../../sql/sqlite/park.sql")).bind(advance.view).bind(advance.generation);
        park.bind(subject).bind(signed(*position)).bind(reason).execute(&mut *transaction).await?;
    }
    Ok(())
}
