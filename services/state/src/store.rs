use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use database::{Migrations, Pool, Since};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Postgres, Sqlite};
use uuid::Uuid;

use crate::{Cursor, FeedCursors, FeedState, StateError};

/// The name of this store among the migrations.
const STORE: &str = "state";
/// The name that the server shows for its connections.
const APPLICATION: &str = "alongside state";
/// For how long a feed counts as carried whose process has crashed.
const CRASHED: Duration = Duration::from_secs(3_600);
const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);

/// Small state in PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresState(pub(crate) Pool<Postgres>);

/// Small state in SQLite.
#[derive(Debug, Clone)]
pub struct SqliteState(pub(crate) Pool<Sqlite>);

impl PostgresState {
    /// Opens a store that [`PostgresState::migrate`] has made, with at most `connections`: when they are first needed.
    ///
    /// # Errors
    /// When the URL has a wrong form.
    pub fn open(url: &str, connections: u32) -> Result<Self, StateError> {
        let pool = PgPoolOptions::new().max_connections(connections).acquire_timeout(ACQUIRE_LIMIT);
        Ok(Self(Pool::new(pool, database::options(url, APPLICATION)?, &Since::default())))
    }

    /// Creates or upgrades the schema. Safe to run again.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses a statement.
    pub async fn migrate(url: &str) -> Result<(), StateError> {
        let files = [
            (1, include_str!("../migrations/postgres/0001_feed_cursor.sql")),
            (2, include_str!("../migrations/postgres/0002_replayed.sql")),
            (3, include_str!("../migrations/postgres/0003_failing_since.sql")),
            (4, include_str!("../migrations/postgres/0004_session.sql")),
        ];
        let rights = include_str!("../migrations/postgres/rights.sql");
        Ok(Migrations::of(STORE, &files).run_in_postgres(database::options(url, APPLICATION)?, rights).await?)
    }
}

impl SqliteState {
    /// Opens the store in this file, and creates or upgrades it.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn open(file: &Path) -> Result<Self, StateError> {
        let options = database::sqlite(file)?.synchronous(SqliteSynchronous::Full).busy_timeout(ACQUIRE_LIMIT);
        let pool = SqlitePoolOptions::new().max_connections(2).acquire_timeout(ACQUIRE_LIMIT);
        let pool = Pool::new(pool, options, &Since::default());
        let files = [
            (1, include_str!("../migrations/sqlite/0001_feed_cursor.sql")),
            (2, include_str!("../migrations/sqlite/0002_replayed.sql")),
            (3, include_str!("../migrations/sqlite/0003_failing_since.sql")),
            (4, include_str!("../migrations/sqlite/0004_session.sql")),
        ];
        Migrations::of(STORE, &files).run(pool.connections()).await?;
        Ok(Self(pool))
    }
}

/// A row of `hold.sql` or `begin.sql`.
fn cursor((run, delivered, acknowledged): (i32, i64, i64)) -> Cursor {
    Cursor { run, delivered: delivered.unsigned_abs(), acknowledged: acknowledged.unsigned_abs() }
}

/// SQL has no unsigned numbers.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

