//! What every store does the same: how it reaches PostgreSQL, and how its tables come about.

mod copy;
mod fault;
mod file;
mod pool;
mod room;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Error, SqlSafeStr as _};

pub use copy::{copy_sqlite, postgres_settings};
pub use fault::{is_data_fault, is_lost, is_outage, never_began};
pub use file::sqlite;
pub use pool::{Pool, Since};
pub use room::free_connections;

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
