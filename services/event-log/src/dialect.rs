//! What a log does the same in every database, in the same statements.

/// Implements [`crate::EventLog`] for a type with the fields `readers`, for those who wait for an answer, `followers`, for
/// those who read the log on and on, `batcher` and `timeline`.
macro_rules! event_log {
    ($log:ident, $row:ty, $now:expr) => {
        #[async_trait::async_trait]
        impl EventLog for $log {
            async fn append(&self, append: Append) -> Result<Appended, AppendError> {
                self.batcher.append(append).await
            }

            async fn read(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, StoreError> {
                let (epoch, after, limit) = (self.timeline.epoch(), signed(after.0), signed(limit as u64));
                let read = self.followers.run(|pool| async move {
                    let query = sqlx::query(include_str!("../sql/read.sql")).bind(after).bind(limit);
                    query.try_map(|row| recorded(&row)).fetch_all(&pool).await
                });
                Ok(self.timeline.read(epoch, read.await?))
            }

            async fn read_stream(
                &self,
                stream: StreamId,
                after: Version,
                limit: usize,
            ) -> Result<Vec<Recorded>, StoreError> {
                let (epoch, after, limit) = (self.timeline.epoch(), signed(after.0), signed(limit as u64));
                let read = self.readers.run(|pool| async move {
                    let query = sqlx::query(include_str!("../sql/read_stream.sql")).bind(stream.kind).bind(stream.id);
                    query.bind(after).bind(limit).try_map(|row| recorded(&row)).fetch_all(&pool).await
                });
                Ok(self.timeline.read(epoch, read.await?))
            }

            async fn head(&self) -> Result<Position, StoreError> {
                let read = self.followers.run(|pool| async move {
                    sqlx::query_scalar::<_, i64>(include_str!("../sql/head.sql")).fetch_one(&pool).await
                });
                Ok(Position(unsigned(read.await?)))
            }

            async fn now(&self) -> Result<i64, StoreError> {
                let read = self.followers.run(|pool| async move { sqlx::query_scalar($now).fetch_one(&pool).await });
                Ok(read.await?)
            }

            fn history(&self) -> History {
                self.timeline.history()
            }

            fn saw(&self, epoch: Uuid, event: &Recorded) {
                self.timeline.saw(epoch, event.position, event.mark());
            }

            async fn lead(&self, duty: Duty) -> Result<Leading, StoreError> {
                self.wait_to_lead(duty).await
            }

            async fn renew(&self) -> Result<(), StoreError> {
                self.begin_epoch().await
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
