//! The keys of agencies' accounts on NATS: each follows from the one key that signs for the operator and from an id, so that every server
//! knows them and none is kept.

use aws_lc_rs::hmac;
use bus::accounts::{self, Account, AccountLimits, Allowed, User};
use bus::nkeys::{self, KeyPair, KeyPairType};
use domain::agency::Agency;
use domain::ids::{AccountId, AgencyId, FeedId};
use rpc::Error;
use uuid::Uuid;

use super::{READER, stream_name};

/// Whatever was issued before that is not taken, ever: what has ended stays ended. 2100-01-01, in seconds since 1970.
const FOR_EVER: i64 = 4_102_444_800;
/// What an agency's account may hold. Streams and consumers are one for each feed that is open, and those that are being removed.
const LIMITS: AccountLimits = AccountLimits { connections: 100, streams: 64, consumers: 64, disk: 4 << 30 };
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
        let (_, secret) = nkeys::decode_seed(seed).ok()?;
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
    pub(super) fn own(&self, agency: AgencyId) -> Result<(KeyPair, impl Fn() -> String + Send + Sync + use<>), Error> {
        let (own, account) = (self.key(KeyPairType::User, "own", agency.0)?, self.account(agency)?);
        let key = own.public_key();
        let token = move || {
            let until = Some(accounts::now() + OWN_SECONDS);
            accounts::user(&account, &User { key: key.clone(), name: "alongside", until, allowed: None })
        };
        Ok((own, token))
    }

    /// An agency's account as the server is to know it: of whom it takes nothing any more. `vouched` says whether an issuer speaks for the
    /// agency now.
    pub(super) fn account_token(
        &self,
        id: AgencyId,
        agency: &Agency,
        vouched: impl Fn(&str) -> bool,
    ) -> Result<String, Error> {
        let mut revoked = Vec::new();
        for account in agency.accounts() {
            let ended = account.removed || !agency.is_there();
            if ended || !vouched(&account.issuer) {
                let until = if ended { FOR_EVER } else { accounts::now() };
                revoked.push((self.system(account.account)?.public_key(), until));
            }
        }
        let name = format!("agency {id}");
        let account = Account { key: self.account(id)?.public_key(), name: &name, limits: LIMITS, revoked };
        Ok(accounts::account(&self.signing, &account))
    }

    /// What a system of an agency signs in with to read a feed, until a time in seconds since 1970: as a `.creds` file holds it.
    pub(super) fn credentials(
        &self,
        agency: AgencyId,
        account: AccountId,
        feed: FeedId,
        until: i64,
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
        let user = User { key: key.public_key(), name: &name, until: Some(until), allowed: Some(allowed) };
        let seed = key.seed().map_err(|error| Error::internal(&error))?;
        Ok(accounts::credentials(&accounts::user(&self.account(agency)?, &user), &seed))
    }
}
