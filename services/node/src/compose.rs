//! Composition: the one place where parts are put together.

use std::sync::Arc;

use anyhow::{Context as _, bail};
use bus::{Bus, CopyOf, InProcessBus, NatsBus, NatsConfig};
use engine::{Engine, EngineMetrics, Relay, RelayMetrics};
use event_log::{EventLog, History, Limits, LogMetrics, Position, PostgresConfig, PostgresLog, SqliteLog};
use events::Codec;
use gate::{Gate, GateMetrics, Issuer, KeySource};
use portal::Samples;
use prometheus_client::registry::Registry;
use state::{FeedCursors, PostgresState, Sessions, SqliteState};
use tokio::sync::watch;
use vault::{KeyStore, LocalKek, PostgresKeys, SqliteKeys, Vault};
use views::{DocumentStore, Follower, PostgresDocuments, Runner, Shelf, SqliteDocuments, Tail, ViewMetrics, Views};

use crate::config::{Config, IssuerConfig, Place, Role};
use crate::lag::Lags;

/// Connections for keys: they are cached, so few are needed.
const KEY_CONNECTIONS: u32 = 2;
/// Connections of a process beside its readers': one that appends, four that wait to lead, three that follow the log, two that build views,
/// and those for keys and small state.
const BESIDE_READERS: u32 = 10 + KEY_CONNECTIONS + STATE_CONNECTIONS;
/// Connections for small state: how far feeds have come.
const STATE_CONNECTIONS: u32 = 2;

/// The stores of one system, open.
#[derive(Clone)]
pub struct Stores {
    /// The log.
    pub log: Arc<dyn EventLog>,
    /// Where documents are kept.
    pub documents: Arc<dyn DocumentStore>,
    /// What opens and seals.
    pub codec: Codec,
    /// How far feeds have come.
    pub cursors: Arc<dyn FeedCursors>,
    /// Who has signed in on the web pages.
    pub sessions: Arc<dyn Sessions>,
    /// What the log tells Prometheus.
    pub log_metrics: LogMetrics,
}

impl std::fmt::Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stores").finish_non_exhaustive()
    }
}

impl Stores {
    /// Opens the stores that a configuration names. PostgreSQL must have been migrated; SQLite migrates itself.
    ///
    /// # Errors
    /// When one of them cannot be opened, or there is no key-encryption key.
    pub async fn open(config: &Config) -> anyhow::Result<Self> {
        let log_metrics = LogMetrics::default();
        let connections = config.database.connections;
        type Opened = (Arc<dyn EventLog>, Arc<dyn DocumentStore>, Arc<dyn FeedCursors>, Arc<dyn Sessions>);
        let (log, documents, cursors, sessions): Opened = match Place::of(&config.database.url)? {
            Place::Sqlite(directory) => {
                std::fs::create_dir_all(&directory)
                    .with_context(|| format!("`{}` cannot be made", directory.display()))?;
                let log = SqliteLog::open(&directory.join("log.db"), Limits::default(), log_metrics.clone()).await?;
                let documents = SqliteDocuments::open(&directory.join("views.db")).await?;
                let state = Arc::new(SqliteState::open(&directory.join("state.db")).await?);
                (Arc::new(log), Arc::new(documents), state.clone(), state)
            }
            Place::Postgres(url) => {
                let connections = readers(&url, connections).await;
                let (limits, accept_volatile) = (Limits::default(), config.database.accept_volatile_server);
                let postgres = PostgresConfig { url: url.clone(), readers: connections, limits, accept_volatile };
                let log = PostgresLog::open(&postgres, log_metrics.clone()).await;
                // An outage is told apart from what an operator has yet to do.
                let log = log.map_err(|error| {
                    let problem = if let Some(advice) = database::advice(&error) {
                        advice
                    } else if database::is_outage(&error) {
                        "the database of `database.url` cannot be reached"
                    } else if error.is_volatile() {
                        "`database.url`: set `database.accept_volatile_server` to run on it all the same, which is for tests alone"
                    } else {
                        "the database of `database.url` has no log that can be opened; run `alongside migrate` as its owner"
                    };
                    anyhow::Error::new(error).context(problem)
                })?;
                let documents = PostgresDocuments::open(&url, connections).await?;
                let state = Arc::new(PostgresState::open(&url, STATE_CONNECTIONS)?);
                (Arc::new(log), Arc::new(documents), state.clone(), state)
            }
        };
        let keys: Arc<dyn KeyStore> = match Place::of(config.vault.url.as_deref().unwrap_or(&config.database.url))? {
            Place::Sqlite(directory) => Arc::new(SqliteKeys::open(&directory.join("keys.db")).await?),
            Place::Postgres(url) => Arc::new(PostgresKeys::open(&url, KEY_CONNECTIONS).await?),
        };
        let kek = LocalKek::from_base64(&config.key_encryption_key()?)?;
        let vault = Vault::new(keys, Arc::new(kek));
        let head = log.head().await?;
        // Where there are events there are keys: new ones would open nothing of what is there, and what they seal would be lost
        // once the old ones are back.
        if vault.is_new().await? {
            if head > Position(0) {
                bail!("the key store is empty, and the log is not: `vault.url` names another, or it has been lost");
            }
            vault.found().await?;
        }
        // What the system's own key wraps opens only with the key-encryption key that the first start used.
        vault
            .pseudonyms()
            .await
            .context("`vault.key_encryption_key` is not the one that this system was started with")?;
        let codec = Codec::new(Arc::new(vault));
        let stores = Self { log, documents, codec, cursors, sessions, log_metrics };
        stores.belong_together().await?;
        Ok(stores)
    }

