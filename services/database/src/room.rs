//! How many connections there is room for.

use std::time::Duration;

use sqlx::{ConnectOptions as _, Connection as _, Error};

/// How long the server may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// How many more connections a PostgreSQL server allows to whoever this URL names.
///
/// # Errors
/// When the database does not answer: also because it allows none.
pub async fn free_connections(url: &str) -> Result<u32, Error> {
    let asked = async {
        let mut connection = crate::options(url, "alongside")?.connect().await?;
        let free: i64 = sqlx::query_scalar(include_str!("../sql/room.sql")).fetch_one(&mut connection).await?;
        connection.close().await?;
        Ok::<_, Error>(free)
    };
    let free = tokio::time::timeout(ANSWER_LIMIT, asked).await.unwrap_or(Err(Error::PoolTimedOut))?;
    Ok(u32::try_from(free.max(0)).unwrap_or(u32::MAX))
}