/// The same statements in every database, each of which may be done twice, but for how each tells the time.
macro_rules! feed_cursors {
    ($store:ident, $hold:literal, $advance:literal, $failed:literal, $failing:literal) => {
        impl $store {
            /// The feed, if it may be held: `over` whoever holds it, or because nobody does.
            async fn held(
                &self,
                feed: Uuid,
                epoch: Uuid,
                holder: Uuid,
                time: Duration,
                over: bool,
            ) -> Result<Option<Cursor>, StateError> {
                let held = self.0.run(|pool| async move {
                    let query = sqlx::query_as(include_str!($hold)).bind(feed).bind(epoch).bind(holder);
                    query.bind(milliseconds(time)).bind(over).fetch_optional(&pool).await
                });
                Ok(held.await?.map(cursor))
            }
        }

        #[async_trait::async_trait]
        impl FeedCursors for $store {
            async fn hold(
                &self,
                feed: Uuid,
                epoch: Uuid,
                holder: Uuid,
                time: Duration,
            ) -> Result<Option<Cursor>, StateError> {
                self.held(feed, epoch, holder, time, false).await
            }

            async fn take(&self, feed: Uuid, epoch: Uuid, holder: Uuid, time: Duration) -> Result<Cursor, StateError> {
                let taken = self.held(feed, epoch, holder, time, true).await?;
                taken.ok_or_else(|| StateError("a feed that is taken is not there".into()))
            }

            async fn begin(&self, feed: Uuid, holder: Uuid) -> Result<Option<Cursor>, StateError> {
                let begun = self.0.run(|pool| async move {
                    let query = sqlx::query_as(include_str!("../sql/begin.sql")).bind(feed).bind(holder);
                    query.fetch_optional(&pool).await
                });
                Ok(begun.await?.map(cursor))
            }

            async fn advance(
                &self,
                feed: Uuid,
                (holder, run): (Uuid, i32),
                (delivered, acknowledged): (u64, u64),
                time: Duration,
            ) -> Result<Option<u64>, StateError> {
                let advanced = self.0.run(|pool| async move {
                    let query = sqlx::query_scalar(include_str!($advance)).bind(feed).bind(holder).bind(run);
                    let query = query.bind(signed(delivered)).bind(milliseconds(time)).bind(signed(acknowledged));
                    query.fetch_optional(&pool).await
                });
                let acknowledged: Option<i64> = advanced.await?;
                Ok(acknowledged.map(i64::unsigned_abs))
            }

            async fn acknowledge(&self, feed: Uuid, run: i32, position: u64) -> Result<bool, StateError> {
                let acknowledged = self.0.run(|pool| async move {
                    let query = sqlx::query(include_str!("../sql/acknowledge.sql")).bind(feed).bind(run);
                    query.bind(signed(position)).execute(&pool).await
                });
                Ok(acknowledged.await?.rows_affected() == 1)
            }

            async fn replay(&self, feed: Uuid, (run, position): (i32, u64), request: Uuid) -> Result<bool, StateError> {
                let replayed = self.0.run(|pool| async move {
                    let query = sqlx::query(include_str!("../sql/replay.sql")).bind(feed).bind(run);
                    query.bind(signed(position)).bind(request).execute(&pool).await
                });
                if replayed.await?.rows_affected() == 1 {
                    return Ok(true);
                }
                let before = self.0.run(|pool| async move {
                    let query = sqlx::query_scalar(include_str!("../sql/replayed.sql")).bind(feed).bind(request);
                    query.fetch_optional(&pool).await
                });
                Ok(before.await?.unwrap_or(false))
            }

            async fn release(&self, feed: Uuid, holder: Uuid) -> Result<(), StateError> {
                let release = self.0.run(|pool| async move {
                    sqlx::query(include_str!("../sql/release.sql")).bind(feed).bind(holder).execute(&pool).await
                });
                release.await?;
                Ok(())
            }

            async fn failed(&self, feed: Uuid, why: &str) -> Result<(), StateError> {
                let failed = self.0.run(|pool| async move {
                    sqlx::query(include_str!($failed)).bind(feed).bind(why).execute(&pool).await
                });
                failed.await?;
                Ok(())
            }

            async fn failing(&self, feed: Uuid, why: &str) -> Result<Duration, StateError> {
                let failing = self.0.run(|pool| async move {
                    sqlx::query_scalar(include_str!($failing)).bind(feed).bind(why).fetch_optional(&pool).await
                });
                let time: Option<i64> = failing.await?;
                // A clock may be put back.
                let time = u64::try_from(time.unwrap_or_default()).unwrap_or_default();
                Ok(Duration::from_millis(time))
            }

            async fn recovered(&self, feed: Uuid) -> Result<(), StateError> {
                let recovered = self.0.run(|pool| async move {
                    sqlx::query(include_str!("../sql/recovered.sql")).bind(feed).execute(&pool).await
                });
                recovered.await?;
                Ok(())
            }

            async fn slowest(&self, epoch: Uuid, but: Uuid) -> Result<(Option<u64>, u64), StateError> {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let recently = milliseconds(now.saturating_sub(CRASHED));
                let found = self.0.run(|pool| async move {
                    let query = sqlx::query_as(include_str!("../sql/slowest.sql")).bind(epoch).bind(recently);
                    query.bind(but).fetch_one(&pool).await
                });
                let (slowest, failing): (Option<i64>, i64) = found.await?;
                Ok((slowest.map(i64::unsigned_abs), failing.unsigned_abs()))
            }

            async fn feed(&self, feed: Uuid) -> Result<Option<FeedState>, StateError> {
                let found = self.0.run(|pool| async move {
                    sqlx::query_as(include_str!("../sql/cursor.sql")).bind(feed).fetch_optional(&pool).await
                });
                let found: Option<(Uuid, i32, i64, i64, i64, i64, String, i64)> = found.await?;
                Ok(found.map(|(epoch, run, delivered, acknowledged, held_until, failed_at, failure, failing_since)| {
                    let cursor = cursor((run, delivered, acknowledged));
                    FeedState { epoch, cursor, held_until, failed_at, failure, failing_since }
                }))
            }
        }
    };
}

feed_cursors!(
    PostgresState,
    "../sql/postgres/hold.sql",
    "../sql/postgres/advance.sql",
    "../sql/postgres/failed.sql",
    "../sql/postgres/failing.sql"
);
feed_cursors!(
    SqliteState,
    "../sql/sqlite/hold.sql",
    "../sql/sqlite/advance.sql",
    "../sql/sqlite/failed.sql",
    "../sql/sqlite/failing.sql"
);
