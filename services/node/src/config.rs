//! Configuration: defaults, then a TOML file, then the environment, then flags. The one place that reads the environment.

mod check;
mod feeds;
mod load;
mod nats;
mod notices;
mod portal;
mod redact;

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

pub use feeds::{FeedsConfig, WebhooksConfig};
pub use load::load;
pub use nats::{BusConfig, JetStreamConfig, NatsTls};
pub use notices::{NoticesConfig, Security, SenderChannel, SenderConfig, SmtpConfig};
pub use portal::{PortalConfig, PortalProvider};

use anyhow::{Context as _, bail};
use gate::{Binding, Rates};
use interop::National;
use serde::{Deserialize, Serialize};

/// What one process is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where gRPC listens.
    pub listen: SocketAddr,
    /// Where the admin port listens: metrics, liveness, readiness.
    pub admin: SocketAddr,
    /// What this process does.
    pub roles: Vec<Role>,
    /// How long a process that was told to stop still takes calls after it says that it is not ready, in milliseconds:
    /// as long as a load balancer needs to notice.
    pub drain_ms: u64,
    /// How long calls in progress, and streams, may go on after that, in milliseconds: then they are cut off. With `drain_ms` less than what the process is given
    /// to end; Kubernetes kills it after 30 s.
    pub finish_ms: u64,
    /// The database.
    pub database: Database,
    /// The keys.
    pub vault: VaultConfig,
    /// The bus.
    pub bus: BusConfig,
    /// Feeds.
    pub feeds: FeedsConfig,
    /// Notices to people.
    pub notices: NoticesConfig,
    /// The person's web pages.
    pub portal: PortalConfig,
    /// TLS for gRPC; without it the port must not leave the machine.
    pub tls: Option<Tls>,
    /// The origins of web pages that may call over gRPC-web, such as `https://portal.example`; none when it is empty.
    pub web_origins: Vec<String>,
    /// Whose tokens are trusted.
    pub issuers: Vec<IssuerConfig>,
    /// How much one caller may ask for.
    pub limits: Rates,
    /// What workers offer.
    pub proposals: ProposalsConfig,
    /// What is imported.
    pub import: ImportConfig,
    /// Logs and traces.
    pub telemetry: TelemetryConfig,
}

/// What a process can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Serve `PeopleService`.
    People,
    /// Serve `RelationshipService`.
    Relationships,
    /// Serve `ConsultationService`.
    Consultations,
    /// Serve `SharingService` and `AccessService`.
    Sharing,
    /// Serve `AgencyService`.
    Agencies,
    /// Serve `FeedService`, and ask back what is not covered any more.
    Feeds,
    /// Serve `NoticeService`, and tell people that something has happened.
    Notices,
    /// Build the views.
    Views,
    /// Copy the log to the bus.
    Relay,
    /// Serve the person's web pages.
    Portal,
}

impl Role {
    /// Every role but the web pages, which need somewhere to sign in: the default.
    pub const SERVICES: [Self; 9] = [
        Self::People,
        Self::Relationships,
        Self::Consultations,
        Self::Sharing,
        Self::Agencies,
        Self::Feeds,
        Self::Notices,
        Self::Views,
        Self::Relay,
    ];

    /// Every role.
    #[must_use]
    pub fn all() -> Vec<Self> {
        Self::SERVICES.into_iter().chain([Self::Portal]).collect()
    }

    /// What it is called in settings and flags.
    #[must_use]
    pub fn name(self) -> String {
        clap::ValueEnum::to_possible_value(&self).map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// The database of the log and the views.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `sqlite:<directory>` or `postgres://…`.
    pub url: String,
    /// The most connections of this process to PostgreSQL for those who wait for an answer, for the log and for the views each. A few
    /// more append, follow the log and build views.
    pub connections: u32,
    /// Whether to run on a PostgreSQL server that has `fsync` or `full_page_writes` off, and so loses or breaks what it acknowledged
    /// when it crashes. For tests alone.
    pub accept_volatile_server: bool,
}

/// Where data keys are, and what wraps them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct VaultConfig {
    /// The database of the keys; the log's own when absent.
    pub url: Option<String>,
    /// The key-encryption key: `file:<path>` or `env:<name>`, holding 32 bytes in base64.
    pub key_encryption_key: String,
}

