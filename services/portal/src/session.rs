//! Who has signed in: what a page needs of that is kept on the server, sealed with a key that only their browser has.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::aead::{AES_256_GCM, Aad, RandomizedNonceKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::rand;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use client::Client;
use http::request::Parts as Request;
use http::{HeaderMap, HeaderValue, header};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use state::Sessions;
use uuid::Uuid;

use crate::fault::Fault;
use crate::turns::Turn;
use crate::{Parts, at};

/// After how long without a click somebody is signed out: a phone is put down, a library's computer left.
pub(crate) const IDLE: Duration = Duration::from_secs(15 * 60);
/// After how long they are in any case.
const MOST: Duration = Duration::from_secs(8 * 60 * 60);
/// How long somebody may take to sign in elsewhere and come back.
const ON_THE_WAY: Duration = Duration::from_secs(15 * 60);
/// By how much clocks may differ, in seconds.
const LEEWAY: u64 = 60;
/// How many bytes a secret has.
const SECRET: usize = 32;

/// What is kept of somebody who has signed in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    /// What they call the services with.
    pub(crate) token: String,
    /// Which session it is, for receipts: one is kept of all that somebody reads of their own record.
    pub(crate) id: Uuid,
    /// What every form must bring back.
    pub(crate) form: String,
    /// Whether it has its receipt: before that nothing is shown in it but where a code is typed in.
    pub(crate) arrived: bool,
    /// Whose it is, so that all of theirs can be ended.
    pub(crate) owner: [u8; 32],
    /// Since when, in microseconds since 1970, there is something new to tell: when they were here before.
    pub(crate) here_before: Option<i64>,
}

/// What somebody is to bring back who signs in elsewhere. All of it follows from what their browser keeps, and from a key that all servers have and no
/// browser: nothing is kept here of strangers.
#[derive(Clone)]
pub(crate) struct OnTheWay {
    secret: Secret,
    key: [u8; SECRET],
    /// When they went, in seconds since 1970: they sign in after that, and not on the strength of having done so before.
    pub(crate) began: u64,
}

impl OnTheWay {
    pub(crate) fn new(key: [u8; SECRET]) -> Result<Self, Fault> {
        Ok(Self { secret: Secret::new()?, key, began: now() })
    }

    /// What comes back beside the code: when they went, and what nobody can write for another time, not even whoever holds the browser.
    pub(crate) fn state(&self) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.key);
        let sealed = hmac::sign(&key, self.follows("state").as_bytes());
        format!("{}.{}", self.began, URL_SAFE_NO_PAD.encode(sealed))
    }

    pub(crate) fn nonce(&self) -> String {
        self.follows("nonce")
    }

    pub(crate) fn verifier(&self) -> String {
        self.follows("verifier")
    }

    fn follows(&self, of: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.secret.follows(format!("on the way {of} {}", self.began).as_bytes()))
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// What only a browser has.
#[derive(Clone)]
struct Secret([u8; SECRET]);

impl Secret {
    fn new() -> Result<Self, Fault> {
        let mut secret = [0; SECRET];
        rand::fill(&mut secret).map_err(|_cause| Fault::Failed("the operating system gives no random bytes"))?;
        Ok(Self(secret))
    }

    fn read(text: &str) -> Option<Self> {
        Some(Self(URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?))
    }

    fn written(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// Under what it is kept: nobody who reads that learns the secret.
    fn kept_under(&self) -> [u8; 32] {
        self.follows(b"kept under")
    }

    fn key(&self) -> Result<RandomizedNonceKey, Fault> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, &self.follows(b"sealed with"));
        key.map_err(|_cause| Fault::Failed("a key cannot be made"))
    }

    fn follows(&self, of: &[u8]) -> [u8; 32] {
        Sha256::new().chain_update(b"alongside portal ").chain_update(of).chain_update(self.0).finalize().into()
    }
}

/// Random letters that nobody guesses.
pub(crate) fn random() -> Result<String, Fault> {
    Ok(Secret::new()?.written())
}

/// Keeps sessions.
#[derive(Clone)]
pub(crate) struct Keeper {
    store: Arc<dyn Sessions>,
    /// Whether browsers reach it by TLS alone.
    secure: bool,
}

impl Keeper {
    pub(crate) fn new(store: Arc<dyn Sessions>, secure: bool) -> Self {
        Self { store, secure }
    }

    fn name(&self, of: &str) -> String {
        // A name with this prefix no other site can set, nor one without TLS.
        if self.secure { format!("__Host-{of}") } else { of.to_owned() }
    }

    /// A cookie that is gone after this time; without one, when the browser is closed.
    fn cookie(&self, of: &str, value: &str, age: Option<Duration>) -> HeaderValue {
        let secure = if self.secure { "; Secure" } else { "" };
        let age = age.map(|age| format!("; Max-Age={}", age.as_secs())).unwrap_or_default();
        let text = format!("{}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}", self.name(of));
        // Letters, figures and what stands in this function.
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
    }

