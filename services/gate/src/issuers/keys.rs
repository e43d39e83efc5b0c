//! The keys of an issuer: those of a file, or those that it publishes.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jsonwebtoken::jwk::{Jwk, JwkSet, KeyOperations, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

use super::discovery;

/// Signatures that are accepted. No symmetric ones: a verifier must not be able to sign.
pub(super) const ALGORITHMS: [Algorithm; 4] = [Algorithm::ES256, Algorithm::ES384, Algorithm::RS256, Algorithm::RS384];
/// How long to wait after a try to learn an issuer's keys before the next.
const FLOOR: Duration = Duration::from_secs(5);

/// Where the keys of an issuer come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// They are given.
    Given(JwkSet),
    /// The issuer publishes them (OpenID Connect Discovery 1.0): they are fetched when they are needed, and again as they age.
    Published,
}

/// Reads a JSON Web Key Set. A key of a form that is not known here is passed over (RFC 7517, section 5): one such key in an
/// agency's set stops nobody.
///
/// # Errors
/// When it is no key set.
pub fn read_keys(text: &str) -> Result<JwkSet, serde_json::Error> {
    #[derive(Deserialize)]
    struct Keys {
        keys: Vec<serde_json::Value>,
    }
    let Keys { keys } = serde_json::from_str(text)?;
    let known = |key| {
        let read = serde_json::from_value(key);
        if read.is_err() {
            tracing::warn!("a key of an issuer's set has an unknown form and is passed over");
        }
        read.ok()
    };
    Ok(JwkSet { keys: keys.into_iter().filter_map(known).collect() })
}

/// A key that verifies.
pub(super) struct Key {
    pub(super) id: Option<String>,
    pub(super) key: DecodingKey,
    /// What it verifies: only what it says, when it says so.
    pub(super) algorithms: Vec<Algorithm>,
}

impl Key {
    /// The key, if it is there to verify what is accepted here.
    pub(super) fn of(jwk: &Jwk) -> Option<Self> {
        let common = &jwk.common;
        let verifies = common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
            && common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        let key = DecodingKey::from_jwk(jwk).ok().filter(|_| verifies)?;
        let says = common.key_algorithm.map(|algorithm| algorithm.to_string());
        let fits = |algorithm: &Algorithm| {
            algorithm.family() == key.family() && says.as_ref().is_none_or(|says| *says == format!("{algorithm:?}"))
        };
        let algorithms: Vec<_> = ALGORITHMS.into_iter().filter(fits).collect();
        if algorithms.is_empty() { None } else { Some(Self { id: common.key_id.clone(), key, algorithms }) }
    }
}

/// The keys that can be used of a set.
pub(super) fn usable(issuer: &str, keys: &JwkSet) -> Arc<[Key]> {
    let usable: Arc<[Key]> = keys.keys.iter().filter_map(Key::of).collect();
    if usable.len() < keys.keys.len() || usable.is_empty() {
        let (usable, all) = (usable.len(), keys.keys.len());
        tracing::warn!(issuer, usable, all, "not every key of an issuer can be used");
    }
    usable
}

/// The keys of an issuer, as they are known now.
pub(super) struct Keys {
    known: Mutex<Known>,
    /// Held by whoever fetches them: the others wait for what comes of it.
    fetching: tokio::sync::Mutex<()>,
}

struct Known {
    keys: Arc<[Key]>,
    /// Until when they may be used; none for those that are given.
    until: Option<Instant>,
    /// When they were fetched, or it was tried, last.
    tried: Option<Instant>,
}

impl Keys {
    pub(super) fn given(keys: Arc<[Key]>) -> Self {
        Self::known_until(keys, None)
    }

    /// None yet.
    pub(super) fn published() -> Self {
        Self::known_until(Arc::default(), Some(Instant::now()))
    }

    /// Those of a file, as it says now.
    pub(super) fn replace(&self, keys: Arc<[Key]>) {
        let mut known = self.known();
        if known.until.is_none() {
            known.keys = keys;
        }
    }

    /// Asks the issuer whatever was asked a moment ago, if it is one that is asked.
    pub(super) async fn learn_again(&self, issuer: &str, client: &reqwest::Client) {
        self.known().tried = None;
        self.learn(issuer, client).await;
    }

    fn known_until(keys: Arc<[Key]>, until: Option<Instant>) -> Self {
        Self { known: Mutex::new(Known { keys, until, tried: None }), fetching: tokio::sync::Mutex::default() }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Those that may be used now, others whenever the issuer has been asked again; none when they were never learnt, or have grown too old.
    pub(super) fn current(&self) -> Option<Arc<[Key]>> {
        let known = self.known();
        known.until.is_none_or(|until| Instant::now() < until).then(|| known.keys.clone())
    }

    /// Whether it is worth asking the issuer again.
    pub(super) fn can_be_learnt(&self) -> bool {
        let known = self.known();
        known.until.is_some() && known.tried.is_none_or(|tried| tried.elapsed() >= FLOOR)
    }

    /// Asks the issuer, unless somebody has just done so. What was known before is kept when that fails, until it is too old.
    pub(super) async fn learn(&self, issuer: &str, client: &reqwest::Client) {
        let _fetching = self.fetching.lock().await;
        if !self.can_be_learnt() {
            return;
        }
        self.known().tried = Some(Instant::now());
        match discovery::fetch(issuer, client).await {
            Ok((keys, fresh)) => {
                let keys = usable(issuer, &keys);
                let mut known = self.known();
                (known.keys, known.until) = (keys, Some(Instant::now() + fresh));
            }
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(issuer, error, "the keys of an issuer could not be fetched; it is asked again later");
            }
        }
    }
}
