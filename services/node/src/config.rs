//! Configuration: defaults, then a TOML file, then the environment, then flags. The one place that reads the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use gate::Rates;
use interop::National;
use serde::{Deserialize, Serialize};
use url::Url;

/// What is printed instead of a secret.
const REDACTED: &str = "(redacted)";
/// The same within a URL, in which brackets would be escaped.
const HIDDEN: &str = "redacted";
/// Parameters of a URL that hold no secret.
const HARMLESS: [&str; 7] =
    ["host", "port", "dbname", "sslmode", "options", "application_name", "statement-cache-capacity"];

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
    /// The database.
    pub database: Database,
    /// The keys.
    pub vault: VaultConfig,
    /// The bus.
    pub bus: BusConfig,
    /// TLS for gRPC; without it the port must not leave the machine.
    pub tls: Option<Tls>,
    /// The origins of web pages that may call over gRPC-web, such as `https://portal.example`; none when it is empty.
    pub web_origins: Vec<String>,
    /// Whose tokens are trusted.
    pub issuers: Vec<IssuerConfig>,
    /// How much one caller may ask for.
    pub limits: Rates,
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
    /// Build the views.
    Views,
    /// Copy the log to the bus.
    Relay,
}

impl Role {
    /// Every role: the default.
    pub const ALL: [Self; 7] = [
        Self::People,
        Self::Relationships,
        Self::Consultations,
        Self::Sharing,
        Self::Agencies,
        Self::Views,
        Self::Relay,
    ];
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

/// The bus.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BusConfig {
    /// `in-process` for a single process, or `nats://…`.
    pub url: String,
    /// Copies of the stream in a NATS cluster.
    pub replicas: usize,
}

/// TLS for gRPC.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate chain, PEM.
    pub certificate: PathBuf,
    /// The private key, PEM.
    pub private_key: PathBuf,
}

/// An issuer whose tokens are trusted. Exactly one of `agency`, `people` and `operators`.
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
    /// Its tokens speak for people.
    pub people: bool,
    /// Its tokens speak for those who run the system.
    pub operators: bool,
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
            roles: Role::ALL.to_vec(),
            drain_ms: 1_000,
            database: Database::default(),
            vault: VaultConfig::default(),
            bus: BusConfig::default(),
            tls: None,
            web_origins: Vec::new(),
            issuers: Vec::new(),
            limits: Rates::default(),
            import: ImportConfig::default(),
            telemetry: TelemetryConfig::default(),
        }
    }
}

impl Default for Database {
    fn default() -> Self {
        Self { url: "sqlite:alongside-data".into(), connections: 8 }
    }
}

impl Default for BusConfig {
    fn default() -> Self {
        Self { url: "in-process".into(), replicas: 1 }
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
            Some(_) | None => bail!("`database.url` must be `sqlite:<directory>` or `postgres://…`"),
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
    /// What this process does; all of it when not given.
    #[arg(long, global = true, value_delimiter = ',')]
    pub roles: Vec<Role>,
}

/// Reads the configuration.
///
/// # Errors
/// When a file cannot be read, or a setting is unknown or has a wrong form.
pub fn load(flags: &Flags) -> anyhow::Result<Config> {
    let mut builder = config::Config::builder();
    if let Some(file) = &flags.config {
        builder = builder.add_source(config::File::from(file.as_path()).format(config::FileFormat::Toml));
    }
    let environment = config::Environment::with_prefix("ALONGSIDE").prefix_separator("_").separator("__");
    // What names the file is no setting in it.
    let settings = std::env::vars().filter(|(name, _)| name.starts_with("ALONGSIDE_") && name != "ALONGSIDE_CONFIG");
    let environment =
        environment.source(Some(settings.collect())).try_parsing(true).list_separator(",").with_list_parse_key("roles");
    let mut config: Config = builder
        .add_source(environment)
        .build()
        .and_then(config::Config::try_deserialize)
        .context("the configuration cannot be read")?;
    if let Some(url) = &flags.database {
        config.database.url.clone_from(url);
    }
    if let Some(url) = &flags.bus {
        config.bus.url.clone_from(url);
    }
    config.listen = flags.listen.unwrap_or(config.listen);
    config.admin = flags.admin.unwrap_or(config.admin);
    if !flags.roles.is_empty() {
        config.roles.clone_from(&flags.roles);
    }
    Ok(config)
}

impl Config {
    /// The configuration as TOML, with secrets redacted.
    ///
    /// # Errors
    /// When it cannot be written as TOML.
    pub fn redacted(&self) -> anyhow::Result<String> {
        let mut shown = self.clone();
        shown.database.url = shown_url(&shown.database.url);
        shown.bus.url = shown_as(&shown.bus.url);
        shown.vault.url = shown.vault.url.as_deref().map(shown_url);
        shown.vault.key_encryption_key = shown_secret(&shown.vault.key_encryption_key);
        shown.telemetry.otlp_endpoint = shown.telemetry.otlp_endpoint.as_deref().map(shown_as);
        Ok(toml::to_string_pretty(&shown)?)
    }

