use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgConnection, PgPool};
use std::time::Duration;
use uuid::Uuid;

use super::{Advance, DocumentStore, Generation, StoreError, StoredDocument};
use crate::key::Key;

const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);

/// Documents in PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresDocuments(PgPool);

type Row = (Vec<u8>, Uuid, Vec<u8>);

impl PostgresDocuments {
    /// Opens a store that [`PostgresDocuments::migrate`] has made, with at most `connections`.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse()?;
        let options = options.application_name("alongside views").disable_statement_logging();
        let pool =
            PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_LIMIT).test_before_acquire(false);
        Ok(Self(pool.connect_with(options).await?))
    }

    /// Creates or upgrades the schema. Safe to run again.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses a statement.
    pub async fn migrate(url: &str) -> Result<(), StoreError> {
        let options: PgConnectOptions = url.parse()?;
        let mut connection = options.connect().await?;
        let files = [(1, include_str!("../../migrations/postgres/0001_views.sql"))];
        Ok(super::migrator(&files).run(&mut connection).await?)
    }
}

fn bytes(keys: &[Key]) -> Vec<&[u8]> {
    keys.iter().map(|key| key.0.as_slice()).collect()
}

fn document((key, subject, body): Row) -> StoredDocument {
    StoredDocument { key: Key(key), subject, body }
}

#[async_trait::async_trait]
impl DocumentStore for PostgresDocuments {
    async fn scan(
        &self,
        view: &str,
        after: &[u8],
        end: &[u8],
        limit: usize,
    ) -> Result<(Vec<StoredDocument>, u64), StoreError> {
        let rows: Vec<(i64, Option<Vec<u8>>, Option<Uuid>, Option<Vec<u8>>)> =
            sqlx::query_as(include_str!("../../sql/postgres/scan.sql"))
                .bind(view)
                .bind(after)
                .bind(end)
                .bind(super::sqlite::signed(limit as u64))
                .fetch_all(&self.0)
                .await?;
        let position = rows.first().map_or(0, |row| row.0.unsigned_abs());
        let documents = rows.into_iter().filter_map(|(_, key, subject, body)| Some(document((key?, subject?, body?))));
        Ok((documents.collect(), position))
    }

    async fn get(&self, view: &str, keys: &[Key]) -> Result<Vec<StoredDocument>, StoreError> {
        let query = sqlx::query_as(include_str!("../../sql/postgres/get.sql")).bind(view).bind(bytes(keys));
        let rows: Vec<Row> = query.fetch_all(&self.0).await?;
        Ok(rows.into_iter().map(document).collect())
    }

    async fn load(&self, view: &str, generation: i32, keys: &[Key]) -> Result<Vec<StoredDocument>, StoreError> {
        let query = sqlx::query_as(include_str!("../../sql/postgres/load.sql"));
        let rows: Vec<Row> = query.bind(view).bind(generation).bind(bytes(keys)).fetch_all(&self.0).await?;
        Ok(rows.into_iter().map(document).collect())
    }

    async fn page(
        &self,
        view: &str,
        generation: i32,
        after: &[u8],
        limit: usize,
    ) -> Result<Vec<StoredDocument>, StoreError> {
        let query = sqlx::query_as(include_str!("../../sql/postgres/page.sql"));
        let query = query.bind(view).bind(generation).bind(after).bind(super::sqlite::signed(limit as u64));
        let rows: Vec<Row> = query.fetch_all(&self.0).await?;
        Ok(rows.into_iter().map(document).collect())
    }

    async fn generations(&self, view: &str) -> Result<Vec<Generation>, StoreError> {
        sqlx::query(include_str!("../../sql/postgres/create_current.sql")).bind(view).execute(&self.0).await?;
        let query = sqlx::query_as(include_str!("../../sql/postgres/states.sql")).bind(view);
        let rows: Vec<(i32, i64, bool)> = query.fetch_all(&self.0).await?;
        let generation = |(number, position, current): (i32, i64, bool)| Generation {
            number,
            position: position.unsigned_abs(),
            current,
        };
        Ok(rows.into_iter().map(generation).collect())
    }