    /// Refuses stores of different systems, or of different times.
    async fn belong_together(&self) -> anyhow::Result<()> {
        let last = Position(self.log.head().await?.0.saturating_sub(1));
        let sampled = [self.log.read(Position(0), 1).await?, self.log.read(last, 1).await?].concat();
        let mut known = sampled.is_empty();
        for event in sampled {
            // Whatever else is wrong with one event is its own.
            known |= !self.codec.open(&event).await.is_err_and(|error| error.is_unknown_key());
        }
        if !known {
            bail!("the key store has no keys of this log: `vault.url` names another");
        }
        // Of what was built of another history, the views are built again; without a log there is nothing to build them of.
        if self.log.head().await? == Position(0) {
            for view in views::all() {
                let position = self.documents.position(view.name()).await?;
                if position > 0 {
                    let name = view.name();
                    bail!(
                        "the view `{name}` has read up to {position}, and the log is empty: the log was lost, or another one is named; \
                         take the views away to begin anew"
                    );
                }
            }
        }
        Ok(())
    }

    /// An engine on these stores.
    #[must_use]
    pub fn engine(&self, metrics: EngineMetrics) -> Engine {
        Engine::new(self.log.clone(), self.codec.clone(), telemetry::current, metrics)
    }
}

/// How many connections readers of the log and of the views get each: as many as are wanted, or as there is room for.
async fn readers(url: &str, wanted: u32) -> u32 {
    // What keeps it from being asked keeps the log from being opened, and is named there.
    let Ok(free) = database::free_connections(url).await else { return wanted };
    let all = wanted.saturating_mul(2).saturating_add(BESIDE_READERS);
    if free >= all {
        return wanted;
    }
    let readers = (free.saturating_sub(BESIDE_READERS) / 2).max(1);
    tracing::warn!(
        free,
        wanted = all,
        readers,
        "the database allows fewer connections than this process wants: readers share fewer, and may wait for one another; raise what the \
         server, the database or the role allows, or lower `database.connections`"
    );
    readers
}

/// Creates or upgrades the schemas that a configuration names.
///
/// # Errors
/// When a database cannot be reached or refuses a statement.
pub async fn migrate(config: &Config) -> anyhow::Result<()> {
    match Place::of(&config.database.url)? {
        Place::Sqlite(_) => drop(Stores::open(config).await?),
        Place::Postgres(url) => {
            PostgresLog::migrate(&url).await?;
            PostgresDocuments::migrate(&url).await?;
            PostgresState::migrate(&url).await?;
        }
    }
    if let Place::Postgres(url) = Place::of(config.vault.url.as_deref().unwrap_or(&config.database.url))? {
        PostgresKeys::migrate(&url).await?;
    }
    Ok(())
}

/// A system, put together and not yet running.
pub struct System {
    /// What it serves through.
    pub gate: Gate,
    /// What it reads views with.
    pub views: Views,
    /// Where documents are kept.
    pub documents: Arc<dyn DocumentStore>,
    /// The bus.
    pub bus: Arc<dyn Bus>,
    /// How far feeds have come.
    pub cursors: Arc<dyn FeedCursors>,
    /// Who has signed in on the web pages.
    pub sessions: Arc<dyn Sessions>,
    /// Sample people as whom anybody signs in on the web pages: none but in development.
    pub samples: Option<Samples>,
    /// The metrics of every part.
    pub registry: Registry,
    /// Builds the views, when this process does.
    pub runner: Option<Runner>,
    /// Follows the log for what readers keep in memory, when no runner of this process does.
    pub follower: Option<Follower>,
    /// Copies the log to the bus, when this process does.
    pub relay: Option<Relay>,
    /// What tells how far they are behind.
    pub lags: Lags,
}

