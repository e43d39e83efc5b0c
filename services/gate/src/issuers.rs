//! Bearer tokens: JWTs (RFC 7519) of configured issuers. The issuer decides whom a token can speak for, never a claim.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::ids::{AgencyId, PersonId, SignInId, StaffId};
use domain::staff::Identity;
use domain::vocabulary::{SignedIn, Worker};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use rpc::{Error, Reason};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use vault::Pseudonyms;

use crate::Caller;

/// Whom the tokens of an issuer speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// Workers of this agency; `iss` and `sub` together are what they joined with.
    Agency(AgencyId),
    /// People; `sub` is the person's id.
    People,
    /// Those who run the system.
    Operators,
}

/// An issuer that is trusted.
#[derive(Debug, Clone)]
pub struct Issuer {
    /// Its `iss`.
    pub issuer: String,
    /// The `aud` that its tokens carry for this system.
    pub audience: String,
    /// Its public keys, as a JSON Web Key Set.
    pub keys: JwkSet,
    /// Whom its tokens speak for.
    pub binding: Binding,
}

/// An issuer's configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("issuer `{issuer}`: {problem}")]
pub struct IssuerError {
    issuer: String,
    problem: &'static str,
}

/// Signatures that are accepted. No symmetric ones: a verifier must not be able to sign.
const ALGORITHMS: [Algorithm; 4] = [Algorithm::ES256, Algorithm::ES384, Algorithm::RS256, Algorithm::RS384];
/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 30;
/// Verified tokens to remember. All are dropped when there are more.
const REMEMBERED: usize = 20_000;
/// The longest token that is read, in bytes.
const TOKEN_LIMIT: usize = 8_192;

#[derive(Deserialize)]
struct Claims {
    sub: String,
    exp: u64,
}

#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

struct Trusted {
    keys: Vec<(Option<String>, DecodingKey)>,
    validation: Validation,
    binding: Binding,
}

/// The trusted issuers.
pub struct Issuers {
    pseudonyms: Arc<Pseudonyms>,
    trusted: HashMap<String, Trusted>,
    /// By the SHA-256 of a token that was verified: who it is, and until when.
    verified: Mutex<HashMap<[u8; 32], (Caller, u64)>>,
}

impl std::fmt::Debug for Issuers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuers").field("issuers", &self.trusted.keys()).finish_non_exhaustive()
    }
}

impl Issuers {
    /// Trusts these issuers. Whoever signs in with one is known by pseudonym.
    ///
    /// # Errors
    /// When an issuer is named twice, or has no usable key.
    pub fn new(issuers: Vec<Issuer>, pseudonyms: Pseudonyms) -> Result<Self, IssuerError> {
        let pseudonyms = Arc::new(pseudonyms);
        let mut trusted = HashMap::new();
        for Issuer { issuer, audience, keys, binding } in issuers {
            let problem = |problem| IssuerError { issuer: issuer.clone(), problem };
            let decoded: Result<Vec<_>, _> = keys
                .keys
                .iter()
                .map(|jwk| DecodingKey::from_jwk(jwk).map(|key| (jwk.common.key_id.clone(), key)))
                .collect();
            let keys = decoded.map_err(|_cause| problem("a key of its key set cannot be used"))?;
            if keys.is_empty() {
                return Err(problem("it has no keys"));
            }
            let mut validation = Validation::new(Algorithm::ES256);
            validation.algorithms = ALGORITHMS.to_vec();
            validation.leeway = LEEWAY;
            validation.validate_nbf = true;
            validation.set_issuer(&[&issuer]);
            validation.set_audience(&[&audience]);
            validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
            if trusted.insert(issuer.clone(), Trusted { keys, validation, binding }).is_some() {
                return Err(problem("it is configured twice"));
            }
        }
        Ok(Self { pseudonyms, trusted, verified: Mutex::default() })
    }

    /// Who presents this token.
    ///
    /// # Errors
    /// `UNAUTHENTICATED`, without saying what is wrong with it.
    pub fn verify(&self, token: &str) -> Result<Caller, Error> {
        let invalid =
            || Error::new(Reason::Unauthenticated, "the bearer token is not valid; get a new one from your issuer");
        if token.len() > TOKEN_LIMIT {
            return Err(invalid());
        }
        let hash: [u8; 32] = Sha256::digest(token).into();
        if let Some(caller) = self.remembered(&hash) {
            return Ok(caller);
        }
        // The issuer is read unverified only to choose the keys to verify it with.
        let unverified: Unverified =
            jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_cause| invalid())?;
        let trusted = self.trusted.get(&unverified.iss).ok_or_else(invalid)?;
        let claims = trusted.verify(token).ok_or_else(invalid)?;
        let caller = match trusted.binding {
            Binding::Agency(agency) => {
                let sign_in = self.pseudonym(agency, &unverified.iss, &claims.sub);
                // Whose it is, the log says; nobody has the sign-in's own id.
                Caller::Worker(SignedIn::new(Worker::new(agency, StaffId(sign_in.0)), sign_in))
            }
            Binding::People => Caller::Person(PersonId(Uuid::try_parse(&claims.sub).map_err(|_cause| invalid())?)),
            Binding::Operators => Caller::Operator,
        };
        self.remember(hash, caller, claims.exp);
        Ok(caller)
    }

    /// What pseudonyms are made with.
    pub(crate) fn pseudonyms(&self) -> Arc<Pseudonyms> {
        self.pseudonyms.clone()
    }

    /// What a subject of an agency's issuer signs in with.
    ///
    /// # Errors
    /// When the issuer is not trusted for this agency: nobody could sign in with it.
    pub fn identity(&self, agency: AgencyId, issuer: String, subject: String) -> Result<Identity, Error> {
        if self.trusted.get(&issuer).is_none_or(|trusted| trusted.binding != Binding::Agency(agency)) {
            return Err(Error::invalid("issuer", "must be one that is configured for this agency; see `[[issuers]]`"));
        }
        let sign_in = self.pseudonym(agency, &issuer, &subject);
        Ok(Identity { issuer, subject, sign_in })
    }

    fn pseudonym(&self, agency: AgencyId, issuer: &str, subject: &str) -> SignInId {
        SignInId(self.pseudonyms.of("sign-in", &[agency.0.as_bytes(), issuer.as_bytes(), subject.as_bytes()]))
    }

    fn remembered(&self, hash: &[u8; 32]) -> Option<Caller> {
        let verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        verified.get(hash).filter(|(_, exp)| *exp > seconds()).map(|(caller, _)| *caller)
    }

    fn remember(&self, hash: [u8; 32], caller: Caller, exp: u64) {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.insert(hash, (caller, exp));
    }
}

impl Trusted {
    fn verify(&self, token: &str) -> Option<Claims> {
        let wanted = jsonwebtoken::decode_header(token).ok()?;
        let candidates = self.keys.iter().filter(|(id, _)| wanted.kid.is_none() || *id == wanted.kid);
        for (_, key) in candidates {
            let mut validation = self.validation.clone();
            // A validation must name algorithms of the key's own family only.
            validation.algorithms.retain(|algorithm| algorithm.family() == key.family());
            if let Ok(data) = jsonwebtoken::decode::<Claims>(token, key, &validation) {
                return Some(data.claims);
            }
        }
        None
    }
}

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests;
