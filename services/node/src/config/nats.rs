//! Where NATS is, and what is signed in with.

use std::path::PathBuf;

use bus::{NatsServers, WrongServers};
use serde::{Deserialize, Serialize};

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