    async fn position(&self, view: &str) -> Result<u64, StoreError> {
        let query = sqlx::query_scalar(include_str!("../../sql/postgres/position.sql")).bind(view);
        let position: Option<i64> = query.fetch_optional(&self.0).await?;
        Ok(position.map_or(0, i64::unsigned_abs))
    }

    async fn parked(&self, view: &str, generation: i32) -> Result<Vec<Uuid>, StoreError> {
        let query = sqlx::query_scalar(include_str!("../../sql/postgres/parked.sql"));
        Ok(query.bind(view).bind(generation).fetch_all(&self.0).await?)
    }

    async fn advance(&self, advances: Vec<Advance>) -> Result<bool, StoreError> {
        let mut transaction = self.0.begin().await?;
        for advance in &advances {
            let moved = sqlx::query(include_str!("../../sql/postgres/advance.sql"))
                .bind(advance.view)
                .bind(advance.generation)
                .bind(super::sqlite::signed(advance.from))
                .bind(super::sqlite::signed(advance.to))
                .execute(&mut *transaction)
                .await?;
            if moved.rows_affected() != 1 {
                transaction.rollback().await?;
                return Ok(false);
            }
        }
        write(&mut transaction, &advances).await?;
        transaction.commit().await?;
        Ok(true)
    }

    async fn begin_generation(&self, view: &str) -> Result<i32, StoreError> {
        let query = sqlx::query_scalar(include_str!("../../sql/postgres/create_generation.sql"));
        Ok(query.bind(view).fetch_one(&self.0).await?)
    }

    async fn swap(&self, view: &str, generation: i32) -> Result<bool, StoreError> {
        let mut transaction = self.0.begin().await?;
        let retire = sqlx::query_scalar(include_str!("../../sql/postgres/retire.sql")).bind(view);
        let stood: Option<i64> = retire.fetch_optional(&mut *transaction).await?;
        let promote = sqlx::query(include_str!("../../sql/postgres/promote.sql")).bind(view).bind(generation);
        let promoted = promote.bind(stood.unwrap_or(0)).execute(&mut *transaction).await?;
        if promoted.rows_affected() != 1 {
            transaction.rollback().await?;
            return Ok(false);
        }
        transaction.commit().await?;
        Ok(true)
    }

    async fn drop_generation(&self, view: &str, generation: i32) -> Result<(), StoreError> {
        let mut transaction = self.0.begin().await?;
        for statement in [
            include_str!("../../sql/postgres/drop_state.sql"),
            include_str!("../../sql/postgres/drop_documents.sql"),
            include_str!("../../sql/postgres/drop_parked.sql"),
        ] {
            sqlx::query(statement).bind(view).bind(generation).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}

async fn write(transaction: &mut PgConnection, advances: &[Advance]) -> Result<(), StoreError> {
    let upserts = || advances.iter().flat_map(|a| a.upserts.iter().map(move |u| (a, u)));
    if upserts().next().is_some() {
        sqlx::query(include_str!("../../sql/postgres/upsert.sql"))
            .bind(upserts().map(|(a, _)| a.view).collect::<Vec<_>>())
            .bind(upserts().map(|(a, _)| a.generation).collect::<Vec<_>>())
            .bind(upserts().map(|(_, u)| u.key.0.as_slice()).collect::<Vec<_>>())
            .bind(upserts().map(|(_, u)| u.subject).collect::<Vec<_>>())
            .bind(upserts().map(|(_, u)| super::sqlite::signed(u.position)).collect::<Vec<_>>())
            .bind(upserts().map(|(_, u)| u.body.as_slice()).collect::<Vec<_>>())
            .execute(&mut *transaction)
            .await?;
    }
    for advance in advances {
        if !advance.removals.is_empty() {
            let delete =
                sqlx::query(include_str!("../../sql/postgres/delete.sql")).bind(advance.view).bind(advance.generation);
            delete.bind(bytes(&advance.removals)).execute(&mut *transaction).await?;
        }
        for (subject, position, reason) in &advance.parked {
            let park =
                sqlx::query(include_str!("../../sql/postgres/park.sql")).bind(advance.view).bind(advance.generation);
            park.bind(subject).bind(super::sqlite::signed(*position)).bind(reason).execute(&mut *transaction).await?;
        }
    }
    Ok(())
}
