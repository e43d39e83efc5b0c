//! Bearer tokens: JWTs (RFC 7519) of trusted issuers. The issuer decides whom a token can speak for, never a claim.

mod discovery;
mod keys;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::ids::{AgencyId, IdentityId, PersonId, SignInId, StaffId};
use domain::issuers::{Only, Register, Trust};
use domain::operations::OPERATORS;
use domain::staff::Identity;
use domain::vocabulary::{SignedIn, Worker};
use engine::{Engine, EngineError, Freshness};
use futures::StreamExt as _;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, Validation};
use quick_cache::sync::Cache;
use rpc::{Error, Reason};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::Pseudonyms;

use crate::Caller;
use crate::bearer::{Bearer, Confirmation, ScopeClaim, Scopes};
use keys::{ALGORITHMS, Key, Keys, usable};
pub use keys::{KeySource, read_keys};

/// Whom the tokens of an issuer speak for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// Workers of this agency; `iss` and `sub` together are what they joined with.
    Agency(AgencyId),
    /// People, each of whom has claimed their place with what they sign in with (`iss` and `sub`).
    People,
    /// People, for an issuer that knows them by their ids: `sub` is the person's.
    PeopleById,
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
    /// Its public keys.
    pub keys: KeySource,
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

/// How often to look which issuers agencies have.
const REFRESH: Duration = Duration::from_millis(400);
/// For how long what was found is believed. A change is acknowledged only after so long, so that it holds on every server by then.
const BELIEVED: Duration = Duration::from_millis(1_500);
/// How far clocks may differ, in seconds.
const LEEWAY: u64 = 30;
/// Verified tokens to remember: those that are used least are forgotten first.
const REMEMBERED: usize = 20_000;
/// Issuers that are asked for their keys at a time.
const ASKED_AT_ONCE: usize = 8;
/// The longest token that is read, in bytes.
const TOKEN_LIMIT: usize = 8_192;

#[derive(Deserialize)]
struct Claims {
    sub: String,
    /// Seconds since 1970; may have a fraction (RFC 7519, section 2).
    exp: f64,
    /// What it is bound to.
    cnf: Option<Confirmation>,
    /// What it may be used for.
    scope: Option<ScopeClaim>,
}

#[derive(Deserialize)]
struct Unverified {
    iss: String,
}

/// An issuer that is trusted now.
pub(crate) struct Trusted {
    issuer: String,
    audience: String,
    keys: Keys,
    validation: Validation,
    binding: Binding,
}

impl Trusted {
    fn new(issuer: String, audience: String, keys: Keys, binding: Binding) -> Self {
        let mut validation = Validation::new(Algorithm::ES256);
        validation.algorithms = ALGORITHMS.to_vec();
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&issuer]);
        validation.set_audience(&[&audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self { issuer, audience, keys, validation, binding }
    }
}

/// A token that was verified: whose it is, until when, and by which keys.
#[derive(Clone)]
struct Verified {
    bearer: Bearer,
    exp: f64,
    by: Arc<Trusted>,
    keys: Arc<[Key]>,
}

/// Why a token does not tell who calls.
pub(crate) enum Turned {
    /// It is refused.
    Away(Refused),
    /// Its issuer has to be asked for its keys first.
    Back(Arc<Trusted>),
    /// Its issuer cannot be asked, or whether it is still trusted cannot: nothing is wrong with the token.
    Later,
}

/// The trusted issuers: those of the configuration, and those that agencies have in the log.
pub struct Issuers {
    pseudonyms: Arc<Pseudonyms>,
    client: reqwest::Client,
    configured: HashMap<String, Arc<Trusted>>,
    registered: RwLock<Registered>,
    /// By the SHA-256 of a token.
    verified: Cache<[u8; 32], Verified>,
}

/// The issuers of agencies, as the log had them.
#[derive(Default)]
struct Registered {
    trusted: HashMap<String, Arc<Trusted>>,
    /// The moment that this is true of.
    asked: Option<Instant>,
}

