//! The log in PostgreSQL.

use database::{Migrations, Pool};
use futures::FutureExt as _;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgRow};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Postgres, Row as _};
use std::time::{Duration, Instant};
use uuid::Uuid;

use crate::batcher::{Batcher, Committer, Verdict};
use crate::dialect::{STORE, event_log, signed, unsigned};
use crate::lead::{Duty, Leading, by_session};
use crate::timeline::Timeline;
use crate::types::{Fault, NotDurable, mark};
use crate::{
    Append, AppendError, Appended, EventLog, Expected, History, Limits, LogMetrics, Position, Recorded, StoreError,
    StreamId, Version,
};

/// Where the log is, and how many connections read it.
#[derive(Debug, Clone)]
pub struct PostgresConfig {
    /// `postgres://…`; over a Unix socket with `?host=/directory`.
    pub url: String,
    /// The most connections for reading streams. Appending uses one more, and following the log a few.
    pub readers: u32,
    /// The limits.
    pub limits: Limits,
    /// Whether to append to a server that loses or breaks what it acknowledged when it crashes.
    pub accept_volatile: bool,
}

/// The log in PostgreSQL. A batch is one call of one function: see `migrations/postgres/`.
#[derive(Debug, Clone)]
pub struct PostgresLog {
    readers: Pool<Postgres>,
    followers: Pool<Postgres>,
    batcher: Batcher,
    timeline: Timeline,
    /// For who leads, or waits to.
    leads: PgConnectOptions,
}

/// The name that the server shows for its connections.
const APPLICATION: &str = "alongside";
/// The name of connections that hold or wait for a duty.
const LEADS: &str = "alongside leads";
/// Connections for following the log: relay, views, and a rebuild beside them. Readers of streams cannot hold them up.
const FOLLOWERS: u32 = 3;
/// How long to wait for a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// How long a batch may take. After that its outcome is unknown, and the connection is given up.
const COMMIT_LIMIT: Duration = Duration::from_secs(20);
/// How the server gives a batch up before its caller does, so that nothing is carried out later of which nobody knows: it waits so long for
/// the lock, takes so long in all, and looks so often whether anybody is still there (milliseconds).
const GIVES_UP: [(&str, &str); 3] =
    [("lock_timeout", "10000"), ("statement_timeout", "15000"), ("client_connection_check_interval", "1000")];
/// The connection that appends is asked whether it is there when it was idle for longer: a server that has restarted since is noticed
/// before anything is asked of it whose outcome would be unknown.
const IDLE: Duration = Duration::from_millis(50);
/// How long it may take to answer that.
const PING_LIMIT: Duration = Duration::from_secs(1);

impl PostgresLog {
    /// Opens a log that [`PostgresLog::migrate`] has made. The connection that appends comes first: with fewer than are wanted, readers
    /// wait for one another.
    ///
    /// # Errors
    /// When the database cannot be reached, or has no log.
    pub async fn open(config: &PostgresConfig, metrics: LogMetrics) -> Result<Self, StoreError> {
        let options = database::options(&config.url, APPLICATION)?;
        let (timeline, reads) = (Timeline::default(), options.clone());
        // What is acknowledged is durable, whatever the server, the database or the role is set to.
        let appends = options.options(GIVES_UP).options([("synchronous_commit", "on")]);
        let mut committer = PostgresCommitter {
            options: appends,
            accept: config.accept_volatile,
            timeline: timeline.clone(),
            link: None,
        };
        // Checked at once, and not by the first caller who appends.
        committer.link = Some(committer.connect().await?);
        let pool = |connections| {
            let meets = timeline.clone();
            let options = PgPoolOptions::new()
                .acquire_timeout(CONNECT_LIMIT)
                .max_connections(connections)
                .after_connect(move |connection, _| {
                    let timeline = meets.clone();
                    async move { enter(connection, &timeline).await.map(drop) }.boxed()
                });
            Pool::new(options, reads.clone(), &timeline.since)
        };
        let (readers, followers) = (pool(config.readers), pool(FOLLOWERS));
        let (batcher, leads) = (Batcher::start(committer, config.limits, metrics), reads.application_name(LEADS));
        Ok(Self { readers, followers, batcher, timeline, leads })
    }

