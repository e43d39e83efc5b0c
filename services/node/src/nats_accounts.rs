//! Accounts for a NATS server: one for the bus, one for the server's own events, and a key with which an account is made for each agency
//! whose feed is opened through JetStream.

use std::path::Path;

use anyhow::{Context as _, ensure};
use bus::KeyPair;
use bus::accounts::{self, Account, AccountLimits, Allowed, User};

use crate::files::write_private;

/// Where the NATS server keeps accounts that it is told of while it runs: in its working directory when nothing else is said.
pub const ACCOUNTS: &str = "accounts";
/// What the server's configuration includes.
pub const INCLUDED: &str = "nats-accounts.conf";
/// What the bus signs in with: `bus.credentials_file`.
pub const BUS: &str = "bus.creds";
/// What accounts are told to the server with: `feeds.jetstream.system_credentials_file`.
pub const SYSTEM: &str = "system.creds";
/// What accounts of agencies are made with: `feeds.jetstream.signing_key_file`.
pub const SIGNING: &str = "signing.seed";
/// The operator's own key: nothing that runs needs it.
pub const OPERATOR: &str = "operator.seed";

/// Makes new keys, and writes them and what they are configured with to a directory.
///
/// # Errors
/// When one of the files is there, or cannot be written.
pub fn write(directory: &Path, accounts_directory: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(directory).with_context(|| format!("`{}` cannot be made", directory.display()))?;
    // Keys that a server knows are never written over.
    for name in [INCLUDED, BUS, SYSTEM, SIGNING, OPERATOR] {
        let file = directory.join(name);
        ensure!(!file.exists(), "`{}` is there: name another directory", file.display());
    }
    let (operator, signing) = (KeyPair::new_operator(), KeyPair::new_operator());
    let (system, bus) = (KeyPair::new_account(), KeyPair::new_account());
    let file = |name: &str, text: String| write_private(&directory.join(name), text.as_bytes());
    file(OPERATOR, operator.seed()? + "\n")?;
    file(SIGNING, signing.seed()? + "\n")?;
    // Whoever holds it tells the server of accounts, and no more.
    let tells = Allowed { publish: vec![accounts::TOLD_AT.to_owned()], subscribe: vec!["_INBOX.>".to_owned()] };
    file(SYSTEM, signs_in(&system, Some(tells))?)?;
    file(BUS, signs_in(&bus, None)?)?;
    let keys = (signing.public_key(), system.public_key());
    let token = accounts::operator(&operator, "alongside", (&keys.0, &keys.1), accounts::now())?;
    let account = |key: &KeyPair, name, limits| {
        let account = Account { key: key.public_key(), name, limits, revoked: vec![] };
        let token = accounts::account(&signing, &account, accounts::now())?;
        anyhow::Ok(format!("  {}: \"{token}\"", account.key))
    };
    let included = format!(
        "# Accounts of Alongside. They hold public keys alone. Include this in the configuration of every NATS server, once; accounts of \
         agencies come by themselves.\noperator: \"{token}\"\nsystem_account: \"{}\"\nresolver {{\n  type: full\n  dir: {}\n  allow_delete: \
         false\n  interval: \"15s\"\n  limit: 10000\n}}\nresolver_preload {{\n{}\n{}\n}}\n",
        system.public_key(),
        serde_json::Value::from(accounts_directory.display().to_string()),
        account(&system, "SYS", AccountLimits::WITHOUT_STREAMS)?,
        account(&bus, "ALONGSIDE", AccountLimits::UNLIMITED)?,
    );
    let file = directory.join(INCLUDED);
    std::fs::write(&file, included).with_context(|| format!("`{}` cannot be written", file.display()))
}

/// What this system signs in to an account with, for ever.
fn signs_in(account: &KeyPair, allowed: Option<Allowed>) -> anyhow::Result<String> {
    let key = KeyPair::new_user();
    let user = User { key: key.public_key(), name: "alongside", until: None, subscriptions: None, allowed };
    Ok(accounts::credentials(&accounts::user(account, &user, accounts::now())?, &key.seed()?))
}
