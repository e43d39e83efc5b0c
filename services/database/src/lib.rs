//! What every store does the same: how it reaches PostgreSQL, and how its tables come about.

use std::error::Error as StdError;
use std::sync::Arc;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Error, SqlSafeStr as _};

/// What every connection asks of the planner: to go by an index, once and for all. Every statement names what it wants by a key, or
/// in the order of one; what the planner knows of a young or an empty table must not decide otherwise for as long as a connection
/// lives. Without sorting, an order can come from just one index. A plan that is not wanted costs so much by its estimate that the
/// server would compile it; that costs more than any statement here.
const PLANS: [(&str, &str); 6] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_sort", "off"),
    ("jit", "off"),
];

/// How to connect to PostgreSQL, under the name that the server shows for the connection. It looks into the schema
/// `alongside` alone (`infra/decisions/0008-a-schema-of-its-own.md`), and its statements are not logged.
///
/// # Errors
/// When the URL has a wrong form.
pub fn options(url: &str, application: &str) -> Result<PgConnectOptions, Error> {
    let options: PgConnectOptions = url.parse()?;
    let options = options.options([("search_path", "alongside")]).options(PLANS);
    Ok(options.application_name(application).disable_statement_logging())
}

/// Creates or upgrades the tables of one store in PostgreSQL, in a schema that is safe. May be repeated.
///
/// # Errors
/// When the database does not answer, is not safe, or refuses a statement.
pub async fn migrate(options: PgConnectOptions, migrator: &Migrator) -> Result<(), MigrateError> {
    let mut connection = options.connect().await?;
    sqlx::raw_sql(include_str!("../sql/schema.sql")).execute(&mut connection).await?;
    migrator.run(&mut connection).await
}

/// The migrations of one store: their numbers and files, in order. Which were run stands in a table of its own.
#[must_use]
pub fn migrator(store: &'static str, files: &[(i64, &'static str)]) -> Migrator {
    let migration = |(number, sql): &(i64, &'static str)| {
        Migration::new(*number, store.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(files.iter().map(migration).collect());
    migrator.dangerous_set_table_name(format!("migrations_{store}"));
    migrator
}

/// Whether this failed because a database could not be reached or had no room, so that the same may well succeed later: not
/// because of what was asked of it. Looks through all that the error wraps.
#[must_use]
pub fn is_outage(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let error = error.downcast_ref::<Shared>().map_or(error, |shared| &**shared);
        if let Some(error) = error.downcast_ref::<Error>() {
            return refers_to_outage(error);
        }
        if error.is::<tokio::time::error::Elapsed>() {
            return true;
        }
        cause = error.source();
    }
    false
}

/// An error that several share.
type Shared = Arc<dyn StdError + Send + Sync>;

fn refers_to_outage(error: &Error) -> bool {
    if let Error::Database(error) = error {
        // PostgreSQL: connection, resources, an operator's doing, a standby. SQLite: busy, locked, failing or full disk, not opened.
        return error.code().is_some_and(|code| {
            let sqlite = || code.parse::<i32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14));
            if code.len() == 5 {
                ["08", "53", "57", "25006"].iter().any(|class| code.starts_with(class))
            } else {
                sqlite()
            }
        });
    }
    matches!(
        error,
        Error::Io(_)
            | Error::Tls(_)
            | Error::Protocol(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] Shared);

    #[test]
    fn an_outage_is_found_however_deep_it_is() {
        let within = |error: Error| is_outage(&Outer(Arc::new(Outer(Arc::new(error)))));
        assert!(within(Error::PoolTimedOut) && within(Error::Io(std::io::ErrorKind::ConnectionRefused.into())));
        assert!(!within(Error::RowNotFound) && !is_outage(&Outer(Arc::new(std::fmt::Error))));
    }
}