impl std::fmt::Debug for Issuers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Issuers").field("configured", &self.configured.keys()).finish_non_exhaustive()
    }
}

impl Issuers {
    /// Trusts these issuers, and those that [`Issuers::follow`] finds in the log. Whoever signs in with one is known by pseudonym.
    ///
    /// A key that cannot be used is passed over, with a warning; an issuer without any admits nobody, and stops nobody else.
    ///
    /// # Errors
    /// When an issuer is named twice, or this machine has no means to fetch keys.
    pub fn new(issuers: Vec<Issuer>, pseudonyms: Pseudonyms) -> Result<Self, IssuerError> {
        let (pseudonyms, mut configured) = (Arc::new(pseudonyms), HashMap::new());
        for Issuer { issuer, audience, keys, binding } in issuers {
            let keys = match keys {
                KeySource::Given(keys) => Keys::given(usable(&issuer, &keys)),
                KeySource::Published => Keys::published(),
            };
            let trusted = Arc::new(Trusted::new(issuer.clone(), audience, keys, binding));
            if configured.insert(issuer.clone(), trusted).is_some() {
                return Err(IssuerError { issuer, problem: "it is configured twice" });
            }
        }
        let unable = |_cause| IssuerError { issuer: String::new(), problem: "keys cannot be fetched on this machine" };
        let client = discovery::client().map_err(unable)?;
        Ok(Self { pseudonyms, client, configured, registered: RwLock::default(), verified: Cache::new(REMEMBERED) })
    }

