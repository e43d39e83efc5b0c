//! The person's web pages.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context as _;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::secret;

/// The person's web pages, for the role `portal`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PortalConfig {
    /// Where they listen. Whatever stands before them in the network adds TLS.
    pub listen: SocketAddr,
    /// Where people reach them, such as `https://portal.example`; where they listen when it is absent.
    pub address: Option<String>,
    /// What the place is called: the title of every page, so a word that tells nobody what it is.
    pub name: String,
    /// Where people are when they read that it is three o'clock, by its name in the IANA time zone database.
    pub time_zone: String,
    /// Where somebody goes who leaves quickly.
    pub leave_to: String,
    /// The networks of what passes people on, such as `10.0.0.0/8` for the proxies that add TLS: it says for whom it speaks in `X-Forwarded-For`, and all who
    /// come through it are not taken for one. Nobody else is believed that.
    pub proxies: Vec<IpNet>,
    /// Where the services are, such as `https://alongside.internal:7443`; this process when it is absent.
    pub services: Option<String>,
    /// Whose certificate they have, PEM; whoever the machine trusts when it is absent.
    pub services_authority: Option<PathBuf>,
    /// Where people sign in. It must be among `issuers` too, with `people = true` and the client's id as its `audience`.
    pub provider: Option<PortalProvider>,
}

/// An OpenID Connect provider of people, and who we are to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortalProvider {
    /// The `iss` of its tokens, under which it publishes what it can do.
    pub issuer: String,
    /// Our id there.
    pub client_id: String,
    /// The private key with which we prove that it is us (`private_key_jwt`), PEM, of P-256 or RSA: `file:<path>` or `env:<name>`.
    pub client_key: String,
}

impl PortalProvider {
    /// The private key.
    ///
    /// # Errors
    /// When it is not there.
    pub fn client_key(&self) -> anyhow::Result<String> {
        secret(&self.client_key).context("`portal.provider.client_key`")
    }
}

impl Default for PortalConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7445)),
            address: None,
            name: "My pages".into(),
            time_zone: "Europe/London".into(),
            leave_to: "https://www.bbc.co.uk/weather".into(),
            proxies: vec![],
            services: None,
            services_authority: None,
            provider: None,
        }
    }
}
