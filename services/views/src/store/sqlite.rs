use database::{Migrations, Pool, Since};
use sqlx::sqlite::{SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, Sqlite, SqliteConnection, SqlitePool};
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

use super::dialect::{Row, RowAt, SWEPT_AT_ONCE, document, document_store, signed};
use super::{Advance, DocumentStore, Found, Generation, History, STORE, StoreError, StoredDocument, Wanted};
use crate::key::Key;

const BUSY_LIMIT: Duration = Duration::from_secs(10);
/// Connections for reading.
const READERS: u32 = 4;
const SCAN: &str = include_str!("../../sql/sqlite/scan.sql");
const SWEEP_DOCUMENTS: &str = include_str!("../../sql/sqlite/sweep_documents.sql");

/// Documents in SQLite, in a file beside the log's. A lost commit only means that the runner reads the log again, so a
/// checkpoint costs no fsync.
#[derive(Debug, Clone)]
pub struct SqliteDocuments {
    readers: Pool<Sqlite>,
    builder: Pool<Sqlite>,
}

impl SqliteDocuments {
    /// Opens the store in this file, and creates or upgrades it.
    ///
    /// # Errors
    /// When the file does not open.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = database::sqlite(file)?.synchronous(SqliteSynchronous::Normal).busy_timeout(BUSY_LIMIT);
        let (since, pool) = (Since::default(), || SqlitePoolOptions::new().acquire_timeout(BUSY_LIMIT));
        let builder = Pool::new(pool().max_connections(1), options.clone(), &since);
        let files = [
            (1, include_str!("../../migrations/sqlite/0001_views.sql")),
            (2, include_str!("../../migrations/sqlite/0002_history.sql")),
            (3, include_str!("../../migrations/sqlite/0003_revision.sql")),
        ];
        Migrations::of(STORE, &files).run(builder.connections()).await?;
        Ok(Self { readers: Pool::new(pool().max_connections(READERS), options, &since), builder })
    }
}

document_store!(SqliteDocuments, sqlx::Sqlite, SqliteConnection, "BEGIN IMMEDIATE");

async fn find(readers: &SqlitePool, view: &str, keys: &[Key]) -> Result<Vec<RowAt>, sqlx::Error> {
    let mut found = Vec::new();
    for key in keys {
        let query = sqlx::query_as(include_str!("../../sql/sqlite/get.sql")).bind(view).bind(&key.0);
        found.extend(query.fetch_optional(readers).await?);
    }
    Ok(found)
}

async fn find_in(builder: &SqlitePool, wanted: &[Wanted]) -> Result<Vec<Vec<StoredDocument>>, sqlx::Error> {
    let mut all = Vec::with_capacity(wanted.len());
    for Wanted { view, generation, keys } in wanted {
        let mut found = Vec::new();
        for key in keys {
            let query = sqlx::query_as(include_str!("../../sql/sqlite/load.sql")).bind(*view).bind(*generation);
            found.extend(query.bind(&key.0).fetch_optional(builder).await?.map(document));
        }
        all.push(found);
    }
    Ok(all)
}

async fn write(builder: &SqlitePool, advances: &[Advance]) -> Result<bool, sqlx::Error> {
    let mut connection = builder.acquire().await?;
    let written = write_on(&mut connection, advances).await;
    keep_if(&mut connection, &written);
    written
}

async fn write_on(connection: &mut SqliteConnection, advances: &[Advance]) -> Result<bool, sqlx::Error> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let written = write_in(&mut transaction, advances).await?;
    if written {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok(written)
}

/// In a transaction, which is to be rolled back when this is `false`.
async fn write_in(transaction: &mut SqliteConnection, advances: &[Advance]) -> Result<bool, sqlx::Error> {
    for advance in advances {
        let moved = sqlx::query(include_str!("../../sql/sqlite/advance.sql"))
            .bind(advance.view)
            .bind(advance.generation)
            .bind(signed(advance.from))
            .bind(signed(advance.to))
            .bind(advance.current)
            .bind(advance.of.epoch)
            .bind(advance.of.mark)
            .bind(advance.revision)
            .execute(&mut *transaction)
            .await?;
        if moved.rows_affected() != 1 {
            return Ok(false);
        }
        write_one(transaction, advance).await?;
    }
    Ok(true)
}

async fn write_one(transaction: &mut SqliteConnection, advance: &Advance) -> Result<(), sqlx::Error> {
    for (subject, position, reason) in &advance.parked {
        let park = sqlx::query(include_str!("../../sql/sqlite/park.sql")).bind(advance.view).bind(advance.generation);
        park.bind(subject).bind(signed(*position)).bind(reason).execute(&mut *transaction).await?;
    }
    for upsert in &advance.upserts {
        let statement = if upsert.begins {
            include_str!("../../sql/sqlite/insert.sql")
        } else {
            include_str!("../../sql/sqlite/upsert.sql")
        };
        sqlx::query(statement)
            .bind(advance.view)
            .bind(advance.generation)
            .bind(&upsert.key.0)
            .bind(&upsert.place.0)
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
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::{History, Upsert};
    use super::*;

    #[tokio::test]
    async fn a_full_disk_stops_nothing_for_longer_than_it_is_full() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteDocuments::open(&directory.path().join("views.db")).await.unwrap();
        store.generations("v", 1).await.unwrap();
        let advance = |from, to, size| {
            let (key, place) = (Key(vec![1]), Key(vec![2]));
            let upsert = Upsert { begins: false, key, place, subject: Uuid::nil(), position: to, body: vec![7; size] };
            let (upserts, removals, parked) = (vec![upsert], vec![], vec![]);
            let of = History { epoch: Uuid::nil(), mark: Uuid::nil() };
            vec![Advance {
                view: "v",
                generation: 1,
                current: true,
                from,
                to,
                of,
                upserts,
                removals,
                parked,
                revision: 0,
            }]
        };
        assert!(store.advance(advance(0, 1, 10)).await.unwrap());
        // As many pages as there are, and no more: the disk is full.
        sqlx::query("PRAGMA max_page_count = 1").execute(store.builder.connections()).await.unwrap();
        let full = store.advance(advance(1, 2, 1 << 20)).await.unwrap_err();
        assert!(format!("{full:?}").contains("full"), "{full:?}");
        // The connection is given up, and one of the time after has room again, and no transaction of the time before.
        assert!(store.advance(advance(1, 2, 1 << 20)).await.unwrap());
        assert_eq!(store.position("v").await.unwrap(), 2);
    }
}
