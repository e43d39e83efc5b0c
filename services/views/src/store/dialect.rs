//! What a store does the same in every database, in the same statements. What differs is how many documents are found or
//! written at once: each database brings `find`, `find_in` and `write`.

/// Implements [`crate::DocumentStore`] for a type with the pools `readers`, for those who wait for an answer, and `builder`, for those
/// who build views: neither holds up the other.
macro_rules! document_store {
    ($store:ident, $database:ty, $connection:ty, $begin:literal) => {
        #[async_trait::async_trait]
        impl DocumentStore for $store {
            async fn scan(
                &self,
                view: &str,
                (after, end): (&[u8], &[u8]),
                about: Option<Uuid>,
                limit: usize,
            ) -> Result<Found, StoreError> {
                type Row = (i64, bool, Option<Vec<u8>>, Option<Vec<u8>>, Option<Uuid>, Option<i64>, Option<Vec<u8>>);
                let limit = signed(limit as u64);
                let (first, last) = (about.unwrap_or(Uuid::nil()), about.unwrap_or(Uuid::max()));
                let scan = self.readers.run(|pool| async move {
                    let query = sqlx::query_as(SCAN).bind(view).bind(after).bind(end).bind(limit);
                    query.bind(first).bind(last).fetch_all(&pool).await
                });
                let rows: Vec<Row> = scan.await?;
                let (position, incomplete) = rows.first().map_or((0, false), |row| (row.0.unsigned_abs(), row.1));
                let documents = rows
                    .into_iter()
                    .filter_map(|(_, _, key, place, subject, at, body)| Some((key?, place?, subject?, at?, body?)));
                Ok(Found { documents: documents.map(document).collect(), position, incomplete })
            }

            async fn get(&self, view: &str, keys: &[Key]) -> Result<Found, StoreError> {
                let rows = self.readers.run(|pool| async move { find(&pool, view, keys).await }).await?;
                let position = rows.iter().map(|row| row.0.unsigned_abs()).min().unwrap_or_default();
                let incomplete = rows.iter().any(|row| row.1);
                let documents =
                    rows.into_iter().map(|(_, _, key, place, subject, at, body)| (key, place, subject, at, body));
                Ok(Found { documents: documents.map(document).collect(), position, incomplete })
            }

            async fn load(&self, wanted: &[Wanted]) -> Result<Vec<Vec<StoredDocument>>, StoreError> {
                Ok(self.builder.run(|pool| async move { find_in(&pool, wanted).await }).await?)
            }

            async fn page(
                &self,
                view: &str,
                generation: i32,
                after: &[u8],
                limit: usize,
            ) -> Result<Vec<StoredDocument>, StoreError> {
                let limit = signed(limit as u64);
                let page = self.builder.run(|pool| async move {
                    let query = sqlx::query_as(include_str!("../../sql/page.sql")).bind(view).bind(generation);
                    query.bind(after).bind(limit).fetch_all(&pool).await
                });
                let rows: Vec<Row> = page.await?;
                Ok(rows.into_iter().map(document).collect())
            }

            async fn generations(&self, view: &str, code: i32) -> Result<Vec<Generation>, StoreError> {
                let states = self.builder.run(|pool| async move {
                    sqlx::query(include_str!("../../sql/create_current.sql"))
                        .bind(view)
                        .bind(code)
                        .execute(&pool)
                        .await?;
                    sqlx::query_as(include_str!("../../sql/states.sql")).bind(view).fetch_all(&pool).await
                });
                type Row = (i32, i64, bool, Option<Uuid>, Option<Uuid>, i64, i32, i32);
                let rows: Vec<Row> = states.await?;
                let generation =
                    |(number, position, current, epoch, mark, readable_from, code, revision): Row| Generation {
                        number,
                        position: position.unsigned_abs(),
                        current,
                        of: epoch.zip(mark).map(|(epoch, mark)| History { epoch, mark }),
                        readable_from: readable_from.unsigned_abs(),
                        code,
                        revision,
                    };
                Ok(rows.into_iter().map(generation).collect())
            }

            async fn position(&self, view: &str) -> Result<u64, StoreError> {
                let position = self.readers.run(|pool| async move {
                    sqlx::query_scalar(include_str!("../../sql/position.sql")).bind(view).fetch_optional(&pool).await
                });
                let position: Option<i64> = position.await?;
                Ok(position.map_or(0, i64::unsigned_abs))
            }

            async fn parked(&self, view: &str, generation: i32) -> Result<Vec<Uuid>, StoreError> {
                let parked = self.builder.run(|pool| async move {
                    let query = sqlx::query_scalar(include_str!("../../sql/parked.sql")).bind(view).bind(generation);
                    query.fetch_all(&pool).await
                });
                Ok(parked.await?)
            }

            async fn advance(&self, advances: Vec<Advance>) -> Result<bool, StoreError> {
                let advances = advances.as_slice();
                // Done twice it is done once: the second time the views stand elsewhere.
                Ok(self.builder.run(|pool| async move { write(&pool, advances).await }).await?)
            }

            async fn unpark(&self, advance: Advance, subjects: &[Uuid]) -> Result<bool, StoreError> {
                let mut connection = self.builder.connections().acquire().await?;
                let unparked = unpark(&mut connection, advance, subjects).await;
                keep_if(&mut connection, &unparked);
                Ok(unparked?)
            }

            async fn begin_generation(&self, view: &str, code: i32) -> Result<i32, StoreError> {
                let begun = self.builder.run(|pool| async move {
                    sqlx::query_scalar(include_str!("../../sql/create_generation.sql"))
                        .bind(view)
                        .bind(code)
                        .fetch_one(&pool)
                        .await
                });
                Ok(begun.await?)
            }

            async fn swap(&self, view: &str, generation: i32) -> Result<bool, StoreError> {
                let mut connection = self.builder.connections().acquire().await?;
                let swapped = swap(&mut connection, view, generation).await;
                keep_if(&mut connection, &swapped);
                Ok(swapped?)
            }

            async fn restart(&self, view: &str, code: i32, readable_from: u64) -> Result<(), StoreError> {
                let mut connection = self.builder.connections().acquire().await?;
                let restarted = restart(&mut connection, view, code, signed(readable_from)).await;
                keep_if(&mut connection, &restarted);
                Ok(restarted?)
            }

            async fn sweep(&self, view: &str) -> Result<(), StoreError> {
                for statement in
                    [include_str!("../../sql/sweep_states.sql"), include_str!("../../sql/sweep_parked.sql")]
                {
                    self.builder
                        .run(|pool| async move { sqlx::query(statement).bind(view).execute(&pool).await })
                        .await?;
                }
                loop {
                    let swept = self.builder.run(|pool| async move {
                        sqlx::query(SWEEP_DOCUMENTS).bind(view).bind(SWEPT_AT_ONCE).execute(&pool).await
                    });
                    if swept.await?.rows_affected() == 0 {
                        return Ok(());
                    }
                }
            }
        }

        /// After an error a transaction may be open still, or be over though the connection counts it: it is of no use any more.
        fn keep_if<T>(connection: &mut sqlx::pool::PoolConnection<$database>, done: &Result<T, sqlx::Error>) {
            if done.is_err() {
                connection.close_on_drop();
            }
        }

        async fn unpark(
            connection: &mut $connection,
            mut advance: Advance,
            subjects: &[Uuid],
        ) -> Result<bool, sqlx::Error> {
            let mut transaction = connection.begin_with($begin).await?;
            let (view, generation) = (advance.view, advance.generation);
            let revise = sqlx::query(include_str!("../../sql/revise.sql")).bind(view).bind(generation);
            let revise = revise.bind(advance.revision).bind(signed(advance.from));
            let mut done = revise.execute(&mut *transaction).await?.rows_affected() == 1;
            advance.revision += 1;
            done = done && write_in(&mut *transaction, std::slice::from_ref(&advance)).await?;
            if !done {
                transaction.rollback().await?;
                return Ok(false);
            }
            for subject in subjects {
                let unpark = sqlx::query(include_str!("../../sql/unpark.sql")).bind(view).bind(generation);
                unpark.bind(subject).execute(&mut *transaction).await?;
            }
            transaction.commit().await?;
            Ok(true)
        }

        async fn swap(connection: &mut $connection, view: &str, generation: i32) -> Result<bool, sqlx::Error> {
            let mut transaction = connection.begin_with($begin).await?;
            let retire = sqlx::query_scalar(include_str!("../../sql/retire.sql")).bind(view);
            let stood: Option<i64> = retire.fetch_optional(&mut *transaction).await?;
            let promote = sqlx::query(include_str!("../../sql/promote.sql")).bind(view).bind(generation);
            let promoted = promote.bind(stood.unwrap_or(0)).execute(&mut *transaction).await?;
            if promoted.rows_affected() != 1 {
                transaction.rollback().await?;
                return Ok(false);
            }
            transaction.commit().await?;
            Ok(true)
        }

        async fn restart(
            connection: &mut $connection,
            view: &str,
            code: i32,
            readable_from: i64,
        ) -> Result<(), sqlx::Error> {
            let mut transaction = connection.begin_with($begin).await?;
            let retire = sqlx::query(include_str!("../../sql/retire.sql")).bind(view);
            retire.execute(&mut *transaction).await?;
            let begin = sqlx::query(include_str!("../../sql/restart.sql")).bind(view).bind(readable_from).bind(code);
            begin.execute(&mut *transaction).await?;
            transaction.commit().await
        }
    };
}
pub(super) use document_store;

/// Documents that are deleted in one transaction.
pub(super) const SWEPT_AT_ONCE: i32 = 2_000;

use super::StoredDocument;
use crate::key::Key;
use uuid::Uuid;

/// A document, how far its view had read the log, and whether its subject is parked.
pub(super) type RowAt = (i64, bool, Vec<u8>, Vec<u8>, Uuid, i64, Vec<u8>);
pub(super) type Row = (Vec<u8>, Vec<u8>, Uuid, i64, Vec<u8>);

pub(super) fn document((key, place, subject, position, body): Row) -> StoredDocument {
    StoredDocument { key: Key(key), place: Key(place), subject, position: position.unsigned_abs(), body }
}

/// SQL has no unsigned numbers.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