    fn secret(&self, of: &str, headers: &HeaderMap) -> Option<Secret> {
        let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let name = self.name(of);
        pairs.find(|(known, _)| *known == name).and_then(|(_, value)| Secret::read(value))
    }

    /// Somebody has signed in: what their browser is to keep. Whoever had signed in there before is signed out.
    pub(crate) async fn begin(&self, session: &Session, headers: &HeaderMap) -> Result<HeaderValue, Fault> {
        if let Some(before) = self.secret(SIGNED_IN, headers) {
            self.store.end(before.kept_under()).await?;
        }
        let secret = Secret::new()?;
        let sealed = sealed(&secret, SIGNED_IN, session)?;
        self.store.keep(secret.kept_under(), session.owner, &sealed, (IDLE, MOST)).await?;
        Ok(self.cookie(SIGNED_IN, &secret.written(), None))
    }

    /// Somebody is on the way to sign in elsewhere: what their browser is to keep.
    pub(crate) fn send(&self, on_the_way: &OnTheWay) -> HeaderValue {
        self.cookie(ON_WAY, &on_the_way.secret.written(), Some(ON_THE_WAY))
    }

    /// Somebody has come back with this: what else they were to bring, unless they were away for too long.
    pub(crate) fn back(&self, headers: &HeaderMap, state: &str, key: [u8; SECRET]) -> Option<OnTheWay> {
        let (began, _) = state.split_once('.')?;
        let on_the_way = OnTheWay { secret: self.secret(ON_WAY, headers)?, key, began: began.parse().ok()? };
        let is_theirs = verify_slices_are_equal(on_the_way.state().as_bytes(), state.as_bytes()).is_ok();
        // Another server's clock may be ahead of this one's.
        let is_fresh =
            now().saturating_sub(on_the_way.began) <= ON_THE_WAY.as_secs() && on_the_way.began <= now() + LEEWAY;
        (is_theirs && is_fresh).then_some(on_the_way)
    }

    /// What the browser of somebody keeps who has come back, which is nothing.
    pub(crate) fn is_back(&self) -> HeaderValue {
        self.cookie(ON_WAY, "", Some(Duration::ZERO))
    }

    /// Who has signed in.
    pub(crate) async fn who(&self, headers: &HeaderMap) -> Result<Option<Session>, Fault> {
        let Some(secret) = self.secret(SIGNED_IN, headers) else { return Ok(None) };
        let Some(kept) = self.store.find(secret.kept_under(), IDLE).await? else { return Ok(None) };
        opened(&secret, SIGNED_IN, kept)
    }

    /// They sign out, here or everywhere.
    pub(crate) async fn end(&self, headers: &HeaderMap, everywhere: bool) -> Result<(), Fault> {
        let Some(secret) = self.secret(SIGNED_IN, headers) else {
            return if everywhere { Err(Fault::NotEverywhere) } else { Ok(()) };
        };
        if everywhere {
            // Whose the others are is known from this one alone.
            let session = self.who(headers).await?.ok_or(Fault::NotEverywhere)?;
            self.store.end_all(session.owner).await?;
        }
        Ok(self.store.end(secret.kept_under()).await?)
    }

    /// What the browser of somebody keeps who has signed out, which is nothing.
    pub(crate) fn nothing(&self) -> HeaderValue {
        self.cookie(SIGNED_IN, "", Some(Duration::ZERO))
    }
}

/// What a browser's cookies are called.
const SIGNED_IN: &str = "alongside";
const ON_WAY: &str = "alongside-on-the-way";

fn sealed<T: Serialize>(secret: &Secret, of: &str, what: &T) -> Result<Vec<u8>, Fault> {
    let failed = |_cause| Fault::Failed("a session cannot be sealed");
    let mut body = serde_json::to_vec(what).map_err(|_cause| Fault::Failed("a session cannot be written"))?;
    let nonce = secret.key()?.seal_in_place_append_tag(Aad::from(of.as_bytes()), &mut body).map_err(failed)?;
    Ok([&nonce.as_ref()[..], &body].concat())
}

fn opened<T: DeserializeOwned>(secret: &Secret, of: &str, kept: Vec<u8>) -> Result<Option<T>, Fault> {
    let Some((nonce, body)) = kept.split_at_checked(aws_lc_rs::aead::NONCE_LEN) else { return Ok(None) };
    let Ok(nonce) = aws_lc_rs::aead::Nonce::try_assume_unique_for_key(nonce) else { return Ok(None) };
    let mut body = body.to_vec();
    let Ok(plain) = secret.key()?.open_in_place(nonce, Aad::from(of.as_bytes()), &mut body) else { return Ok(None) };
    // One of an older version is as good as none.
    Ok(serde_json::from_slice(plain).ok())
}

/// Somebody who has signed in, on whose page something is shown. Whoever has not is sent to where they can.
pub(crate) struct SignedIn {
    pub(crate) parts: Arc<Parts>,
    pub(crate) session: Session,
    pub(crate) client: Client,
    _turn: Turn<[u8; 32]>,
}

