//! What is read again while a process runs: certificates and key sets, so that new ones need no new start.

use std::sync::Arc;

use door::Tls;
use gate::{Issuers, KeySource};

use crate::compose::issuer;
use crate::config::IssuerConfig;

/// What can be read again.
#[derive(Debug, Clone)]
pub struct Reload {
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) issuers: Arc<Issuers>,
    pub(crate) configured: Vec<IssuerConfig>,
}

impl Reload {
    /// Reads certificates and key sets again. What cannot be used is told of, and what was in use before stays.
    pub async fn again(&self) {
        if let Some(Err(error)) = self.tls.as_ref().map(|tls| tls.reload()) {
            let error = &error as &dyn std::error::Error;
            tracing::error!(error, "the certificates cannot be read again; those in use stay");
        }
        for configured in &self.configured {
            match issuer(configured) {
                Ok(read) => {
                    if let KeySource::Given(keys) = &read.keys {
                        self.issuers.replace_keys(&read.issuer, keys);
                    }
                }
                Err(error) => {
                    let (issuer, error) = (&configured.issuer, error.as_ref() as &dyn std::error::Error);
                    tracing::error!(issuer, error, "the keys of an issuer cannot be read again; those in use stay");
                }
            }
        }
        self.issuers.learn_again().await;
        tracing::info!("certificates and key sets were read again");
    }
}
