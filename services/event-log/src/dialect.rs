//! What a log does the same in every database, in the same statements.

/// Implements [`crate::EventLog`] for a type with the fields `readers`, for those who wait for an answer, `followers`, for
/// those who read the log on and on, `batcher` and `epoch`.
macro_rules! event_log {
    ($log:ident, $row:ty, $now:expr) => {
        #[async_trait::async_trait]
        impl EventLog for $log {
            async fn append(&self, append: Append) -> Result<Appended, AppendError> {
                self.batcher.append(append).await
            }

            async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, StoreError> {
                let query = sqlx::query(include_str!("../sql/read.sql"));
                let query = query.bind(signed(after.0)).bind(signed(limit as u64));
                query.try_map(|row| recorded(&row)).fetch_all(&self.followers).await.map_err(StoreError::from)
            }

            async fn read_stream(
                &self,
                stream: StreamId,
                after: Version,
                limit: usize,
            ) -> Result<Vec<Recorded>, StoreError> {
                let query = sqlx::query(include_str!("../sql/read_stream.sql"));
                let query = query.bind(stream.kind).bind(stream.id).bind(signed(after.0)).bind(signed(limit as u64));
                query.try_map(|row| recorded(&row)).fetch_all(&self.readers).await.map_err(StoreError::from)
            }

            async fn head(&self) -> Result<Position, StoreError> {
                let query = sqlx::query_as(include_str!("../sql/head.sql"));
                let (position, _): (i64, Uuid) = query.fetch_one(&self.followers).await?;
                Ok(Position(unsigned(position)))
            }

            async fn now(&self) -> Result<i64, StoreError> {
                Ok(sqlx::query_scalar($now).fetch_one(&self.followers).await?)
            }

            fn epoch(&self) -> Uuid {
                self.epoch
            }
        }

        fn recorded(row: &$row) -> Result<Recorded, sqlx::Error> {
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
    };
}
pub(crate) use event_log;

/// The name of this store among the migrations.
pub(crate) const STORE: &str = "event_log";

/// SQL has no unsigned numbers; positions and versions are never negative.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