impl std::fmt::Debug for System {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("System").finish_non_exhaustive()
    }
}

impl System {
    /// Puts a system together. `receipts` is the log that the gate writes to: the stores' own, but for a benchmark that
    /// measures what receipts cost.
    ///
    /// # Errors
    /// When the bus cannot be configured.
    pub async fn new(config: &Config, stores: &Stores, receipts: Arc<dyn EventLog>) -> anyhow::Result<Self> {
        let mut registry = Registry::with_prefix("alongside");
        let (engine_metrics, gate_metrics) = (EngineMetrics::default(), GateMetrics::default());
        let (view_metrics, relay_metrics) = (ViewMetrics::default(), RelayMetrics::default());
        stores.log_metrics.register(&mut registry);
        engine_metrics.register(&mut registry);
        gate_metrics.register(&mut registry);
        view_metrics.register(&mut registry);
        relay_metrics.register(&mut registry);

        let lags = Lags::new(&mut registry, &config.roles);
        let bus = open_bus(config, &stores.log).await?;
        let engine = Engine::new(receipts, stores.codec.clone(), telemetry::current, engine_metrics);
        let progress = watch::Sender::new(Tail::default());
        let shelf = Arc::new(Shelf::default());
        let builds_views = config.roles.contains(&Role::Views);
        let told = builds_views.then(|| progress.subscribe());
        let views = Views::new(stores.log.clone(), stores.documents.clone(), stores.codec.clone(), shelf.clone(), told);
        let runner = builds_views.then(|| Runner {
            log: stores.log.clone(),
            bus: bus.clone(),
            store: stores.documents.clone(),
            codec: stores.codec.clone(),
            views: views::all(),
            metrics: view_metrics,
            adopt: telemetry::adopt,
            shelf: shelf.clone(),
            progress,
        });
        let follower = (!builds_views).then(|| Follower {
            log: stores.log.clone(),
            bus: bus.clone(),
            codec: stores.codec.clone(),
            shelf,
            store: stores.documents.clone(),
            views: views::all(),
        });
        let copies = config.roles.contains(&Role::Relay);
        let relay = copies.then(|| Relay {
            log: stores.log.clone(),
            bus: bus.clone(),
            codec: stores.codec.clone(),
            metrics: relay_metrics,
            adopt: telemetry::adopt,
        });
        let (gate, documents) = (Gate::new(engine, gate_metrics), stores.documents.clone());
        let (cursors, sessions, samples) = (stores.cursors.clone(), stores.sessions.clone(), None);
        Ok(Self { gate, views, documents, bus, cursors, sessions, samples, registry, runner, follower, relay, lags })
    }
}

async fn open_bus(config: &Config, log: &Arc<dyn EventLog>) -> anyhow::Result<Arc<dyn Bus>> {
    if config.bus.is_in_process() {
        return Ok(Arc::new(InProcessBus::default()));
    }
    config.bus.ensure_secrets_private()?;
    let log = log.clone();
    let copy_of = Arc::new(move || copy_of(log.history()));
    let nats = NatsConfig { servers: config.bus.servers()?, copy_of, replicas: config.bus.replicas };
    Ok(Arc::new(NatsBus::connect(&nats).await?))
}

/// What the bus is a copy of.
#[must_use]
pub fn copy_of(History { log, epoch, began_at }: History) -> CopyOf {
    CopyOf { log: log.simple().to_string(), epoch: epoch.simple().to_string(), began_at }
}

/// The issuers that a configuration trusts.
///
/// # Errors
/// When an issuer is bound to nobody or to several, or its keys cannot be read.
pub fn issuers(configured: &[IssuerConfig]) -> anyhow::Result<Vec<Issuer>> {
    configured.iter().map(issuer).collect()
}

/// One of them.
pub(crate) fn issuer(configured: &IssuerConfig) -> anyhow::Result<Issuer> {
    let IssuerConfig { issuer, audience, jwks_file, .. } = configured;
    let binding =
        configured.binding().with_context(|| format!("issuer `{issuer}` speaks for nobody, or for several"))?;
    let keys = match jwks_file {
        None => KeySource::Published,
        Some(file) => {
            let text =
                std::fs::read_to_string(file).with_context(|| format!("issuer `{issuer}`: `{}`", file.display()))?;
            let keys = gate::read_keys(&text)
                .with_context(|| format!("issuer `{issuer}`: `jwks_file` does not hold a key set"))?;
            KeySource::Given(keys)
        }
    };
    Ok(Issuer { issuer: issuer.clone(), audience: audience.clone(), keys, binding })
}