    /// The key-encryption key, from where the configuration says.
    ///
    /// # Errors
    /// When it is not there.
    pub fn key_encryption_key(&self) -> anyhow::Result<String> {
        secret(&self.vault.key_encryption_key).context("`vault.key_encryption_key`")
    }
}

/// A secret: `file:<path>` or `env:<name>`. Never the secret itself, so that it does not end up in a file of settings.
fn secret(source: &str) -> anyhow::Result<String> {
    if let Some(path) = source.strip_prefix("file:") {
        return std::fs::read_to_string(Path::new(path)).with_context(|| format!("`{path}` cannot be read"));
    }
    if let Some(name) = source.strip_prefix("env:") {
        return std::env::var(name).with_context(|| format!("the environment has no `{name}`"));
    }
    bail!("must be `file:<path>` or `env:<name>`")
}

/// What may be shown of one or more URLs, separated by commas: who signs in where, and never with what. A user without a password
/// may be a token, and any parameter may be a secret but those that are known not to be. What is no URL is not shown at all.
fn shown_as(urls: &str) -> String {
    urls.split(',').map(|url| shown_url(url.trim())).collect::<Vec<_>>().join(",")
}

fn shown_url(text: &str) -> String {
    if text == "in-process" || text.starts_with("sqlite:") {
        return text.to_owned();
    }
    let Ok(mut url) = Url::parse(text) else { return REDACTED.to_owned() };
    // A secret with a slash in it has cut the URL short: the rest of it stands where the path should.
    if text.matches('@').count() != usize::from(!url.username().is_empty() || url.password().is_some()) {
        return REDACTED.to_owned();
    }
    let hidden = if url.password().is_some() {
        url.set_password(Some(HIDDEN))
    } else if !url.username().is_empty() && !url.scheme().starts_with("postgres") {
        url.set_username(HIDDEN)
    } else {
        Ok(())
    };
    if hidden.is_err() {
        return REDACTED.to_owned();
    }
    if url.fragment().is_some() {
        url.set_fragment(Some(HIDDEN));
    }
    let mut parameters: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    for (_, value) in parameters.iter_mut().filter(|(name, _)| !HARMLESS.contains(&name.as_str())) {
        HIDDEN.clone_into(value);
    }
    if !parameters.is_empty() {
        url.query_pairs_mut().clear().extend_pairs(parameters);
    }
    url.into()
}

/// A place of a secret, never the secret itself.
fn shown_secret(source: &str) -> String {
    if source.is_empty() || source.starts_with("file:") || source.starts_with("env:") {
        return source.to_owned();
    }
    REDACTED.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_holds_no_secret_in_any_setting_that_can_hold_one() {
        const SECRET: &str = "hunter2";
        let mut config = Config::default();
        for url in [
            "postgres://alongside:hunter2@db/alongside?sslmode=require&password=hunter2",
            "postgres://alongside@db/alongside?sslmode=require&PassWord=hunter2&sslkey=hunter2",
            "postgresql://db/alongside?sslmode=require&user=alongside&passfile=hunter2#hunter2",
        ] {
            config.database.url = url.into();
            config.vault.url = Some(url.into());
            let shown = config.redacted().unwrap();
            assert!(
                !shown.contains(SECRET) && shown.contains("sslmode=require") && shown.contains("db/alongside"),
                "{shown}"
            );
        }
        for url in
            ["nats://user:hunter2@bus:4222", "nats://hunter2@bus:4222", "tls://hunter2@one:1,tls://u:hunter2@two:2"]
        {
            config.bus.url = url.into();
            let shown = config.redacted().unwrap();
            assert!(!shown.contains(SECRET) && (shown.contains("@bus:4222") || shown.contains("@two:2")), "{shown}");
        }
        config.vault.key_encryption_key = SECRET.into();
        config.telemetry.otlp_endpoint = Some("https://hunter2@traces.example/x?api_key=hunter2".into());
        let shown = config.redacted().unwrap();
        assert!(!shown.contains(SECRET) && shown.contains("traces.example"), "{shown}");
        for cut in ["postgres://user:12/hunter2@db/x", "postgres://user:1,hunter2@db/x", "postgres://hunter2/x@db"] {
            config.database.url = cut.into();
            assert!(!config.redacted().unwrap().contains(SECRET), "{cut}");
        }
        config.bus.url = "nats://abc/hunter2@bus:4222".into();
        assert!(!config.redacted().unwrap().contains(SECRET));
        config.bus.url = "in-process".into();
        config.database.url = "postgres//alongside:hunter2@db".into();
        config.vault.key_encryption_key = "file:/run/secrets/kek".into();
        let shown = config.redacted().unwrap();
        assert!(!shown.contains(SECRET) && shown.contains("file:/run/secrets/kek"), "{shown}");
    }

    #[test]
    fn an_unknown_setting_is_an_error() {
        let dir = std::env::temp_dir().join(format!("alongside-config-{}", uuid::Uuid::now_v7()));
        std::fs::write(&dir, "[database]\nurll = 'x'\n").unwrap();
        let error = load(&Flags { config: Some(dir.clone()), ..Flags::default() }).unwrap_err();
        std::fs::remove_file(dir).unwrap();
        assert!(format!("{error:#}").contains("urll"), "{error:#}");
    }

    #[test]
    fn flags_win_and_a_secret_is_never_a_setting() {
        let flags = Flags { database: Some("sqlite:/elsewhere".into()), roles: vec![Role::Relay], ..Flags::default() };
        let config = load(&flags).unwrap();
        assert_eq!(
            (config.database.url.as_str(), config.roles.as_slice()),
            ("sqlite:/elsewhere", [Role::Relay].as_slice())
        );
        assert!(secret("c2VjcmV0").is_err());
    }
}
