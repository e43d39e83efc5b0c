use std::sync::Arc;

use bytes::Bytes;
use domain::StreamKind;
use uuid::Uuid;
use vault::{SubjectKey, Vault, VaultError};

use crate::wire::SCHEMA;
use crate::{DecodeError, Event, Header};

/// Where an event stands: what its seal is bound to, besides its id and key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The kind of stream.
    pub kind: StreamKind,
    /// The stream.
    pub stream: Uuid,
    /// The event's type code.
    pub code: i32,
}

/// An event, ready to be appended.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// The key that seals the body.
    pub key_id: Uuid,
    /// The header.
    pub head: Bytes,
    /// The sealed body.
    pub body: Bytes,
}

/// Why an event cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The key cannot be had, or does not open the body.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The bytes are not what they should be.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

impl CodecError {
    /// Whether the subject's key was destroyed: the event is gone for good, and that is as it should be.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        matches!(self, Self::Vault(VaultError::Destroyed))
    }

    /// Whether only the key store or the key-encryption key is at fault: the same event may well open later.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Vault(VaultError::Store(_) | VaultError::Wrap(_) | VaultError::UnknownKey))
    }
}

/// Seals and opens events.
#[derive(Debug, Clone)]
pub struct Codec {
    vault: Arc<Vault>,
}

impl Codec {
    /// A codec that takes its keys from this vault.
    #[must_use]
    pub fn new(vault: Arc<Vault>) -> Self {
        Self { vault }
    }

    /// The vault.
    #[must_use]
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Seals an event of this stream with the key of the header's subject.
    ///
    /// # Errors
    /// When the key cannot be had: an erased subject has none.
    pub async fn seal(&self, stream: Uuid, header: &Header, event: &Event) -> Result<Sealed, CodecError> {
        let key = self.vault.key_of(header.subject).await?;
        let place = Place { kind: event.kind(), stream, code: event.code() };
        let body = key.seal(&context(place, header.event_id, &key), &event.encode())?;
        Ok(Sealed { key_id: key.id(), head: header.encode(SCHEMA).into(), body: body.into() })
    }

    /// Opens an event.
    ///
    /// # Errors
    /// When the key was destroyed or is unknown, or the header or body was changed.
    pub async fn open(&self, place: Place, sealed: &Sealed) -> Result<(Header, Event), CodecError> {
        let (header, schema) = Header::decode(&sealed.head)?;
        let key = self.vault.key(sealed.key_id).await?;
        let plain = key.open(&context(place, header.event_id, &key), &sealed.body)?;
        Ok((header, Event::decode(place.kind, place.code, schema, &plain)?))
    }
}

/// What a body is bound to: moved to another stream, or under another event's header, it does not open.
fn context(place: Place, event_id: Uuid, key: &SubjectKey) -> Vec<u8> {
    let mut context = Vec::with_capacity(2 + 16 + 16 + 4 + 16);
    context.extend_from_slice(&place.kind.code().to_be_bytes());
    context.extend_from_slice(place.stream.as_bytes());
    context.extend_from_slice(event_id.as_bytes());
    context.extend_from_slice(&place.code.to_be_bytes());
    context.extend_from_slice(key.id().as_bytes());
    context
}