    async fn wait_to_lead(&self, duty: Duty) -> Result<Leading, StoreError> {
        by_session(self.leads.clone(), duty).await
    }

    async fn begin_epoch(&self) -> Result<(), StoreError> {
        let mut connection = self.followers.connections().acquire().await?;
        let before = enter(&mut connection, &self.timeline).await?;
        renew(&mut connection, before.born).await?;
        self.timeline.began(who_is_this(&mut connection).await?.history);
        Ok(())
    }

    /// Creates or upgrades the schema. Safe to run again.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses a statement.
    pub async fn migrate(url: &str) -> Result<(), StoreError> {
        let files = [
            (1, include_str!("../migrations/postgres/0001_event_log.sql")),
            (2, include_str!("../migrations/postgres/0002_not_after.sql")),
            (3, include_str!("../migrations/postgres/0003_epoch.sql")),
        ];
        let (options, rights) =
            (database::options(url, APPLICATION)?, include_str!("../migrations/postgres/rights.sql"));
        Migrations::of(STORE, &files).run_in_postgres(options, rights).await.map_err(StoreError::new)
    }
}

event_log!(PostgresLog, PgRow, include_str!("../sql/postgres/now.sql"));

/// Owns the one connection that appends. It lives in the batcher's task, so that a caller who goes away can never leave
/// a transaction open on it.
struct PostgresCommitter {
    options: PgConnectOptions,
    accept: bool,
    timeline: Timeline,
    link: Option<Link>,
}

/// A connection that appends, and the history that it leads to.
struct Link {
    connection: PgConnection,
    entered: Entered,
    used: Instant,
}

#[async_trait::async_trait]
impl Committer for PostgresCommitter {
    async fn commit(&mut self, batch: &[Append]) -> Result<Vec<Verdict>, StoreError> {
        let mut again = true;
        loop {
            let mut link = self.link().await?;
            let committed = self.commit_on(&mut link, batch).await;
            link.used = Instant::now();
            match committed {
                Err(StoreError { fault: Fault::Connection { began: false }, .. }) if again => again = false,
                committed => {
                    // After an error of the connection itself, the next batch starts on a new one.
                    let is_lost = |e: &StoreError| matches!(e.fault, Fault::Connection { .. });
                    self.link = Some(link).filter(|_| !committed.as_ref().is_err_and(is_lost));
                    return committed;
                }
            }
        }
    }
}

impl PostgresCommitter {
    /// The connection that there is, if it is there still, or a new one.
    async fn link(&mut self) -> Result<Link, StoreError> {
        // One that was made before this process met another history leads to the one before.
        let epoch = self.timeline.epoch();
        if let Some(mut link) = self.link.take().filter(|link| link.entered.history.epoch == epoch) {
            if link.used.elapsed() < IDLE {
                return Ok(link);
            }
            let ping = tokio::time::timeout(PING_LIMIT, link.connection.ping()).await;
            if matches!(ping, Ok(Ok(()))) {
                return Ok(link);
            }
        }
        self.connect().await
    }

    /// A new connection, to a server that keeps what it acknowledges.
    async fn connect(&self) -> Result<Link, StoreError> {
        let checked = async {
            let mut connection = self.options.connect().await?;
            database::ensure_direct(&mut connection).await?;
            let settings: Vec<(String, String)> =
                sqlx::query_as(include_str!("../sql/postgres/durable.sql")).fetch_all(&mut connection).await?;
            let entered = enter(&mut connection, &self.timeline).await?;
            Ok::<_, StoreError>((Link { connection, entered, used: Instant::now() }, settings))
        };
        let (link, settings) = tokio::time::timeout(CONNECT_LIMIT, checked).await.map_err(StoreError::new)??;
        let off: Vec<_> = settings.into_iter().filter(|(_, value)| value == "off").map(|(name, _)| name).collect();
        if off.is_empty() || self.accept { Ok(link) } else { Err(StoreError::new(NotDurable(off.join("`, `")))) }
    }

