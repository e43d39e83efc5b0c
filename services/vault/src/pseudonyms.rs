//! Ids that follow from identifiers of the world outside, for nobody but who holds the key-encryption key.

use std::sync::Arc;

use aws_lc_rs::hmac;
use uuid::Uuid;

use crate::{KeyStore, SubjectKey, VaultError, WrapError};

/// The subject whose key is the system's own: what pseudonyms are made with. No person or agency has this id, and the key
/// is never destroyed.
pub(crate) const SYSTEM: Uuid = Uuid::nil();

/// Makes pseudonyms of identifiers (a national number, a sign-in, another system's id). A pseudonym is an HMAC-SHA-256
/// (RFC 2104) under the system's own key: without the key nobody can compute one from an identifier, or try identifiers until
/// one fits.
#[derive(Debug, Clone)]
pub struct Pseudonyms(hmac::Key);

impl Pseudonyms {
    /// With this secret of 32 bytes: [`crate::Vault::pseudonyms`] has the system's own.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, derived(secret, "pseudonym").as_ref()))
    }

    /// The pseudonym of an identifier: a UUIDv8 (RFC 9562). `kind` keeps those of different things apart, and no two lists of
    /// parts are the same identifier.
    #[must_use]
    pub fn of(&self, kind: &str, parts: &[&[u8]]) -> Uuid {
        Uuid::new_v8(self.bytes(kind, parts))
    }

    /// A secret that follows from ids, for whoever shares it with this system: nothing of it is stored. `kind` keeps those of different
    /// things apart, also from pseudonyms.
    #[must_use]
    pub fn secret(&self, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
        self.bytes(kind, parts)
    }

    fn bytes<const LENGTH: usize>(&self, kind: &str, parts: &[&[u8]]) -> [u8; LENGTH] {
        let mut mac = hmac::Context::with_key(&self.0);
        for part in [kind.as_bytes()].iter().chain(parts) {
            // The length keeps ("ab", "c") apart from ("a", "bc").
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        let mut bytes = [0; LENGTH];
        bytes.iter_mut().zip(mac.sign().as_ref()).for_each(|(to, from)| *to = *from);
        bytes
    }
}

/// An index from identifiers to the random ids that they were given.
#[derive(Clone)]
pub struct Identifiers {
    pseudonyms: Pseudonyms,
    key: SubjectKey,
    store: Arc<dyn KeyStore>,
}

impl std::fmt::Debug for Identifiers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identifiers").finish_non_exhaustive()
    }
}

impl Identifiers {
    pub(crate) fn new(secret: &[u8], store: Arc<dyn KeyStore>) -> Result<Self, WrapError> {
        let key = SubjectKey::new(SYSTEM, SYSTEM, derived(secret, "index").as_ref())?;
        Ok(Self { pseudonyms: Pseudonyms::new(secret), key, store })
    }

    /// Under which the index keeps identifiers.
    #[must_use]
    pub fn pseudonyms(&self) -> &Pseudonyms {
        &self.pseudonyms
    }

    /// The id that was given to a pseudonym; `fresh`, from now on, when none was. Whoever comes first decides for all.
    ///
    /// # Errors
    /// When the key store fails, or what it holds was not written by this system.
    pub async fn id(&self, pseudonym: Uuid, fresh: Uuid) -> Result<Uuid, VaultError> {
        if let Some(id) = self.find(pseudonym).await? {
            return Ok(id);
        }
        // Sealed: the index tells nobody which ids it holds, and nobody can point an identifier at another id.
        let sealed = self.key.seal(pseudonym.as_bytes(), fresh.as_bytes())?;
        self.store.identify(pseudonym, &sealed).await?;
        self.find(pseudonym).await?.ok_or(VaultError::UnknownKey)
    }

    /// The id that was given to a pseudonym, if one was.
    ///
    /// # Errors
    /// As [`Identifiers::id`].
    pub async fn find(&self, pseudonym: Uuid) -> Result<Option<Uuid>, VaultError> {
        let Some(sealed) = self.store.identified(pseudonym).await? else { return Ok(None) };
        let opened = self.key.open(pseudonym.as_bytes(), &sealed)?;
        Uuid::from_slice(&opened).map(Some).map_err(|_cause| VaultError::Tampered)
    }
}

/// The key for one use of the secret.
fn derived(secret: &[u8], what: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), what.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pseudonym_depends_on_the_key_the_kind_and_every_part() {
        let (one, other) = (Pseudonyms::new(&[1; 32]), Pseudonyms::new(&[2; 32]));
        let of = one.of("number", &[b"ab", b"c"]);
        assert_eq!((of, of.get_version_num()), (Pseudonyms::new(&[1; 32]).of("number", &[b"ab", b"c"]), 8));
        for different in [
            one.of("number", &[b"a", b"bc"]),
            one.of("number", &[b"abc"]),
            one.of("name", &[b"ab", b"c"]),
            other.of("number", &[b"ab", b"c"]),
        ] {
            assert_ne!(of, different);
        }
    }
}
