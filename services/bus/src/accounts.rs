//! Accounts of NATS, and who signs in to them: JSON Web Tokens that the server checks by itself, without being restarted for a new one
//! (<https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/jwt>).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// `alg` of these tokens.
const HEADER: &str = r#"{"typ":"JWT","alg":"ed25519-nkey"}"#;
/// The version of the claims.
const VERSION: i32 = 2;
/// Whatever is not limited.
const UNLIMITED: i64 = -1;

/// What an account may hold and do.
#[derive(Debug, Clone, Copy)]
pub struct AccountLimits {
    /// Connections at once.
    pub connections: i64,
    /// Subscriptions of all of them.
    pub subscriptions: i64,
    /// Streams.
    pub streams: i64,
    /// Consumers.
    pub consumers: i64,
    /// Bytes of all streams on disk.
    pub disk: i64,
}

impl AccountLimits {
    /// Whatever it likes: the account of whoever runs the system.
    pub const UNLIMITED: Self = Self {
        connections: UNLIMITED,
        subscriptions: UNLIMITED,
        streams: UNLIMITED,
        consumers: UNLIMITED,
        disk: UNLIMITED,
    };
    /// An account without JetStream.
    pub const WITHOUT_STREAMS: Self = Self { streams: 0, consumers: 0, disk: 0, ..Self::UNLIMITED };
}

/// An account.
#[derive(Debug)]
pub struct Account<'a> {
    /// Its public key.
    pub key: String,
    /// What it is called.
    pub name: &'a str,
    /// What it may hold.
    pub limits: AccountLimits,
    /// Whose tokens are not taken any more, if they were issued up to a time in seconds since 1970.
    pub revoked: Vec<(String, i64)>,
}

/// Somebody who signs in to an account.
#[derive(Debug)]
pub struct User<'a> {
    /// Their public key.
    pub key: String,
    /// What they are called.
    pub name: &'a str,
    /// Until when, in seconds since 1970; for ever when there is no end.
    pub until: Option<i64>,
    /// Subscriptions on one connection, where they are limited.
    pub subscriptions: Option<i64>,
    /// The subjects that they may publish to and subscribe to; all when there is no list.
    pub allowed: Option<Allowed>,
}

/// Subjects.
#[derive(Debug, Clone)]
pub struct Allowed {
    /// To publish to.
    pub publish: Vec<String>,
    /// To subscribe to.
    pub subscribe: Vec<String>,
}

/// A key has no seed, and signs nothing.
#[derive(Debug, thiserror::Error)]
#[error("a key without its seed signs nothing")]
pub struct SigningError;

/// Where the servers' system account is told of an account's token.
pub const TOLD_AT: &str = "$SYS.REQ.CLAIMS.UPDATE";

/// Seconds since 1970.
#[must_use]
pub fn now() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

/// The token of an operator: the server trusts what it, or one of its signing keys, has signed.
///
/// # Errors
/// When `by` has no seed.
pub fn operator(
    by: &KeyPair,
    name: &str,
    (signing_key, system_account): (&str, &str),
    issued_at: i64,
) -> Result<String, SigningError> {
    let nats = json!({"signing_keys": [signing_key], "system_account": system_account, "type": "operator", "version": VERSION});
    signed(by, (&by.public_key(), name), (issued_at, None), &nats)
}

/// The token of an account, signed for its operator.
///
/// # Errors
/// When `by` has no seed.
pub fn account(by: &KeyPair, account: &Account<'_>, issued_at: i64) -> Result<String, SigningError> {
    let AccountLimits { connections, subscriptions, streams, consumers, disk } = account.limits;
    let limits = json!({
        "subs": subscriptions, "data": UNLIMITED, "payload": UNLIMITED, "imports": 0, "exports": 0, "wildcards": false,
        "conn": connections, "leaf": 0, "mem_storage": 0, "disk_storage": disk, "streams": streams, "consumer": consumers,
    });
    let revoked = account.revoked.iter().map(|(user, until)| (user.clone(), Value::from(*until)));
    let nats = json!({
        "limits": limits, "revocations": revoked.collect::<serde_json::Map<_, _>>(), "default_permissions": {"pub": {}, "sub": {}},
        "type": "account", "version": VERSION,
    });
    signed(by, (&account.key, account.name), (issued_at, None), &nats)
}

/// The token of somebody who signs in, signed for their account.
///
/// # Errors
/// When `by` has no seed.
pub fn user(by: &KeyPair, user: &User<'_>, issued_at: i64) -> Result<String, SigningError> {
    let subjects = |of: fn(&Allowed) -> &Vec<String>| {
        user.allowed.as_ref().map_or_else(|| json!({}), |allowed| json!({"allow": of(allowed)}))
    };
    let nats = json!({
        "pub": subjects(|allowed| &allowed.publish), "sub": subjects(|allowed| &allowed.subscribe),
        "subs": user.subscriptions.unwrap_or(UNLIMITED), "data": UNLIMITED, "payload": UNLIMITED, "type": "user", "version": VERSION,
    });
    signed(by, (&user.key, user.name), (issued_at, user.until), &nats)
}

/// A user's token and seed as a `.creds` file holds them.
#[must_use]
pub fn credentials(token: &str, seed: &str) -> String {
    format!(
        "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n-----BEGIN USER NKEY SEED-----\n{seed}\n------END USER \
         NKEY SEED------\n"
    )
}

/// A token for a key, with what it is called, from when and until when it is good, and what NATS makes of it.
fn signed(
    by: &KeyPair,
    (key, name): (&str, &str),
    (at, until): (i64, Option<i64>),
    nats: &Value,
) -> Result<String, SigningError> {
    let by_key = by.public_key();
    // What the claims are is what they are known by.
    let id = URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{by_key} {at} {key} {name} {until:?} {nats}")));
    let mut claims = json!({"jti": id, "iat": at, "iss": by_key, "sub": key, "name": name, "nats": nats});
    if let (Some(until), Some(claims)) = (until, claims.as_object_mut()) {
        claims.insert("exp".to_owned(), until.into());
    }
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", part(HEADER), part(&claims.to_string()));
    let signature = by.sign(message.as_bytes()).map_err(|_cause| SigningError)?;
    Ok(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use nkeys::KeyPairType;

    use super::*;

    #[test]
    fn a_token_says_what_it_is_given_and_is_signed() {
        let account = KeyPair::new_from_raw(KeyPairType::Account, [7; 32]).unwrap();
        let user = KeyPair::new_from_raw(KeyPairType::User, [8; 32]).unwrap();
        let allowed = Some(Allowed { publish: vec!["a.b".into()], subscribe: vec!["_INBOX.>".into()] });
        let token = super::user(
            &account,
            &User { key: user.public_key(), name: "one", until: Some(9), subscriptions: None, allowed },
            5,
        );
        let token = token.unwrap();
        let [header, claims, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
        account.verify(format!("{header}.{claims}").as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
        assert_eq!((&claims["iss"], &claims["sub"]), (&account.public_key().into(), &user.public_key().into()));
        assert_eq!((&claims["iat"], &claims["exp"]), (&5.into(), &9.into()));
        assert_eq!(claims["nats"]["pub"], json!({"allow": ["a.b"]}));
        assert_eq!(claims["nats"]["sub"], json!({"allow": ["_INBOX.>"]}));
        let public = KeyPair::from_public_key(&account.public_key()).unwrap();
        let refused = super::user(
            &public,
            &User { key: user.public_key(), name: "x", until: None, subscriptions: None, allowed: None },
            5,
        );
        assert!(refused.is_err(), "without its seed a key signs nothing");
    }
}