    async fn commit_on(&self, link: &mut Link, batch: &[Append]) -> Result<Vec<Verdict>, StoreError> {
        let Link { connection, entered, .. } = link;
        // What was decided on another history is decided again.
        let of_this = |append: &&Append| append.epoch.is_none_or(|epoch| epoch == entered.history.epoch);
        let these: Vec<&Append> = batch.iter().filter(of_this).collect();
        let seen = self.timeline.newest_of(entered.history.epoch);
        let call = Columns::of(&these).call(connection, &these, (entered, seen));
        // A connection that has died silently would otherwise hold up every append of this process.
        let called = tokio::time::timeout(COMMIT_LIMIT, call).await;
        let verdicts = called.unwrap_or_else(|elapsed| Err(StoreError::new(elapsed)))?;
        for (append, verdict) in these.iter().zip(&verdicts) {
            if let Verdict::Accepted(position, _) = verdict
                && *position > Position(0)
            {
                self.timeline.saw(entered.history.epoch, *position, append.mark());
            }
        }
        let mut verdicts = verdicts.into_iter();
        let verdict = |append: &Append| if of_this(&append) { verdicts.next() } else { Some(Verdict::GuardMoved) };
        Ok(batch.iter().filter_map(verdict).collect())
    }
}

/// The history that a connection leads to.
#[derive(Debug, Clone)]
struct Entered {
    history: History,
    born: Uuid,
    timeline: String,
}

/// Finds out which history a connection leads to, and tells this process. One that does not hold what this process has seen is another,
/// whatever it calls itself.
async fn enter(connection: &mut PgConnection, timeline: &Timeline) -> Result<Entered, sqlx::Error> {
    let (before, newest) = (timeline.epoch(), timeline.newest());
    let mut entered = who_is_this(connection).await?;
    if let Some((position, known)) = newest.filter(|_| entered.history.epoch == before) {
        let query = sqlx::query_as(include_str!("../sql/mark_at.sql")).bind(signed(position.0));
        let there: Option<(Uuid, Vec<u8>)> = query.fetch_optional(&mut *connection).await?;
        if there.is_none_or(|(request, body)| mark(request, &body) != known) {
            renew(connection, entered.born).await?;
            entered = who_is_this(connection).await?;
        }
    }
    timeline.entered(entered.history);
    Ok(entered)
}

async fn who_is_this(connection: &mut PgConnection) -> Result<Entered, sqlx::Error> {
    let (log, epoch, began_at, born, timeline) =
        sqlx::query_as(include_str!("../sql/postgres/enter.sql")).fetch_one(connection).await?;
    Ok(Entered { history: History { log, epoch, began_at }, born, timeline })
}

async fn renew(connection: &mut PgConnection, born: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query(include_str!("../sql/postgres/renew.sql")).bind(born).execute(connection).await.map(drop)
}

/// A batch, column by column, as the function takes it.
#[derive(Default)]
struct Columns<'a> {
    slot_request: Vec<i32>,
    slot_kind: Vec<i16>,
    slot_stream: Vec<Uuid>,
    slot_expected: Vec<i64>,
    slot_count: Vec<i32>,
    slot_id: Vec<Uuid>,
    guard_request: Vec<i32>,
    guard_kind: Vec<i16>,
    guard_stream: Vec<Uuid>,
    guard_version: Vec<i64>,
    event_slot: Vec<i32>,
    event_nth: Vec<i32>,
    event_type: Vec<i32>,
    event_key: Vec<Uuid>,
    event_at: Vec<i64>,
    event_head: Vec<&'a [u8]>,
    event_body: Vec<&'a [u8]>,
    not_after: Vec<Option<i64>>,
}

