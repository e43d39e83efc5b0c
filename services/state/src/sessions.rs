//! Who has signed in on the person's web pages.

use std::time::Duration;

use crate::StateError;
use crate::store::{PostgresState, SqliteState, milliseconds};

/// Keeps who has signed in: what it is given, under an id that tells nothing. Every implementation passes the same contract suite.
#[async_trait::async_trait]
pub trait Sessions: Send + Sync + 'static {
    /// Keeps a session of this owner: for so long without a click, and so long at most. Forgets those that are over.
    ///
    /// # Errors
    /// When the store fails.
    async fn keep(
        &self,
        id: [u8; 32],
        owner: [u8; 32],
        body: &[u8],
        times: (Duration, Duration),
    ) -> Result<(), StateError>;

    /// A session that is not over, which goes on for so long from now on; none when there is none.
    ///
    /// # Errors
    /// When the store fails.
    async fn find(&self, id: [u8; 32], idle: Duration) -> Result<Option<Vec<u8>>, StateError>;

    /// Ends a session.
    ///
    /// # Errors
    /// When the store fails.
    async fn end(&self, id: [u8; 32]) -> Result<(), StateError>;

    /// Ends all sessions of an owner.
    ///
    /// # Errors
    /// When the store fails.
    async fn end_all(&self, owner: [u8; 32]) -> Result<(), StateError>;
}

/// The same statements in every database, but for how each tells the time.
macro_rules! sessions {
    ($store:ident, $keep:literal, $find:literal, $forget:literal) => {
        #[async_trait::async_trait]
        impl Sessions for $store {
            async fn keep(
                &self,
                id: [u8; 32],
                owner: [u8; 32],
                body: &[u8],
                (idle, most): (Duration, Duration),
            ) -> Result<(), StateError> {
                let forget = self.0.run(|pool| async move { sqlx::query(include_str!($forget)).execute(&pool).await });
                forget.await?;
                let body = body.to_vec();
                let keep = self.0.run(|pool| {
                    let body = body.clone();
                    async move {
                        let query = sqlx::query(include_str!($keep)).bind(id.to_vec()).bind(owner.to_vec()).bind(body);
                        query.bind(milliseconds(idle)).bind(milliseconds(most)).execute(&pool).await
                    }
                });
                keep.await?;
                Ok(())
            }

            async fn find(&self, id: [u8; 32], idle: Duration) -> Result<Option<Vec<u8>>, StateError> {
                let found = self.0.run(|pool| async move {
                    let query = sqlx::query_scalar(include_str!($find)).bind(id.to_vec()).bind(milliseconds(idle));
                    query.fetch_optional(&pool).await
                });
                Ok(found.await?)
            }

            async fn end(&self, id: [u8; 32]) -> Result<(), StateError> {
                let end = self.0.run(|pool| async move {
                    sqlx::query(include_str!("../sql/end_session.sql")).bind(id.to_vec()).execute(&pool).await
                });
                end.await?;
                Ok(())
            }

            async fn end_all(&self, owner: [u8; 32]) -> Result<(), StateError> {
                let end = self.0.run(|pool| async move {
                    sqlx::query(include_str!("../sql/end_sessions.sql")).bind(owner.to_vec()).execute(&pool).await
                });
                end.await?;
                Ok(())
            }
        }
    };
}

sessions!(
    PostgresState,
    "../sql/postgres/keep_session.sql",
    "../sql/postgres/find_session.sql",
    "../sql/postgres/forget_sessions.sql"
);
sessions!(
    SqliteState,
    "../sql/sqlite/keep_session.sql",
    "../sql/sqlite/find_session.sql",
    "../sql/sqlite/forget_sessions.sql"
);