/// TLS for gRPC.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub private_key: PathBuf,
    /// Whose certificates callers may show, PEM. With it a token of an agency's system must be bound to the certificate that it shows (RFC 8705).
    #[serde(default)]
    pub client_authority: Option<PathBuf>,
}

/// An issuer whose tokens are trusted. Exactly one of `agency`, `people`, `people_by_id` and `operators`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IssuerConfig {
    /// The `iss` of its tokens.
    pub issuer: String,
    /// The `aud` that its tokens carry for this system.
    pub audience: String,
    /// Its public keys: a file with a JSON Web Key Set. When it is absent, they are fetched from where the issuer publishes them
    /// (OpenID Connect Discovery), and again as they age.
    pub jwks_file: Option<PathBuf>,
    /// Its tokens speak for staff of this agency.
    pub agency: Option<uuid::Uuid>,
    /// Its tokens speak for people, each of whom has claimed their place with an invitation.
    pub people: bool,
    /// Its tokens speak for people whom it knows by their ids here: `sub` is the person's. Not together with `people`.
    pub people_by_id: bool,
    /// Its tokens speak for those who run the system.
    pub operators: bool,
}

impl IssuerConfig {
    /// Whom its tokens speak for, unless that is nobody or several.
    #[must_use]
    pub fn binding(&self) -> Option<Binding> {
        match (self.agency, self.people, self.people_by_id, self.operators) {
            (Some(agency), false, false, false) => Some(Binding::Agency(agency.into())),
            (None, true, false, false) => Some(Binding::People),
            (None, false, true, false) => Some(Binding::PeopleById),
            (None, false, false, true) => Some(Binding::Operators),
            _ => None,
        }
    }
}

/// How proposals of support are made.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProposalsConfig {
    /// For how many days one waits for an answer; then it lapses.
    pub lapse_after_days: u32,
}

impl Default for ProposalsConfig {
    fn default() -> Self {
        Self { lapse_after_days: domain::relationship::LAPSES_AFTER_DAYS }
    }
}

/// How records of other systems are understood.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImportConfig {
    /// The identifier systems of national numbers, by which two sources speak of one person.
    pub person_identifiers: Vec<String>,
}

impl ImportConfig {
    /// The national numbers that are named.
    ///
    /// # Errors
    /// When the numbers of one cannot be checked here.
    pub fn national(&self) -> anyhow::Result<Vec<National>> {
        self.person_identifiers.iter().map(|system| National::of(system).map_err(anyhow::Error::msg)).collect()
    }
}

/// Logs and traces.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// Which events to log.
    pub filter: String,
    /// Logs as JSON.
    pub json: bool,
    /// An OTLP endpoint over gRPC for traces; none means no traces.
    pub otlp_endpoint: Option<String>,
    /// How many of a thousand traces are kept that did not begin elsewhere.
    pub sample_per_mille: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7443)),
            admin: SocketAddr::from(([127, 0, 0, 1], 7444)),
            roles: Role::SERVICES.to_vec(),
            drain_ms: 1_000,
            finish_ms: 14_000,
            database: Database::default(),
            vault: VaultConfig::default(),
            bus: BusConfig::default(),
            feeds: FeedsConfig::default(),
            notices: NoticesConfig::default(),
            portal: PortalConfig::default(),
            tls: None,
            web_origins: Vec::new(),
            issuers: Vec::new(),
            limits: Rates::default(),
            proposals: ProposalsConfig::default(),
            import: ImportConfig::default(),
            telemetry: TelemetryConfig::default(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite:alongside-data".into(), connections: 8, accept_volatile_server: false }
    }
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self { filter: "info".into(), json: true, otlp_endpoint: None, sample_per_mille: 10 }
    }
}

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A directory of SQLite files.
    Sqlite(PathBuf),
    /// A PostgreSQL URL.
    Postgres(String),
}

