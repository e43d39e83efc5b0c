//! Signing in with OpenID Connect 1.0: the code flow, with PKCE (RFC 7636, S256), a nonce, and a client that proves itself by a signed assertion
//! (`private_key_jwt`, RFC 7523). What comes back is taken only as the provider's keys sign it.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::Mutex;
use url::Url;
use uuid::Uuid;

use crate::at;
use crate::session::OnTheWay;

/// What a provider may sign with.
const ALGORITHMS: [Algorithm; 4] = [Algorithm::RS256, Algorithm::RS384, Algorithm::ES256, Algorithm::ES384];
/// How long what a provider says of itself, and its keys, are believed; a key that is not among them is looked for sooner.
const BELIEVED: Duration = Duration::from_secs(60 * 60);
/// How long they are while it does not answer.
const STILL_BELIEVED: Duration = Duration::from_secs(24 * 60 * 60);
/// How long between two looks for keys.
const LOOK_AGAIN: Duration = Duration::from_secs(10);
/// How long it may take to answer.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// How long an assertion of ours is good, in seconds.
const ASSERTED: u64 = 60;
/// By how many seconds clocks may differ.
const LEEWAY: u64 = 60;
/// The largest answer that is read, in bytes.
const ANSWER_BYTES: usize = 256 << 10;

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It is out of reach, or answers with an error.
    #[error("the identity provider does not answer as it should")]
    Away(#[source] reqwest::Error),
    /// It did not answer a moment ago.
    #[error("the identity provider did not answer a moment ago")]
    StillAway,
    /// It says something of itself that is not so, or not what is needed.
    #[error("the identity provider's `{0}` is not what it must be")]
    Wrong(&'static str),
    /// What came back is not good: a code that was used, a token that is somebody else's.
    #[error("what came back from signing in is not good")]
    Refused,
    /// Our own key cannot be used.
    #[error("the client's key cannot be used")]
    Key(#[from] jsonwebtoken::errors::Error),
}

impl From<reqwest::Error> for ProviderError {
    fn from(error: reqwest::Error) -> Self {
        Self::Away(error)
    }
}

/// What a provider says of itself (OpenID Connect Discovery 1.0).
#[derive(Debug, Clone, Deserialize)]
struct Discovered {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
}

#[derive(Debug, Clone)]
struct Known {
    discovered: Arc<Discovered>,
    keys: Arc<JwkSet>,
    since: Instant,
}

/// What is known of it, and when it was last asked.
#[derive(Default)]
struct Kept {
    known: Option<Known>,
    asked: Option<Instant>,
}

/// An identity provider of people.
pub struct Provider {
    issuer: String,
    client_id: String,
    key: EncodingKey,
    algorithm: Algorithm,
    http: reqwest::Client,
    /// What follows from the client's key: all servers have it, and nobody else.
    own_key: [u8; 32],
    kept: Mutex<Kept>,
}

impl std::fmt::Debug for Provider {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Provider").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

#[derive(Debug, Deserialize)]
struct Tokens {
    id_token: String,
}

#[derive(Debug, Deserialize)]
struct Claims {
    sub: String,
    nonce: Option<String>,
    azp: Option<String>,
    auth_time: Option<u64>,
}

impl Provider {
    /// The provider that calls itself `issuer`, of which we are the client with this id and key: a private key in PEM, of P-256 or RSA.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub fn new(issuer: String, client_id: String, key: &[u8]) -> Result<Self, ProviderError> {
        let own_key =
            Sha256::new().chain_update(b"alongside portal on the way").chain_update(key.trim_ascii()).finalize().into();
        let (key, algorithm) = match EncodingKey::from_ec_pem(key) {
            Ok(key) => (key, Algorithm::ES256),
            Err(_) => (EncodingKey::from_rsa_pem(key)?, Algorithm::RS256),
        };
        let http =
            reqwest::Client::builder().timeout(ANSWER_LIMIT).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { issuer, client_id, key, algorithm, http, own_key, kept: Mutex::default() })
    }

    /// A key that all servers have of this client, and nobody else.
    pub(super) fn own_key(&self) -> [u8; 32] {
        self.own_key
    }

    /// What it is called in its tokens.
    pub(super) fn issuer(&self) -> &str {
        &self.issuer
    }

    /// What it says of itself, and its keys: as they are known, or as they are now. While it does not answer, what is known is good for a while, and it is
    /// not asked again at once.
    async fn known(&self, at_most: Duration) -> Result<Known, ProviderError> {
        let mut kept = self.kept.lock().await;
        if let Some(known) = kept.known.as_ref().filter(|known| known.since.elapsed() < at_most) {
            return Ok(known.clone());
        }
        let old = kept.known.clone().filter(|known| known.since.elapsed() < STILL_BELIEVED);
        if kept.asked.is_some_and(|at| at.elapsed() < LOOK_AGAIN) {
            return old.ok_or(ProviderError::StillAway);
        }
        // First, so that whoever goes away meanwhile leaves it to nobody to ask again at once.
        kept.asked = Some(Instant::now());
        let asked = self.discover().await;
        match (asked, old) {
            (Ok(now), _) => Ok(kept.known.insert(now).clone()),
            (Err(error), Some(old)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "an identity provider does not say its keys");
                Ok(old)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// What it says of itself now.
    async fn discover(&self) -> Result<Known, ProviderError> {
        let well_known = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let discovered: Discovered = self.read(self.http.get(well_known)).await?;
        if discovered.issuer != self.issuer {
            return Err(ProviderError::Wrong("issuer"));
        }
        let keys: JwkSet = self.read(self.http.get(discovered.jwks_uri.clone())).await?;
        Ok(Known { discovered: Arc::new(discovered), keys: Arc::new(keys), since: Instant::now() })
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, request: reqwest::RequestBuilder) -> Result<T, ProviderError> {
        let mut answer = request.send().await?.error_for_status()?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            body.extend_from_slice(&chunk);
            if body.len() > ANSWER_BYTES {
                return Err(ProviderError::Wrong("answer"));
            }
        }
        serde_json::from_slice(&body).map_err(|_cause| ProviderError::Wrong("answer"))
    }

    /// Where somebody goes to sign in.
    pub(super) async fn authorize(&self, address: &Url, on_the_way: &OnTheWay) -> Result<String, ProviderError> {
        let mut to = self.known(BELIEVED).await?.discovered.authorization_endpoint.clone();
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(on_the_way.verifier()));
        to.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("scope", "openid")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &redirect(address))
            .append_pair("state", &on_the_way.state())
            .append_pair("nonce", &on_the_way.nonce())
            // Whoever holds the browser after somebody signed out signs in themselves.
            .append_pair("prompt", "login")
            .append_pair("max_age", "0")
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(to.into())
    }

    /// Takes what somebody brought back for who they are: their token, and its subject.
    pub(super) async fn exchange(
        &self,
        address: &Url,
        code: &str,
        on_the_way: &OnTheWay,
    ) -> Result<(String, String), ProviderError> {
        let known = self.known(BELIEVED).await?;
        let assertion = self.assertion(&known.discovered)?;
        let redirect = redirect(address);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect),
            ("code_verifier", &on_the_way.verifier()),
            ("client_id", &self.client_id),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let post = self.http.post(known.discovered.token_endpoint.clone());
        let post = post.header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body);
        let tokens: Tokens = self.read(post).await.map_err(|error| match error {
            // The code was used, or is nobody's.
            ProviderError::Away(error) if error.status() == Some(http::StatusCode::BAD_REQUEST) => {
                ProviderError::Refused
            }
            ProviderError::Away(_)
            | ProviderError::StillAway
            | ProviderError::Wrong(_)
            | ProviderError::Refused
            | ProviderError::Key(_) => error,
        })?;
        let claims = self.verified(&tokens.id_token, known).await?;
        let is_ours = claims.azp.is_none_or(|azp| azp == self.client_id);
        if !is_ours || claims.nonce.as_deref() != Some(&on_the_way.nonce()) {
            return Err(ProviderError::Refused);
        }
        // With `max_age` it says when (OpenID Connect Core 1.0, 3.1.2.1).
        let signed_in_at = claims.auth_time.ok_or(ProviderError::Wrong("auth_time"))?;
        if signed_in_at.saturating_add(LEEWAY) < on_the_way.began {
            return Err(ProviderError::Refused);
        }
        Ok((tokens.id_token, claims.sub))
    }

    /// What proves to the provider that it is we who ask.
    fn assertion(&self, discovered: &Discovered) -> Result<String, ProviderError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = json!({
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": [discovered.issuer.as_str(), discovered.token_endpoint.as_str()],
            "jti": Uuid::now_v7().to_string(),
            "iat": now,
            "exp": now + ASSERTED,
        });
        Ok(jsonwebtoken::encode(&Header::new(self.algorithm), &claims, &self.key)?)
    }

    /// What a token says, if one of the provider's keys signed it for us, and its time is not over.
    async fn verified(&self, token: &str, known: Known) -> Result<Claims, ProviderError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_cause| ProviderError::Refused)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(ProviderError::Refused);
        }
        let key = match key(&known.keys, header.kid.as_deref()) {
            Some(key) => Some(key),
            // It may be a new one.
            None => key(&self.known(LOOK_AGAIN).await?.keys, header.kid.as_deref()),
        };
        let key = key.ok_or(ProviderError::Refused)?;
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.client_id]);
        validation.set_required_spec_claims(&["iss", "aud", "sub", "exp"]);
        let read = jsonwebtoken::decode::<Claims>(token, &key, &validation);
        read.map(|data| data.claims).map_err(|_cause| ProviderError::Refused)
    }
}

/// The key with this id; the only one, where a token names none.
fn key(keys: &JwkSet, id: Option<&str>) -> Option<DecodingKey> {
    let found = match id {
        Some(id) => keys.find(id),
        None => keys.keys.first().filter(|_| keys.keys.len() == 1),
    };
    found.and_then(|jwk| DecodingKey::from_jwk(jwk).ok())
}

/// Where somebody comes back to.
fn redirect(address: &Url) -> String {
    format!("{}{}", address.origin().ascii_serialization(), at::BACK)
}
