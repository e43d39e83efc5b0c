//! Connections that are replaced unseen when they have died.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::FutureExt as _;
use sqlx::pool::PoolOptions;
use sqlx::{Connection, Database, Error};

use crate::fault::{is_full, is_lost};

/// A connection that was idle for longer is asked whether it is there: a network may have forgotten it.
const IDLE: Duration = Duration::from_secs(20);
/// How long it may take to answer that.
const PING_LIMIT: Duration = Duration::from_secs(1);
/// A connection that is idle for longer is closed.
const IDLE_LIMIT: Duration = Duration::from_secs(240);

/// From when on connections are good: all that were opened before are closed when they would be used next. Shared by pools of one
/// server.
#[derive(Debug, Clone, Default)]
pub struct Since(Arc<Mutex<Option<Instant>>>);

impl Since {
    /// Whatever is open now is of no use any more.
    pub fn now(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether a connection of this age is good.
    fn includes(&self, age: Duration) -> bool {
        let since = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_none_or(|since| age < since.elapsed())
    }
}

/// A pool of connections.
#[derive(Debug)]
pub struct Pool<DB: Database> {
    connections: sqlx::Pool<DB>,
    since: Since,
}

impl<DB: Database> Clone for Pool<DB> {
    fn clone(&self) -> Self {
        Self { connections: self.connections.clone(), since: self.since.clone() }
    }
}

impl<DB: Database> Pool<DB> {
    /// Connects when it is asked to; shares with others from when on connections are good.
    #[must_use]
    pub fn new(options: PoolOptions<DB>, to: <DB::Connection as Connection>::Options, since: &Since) -> Self {
        let (good, idle) = (since.clone(), since.clone());
        let options =
            options.test_before_acquire(false).idle_timeout(IDLE_LIMIT).before_acquire(move |connection, meta| {
                let (is_good, idle) = (good.includes(meta.age), idle.clone());
                async move {
                    if !is_good || meta.idle_for < IDLE {
                        return Ok(is_good);
                    }
                    let is_there = matches!(tokio::time::timeout(PING_LIMIT, connection.ping()).await, Ok(Ok(())));
                    if !is_there {
                        idle.now();
                    }
                    Ok(is_there)
                }
                .boxed()
            });
        Self { connections: options.connect_lazy_with(to), since: since.clone() }
    }

    /// The connections, for what must not be tried twice.
    #[must_use]
    pub fn connections(&self) -> &sqlx::Pool<DB> {
        &self.connections
    }

    /// Does what may be done twice: once more on a new connection, when the one that it was done on turns out to be dead.
    ///
    /// # Errors
    /// What the work fails with.
    pub async fn run<T, F>(&self, work: impl Fn(sqlx::Pool<DB>) -> F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>>,
    {
        match work(self.connections.clone()).await {
            Err(error) if is_lost(&error) && !is_full(&error) => {
                // Those beside it died with it.
                self.since.now();
                work(self.connections.clone()).await
            }
            done => done,
        }
    }
}