impl Place {
    /// What is taken.
    pub(crate) const FORMS: &str = "must be `sqlite:<directory>` or `postgres://…`";

    /// Reads a database URL.
    ///
    /// # Errors
    /// When it is of neither kind.
    pub fn of(url: &str) -> anyhow::Result<Self> {
        match url.strip_prefix("sqlite:") {
            Some(directory) if !directory.is_empty() => Ok(Self::Sqlite(directory.into())),
            None if url.starts_with("postgres://") || url.starts_with("postgresql://") => {
                Ok(Self::Postgres(url.into()))
            }
            Some(_) | None => bail!("a database URL {}", Self::FORMS),
        }
    }
}

/// Settings that flags override.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Flags {
    /// A TOML file with settings.
    #[arg(long, global = true, env = "ALONGSIDE_CONFIG")]
    pub config: Option<PathBuf>,
    /// The database: `sqlite:<directory>` or `postgres://…`.
    #[arg(long, global = true)]
    pub database: Option<String>,
    /// The bus: `in-process` or `nats://…`.
    #[arg(long, global = true)]
    pub bus: Option<String>,
    /// Where gRPC listens.
    #[arg(long, global = true)]
    pub listen: Option<SocketAddr>,
    /// Where the admin port listens.
    #[arg(long, global = true)]
    pub admin: Option<SocketAddr>,
    /// Where the web pages listen.
    #[arg(long, global = true)]
    pub portal: Option<SocketAddr>,
    /// What this process does; all of it but the web pages when not given.
    #[arg(long, global = true, value_delimiter = ',')]
    pub roles: Vec<Role>,
}

impl Config {
    /// The key-encryption key, from where the configuration says.
    ///
    /// # Errors
    /// When it is not there.
    pub fn key_encryption_key(&self) -> anyhow::Result<String> {
        secret(&self.vault.key_encryption_key).context("`vault.key_encryption_key`")
    }
}

/// Whether a setting says where a secret is, or nothing: the secret itself is never a setting.
fn is_place_of_secret(source: &str) -> bool {
    source.is_empty() || source.starts_with("file:") || source.starts_with("env:")
}

/// A secret: `file:<path>` or `env:<name>`. Never the secret itself, so that it does not end up in a file of settings.
fn secret(source: &str) -> anyhow::Result<String> {
    if let Some(path) = source.strip_prefix("file:") {
        return secret_in(Path::new(path));
    }
    if let Some(name) = source.strip_prefix("env:") {
        return std::env::var(name).with_context(|| format!("the environment has no `{name}`"));
    }
    bail!("must be `file:<path>` or `env:<name>`")
}

/// That others than the owner and the group may read or write a file.
const EVERYBODY: u32 = 0o006;

/// A secret in a file, which not everybody may read.
fn secret_in(file: &Path) -> anyhow::Result<String> {
    ensure_private(file)?;
    text_of(file)
}

/// A file with a secret in it must not be everybody's.
///
/// # Errors
/// When everybody on the machine may read or write it, or it is not there.
pub(crate) fn ensure_private(file: &Path) -> anyhow::Result<()> {
    let mode = std::fs::metadata(file).with_context(|| format!("`{}` cannot be read", file.display()))?;
    if mode.permissions().mode() & EVERYBODY != 0 {
        let file = file.display();
        bail!(
            "`{file}` can be read or written by everybody: `chmod 600` it (in Kubernetes `defaultMode: 0440` with `fsGroup`, elsewhere a secret's `mode` and `uid`)"
        );
    }
    Ok(())
}

/// What a file that a setting names says.
fn text_of(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("`{}` cannot be read", file.display()))
}
