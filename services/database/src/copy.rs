//! What a backup needs of a database.

use std::path::Path;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Error};

/// Copies an SQLite database as it is at one moment, while others read and write it. The copy must not exist yet; it is durable when this
/// returns.
///
/// # Errors
/// When the file is no database, or the copy exists or cannot be written.
pub async fn copy_sqlite(from: &Path, to: &Path) -> Result<(), Error> {
    let mut connection = SqliteConnectOptions::new().filename(from).disable_statement_logging().connect().await?;
    // An empty file is filled: it is nobody else's from the beginning.
    crate::file::private_anew(to)?;
    let copied = sqlx::query("VACUUM INTO $1").bind(to.to_string_lossy().as_ref()).execute(&mut connection).await;
    connection.close().await?;
    copied?;
    std::fs::File::open(to)?.sync_all()?;
    if let Some(folder) = to.parent() {
        std::fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// What a PostgreSQL server is set to, by name.
///
/// # Errors
/// When the database does not answer.
pub async fn postgres_settings(url: &str, names: &[&str]) -> Result<Vec<(String, String)>, Error> {
    let mut connection = crate::options(url, "alongside backup")?.connect().await?;
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let query = sqlx::query_as("SELECT name, setting FROM pg_settings WHERE name = ANY ($1) ORDER BY name");
    query.bind(names).fetch_all(&mut connection).await
}
