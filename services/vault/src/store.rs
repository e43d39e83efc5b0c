use database::{Migrations, Pool, Since};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqlitePoolOptions, SqliteSynchronous};
use sqlx::{PgPool, Postgres, Sqlite, SqlitePool};
use std::path::Path;
use std::time::Duration;
use uuid::Uuid;

/// A key as it is stored.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// Its id.
    pub key_id: Uuid,
    /// Whose key it is.
    pub subject: Uuid,
    /// Its wrapped bytes; none when it was destroyed.
    pub wrapped: Option<Vec<u8>>,
}

/// The key store failed.
#[derive(Debug, thiserror::Error)]
#[error("the key store failed")]
pub struct StoreError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self(error.into())
    }
}

impl From<database::MigrationError> for StoreError {
    fn from(error: database::MigrationError) -> Self {
        Self(error.into())
    }
}

/// Where wrapped keys are kept. May be another database than the log's. Every implementation passes the same contract
/// suite.
#[async_trait::async_trait]
pub trait KeyStore: Send + Sync {
    /// The key of a subject.
    ///
    /// # Errors
    /// When the store fails.
    async fn of_subject(&self, subject: Uuid) -> Result<Option<StoredKey>, StoreError>;

    /// Those of the keys with these ids that there are, in one look.
    ///
    /// # Errors
    /// When the store fails.
    async fn by_ids(&self, key_ids: &[Uuid]) -> Result<Vec<StoredKey>, StoreError>;

    /// Keeps a new key, unless the subject has one already.
    ///
    /// # Errors
    /// When the store fails.
    async fn insert(&self, key_id: Uuid, subject: Uuid, wrapped: &[u8]) -> Result<(), StoreError>;

    /// What was kept under a pseudonym.
    ///
    /// # Errors
    /// When the store fails.
    async fn identified(&self, pseudonym: Uuid) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps something under a pseudonym, unless there is something already.
    ///
    /// # Errors
    /// When the store fails.
    async fn identify(&self, pseudonym: Uuid, sealed: &[u8]) -> Result<(), StoreError>;

    /// Destroys the subject's key and keeps the row. The system's own key, of the subject nil, is never destroyed.
    ///
    /// # Errors
    /// When the store fails.
    async fn destroy(&self, subject: Uuid) -> Result<(), StoreError>;
}

/// The name of this store among the migrations.
const STORE: &str = "vault";
/// The name that the server shows for its connections.
const APPLICATION: &str = "alongside vault";
const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);

/// Keys in PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresKeys(Pool<Postgres>);

/// Keys in SQLite.
#[derive(Debug, Clone)]
pub struct SqliteKeys(Pool<Sqlite>);

impl PostgresKeys {
    /// Opens a store that [`PostgresKeys::migrate`] has made, with at most `connections`.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_LIMIT);
        let pool = Pool::new(pool, database::options(url, APPLICATION)?, &Since::default());
        database::ensure_direct(&mut *pool.connections().acquire().await?).await?;
        Ok(Self(pool))
    }

    /// Creates or upgrades the schema. Safe to run again.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses a statement.
    pub async fn migrate(url: &str) -> Result<(), StoreError> {
        let files = [(1, include_str!("../migrations/postgres/0001_vault.sql"))];
        let rights = include_str!("../migrations/postgres/rights.sql");
        Ok(Migrations::of(STORE, &files).run_in_postgres(database::options(url, APPLICATION)?, rights).await?)
    }
}

impl SqliteKeys {
    /// Opens the store in this file, and creates or upgrades it.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn open(file: &Path) -> Result<Self, StoreError> {
        let options = database::sqlite(file)?
            .synchronous(SqliteSynchronous::Full)
            // A destroyed key must not survive in a free page.
            .pragma("secure_delete", "ON")
            .busy_timeout(ACQUIRE_LIMIT);
        let pool = SqlitePoolOptions::new().max_connections(2).acquire_timeout(ACQUIRE_LIMIT);
        let pool = Pool::new(pool, options, &Since::default());
        Migrations::of(STORE, &[(1, include_str!("../migrations/sqlite/0001_vault.sql"))])
            .run(pool.connections())
            .await?;
        Ok(Self(pool))
    }
}

/// A key, from a row of `sql/*/of_subject.sql` or `by_ids.sql`.
fn stored((key_id, subject, wrapped): (Uuid, Uuid, Option<Vec<u8>>)) -> StoredKey {
    StoredKey { key_id, subject, wrapped }
}

async fn find_postgres(pool: &PgPool, key_ids: &[Uuid]) -> Result<Vec<StoredKey>, sqlx::Error> {
    let query = sqlx::query_as(include_str!("../sql/postgres/by_ids.sql"));
    Ok(query.bind(key_ids).fetch_all(pool).await?.into_iter().map(stored).collect())
}

async fn find_sqlite(pool: &SqlitePool, key_ids: &[Uuid]) -> Result<Vec<StoredKey>, sqlx::Error> {
    let mut found = Vec::new();
    for key_id in key_ids {
        let query = sqlx::query_as(include_str!("../sql/sqlite/by_id.sql"));
        found.extend(query.bind(key_id).fetch_optional(pool).await?.map(stored));
    }
    Ok(found)
}

/// The same statements in every database, each of which may be done twice, but for how keys are found by their ids, and how one is destroyed.
macro_rules! key_store {
    ($store:ident, $find:ident, $destroy:literal) => {
        #[async_trait::async_trait]
        impl KeyStore for $store {
            async fn of_subject(&self, subject: Uuid) -> Result<Option<StoredKey>, StoreError> {
                let found = self.0.run(|pool| async move {
                    sqlx::query_as(include_str!("../sql/of_subject.sql")).bind(subject).fetch_optional(&pool).await
                });
                Ok(found.await?.map(stored))
            }

            async fn by_ids(&self, key_ids: &[Uuid]) -> Result<Vec<StoredKey>, StoreError> {
                Ok(self.0.run(|pool| async move { $find(&pool, key_ids).await }).await?)
            }

            async fn insert(&self, key_id: Uuid, subject: Uuid, wrapped: &[u8]) -> Result<(), StoreError> {
                let insert = self.0.run(|pool| async move {
                    let query = sqlx::query(include_str!("../sql/insert.sql"));
                    query.bind(key_id).bind(subject).bind(wrapped).execute(&pool).await
                });
                insert.await?;
                Ok(())
            }

            async fn identified(&self, pseudonym: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
                let identified = self.0.run(|pool| async move {
                    let query = sqlx::query_scalar(include_str!("../sql/identified.sql"));
                    query.bind(pseudonym).fetch_optional(&pool).await
                });
                Ok(identified.await?)
            }

            async fn identify(&self, pseudonym: Uuid, sealed: &[u8]) -> Result<(), StoreError> {
                let identify = self.0.run(|pool| async move {
                    let query = sqlx::query(include_str!("../sql/identify.sql"));
                    query.bind(pseudonym).bind(sealed).execute(&pool).await
                });
                identify.await?;
                Ok(())
            }

            async fn destroy(&self, subject: Uuid) -> Result<(), StoreError> {
                let destroy = self
                    .0
                    .run(|pool| async move { sqlx::query(include_str!($destroy)).bind(subject).execute(&pool).await });
                destroy.await?;
                Ok(())
            }
        }
    };
}

key_store!(PostgresKeys, find_postgres, "../sql/postgres/destroy.sql");
key_store!(SqliteKeys, find_sqlite, "../sql/sqlite/destroy.sql");
