use sqlx::postgres::PgPoolOptions;
use sqlx::{PgConnection, PgPool};
use std::time::Duration;
use uuid::Uuid;

use super::dialect::{Row, document, document_store, signed};
use super::{Advance, DocumentStore, Generation, STORE, StoreError, StoredDocument};
use crate::key::Key;

/// The name that the server shows for its connections.
const APPLICATION: &str = "alongside views";
const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);
const SCAN: &str = include_str!("../../sql/postgres/scan.sql");

/// Documents in PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresDocuments {
    readers: PgPool,
    writer: PgPool,
}

impl PostgresDocuments {
    /// Opens a store that [`PostgresDocuments::migrate`] has made, with at most `connections`.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        let pool =
            PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_LIMIT).test_before_acquire(false);
        let readers = pool.connect_with(database::options(url, APPLICATION)?).await?;
        Ok(Self { writer: readers.clone(), readers })
    }

    /// Creates or upgrades the schema. Safe to run again.
    ///
    /// # Errors
    /// When the database does not answer or refuses a statement.
    pub async fn migrate(url: &str) -> Result<(), StoreError> {
        let files = [(1, include_str!("../../migrations/postgres/0001_views.sql"))];
        Ok(database::migrate(database::options(url, APPLICATION)?, &database::migrator(STORE, &files)).await?)
    }
}

document_store!(PostgresDocuments, "BEGIN");

fn bytes(keys: &[Key]) -> Vec<&[u8]> {
    keys.iter().map(|key| key.0.as_slice()).collect()
}

async fn find(readers: &PgPool, view: &str, keys: &[Key]) -> Result<Vec<Row>, StoreError> {
    let query = sqlx::query_as(include_str!("../../sql/postgres/get.sql")).bind(view).bind(bytes(keys));
    Ok(query.fetch_all(readers).await?)
}

async fn find_in(readers: &PgPool, view: &str, generation: i32, keys: &[Key]) -> Result<Vec<Row>, StoreError> {
    let query = sqlx::query_as(include_str!("../../sql/postgres/load.sql")).bind(view).bind(generation);
    Ok(query.bind(bytes(keys)).fetch_all(readers).await?)
}

async fn write(transaction: &mut PgConnection, advances: &[Advance]) -> Result<(), StoreError> {
    let upserts = || advances.iter().flat_map(|a| a.upserts.iter().map(move |u| (a, u)));
    if upserts().next().is_some() {
        sqlx::query(include_str!("../../sql/postgres/upsert.sql"))
            .bind(upserts().map(|(a, _)| a.view).collect::<Vec<_>>())
            .bind(upserts().map(|(a, _)| a.generation).collect::<Vec<_>>())
            .bind(upserts().map(|(_, u)| u.key.0.as_slice()).collect::<Vec<_>>())
            .bind(upserts().map(|(_, u)| u.subject).collect::<Vec<_>>())
            .bind(upserts().map(|(_, u)| signed(u.position)).collect::<Vec<_>>())
            .bind(upserts().map(|(_, u)| u.body.as_slice()).collect::<Vec<_>>())
            .execute(&mut *transaction)
            .await?;
    }
    for advance in advances.iter().filter(|advance| !advance.removals.is_empty()) {
        let delete =
            sqlx::query(include_str!("../../sql/postgres/delete.sql")).bind(advance.view).bind(advance.generation);
        delete.bind(bytes(&advance.removals)).execute(&mut *transaction).await?;
    }
    Ok(())
}
