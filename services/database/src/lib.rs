//! What every store does the same: how it reaches PostgreSQL, and how its tables come about.

mod copy;
mod fault;
mod file;
mod migrations;
mod pool;
mod room;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Error, PgConnection};

pub use copy::{copy_sqlite, postgres_settings};
pub use fault::{advice, is_data_fault, is_lost, is_outage, never_began};
pub use file::sqlite;
pub use migrations::{MigrationError, Migrations};
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

/// What every transaction is, whatever the server, the database or the role is set to: what is decided together is locked.
const TRANSACTIONS: [(&str, &str); 2] =
    [("default_transaction_isolation", "read committed"), ("default_transaction_read_only", "off")];

/// The schema in which everything stands.
const SCHEMA: &str = "alongside";

/// How to connect to PostgreSQL, under the name that the server shows for the connection. It looks into the schema
/// `alongside` alone (`infra/decisions/0008-a-schema-of-its-own.md`), and its statements are not logged.
///
/// # Errors
/// When the URL has a wrong form, or names another schema.
pub fn options(url: &str, application: &str) -> Result<PgConnectOptions, Error> {
    let options: PgConnectOptions = url.parse()?;
    let names_another = |named: &str| {
        let (_, path) = named.split_once("search_path=").unwrap_or(("", SCHEMA));
        path.split_whitespace().next() != Some(SCHEMA)
    };
    if options.get_options().is_some_and(names_another) {
        let problem = "the database's URL names a schema in `options`: the tables are always in the schema `alongside`, so leave it out; for another system take \
                       another database";
        return Err(Error::Configuration(problem.into()));
    }
    let options = options.options([("search_path", SCHEMA)]).options(PLANS).options(TRANSACTIONS);
    Ok(options.application_name(application).disable_statement_logging())
}

/// What stands between this process and PostgreSQL does not pass on what a connection asks for.
#[derive(Debug, thiserror::Error)]
#[error(
    "something between this process and PostgreSQL, such as PgBouncer, does not pass on the settings of a connection: name PostgreSQL itself, which is asked for few \
     connections (`database.connections`); session locks and settings need it, in whatever mode a pooler is"
)]
pub struct NotDirect;

/// Makes sure that a connection is one of PostgreSQL itself, and has the settings that it was opened with.
///
/// # Errors
/// [`NotDirect`], as a configuration that cannot be used, or when the database does not answer.
pub async fn ensure_direct(connection: &mut PgConnection) -> Result<(), Error> {
    let settings: (String, String) = sqlx::query_as(include_str!("../sql/settings.sql")).fetch_one(connection).await?;
    let wanted = (SCHEMA.to_owned(), "force_generic_plan".to_owned());
    if settings == wanted { Ok(()) } else { Err(Error::Configuration(NotDirect.into())) }
}
