use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::{VaultError, WrapError};

/// Bytes of a data key.
pub(crate) const KEY_BYTES: usize = 32;

/// A subject's key, ready to seal and open.
#[derive(Clone)]
pub struct SubjectKey {
    id: Uuid,
    subject: Uuid,
    aead: Arc<RandomizedNonceKey>,
}

impl std::fmt::Debug for SubjectKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SubjectKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl SubjectKey {
    pub(crate) fn new(id: Uuid, subject: Uuid, bytes: &[u8]) -> Result<Self, WrapError> {
        let aead = RandomizedNonceKey::new(&AES_256_GCM, bytes).map_err(|_unspecified| WrapError)?;
        Ok(Self { id, subject, aead: Arc::new(aead) })
    }

    pub(crate) fn generate() -> Result<Zeroizing<Vec<u8>>, WrapError> {
        let mut bytes = Zeroizing::new(vec![0; KEY_BYTES]);
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_unspecified| WrapError)?;
        Ok(bytes)
    }

    /// The key's id, stored beside what it seals.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Whose key it is.
    #[must_use]
    pub fn subject(&self) -> Uuid {
        self.subject
    }

    /// Seals `plain`, bound to `context`: nonce (12 bytes), ciphertext, tag (16 bytes).
    ///
    /// # Errors
    /// Only when the operating system gives no random bytes.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let mut sealed = plain.to_vec();
        let nonce = self
            .aead
            .seal_in_place_append_tag(Aad::from(context), &mut sealed)
            .map_err(|_unspecified| VaultError::Tampered)?;
        sealed.splice(0..0, nonce.as_ref().iter().copied());
        Ok(sealed)
    }

    /// Opens what [`SubjectKey::seal`] sealed in the same context.
    ///
    /// # Errors
    /// [`VaultError::Tampered`] when the bytes or the context differ.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (nonce, ciphertext) = sealed.split_at_checked(NONCE_LEN).ok_or(VaultError::Tampered)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_unspecified| VaultError::Tampered)?;
        let mut plain = ciphertext.to_vec();
        let length = self
            .aead
            .open_in_place(nonce, Aad::from(context), &mut plain)
            .map_err(|_unspecified| VaultError::Tampered)?
            .len();
        plain.truncate(length);
        Ok(plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SubjectKey {
        SubjectKey::new(Uuid::nil(), Uuid::nil(), &[7; KEY_BYTES]).unwrap()
    }

    #[test]
    fn opens_what_it_sealed_in_the_same_context_only() {
        let sealed = key().seal(b"event 1", b"my words").unwrap();
        assert_eq!(key().open(b"event 1", &sealed).unwrap(), b"my words");
        assert!(matches!(key().open(b"event 2", &sealed), Err(VaultError::Tampered)));
        assert_ne!(sealed, key().seal(b"event 1", b"my words").unwrap(), "a nonce is never used twice");
    }

    #[test]
    fn refuses_every_changed_or_shortened_ciphertext() {
        let sealed = key().seal(b"c", b"my words").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key().open(b"c", &changed).is_err(), "byte {at}");
            assert!(key().open(b"c", &sealed[..at]).is_err(), "{at} bytes");
        }
    }
}
