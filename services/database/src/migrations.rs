//! How the tables of a store come about, and who may use them.

use std::ops::Deref;

use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Acquire, ConnectOptions as _, SqlSafeStr as _};

/// The tables of a store cannot be made or upgraded.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A newer version has upgraded them.
    #[error(
        "the tables of `{store}` were upgraded by a newer version of Alongside, to {version}, which this one does not know: run that version, or \
         restore a backup of before"
    )]
    Newer {
        /// The store.
        store: &'static str,
        /// The migration that is not known.
        version: i64,
    },
    /// The database does not answer, is not safe, or refuses a statement.
    #[error("the tables of `{store}` cannot be made or upgraded")]
    Failed {
        /// The store.
        store: &'static str,
        /// Why.
        #[source]
        cause: MigrateError,
    },
}

/// The migrations of one store.
#[derive(Debug)]
pub struct Migrations {
    store: &'static str,
    migrator: Migrator,
}

impl Migrations {
    /// Their numbers and files, in order. Which were run stands in a table of the store's own.
    #[must_use]
    pub fn of(store: &'static str, files: &[(i64, &'static str)]) -> Self {
        let migration = |(number, sql): &(i64, &'static str)| {
            Migration::new(*number, store.into(), MigrationType::Simple, sql.into_sql_str(), false)
        };
        let mut migrator = Migrator::with_migrations(files.iter().map(migration).collect());
        migrator.dangerous_set_table_name(format!("migrations_{store}"));
        Self { store, migrator }
    }

    /// Runs those that were not run yet.
    ///
    /// # Errors
    /// When the database does not answer, refuses a statement, or was upgraded by a newer version.
    pub async fn run<'a, A>(&self, on: A) -> Result<(), MigrationError>
    where
        A: Acquire<'a>,
        <A::Connection as Deref>::Target: Migrate,
    {
        let store = self.store;
        self.migrator.run(on).await.map_err(|cause| {
            if let MigrateError::VersionMissing(version) = cause {
                MigrationError::Newer { store, version }
            } else {
                MigrationError::Failed { store, cause }
            }
        })
    }

    /// The same in PostgreSQL, in a schema that is safe; and then, each time, gives the app's role its `rights`: it may have been made since.
    ///
    /// # Errors
    /// As [`Migrations::run`], and when the schema is not safe.
    pub async fn run_in_postgres(&self, options: PgConnectOptions, rights: &'static str) -> Result<(), MigrationError> {
        let failed = |cause: sqlx::Error| MigrationError::Failed { store: self.store, cause: cause.into() };
        let mut connection = options.connect().await.map_err(failed)?;
        sqlx::raw_sql(include_str!("../sql/schema.sql")).execute(&mut connection).await.map_err(failed)?;
        self.run(&mut connection).await?;
        sqlx::raw_sql(rights).execute(&mut connection).await.map_err(failed)?;
        Ok(())
    }
}
