//! Fetches what an issuer publishes: its configuration (OpenID Connect Discovery 1.0, section 4), and the keys that it names.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use reqwest::header::CACHE_CONTROL;
use reqwest::{Client, Response, Url};
use serde::Deserialize;

use super::keys::read_keys;

/// How long an answer may take.
const LIMIT: Duration = Duration::from_secs(5);
/// The longest document that is read, in bytes.
const DOCUMENT_LIMIT: usize = 256 << 10;
/// For how long keys are used when the issuer does not say, and at least and at most when it does.
const FRESH: Duration = Duration::from_secs(600);
const FRESH_AT_LEAST: Duration = Duration::from_secs(60);
const FRESH_AT_MOST: Duration = Duration::from_secs(24 * 3_600);

/// Why an issuer's keys are not known.
#[derive(Debug, thiserror::Error)]
pub(super) enum DiscoveryError {
    #[error("the issuer does not answer")]
    Unanswered(#[from] reqwest::Error),
    #[error("the document is too long")]
    TooLong,
    #[error("the document is not what it should be")]
    Malformed(#[from] serde_json::Error),
    #[error("the configuration is another issuer's")]
    AnotherIssuer,
    #[error("the keys are not at an address that nobody on the way can change")]
    UnsafeAddress,
}

#[derive(Deserialize)]
struct Configuration {
    issuer: String,
    jwks_uri: String,
}

/// What fetches: follows nobody elsewhere, and waits for nobody long.
///
/// # Errors
/// When this machine has no means for it.
pub(super) fn client() -> Result<Client, reqwest::Error> {
    Client::builder().timeout(LIMIT).redirect(reqwest::redirect::Policy::none()).build()
}

/// The keys of an issuer, and for how long they may be used.
pub(super) async fn fetch(issuer: &str, client: &Client) -> Result<(JwkSet, Duration), DiscoveryError> {
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let response = client.get(address).send().await?.error_for_status()?;
    let configuration: Configuration = serde_json::from_slice(&document(response).await?)?;
    // Section 4.3: it must be exactly the one that was asked for.
    if configuration.issuer != issuer {
        return Err(DiscoveryError::AnotherIssuer);
    }
    let keys: Url = configuration.jwks_uri.parse().map_err(|_cause| DiscoveryError::UnsafeAddress)?;
    if keys.scheme() != "https" && issuer.starts_with("https") {
        return Err(DiscoveryError::UnsafeAddress);
    }
    let response = client.get(keys).send().await?.error_for_status()?;
    let fresh = fresh_for(response.headers().get(CACHE_CONTROL).and_then(|value| value.to_str().ok()));
    let text = document(response).await?;
    Ok((read_keys(&String::from_utf8_lossy(&text))?, fresh))
}

async fn document(mut response: Response) -> Result<Vec<u8>, DiscoveryError> {
    let mut document = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if document.len() + chunk.len() > DOCUMENT_LIMIT {
            return Err(DiscoveryError::TooLong);
        }
        document.extend_from_slice(&chunk);
    }
    Ok(document)
}

/// What a `cache-control` header says (RFC 9111, section 5.2.2.1), within bounds.
fn fresh_for(cache_control: Option<&str>) -> Duration {
    let directives = cache_control.unwrap_or_default().split(',').map(str::trim);
    let says = directives.filter_map(|directive| directive.strip_prefix("max-age=")?.parse().ok()).next();
    says.map_or(FRESH, Duration::from_secs).clamp(FRESH_AT_LEAST, FRESH_AT_MOST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_used_for_as_long_as_their_issuer_says_within_bounds() {
        assert_eq!(fresh_for(None), FRESH);
        assert_eq!(fresh_for(Some("public, max-age=3600")), Duration::from_secs(3_600));
        assert_eq!(fresh_for(Some("max-age=0")), FRESH_AT_LEAST);
        assert_eq!(fresh_for(Some("max-age=99999999")), FRESH_AT_MOST);
        assert_eq!(fresh_for(Some("no-store")), FRESH);
    }
}