    /// Learns again and again which issuers agencies have, until told to stop.
    pub async fn follow(self: Arc<Self>, engine: Engine, stop: CancellationToken) {
        loop {
            if let Err(error) = self.refresh(&engine).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, "the issuers of agencies could not be read; they are asked for again");
            }
            tokio::select! {
                () = tokio::time::sleep(REFRESH) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// Learns which issuers agencies have now.
    ///
    /// # Errors
    /// When the log or the key store fails.
    pub async fn refresh(&self, engine: &Engine) -> Result<(), EngineError> {
        // What is read is at least as new as this moment.
        let asked = Instant::now();
        let register = engine.load::<Register>(Only, Freshness::Latest).await?;
        let mut registered = self.registered.write().unwrap_or_else(PoisonError::into_inner);
        if registered.asked.is_some_and(|known| known > asked) {
            return Ok(());
        }
        let same = |known: &&Arc<Trusted>, trust: &Trust| {
            known.binding == Binding::Agency(trust.agency) && known.audience == trust.audience
        };
        let trusted = register.trusted().iter().map(|(issuer, trust)| {
            let known = registered.trusted.get(issuer).filter(|known| same(known, trust)).cloned();
            let new = || {
                let binding = Binding::Agency(trust.agency);
                Arc::new(Trusted::new(issuer.clone(), trust.audience.clone(), Keys::published(), binding))
            };
            (issuer.clone(), known.unwrap_or_else(new))
        });
        let trusted = trusted.collect();
        *registered = Registered { trusted, asked: Some(asked) };
        Ok(())
    }

    /// How long after a change is durable every server knows of it, or trusts none of these issuers.
    #[must_use]
    pub fn known_everywhere_after() -> Duration {
        BELIEVED
    }

    /// Whether the configuration has an issuer of this name.
    #[must_use]
    pub fn is_configured(&self, issuer: &str) -> bool {
        self.configured.contains_key(issuer)
    }

    /// Whether an issuer is trusted now to speak for an agency; not so while that cannot be asked.
    #[must_use]
    pub fn speaks_for(&self, issuer: &str, agency: AgencyId) -> bool {
        matches!(self.trusted(issuer), Ok(Some(trusted)) if trusted.binding == Binding::Agency(agency))
    }

    /// The issuer, if it is trusted now.
    fn trusted(&self, issuer: &str) -> Result<Option<Arc<Trusted>>, Turned> {
        if let Some(configured) = self.configured.get(issuer) {
            return Ok(Some(configured.clone()));
        }
        let registered = self.registered.read().unwrap_or_else(PoisonError::into_inner);
        let Some(trusted) = registered.trusted.get(issuer) else { return Ok(None) };
        // Nobody is believed longer than it takes to hear that they are not any more.
        let believed = registered.asked.is_some_and(|asked| asked.elapsed() < BELIEVED);
        if believed { Ok(Some(trusted.clone())) } else { Err(Turned::Later) }
    }

    /// Asks an issuer for its keys.
    pub(crate) async fn learn(&self, issuer: &Trusted) {
        issuer.keys.learn(&issuer.issuer, &self.client).await;
    }

    /// The keys of an issuer of the configuration that came from a file, as it says now: whom only the old ones verify nobody believes any more.
    /// A set of which no key can be used changes nothing. Returns whether it was taken.
    pub fn replace_keys(&self, issuer: &str, keys: &JwkSet) -> bool {
        let usable = usable(issuer, keys);
        let taken = self.configured.get(issuer).filter(|_| !usable.is_empty());
        taken.map(|trusted| trusted.keys.replace(usable)).is_some()
    }

    /// Asks every issuer that publishes its keys, and has been asked before, once more. Of whoever does not answer the known ones stay until they are too old.
    pub async fn learn_again(&self) {
        let mut all: Vec<_> = self.configured.values().cloned().collect();
        all.extend(self.registered.read().unwrap_or_else(PoisonError::into_inner).trusted.values().cloned());
        all.retain(|trusted| trusted.keys.current().is_some());
        let asked = all.into_iter().map(|trusted| {
            let client = self.client.clone();
            async move { trusted.keys.learn_again(&trusted.issuer, &client).await }
        });
        futures::stream::iter(asked).buffer_unordered(ASKED_AT_ONCE).collect::<()>().await;
    }

    /// Who presents this token, as far as that can be told without asking anybody.
    pub(crate) fn verify(&self, token: &str) -> Result<Bearer, Turned> {
        let unknown = |why| Turned::Away(Refused { issuer: "unknown".to_owned(), why });
        if token.len() > TOKEN_LIMIT {
            return Err(unknown("too long"));
        }
        let hash: [u8; 32] = Sha256::digest(token).into();
        if let Some(bearer) = self.remembered(&hash)? {
            return Ok(bearer);
        }
        // The issuer is read unverified only to choose the keys to verify it with.
        let unverified: Unverified = jsonwebtoken::dangerous::insecure_decode_claims(token)
            .map_err(|_cause| unknown("not a token of an issuer"))?;
        let trusted = self.trusted(&unverified.iss)?.ok_or_else(|| unknown("an issuer that is not trusted"))?;
        let (claims, keys) = trusted.verify(token)?;
        let bearer = self.bearer(&trusted, &claims)?;
        self.verified.insert(hash, Verified { bearer: bearer.clone(), exp: claims.exp, by: trusted, keys });
        Ok(bearer)
    }

    fn bearer(&self, trusted: &Trusted, claims: &Claims) -> Result<Bearer, Turned> {
        let bound = |cnf: &Confirmation| {
            cnf.certificate().ok_or_else(|| trusted.refused("it is bound to what is not known here"))
        };
        let certificate = claims.cnf.as_ref().map(bound).transpose()?;
        let scopes = claims.scope.as_ref().and_then(Scopes::of);
        let caller = self.caller(trusted, claims)?;
        let is_named = matches!(caller, Caller::Operator(_) | Caller::Visitor(_));
        let named = is_named.then(|| Arc::new((trusted.issuer.clone(), claims.sub.clone())));
        Ok(Bearer { caller, named, certificate, scopes })
    }

    fn caller(&self, trusted: &Trusted, claims: &Claims) -> Result<Caller, Turned> {
        Ok(match trusted.binding {
            Binding::Agency(agency) => {
                let sign_in = self.pseudonym(agency, &trusted.issuer, &claims.sub);
                // Whose it is, the log says; nobody has the sign-in's own id.
                Caller::Worker(SignedIn::new(Worker::new(agency, StaffId(sign_in.0)), sign_in))
            }
            Binding::People => {
                let parts = [trusted.issuer.as_bytes(), claims.sub.as_bytes()];
                Caller::Visitor(IdentityId(self.pseudonyms.of("identity", &parts)))
            }
            Binding::PeopleById => {
                let id = Uuid::try_parse(&claims.sub);
                Caller::Person(PersonId(id.map_err(|_cause| trusted.refused("a subject that is no person's id"))?))
            }
            Binding::Operators => Caller::Operator(self.pseudonym(OPERATORS, &trusted.issuer, &claims.sub)),
        })
    }

    /// What pseudonyms are made with.
    pub(crate) fn pseudonyms(&self) -> Arc<Pseudonyms> {
        self.pseudonyms.clone()
    }

    /// What a subject of an agency's issuer signs in with.
    ///
    /// # Errors
    /// When the issuer is not trusted for this agency: nobody could sign in with it. When which are cannot be asked.
    pub async fn identity(
        &self,
        engine: &Engine,
        agency: AgencyId,
        issuer: String,
        subject: String,
    ) -> Result<Identity, Error> {
        let of_agency = || match self.trusted(&issuer) {
            Ok(trusted) => trusted.is_some_and(|trusted| trusted.binding == Binding::Agency(agency)),
            Err(_) => false,
        };
        if !of_agency() {
            // It may have been registered a moment ago.
            self.refresh(engine).await?;
        }
        if !of_agency() {
            return Err(Error::invalid("issuer", "must be the one of this agency; `ChangeAgencyIssuer` sets it"));
        }
        let sign_in = self.pseudonym(agency, &issuer, &subject);
        Ok(Identity { issuer, subject, sign_in })
    }

    fn pseudonym(&self, of: AgencyId, issuer: &str, subject: &str) -> SignInId {
        SignInId(self.pseudonyms.of("sign-in", &[of.0.as_bytes(), issuer.as_bytes(), subject.as_bytes()]))
    }

    fn remembered(&self, hash: &[u8; 32]) -> Result<Option<Bearer>, Turned> {
        let known = self.verified.get(hash).filter(|known| known.exp > seconds());
        let Some(Verified { bearer, by, keys, .. }) = known else { return Ok(None) };
        let still = self.trusted(&by.issuer)?.is_some_and(|trusted| Arc::ptr_eq(&trusted, &by));
        // What one set of keys verified need not be verified by another.
        let holds = still && by.keys.current().is_some_and(|current| Arc::ptr_eq(&current, &keys));
        Ok(holds.then_some(bearer))
    }
}

impl Trusted {
    fn refused(&self, why: &'static str) -> Turned {
        Turned::Away(Refused { issuer: self.issuer.clone(), why })
    }

