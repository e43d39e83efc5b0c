use std::sync::Arc;

use domain::StreamKind;
use domain::vocabulary::{Timestamp, Version};
use event_log::{NewEvent, Position, Recorded, StreamId};
use uuid::Uuid;
use vault::{SubjectKey, Vault, VaultError};

use crate::wire::SCHEMA;
use crate::{DecodeError, Event, Header};

/// An event of the log, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Its place in the log.
    pub position: Position,
    /// Its stream's id.
    pub stream: Uuid,
    /// Its place in its stream, from 1.
    pub version: Version,
    /// When it happened.
    pub at: Timestamp,
    /// What stays readable of it without a key.
    pub header: Header,
    /// What happened.
    pub event: Event,
}

impl Envelope {
    /// Whose key seals it, and with it every document that it changes.
    #[must_use]
    pub fn subject(&self) -> Uuid {
        self.header.subject
    }
}

/// Why an event cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// There is no key, or it does not open the body.
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

/// Seals and opens events: the one place where either happens.
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
    /// When there is no key: an erased subject has none.
    pub async fn seal(
        &self,
        stream: StreamId,
        at: Timestamp,
        header: &Header,
        event: &Event,
    ) -> Result<NewEvent, CodecError> {
        let key = self.vault.key_of(header.subject).await?;
        let event_type = event.code();
        let body = key.seal(&context(stream, event_type, header.event_id, &key), &event.encode())?;
        let head = header.encode(SCHEMA).into();
        Ok(NewEvent { event_type, key_id: key.id(), at: at.0, head, body: body.into() })
    }

    /// Opens an event of the log.
    ///
    /// # Errors
    /// When the key was destroyed or is unknown, or the header or body was changed.
    pub async fn open(&self, recorded: &Recorded) -> Result<Envelope, CodecError> {
        let Recorded { position, stream, version, event_type, key_id, at, head, body, .. } = recorded;
        let kind = StreamKind::from_code(stream.kind).ok_or(DecodeError("kind"))?;
        let (header, schema) = Header::decode(head)?;
        let key = self.vault.key(*key_id).await?;
        let plain = key.open(&context(*stream, *event_type, header.event_id, &key), body)?;
        let event = Event::decode(kind, *event_type, schema, &plain)?;
        let (version, at) = (Version(version.0), Timestamp(*at));
        Ok(Envelope { position: *position, stream: stream.id, version, at, header, event })
    }
}

/// What a body is bound to: moved to another stream, or under another event's header, it does not open.
fn context(stream: StreamId, event_type: i32, event_id: Uuid, key: &SubjectKey) -> Vec<u8> {
    let mut context = Vec::with_capacity(2 + 16 + 16 + 4 + 16);
    context.extend_from_slice(&stream.kind.to_be_bytes());
    context.extend_from_slice(stream.id.as_bytes());
    context.extend_from_slice(event_id.as_bytes());
    context.extend_from_slice(&event_type.to_be_bytes());
    context.extend_from_slice(key.id().as_bytes());
    context
}