impl SignedIn {
    /// Refuses a form that does not bring back what it was sent with.
    pub(crate) fn sent(&self, form: &str) -> Result<(), Fault> {
        if verify_slices_are_equal(form.as_bytes(), self.session.form.as_bytes()).is_ok() {
            return Ok(());
        }
        Err(Fault::Stale)
    }
}

/// Somebody who has signed in, and may not be known here yet.
pub(crate) struct Arriving(pub(crate) SignedIn);

impl FromRequestParts<Arc<Parts>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Request, parts: &Arc<Parts>) -> Result<Self, Response> {
        let Arriving(by) = Arriving::from_request_parts(request, parts).await?;
        if by.session.arrived { Ok(by) } else { Err(Fault::Unknown.shown(parts)) }
    }
}

impl FromRequestParts<Arc<Parts>> for Arriving {
    type Rejection = Response;

    async fn from_request_parts(request: &mut Request, parts: &Arc<Parts>) -> Result<Self, Response> {
        let who = parts.keeper.who(&request.headers).await.map_err(|fault| fault.shown(parts))?;
        let session = who.ok_or_else(|| Redirect::to(at::SIGN_IN).into_response())?;
        let turn = parts.turns.take(session.owner).ok_or_else(|| Fault::TooMuch.shown(parts))?;
        let client = Client::new(parts.channel.clone(), &session.token)
            .and_then(|client| client.in_session(&session.id.to_string()));
        let client = client.map_err(|_cause| Fault::Failed("a token that no header may hold").shown(parts))?;
        Ok(Self(SignedIn { parts: parts.clone(), session, client, _turn: turn }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_back_brings_what_they_went_with_and_in_time() {
        let keeper = |secure| Keeper { store: Arc::new(Nowhere), secure };
        let went = OnTheWay::new([7; SECRET]).unwrap();
        let with = |cookie: HeaderValue| {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(&pair).unwrap())])
        };
        let headers = with(keeper(true).send(&went));
        let back = |state: &str| keeper(true).back(&headers, state, [7; SECRET]);
        let came = back(&went.state()).unwrap();
        assert!(came.nonce() == went.nonce() && came.verifier() == went.verifier() && came.began == went.began);
        // Another's, another day's, and what somebody wrote themselves.
        assert!(back(&OnTheWay::new([7; SECRET]).unwrap().state()).is_none());
        let early = OnTheWay { began: went.began - ON_THE_WAY.as_secs() - 1, ..went.clone() };
        let late = OnTheWay { began: went.began + 2 * LEEWAY, ..went.clone() };
        let written = OnTheWay { key: [8; SECRET], ..went.clone() };
        assert!(back(&written.state()).is_none(), "whoever holds the browser writes when they went");
        assert!(back(&early.state()).is_none() && back(&late.state()).is_none());
        let state = went.state();
        let (_, rest) = state.split_once('.').unwrap();
        assert!(back(&format!("{}.{rest}", went.began - 1)).is_none() && back("").is_none() && back("x.y").is_none());
        assert!(keeper(true).back(&HeaderMap::new(), &state, [7; SECRET]).is_none());
        assert!(keeper(false).back(&headers, &state, [7; SECRET]).is_none(), "a cookie without its prefix is taken");
        assert!(went.verifier() != went.nonce() && went.verifier().len() == 43);
    }

    /// Nothing is kept, nothing is found: what is not asked of a store needs none.
    struct Nowhere;

    #[async_trait::async_trait]
    impl Sessions for Nowhere {
        async fn keep(
            &self,
            _: [u8; 32],
            _: [u8; 32],
            _: &[u8],
            _: (Duration, Duration),
        ) -> Result<(), state::StateError> {
            unreachable!()
        }
        async fn find(&self, _: [u8; 32], _: Duration) -> Result<Option<Vec<u8>>, state::StateError> {
            unreachable!()
        }
        async fn end(&self, _: [u8; 32]) -> Result<(), state::StateError> {
            unreachable!()
        }
        async fn end_all(&self, _: [u8; 32]) -> Result<(), state::StateError> {
            unreachable!()
        }
    }

    #[test]
    fn what_is_kept_opens_only_with_what_the_browser_has() {
        let (ours, other) = (Secret::new().unwrap(), Secret::new().unwrap());
        let kept = sealed(&ours, SIGNED_IN, &"token").unwrap();
        let open = |secret, of| opened::<String>(secret, of, kept.clone()).unwrap();
        assert_eq!(open(&ours, SIGNED_IN), Some("token".into()));
        assert!(open(&other, SIGNED_IN).is_none() && open(&ours, ON_WAY).is_none());
        assert!(opened::<String>(&ours, SIGNED_IN, vec![1, 2]).unwrap().is_none());
        assert!(!kept.windows(5).any(|window| window == b"token"));
        assert_ne!(ours.kept_under(), ours.follows(b"sealed with"));
        let read = Secret::read(&ours.written()).unwrap();
        assert_eq!(read.kept_under(), ours.kept_under());
        assert!(Secret::read("").is_none() && Secret::read("AAAA").is_none());
    }
}