    /// What a token says, and the keys of which one has verified it.
    fn verify(self: &Arc<Self>, token: &str) -> Result<(Claims, Arc<[Key]>), Turned> {
        let header =
            jsonwebtoken::decode_header(token).map_err(|_cause| self.refused("a header that cannot be read"))?;
        // What it says must be understood is not understood here, whatever it is (RFC 7515, section 4.1.11).
        if header.crit.is_some() {
            return Err(self.refused("a critical extension"));
        }
        let Some(keys) = self.keys.current() else {
            return Err(if self.keys.can_be_learnt() { Turned::Back(self.clone()) } else { Turned::Later });
        };
        let mut why = None;
        for Key { key, algorithms, .. } in keys.iter().filter(|key| header.kid.is_none() || key.id == header.kid) {
            let mut validation = self.validation.clone();
            validation.algorithms.clone_from(algorithms);
            match jsonwebtoken::decode::<Claims>(token, key, &validation) {
                Ok(data) => return Ok((data.claims, keys.clone())),
                Err(cause) => why = Some(reason(&cause)),
            }
        }
        match why {
            // The issuer may have made a new key since it was asked.
            None if self.keys.can_be_learnt() => Err(Turned::Back(self.clone())),
            why => Err(self.refused(why.unwrap_or("a key that the issuer does not publish"))),
        }
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
