//! Where NATS is, and what is signed in with.

use std::path::PathBuf;
use std::time::Duration;

use bus::{NatsServers, WrongServers};
use feeds::JetStreamSettings;
use serde::{Deserialize, Serialize};

use super::{ensure_private, secret_in};

/// The bus.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BusConfig {
    /// `in-process` for a single process, or `nats://…` (`tls://…`), several servers of one cluster separated by commas. A user and
    /// password, or a token, stand before the host, percent-encoded.
    pub url: String,
    /// Copies of the stream in a NATS cluster.
    pub replicas: usize,
    /// The file of an NKey's seed, to sign in with.
    pub nkey_file: Option<PathBuf>,
    /// The `.creds` file of a user's JWT and seed, to sign in with. Read again at every connection.
    pub credentials_file: Option<PathBuf>,
    /// How servers are known, and this process to them.
    pub tls: NatsTls,
}

/// TLS to NATS. A server that asks for TLS gets it, whether or not this is given; `tls://` insists on it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NatsTls {
    /// Whose certificates are trusted, PEM; those that the machine trusts when absent.
    pub authority: Option<PathBuf>,
    /// The certificate that this process shows, PEM.
    pub certificate: Option<PathBuf>,
    /// Its key, PEM.
    pub private_key: Option<PathBuf>,
}

impl Default for BusConfig {
    fn default() -> Self {
        let tls = NatsTls::default();
        Self { url: "in-process".into(), replicas: 1, nkey_file: None, credentials_file: None, tls }
    }
}

impl BusConfig {
    /// Whether it is within this process.
    #[must_use]
    pub fn is_in_process(&self) -> bool {
        self.url == "in-process"
    }

    /// The servers, and what is signed in with.
    ///
    /// # Errors
    /// When the URL has another form, or there is more than one thing to sign in with.
    pub fn servers(&self) -> Result<NatsServers, WrongServers> {
        let mut servers = NatsServers::read(&self.url)?;
        if let Some(file) = &self.nkey_file {
            servers = servers.with_nkey(file.clone())?;
        }
        if let Some(file) = &self.credentials_file {
            servers = servers.with_credentials(file.clone())?;
        }
        Ok(self.tls.on(servers))
    }

    /// What is signed in with is nobody else's.
    ///
    /// # Errors
    /// When everybody on the machine may read it, or it is not there.
    pub(crate) fn ensure_secrets_private(&self) -> anyhow::Result<()> {
        let secrets = [&self.nkey_file, &self.credentials_file, &self.tls.private_key];
        secrets.into_iter().flatten().try_for_each(|file| ensure_private(file))
    }
}

/// Where agencies' feeds stand on NATS JetStream. `alongside feeds nats-config` makes the keys.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JetStreamConfig {
    /// The servers, as this process reaches them: `nats://…` or `tls://…`. They may be those of the bus.
    pub url: String,
    /// The servers, as agencies' systems reach them; `url` when absent.
    #[serde(default)]
    pub public_url: Option<String>,
    /// The file of the seed that agencies' accounts are signed with.
    pub signing_key_file: PathBuf,
    /// The `.creds` file of somebody in the servers' system account.
    pub system_credentials_file: PathBuf,
    /// Copies of a stream in a NATS cluster.
    #[serde(default = "one")]
    pub replicas: usize,
    /// For how many seconds an event stands that no system takes, since it was put there last.
    #[serde(default = "a_week")]
    pub kept_for_seconds: u64,
    /// How many events of one feed stand at once; the rest waits in the log.
    #[serde(default = "standing")]
    pub standing: usize,
    /// How servers are known, and this process to them.
    #[serde(default)]
    pub tls: NatsTls,
}

fn one() -> usize {
    1
}

fn a_week() -> u64 {
    7 * 24 * 60 * 60
}

fn standing() -> usize {
    10_000
}

impl JetStreamConfig {
    /// The servers of a URL, at which nobody is signed in yet.
    ///
    /// # Errors
    /// When it has another form, or holds something to sign in with.
    pub(super) fn servers(&self, url: &str) -> Result<NatsServers, WrongServers> {
        let servers = NatsServers::read(url)?;
        // What is signed in with is made, and nothing else can be.
        servers.clone().with_credentials(PathBuf::new())?;
        Ok(self.tls.on(servers))
    }

    /// Where agencies' systems find the servers.
    pub(super) fn public_url(&self) -> &str {
        self.public_url.as_ref().unwrap_or(&self.url)
    }

    /// What the door is made with.
    ///
    /// # Errors
    /// When a URL has another form, or everybody on the machine may read what is signed in with.
    pub fn settings(&self) -> anyhow::Result<JetStreamSettings> {
        ensure_private(&self.system_credentials_file)?;
        self.tls.private_key.as_deref().map_or(Ok(()), ensure_private)?;
        let servers = self.servers(&self.url)?;
        Ok(JetStreamSettings {
            system: servers.clone().with_credentials(self.system_credentials_file.clone())?,
            servers,
            public: self.servers(self.public_url())?.addresses(),
            replicas: self.replicas,
            kept_for: Duration::from_secs(self.kept_for_seconds),
            standing: self.standing,
        })
    }

    /// The seed that agencies' accounts are signed with.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn signing_seed(&self) -> anyhow::Result<String> {
        Ok(secret_in(&self.signing_key_file)?.trim().to_owned())
    }
}

impl NatsTls {
    fn on(&self, mut servers: NatsServers) -> NatsServers {
        if let Some(authority) = &self.authority {
            servers = servers.trusting(authority.clone());
        }
        if let Some((certificate, key)) = self.certificate.clone().zip(self.private_key.clone()) {
            servers = servers.showing(certificate, key);
        }
        servers
    }
}