impl<'a> Columns<'a> {
    fn of(batch: &[&'a Append]) -> Self {
        let mut columns = Self::default();
        for (request, append) in (1..).zip(batch) {
            columns.not_after.push(append.not_after);
            for slot in &append.streams {
                columns.slot_request.push(request);
                columns.slot_kind.push(slot.stream.kind);
                columns.slot_stream.push(slot.stream.id);
                columns.slot_expected.push(match slot.expected {
                    Expected::Any => -1,
                    Expected::Exactly(version) => signed(version.0),
                });
                columns.slot_count.push(i32::try_from(slot.events.len()).unwrap_or(i32::MAX));
                columns.slot_id.push(append.request);
                let ordinal = i32::try_from(columns.slot_request.len()).unwrap_or(i32::MAX);
                for (nth, event) in (1..).zip(&slot.events) {
                    columns.event_slot.push(ordinal);
                    columns.event_nth.push(nth);
                    columns.event_type.push(event.event_type);
                    columns.event_key.push(event.key_id);
                    columns.event_at.push(event.at);
                    columns.event_head.push(&event.head);
                    columns.event_body.push(&event.body);
                }
            }
            for guard in &append.guards {
                columns.guard_request.push(request);
                columns.guard_kind.push(guard.stream.kind);
                columns.guard_stream.push(guard.stream.id);
                columns.guard_version.push(signed(guard.version.0));
            }
        }
        columns
    }

    async fn call(
        self,
        connection: &mut PgConnection,
        batch: &[&Append],
        (entered, seen): (&Entered, u64),
    ) -> Result<Vec<Verdict>, StoreError> {
        if batch.is_empty() {
            return Ok(vec![]);
        }
        let (position_before, version_before, conflicted, moved, late) =
            sqlx::query_as(include_str!("../sql/postgres/append.sql"))
                .bind(self.slot_request)
                .bind(self.slot_kind)
                .bind(self.slot_stream)
                .bind(self.slot_expected)
                .bind(self.slot_count)
                .bind(self.slot_id)
                .bind(self.guard_request)
                .bind(self.guard_kind)
                .bind(self.guard_stream)
                .bind(self.guard_version)
                .bind(self.event_slot)
                .bind(self.event_nth)
                .bind(self.event_type)
                .bind(self.event_key)
                .bind(self.event_at)
                .bind(self.event_head)
                .bind(self.event_body)
                .bind(self.not_after)
                .bind(entered.born)
                .bind(&entered.timeline)
                .bind(signed(seen))
                .fetch_one(connection)
                .await?;
        Ok(Answer { position_before, version_before, conflicted, moved, late }.verdicts(batch))
    }
}

/// What the function answers: see its comment.
struct Answer {
    /// None when no append of the batch writes anything.
    position_before: Option<Vec<i64>>,
    version_before: Option<Vec<i64>>,
    conflicted: Vec<i32>,
    moved: Vec<i32>,
    late: Vec<i32>,
}

impl Answer {
    fn verdicts(self, batch: &[&Append]) -> Vec<Verdict> {
        let (positions, versions) = (self.position_before.unwrap_or_default(), self.version_before.unwrap_or_default());
        let mut befores = positions.into_iter().zip(versions);
        let mut verdicts = Vec::with_capacity(batch.len());
        for (request, append) in (1..).zip(batch) {
            let mut versions = Vec::with_capacity(append.streams.len());
            let mut last = 0;
            for (slot, (position, version)) in append.streams.iter().zip(befores.by_ref()) {
                let count = signed(slot.events.len() as u64);
                last = last.max(position + count);
                versions.push(Version(unsigned(version + count)));
            }
            verdicts.push(if self.conflicted.contains(&request) {
                Verdict::Conflict
            } else if self.moved.contains(&request) {
                Verdict::GuardMoved
            } else if self.late.contains(&request) {
                Verdict::TooLate
            } else {
                Verdict::Accepted(Position(unsigned(last)), versions)
            });
        }
        verdicts
    }
}
