use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::SubjectKey;
use crate::key::KEY_BYTES;

/// A data key cannot be wrapped or unwrapped: the key-encryption key is not the one it was wrapped with, or has a wrong
/// form.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the key-encryption key does not fit: it must be 32 bytes in base64, and the one that the data was made with")]
pub struct WrapError;

/// Wraps data keys, so that the key store alone opens nothing.
pub trait KeyWrap: Send + Sync {
    /// The wrapped form of a data key, bound to its id and subject.
    ///
    /// # Errors
    /// When the provider fails.
    fn wrap(&self, key_id: Uuid, subject: Uuid, key: &[u8]) -> Result<Vec<u8>, WrapError>;

    /// The data key.
    ///
    /// # Errors
    /// When the wrapped bytes, the id or the subject do not fit.
    fn unwrap(&self, key_id: Uuid, subject: Uuid, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrapError>;
}

/// A key-encryption key from a file or the environment.
#[derive(Debug)]
pub struct LocalKek {
    key: SubjectKey,
    fingerprint: [u8; 8],
}

impl LocalKek {
    /// From 32 bytes in base64.
    ///
    /// # Errors
    /// When they are not.
    pub fn from_base64(text: &str) -> Result<Self, WrapError> {
        let decoded = base64::engine::general_purpose::STANDARD.decode(text.trim()).map_err(|_cause| WrapError)?;
        let bytes = Zeroizing::new(decoded);
        if bytes.len() != KEY_BYTES {
            return Err(WrapError);
        }
        let mut fingerprint = [0; 8];
        fingerprint.iter_mut().zip(digest(&SHA256, &bytes).as_ref()).for_each(|(to, from)| *to = *from);
        Ok(Self { key: SubjectKey::new(Uuid::nil(), Uuid::nil(), &bytes)?, fingerprint })
    }

    /// A new one, as 32 bytes in base64.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Zeroizing<String>, WrapError> {
        Ok(Zeroizing::new(base64::engine::general_purpose::STANDARD.encode(&*SubjectKey::generate()?)))
    }
}

fn context(key_id: Uuid, subject: Uuid) -> [u8; 32] {
    let mut context = [0; 32];
    let bytes = key_id.into_bytes().into_iter().chain(subject.into_bytes());
    context.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    context
}

impl KeyWrap for LocalKek {
    fn wrap(&self, key_id: Uuid, subject: Uuid, key: &[u8]) -> Result<Vec<u8>, WrapError> {
        let sealed = self.key.seal(&context(key_id, subject), key).map_err(|_cause| WrapError)?;
        // The fingerprint names the wrapping key, so that keys can be wrapped again one by one.
        Ok(self.fingerprint.iter().copied().chain(sealed).collect())
    }

    fn unwrap(&self, key_id: Uuid, subject: Uuid, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, WrapError> {
        let sealed = wrapped.strip_prefix(&self.fingerprint).ok_or(WrapError)?;
        self.key.open(&context(key_id, subject), sealed).map(Zeroizing::new).map_err(|_cause| WrapError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unwraps_with_the_same_key_for_the_same_subject_only() {
        let (kek, other) = (LocalKek::generate().unwrap(), LocalKek::generate().unwrap());
        let (kek, other) = (LocalKek::from_base64(&kek).unwrap(), LocalKek::from_base64(&other).unwrap());
        let (id, subject) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let wrapped = kek.wrap(id, subject, b"key").unwrap();
        assert_eq!(*kek.unwrap(id, subject, &wrapped).unwrap(), b"key");
        assert!(kek.unwrap(id, Uuid::from_u128(3), &wrapped).is_err());
        assert!(other.unwrap(id, subject, &wrapped).is_err());
        assert!(LocalKek::from_base64("c2hvcnQ=").is_err());
    }
}
