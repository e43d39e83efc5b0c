//! What is read again while a process runs: certificates and key sets, so that new ones need no new start.

use std::path::PathBuf;
use std::sync::Arc;

use door::Tls;
use gate::{Issuers, KeySource};

use crate::compose::issuer;
use crate::config::{IssuerConfig, ensure_private};

/// What can be read again.
#[derive(Debug, Clone)]
pub struct Reload {
    /// The certificates, and the file of the key.
    pub(crate) tls: Option<(Arc<Tls>, PathBuf)>,
    pub(crate) issuers: Arc<Issuers>,
    pub(crate) configured: Vec<IssuerConfig>,
}

impl Reload {
    /// Reads certificates and key sets again. What cannot be used is told of, and what was in use before stays.
    pub async fn again(&self) {
        let mut went_well = true;
        if let Some((tls, key)) = &self.tls
            && let Err(error) = ensure_private(key).and_then(|()| Ok(tls.reload()?))
        {
            went_well = false;
            let error = error.as_ref() as &dyn std::error::Error;
            tracing::error!(error, "the certificates cannot be read again; those in use stay");
        }
        for configured in &self.configured {
            match issuer(configured) {
                Ok(read) => {
                    if let KeySource::Given(keys) = &read.keys {
                        went_well &= self.issuers.replace_keys(&read.issuer, keys);
                    }
                }
                Err(error) => {
                    went_well = false;
                    let (issuer, error) = (&configured.issuer, error.as_ref() as &dyn std::error::Error);
                    tracing::error!(issuer, error, "the keys of an issuer cannot be read again; those in use stay");
                }
            }
        }
        self.issuers.learn_again().await;
        if went_well {
            tracing::info!("certificates and key sets were read again");
        }
    }
}
