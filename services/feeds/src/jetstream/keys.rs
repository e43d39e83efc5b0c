//! The keys of agencies' accounts on NATS: each follows from the one key that signs for the operator and from an id, so that every server
//! knows them and none is kept.

use std::collections::BTreeSet;

use aws_lc_rs::hmac;
use bus::accounts::{self, Account, AccountLimits, Allowed, SigningError, User};
use bus::{KeyPair, KeyPairType};
use domain::agency::{ACCOUNTS_LIMIT, Agency, FEEDS_LIMIT};
use domain::ids::{AccountId, AgencyId, FeedId};
use rpc::Error;
use uuid::Uuid;

use super::{READER, stream_name};

/// Whatever was issued before that is not taken, and so nothing is. 2100-01-01, in seconds since 1970.
const FOR_EVER: i64 = 4_102_444_800;
/// Connections of each of an agency's systems, and subscriptions on each.
const CONNECTIONS: usize = 5;
const SUBSCRIPTIONS: i64 = 100;

/// What an agency's account may hold: a stream with its consumer for each feed that is open, or is being removed. A limit of bytes would be
/// reserved, and so many agencies would fill a server with nothing; the number of events in a stream is bounded instead.
fn limits() -> AccountLimits {
    let signed = |limit: usize| i64::try_from(limit).unwrap_or(i64::MAX);
    let (connections, each) = (signed(ACCOUNTS_LIMIT * CONNECTIONS), signed(2 * FEEDS_LIMIT));
    let subscriptions = connections.saturating_mul(SUBSCRIPTIONS);
    AccountLimits { connections, subscriptions, streams: each, consumers: each, ..AccountLimits::UNLIMITED }
}

/// For how long a token of this process is good. It makes another one for each connection.
const OWN_SECONDS: i64 = 60 * 60 * 24;

/// What keys are made from.
pub(super) struct Keys {
    signing: KeyPair,
    secret: hmac::Key,
}

impl Keys {
    /// From the seed of a key that the operator's token names as one of theirs.
    pub(super) fn of(seed: &str) -> Option<Self> {
        let signing = KeyPair::from_seed(seed).ok().filter(|key| key.key_pair_type() == KeyPairType::Operator)?;
        let (_, secret) = bus::decode_seed(seed).ok()?;
        Some(Self { signing, secret: hmac::Key::new(hmac::HMAC_SHA256, &secret) })
    }

    fn key(&self, kind: KeyPairType, what: &str, id: Uuid) -> Result<KeyPair, Error> {
        let mut made = [0; 32];
        let tag = hmac::sign(&self.secret, &[what.as_bytes(), id.as_bytes()].concat());
        made.copy_from_slice(tag.as_ref());
        KeyPair::new_from_raw(kind, made).map_err(|error| Error::internal(&error))
    }

    fn account(&self, agency: AgencyId) -> Result<KeyPair, Error> {
        self.key(KeyPairType::Account, "account of an agency", agency.0)
    }

    fn system(&self, account: AccountId) -> Result<KeyPair, Error> {
        self.key(KeyPairType::User, "system of an agency", account.0)
    }

    /// What this process signs in to an agency's account with, and how it makes a token of it.
    pub(super) fn own(
        &self,
        agency: AgencyId,
    ) -> Result<(KeyPair, impl Fn() -> Result<String, SigningError> + Send + Sync + use<>), Error> {
        let (own, account) = (self.key(KeyPairType::User, "own", agency.0)?, self.account(agency)?);
        let key = own.public_key();
        let token = move || {
            let now = accounts::now();
            let until = Some(now + OWN_SECONDS);
            accounts::user(
                &account,
                &User { key: key.clone(), name: "alongside", until, subscriptions: None, allowed: None },
                now,
            )
        };
        Ok((own, token))
    }

    /// An agency's account as the server is to know it: of whom it takes nothing any more. An issuer speaks now for those that are `vouched` for.
    pub(super) fn account_token(
        &self,
        id: AgencyId,
        agency: &Agency,
        vouched: &BTreeSet<AccountId>,
    ) -> Result<String, Error> {
        let mut revoked = Vec::new();
        for account in agency.accounts() {
            // Also of one that is let in again later: then it is left out here.
            if account.removed || !agency.is_there() || !vouched.contains(&account.account) {
                revoked.push((self.system(account.account)?.public_key(), FOR_EVER));
            }
        }
        let name = format!("agency {id}");
        let account = Account { key: self.account(id)?.public_key(), name: &name, limits: limits(), revoked };
        accounts::account(&self.signing, &account, accounts::now()).map_err(|error| Error::internal(&error))
    }

    /// What a system of an agency signs in with to read a feed, from now until a time in seconds since 1970: as a `.creds` file holds it.
    pub(super) fn credentials(
        &self,
        agency: AgencyId,
        account: AccountId,
        feed: FeedId,
        (now, until): (i64, i64),
    ) -> Result<String, Error> {
        let (key, stream) = (self.system(account)?, stream_name(feed));
        let allowed = Allowed {
            publish: vec![
                format!("$JS.API.STREAM.INFO.{stream}"),
                format!("$JS.API.CONSUMER.INFO.{stream}.{READER}"),
                format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{READER}"),
                format!("$JS.ACK.{stream}.{READER}.>"),
            ],
            subscribe: vec!["_INBOX.>".to_owned()],
        };
        let name = format!("account {account}");
        let user = User {
            key: key.public_key(),
            name: &name,
            until: Some(until),
            subscriptions: Some(SUBSCRIPTIONS),
            allowed: Some(allowed),
        };
        let seed = key.seed().map_err(|error| Error::internal(&error))?;
        let token = accounts::user(&self.account(agency)?, &user, now).map_err(|error| Error::internal(&error))?;
        Ok(accounts::credentials(&token, &seed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_were_made_once_are_made_again() {
        // Whoever changes how keys follow from an id cuts every agency off from its account.
        let seed = KeyPair::new_from_raw(KeyPairType::Operator, [1; 32]).unwrap().seed().unwrap();
        let (keys, id) = (Keys::of(&seed).unwrap(), Uuid::from_u128(7));
        let made = [
            keys.account(AgencyId(id)).unwrap().public_key(),
            keys.system(AccountId(id)).unwrap().public_key(),
            keys.own(AgencyId(id)).unwrap().0.public_key(),
        ];
        let then = [
            "AB545HCRPRQGBVZIZE4QCU5NMSDYSAQUA5L5BE3ISXB53H22M7OHX7SU",
            "UBAG53XUICPZRNAHD4FPA2NYOTSV6GDKOX5FMFH5U4JG6VVO5PTTEA26",
            "UBYCORGMKV7P2KN6EMFR3XH3UA5TSCN2XJSUTNR4N5JKU27KHBKNL4GA",
        ];
        assert_eq!(made, then);
        assert!(Keys::of(&KeyPair::new_account().seed().unwrap()).is_none(), "it signs for no operator");
    }
}
