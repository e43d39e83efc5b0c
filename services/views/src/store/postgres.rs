use database::{Migrations, Pool, Since};
use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgExecutor, PgPool, Postgres};
use std::time::Duration;
use uuid::Uuid;

use super::dialect::{Row, RowAt, SWEPT_AT_ONCE, document, document_store, signed};
use super::{Advance, DocumentStore, Found, Generation, History, STORE, StoreError, StoredDocument, Wanted};
use crate::key::Key;

/// The name that the server shows for its connections.
const APPLICATION: &str = "alongside views";
const ACQUIRE_LIMIT: Duration = Duration::from_secs(10);
/// Connections for building views: of the runner, and of a rebuild.
const BUILDERS: u32 = 2;
const SCAN: &str = include_str!("../../sql/postgres/scan.sql");
const SWEEP_DOCUMENTS: &str = include_str!("../../sql/postgres/sweep_documents.sql");

/// Documents in PostgreSQL.
#[derive(Debug, Clone)]
pub struct PostgresDocuments {
    readers: Pool<Postgres>,
    builder: Pool<Postgres>,
}

impl PostgresDocuments {
    /// Opens a store that [`PostgresDocuments::migrate`] has made, with at most `connections` for reading. Building views uses a few
    /// more, so that readers cannot hold it up.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open(url: &str, connections: u32) -> Result<Self, StoreError> {
        let (pool, since) = (|| PgPoolOptions::new().acquire_timeout(ACQUIRE_LIMIT), Since::default());
        let options = database::options(url, APPLICATION)?;
        let readers = Pool::new(pool().max_connections(connections), options.clone(), &since);
        drop(readers.connections().acquire().await?);
        // A lost commit only means that the runner reads the log again, so a checkpoint costs no fsync.
        let options = options.options([("synchronous_commit", "off")]);
        Ok(Self { readers, builder: Pool::new(pool().max_connections(BUILDERS), options, &since) })
    }

    /// Creates or upgrades the schema. Safe to run again.
    ///
    /// # Errors
    /// When the database does not answer or refuses a statement.
    pub async fn migrate(url: &str) -> Result<(), StoreError> {
        let files = [
            (1, include_str!("../../migrations/postgres/0001_views.sql")),
            (2, include_str!("../../migrations/postgres/0002_history.sql")),
            (3, include_str!("../../migrations/postgres/0003_revision.sql")),
        ];
        let rights = include_str!("../../migrations/postgres/rights.sql");
        Ok(Migrations::of(STORE, &files).run_in_postgres(database::options(url, APPLICATION)?, rights).await?)
    }
}

document_store!(PostgresDocuments, sqlx::Postgres, sqlx::PgConnection, "BEGIN");

fn bytes(keys: &[Key]) -> Vec<&[u8]> {
    keys.iter().map(|key| key.0.as_slice()).collect()
}

async fn find(readers: &PgPool, view: &str, keys: &[Key]) -> Result<Vec<RowAt>, sqlx::Error> {
    let query = sqlx::query_as(include_str!("../../sql/postgres/get.sql")).bind(view).bind(bytes(keys));
    query.fetch_all(readers).await
}

async fn find_in(builder: &PgPool, wanted: &[Wanted]) -> Result<Vec<Vec<StoredDocument>>, sqlx::Error> {
    let each = || (0..).zip(wanted).flat_map(|(nth, w): (i32, _)| w.keys.iter().map(move |key| (nth, w, key)));
    let mut found: Vec<_> = wanted.iter().map(|_| Vec::new()).collect();
    if each().next().is_none() {
        return Ok(found);
    }
    let query = sqlx::query_as(include_str!("../../sql/postgres/load.sql"))
        .bind(each().map(|(nth, ..)| nth).collect::<Vec<_>>())
        .bind(each().map(|(_, w, _)| w.view).collect::<Vec<_>>())
        .bind(each().map(|(_, w, _)| w.generation).collect::<Vec<_>>())
        .bind(each().map(|(.., key)| key.0.as_slice()).collect::<Vec<_>>());
    type Row = (i32, Vec<u8>, Vec<u8>, Uuid, i64, Vec<u8>);
    let rows: Vec<Row> = query.fetch_all(builder).await?;
    for (nth, key, place, subject, position, body) in rows {
        if let Some(found) = usize::try_from(nth).ok().and_then(|nth| found.get_mut(nth)) {
            found.push(document((key, place, subject, position, body)));
        }
    }
    Ok(found)
}

async fn write(builder: &PgPool, advances: &[Advance]) -> Result<bool, sqlx::Error> {
    write_in(builder, advances).await
}

/// All of it is one statement.
async fn write_in(on: impl PgExecutor<'_>, advances: &[Advance]) -> Result<bool, sqlx::Error> {
    let numbered = || (1..).zip(advances);
    let upserts = || numbered().flat_map(|(of, a): (i32, _)| a.upserts.iter().map(move |u| (of, u)));
    let removals = || numbered().flat_map(|(of, a): (i32, _)| a.removals.iter().map(move |key| (of, key)));
    let parked = || numbered().flat_map(|(of, a): (i32, _)| a.parked.iter().map(move |parked| (of, parked)));
    let query = sqlx::query_scalar(include_str!("../../sql/postgres/advance.sql"))
        .bind(advances.iter().map(|a| a.view).collect::<Vec<_>>())
        .bind(advances.iter().map(|a| a.generation).collect::<Vec<_>>())
        .bind(advances.iter().map(|a| signed(a.from)).collect::<Vec<_>>())
        .bind(advances.iter().map(|a| signed(a.to)).collect::<Vec<_>>())
        .bind(advances.iter().map(|a| a.current).collect::<Vec<_>>())
        .bind(advances.iter().map(|a| a.of.epoch).collect::<Vec<_>>())
        .bind(advances.iter().map(|a| a.of.mark).collect::<Vec<_>>())
        .bind(upserts().map(|(of, _)| of).collect::<Vec<_>>())
        .bind(upserts().map(|(_, u)| u.begins).collect::<Vec<_>>())
        .bind(upserts().map(|(_, u)| u.key.0.as_slice()).collect::<Vec<_>>())
        .bind(upserts().map(|(_, u)| u.place.0.as_slice()).collect::<Vec<_>>())
        .bind(upserts().map(|(_, u)| u.subject).collect::<Vec<_>>())
        .bind(upserts().map(|(_, u)| signed(u.position)).collect::<Vec<_>>())
        .bind(upserts().map(|(_, u)| u.body.as_slice()).collect::<Vec<_>>())
        .bind(removals().map(|(of, _)| of).collect::<Vec<_>>())
        .bind(removals().map(|(_, key)| key.0.as_slice()).collect::<Vec<_>>())
        .bind(parked().map(|(of, _)| of).collect::<Vec<_>>())
        .bind(parked().map(|(_, (subject, ..))| *subject).collect::<Vec<_>>())
        .bind(parked().map(|(_, (_, position, _))| signed(*position)).collect::<Vec<_>>())
        .bind(parked().map(|(_, (.., reason))| *reason).collect::<Vec<_>>())
        .bind(advances.iter().map(|a| a.revision).collect::<Vec<_>>());
    query.fetch_one(on).await
}
