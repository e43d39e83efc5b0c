//! Bearer tokens: JWTs (RFC 7519) of configured issuers. The issuer decides whom a token can speak for, never a claim.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::ids::{AgencyId, PersonId, SignInId, StaffId};
use domain::staff::Identity;
use domain::vocabulary::{SignedIn, Worker};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyOperations, PublicKeyUse};
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

/// Why a token was refused: for the operator; its bearer is told only that it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The issuer, if it is one that is configured; else `unknown`.
    pub issuer: String,
    /// What is wrong with the token.
    pub why: &'static str,
}

impl From<Refused> for Error {
    fn from(_: Refused) -> Self {
        Self::new(Reason::Unauthenticated, "the bearer token is not valid; get a new one from your issuer")
    }
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
    /// Seconds since 1970; may have a fraction (RFC 7519, section 2).
    exp: f64,
}

#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

struct Trusted {
    keys: Vec<Key>,
    validation: Validation,
    binding: Binding,
}

/// A key that verifies.
struct Key {
    id: Option<String>,
    key: DecodingKey,
    /// What it verifies: only what it says, when it says so.
    algorithms: Vec<Algorithm>,
}

impl Key {
    /// The key, if it is there to verify what is accepted here.
    fn of(jwk: &Jwk) -> Option<Self> {
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

/// The trusted issuers.
pub struct Issuers {
    pseudonyms: Arc<Pseudonyms>,
    trusted: HashMap<String, Trusted>,
    /// By the SHA-256 of a token that was verified: who it is, and until when.
    verified: Mutex<HashMap<[u8; 32], (Caller, f64)>>,
}

impl std::fmt::Debug for Issuers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuers").field("issuers", &self.trusted.keys()).finish_non_exhaustive()
    }
}

impl Issuers {
    /// Trusts these issuers. Whoever signs in with one is known by pseudonym.
    ///
    /// A key that cannot be used is passed over, with a warning; an issuer without any admits nobody, and stops nobody else.
    ///
    /// # Errors
    /// When an issuer is named twice.
    pub fn new(issuers: Vec<Issuer>, pseudonyms: Pseudonyms) -> Result<Self, IssuerError> {
        let pseudonyms = Arc::new(pseudonyms);
        let mut trusted = HashMap::new();
        for Issuer { issuer, audience, keys, binding } in issuers {
            let usable: Vec<_> = keys.keys.iter().filter_map(Key::of).collect();
            if usable.len() < keys.keys.len() || usable.is_empty() {
                let (usable, all) = (usable.len(), keys.keys.len());
                tracing::warn!(issuer, usable, all, "not every key of an issuer can be used");
            }
            let keys = usable;
            let mut validation = Validation::new(Algorithm::ES256);
            validation.algorithms = ALGORITHMS.to_vec();
            validation.leeway = LEEWAY;
            validation.validate_nbf = true;
            validation.set_issuer(&[&issuer]);
            validation.set_audience(&[&audience]);
            validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
            if trusted.insert(issuer.clone(), Trusted { keys, validation, binding }).is_some() {
                return Err(IssuerError { issuer, problem: "it is configured twice" });
            }
        }
        Ok(Self { pseudonyms, trusted, verified: Mutex::default() })
    }

    /// Who presents this token.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn verify(&self, token: &str) -> Result<Caller, Refused> {
        let unknown = |why| Refused { issuer: "unknown".to_owned(), why };
        if token.len() > TOKEN_LIMIT {
            return Err(unknown("too long"));
        }
        let hash: [u8; 32] = Sha256::digest(token).into();
        if let Some(caller) = self.remembered(&hash) {
            return Ok(caller);
        }
        // The issuer is read unverified only to choose the keys to verify it with.
        let unverified: Unverified = jsonwebtoken::dangerous::insecure_decode_claims(token)
            .map_err(|_cause| unknown("not a token of an issuer"))?;
        let trusted = self.trusted.get(&unverified.iss).ok_or_else(|| unknown("an issuer that is not trusted"))?;
        let refused = |why| Refused { issuer: unverified.iss.clone(), why };
        let claims = trusted.verify(token).map_err(refused)?;
        let caller = match trusted.binding {
            Binding::Agency(agency) => {
                let sign_in = self.pseudonym(agency, &unverified.iss, &claims.sub);
                // Whose it is, the log says; nobody has the sign-in's own id.
                Caller::Worker(SignedIn::new(Worker::new(agency, StaffId(sign_in.0)), sign_in))
            }
            Binding::People => {
                let id = Uuid::try_parse(&claims.sub).map_err(|_cause| refused("a subject that is no person's id"))?;
                Caller::Person(PersonId(id))
            }
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

    fn remember(&self, hash: [u8; 32], caller: Caller, exp: f64) {
        let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.insert(hash, (caller, exp));
    }
}

impl Trusted {
    fn verify(&self, token: &str) -> Result<Claims, &'static str> {
        let header = jsonwebtoken::decode_header(token).map_err(|_cause| "a header that cannot be read")?;
        // What it says must be understood is not understood here, whatever it is (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return Err("a critical extension");
        }
        let mut why = "a key that the issuer does not publish";
        for Key { key, algorithms, .. } in self.keys.iter().filter(|key| header.kid.is_none() || key.id == header.kid) {
            let mut validation = self.validation.clone();
            validation.algorithms.clone_from(algorithms);
            match jsonwebtoken::decode::<Claims>(token, key, &validation) {
                Ok(data) => return Ok(data.claims),
                Err(cause) => why = reason(&cause),
            }
        }
        Err(why)
    }
}

/// What is wrong with a token, without anything that it says.
fn reason(cause: &jsonwebtoken::errors::Error) -> &'static str {
    #[allow(clippy::wildcard_enum_match_arm, reason = "whatever else is wrong is one thing to the operator")]
    match cause.kind() {
        ErrorKind::InvalidSignature => "a signature that does not verify",
        ErrorKind::InvalidAlgorithm => "an algorithm that is not the key's",
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it does not hold yet",
        ErrorKind::InvalidAudience => "another audience",
        ErrorKind::MissingRequiredClaim(_) => "a claim is missing",
        _ => "malformed claims",
    }
}

fn seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

#[cfg(test)]
mod tests;
