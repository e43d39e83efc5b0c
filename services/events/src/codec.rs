use std::sync::Arc;

use domain::StreamKind;
use domain::access::events::AccessEvent;
use domain::invitation::events::InvitationEvent;
use domain::operations::OPERATORS;
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

/// Where an event is to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its stream.
    pub stream: StreamId,
    /// Its place in the stream, from 1; none for a fact, which may stand anywhere in it.
    pub version: Option<Version>,
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
    /// An event that nobody could open again, or with a key of somebody whom it is not about, was to be sealed.
    #[error("an event does not belong where it was to be written")]
    Misplaced,
}

impl CodecError {
    /// Whether the subject's key was destroyed: the event is gone for good, and that is as it should be.
    #[must_use]
    pub fn is_erased(&self) -> bool {
        matches!(self, Self::Vault(VaultError::Destroyed))
    }

    /// Whether no such key was ever made, as far as the key store knows.
    #[must_use]
    pub fn is_unknown_key(&self) -> bool {
        matches!(self, Self::Vault(VaultError::UnknownKey))
    }

    /// Whether only the key store is at fault: the same event may well open later.
    #[must_use]
    pub fn is_outage(&self) -> bool {
        matches!(self, Self::Vault(VaultError::Store(_)))
    }

    /// Whether the key of this one subject is lost: it is not known, or does not open with the key-encryption key.
    #[must_use]
    pub fn is_lost_key(&self) -> bool {
        matches!(self, Self::Vault(VaultError::UnknownKey | VaultError::Wrap(_)))
    }

    /// Whether it was written by a newer version, which knows more kinds, types or values than this one.
    #[must_use]
    pub fn is_newer(&self) -> bool {
        matches!(self, Self::Decode(DecodeError::Newer(_)))
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

    /// Seals an event for this place with the key of the header's subject.
    ///
    /// # Errors
    /// When there is no key: an erased subject has none. Also what would never open: an event of a folded stream without a
    /// place in it, or of a subject that the stream is not about.
    pub async fn seal(
        &self,
        place: Place,
        at: Timestamp,
        header: &Header,
        event: &Event,
    ) -> Result<NewEvent, CodecError> {
        let kind = kind_of(place.stream)?;
        if kind.is_folded() != place.version.is_some() || !is_about(place.stream.id, header, event) {
            return Err(CodecError::Misplaced);
        }
        // Somebody who is invited has nothing of their own yet: what is said of them is sealed with the key that is to be theirs.
        let begins = matches!(event, Event::Invitation(InvitationEvent::NewcomerInvited(_)));
        self.seal_bytes(place, at, header, (event.code(), &event.encode(), begins)).await
    }

    /// Seals what only another version may know: for tests of what this one does with it.
    ///
    /// # Errors
    /// When there is no key.
    #[cfg(feature = "samples")]
    pub async fn seal_unknown(
        &self,
        place: Place,
        at: Timestamp,
        header: &Header,
        unknown: (i32, &[u8]),
    ) -> Result<NewEvent, CodecError> {
        self.seal_bytes(place, at, header, (unknown.0, unknown.1, false)).await
    }

    async fn seal_bytes(
        &self,
        place: Place,
        at: Timestamp,
        header: &Header,
        (event_type, plain, begins): (i32, &[u8], bool),
    ) -> Result<NewEvent, CodecError> {
        // A key is made with what begins a subject's own stream, and with what those who run the system do first. Whoever has lost
        // theirs gets no second one.
        let is_own = place.stream.id == header.subject && place.version == Some(Version(1));
        let begins = begins || is_own || place.stream.kind == StreamKind::Operations.code();
        let key = if begins {
            self.vault.key_of(header.subject).await?
        } else {
            self.vault.held_key_of(header.subject).await?
        };
        let head = header.encode(SCHEMA);
        let body = key.seal(&context(place, event_type, at.0, &key, &head), plain)?;
        Ok(NewEvent { event_type, key_id: key.id(), at: at.0, head: head.into(), body: body.into() })
    }

    /// Opens an event of the log.
    ///
    /// # Errors
    /// When the key was destroyed or is unknown, or anything of the event is not as it was written: its stream, its place in
    /// it, its type, time, header or body.
    pub async fn open(&self, recorded: &Recorded) -> Result<Envelope, CodecError> {
        let Recorded { position, stream, version, event_type, key_id, at, head, body, .. } = recorded;
        let key = self.vault.key(*key_id).await?;
        let outside = kind_of(*stream).and_then(|kind| Ok((kind, Header::decode(head)?)));
        let (kind, (header, schema)) = match outside {
            Ok(outside) => outside,
            // What stands outside the seal says so truly only if the seal is whole.
            Err(DecodeError::Newer(_)) if !is_whole(recorded, &key) => return Err(VaultError::Tampered.into()),
            Err(error) => return Err(error.into()),
        };
        if key.subject() != header.subject {
            return Err(VaultError::Tampered.into());
        }
        let (version, at) = (Version(version.0), Timestamp(*at));
        let place = Place { stream: *stream, version: kind.is_folded().then_some(version) };
        let plain = key.open(&context(place, *event_type, at.0, &key, head), body)?;
        let event = Event::decode(kind, *event_type, schema, &plain)?;
        if !is_about(stream.id, &header, &event) {
            return Err(VaultError::Tampered.into());
        }
        Ok(Envelope { position: *position, stream: stream.id, version, at, header, event })
    }
}

/// Whether an event is as somebody sealed it who may know more kinds of stream than this version.
fn is_whole(event: &Recorded, key: &SubjectKey) -> bool {
    let Recorded { stream, version, event_type, at, head, body, .. } = event;
    [None, Some(Version(version.0))].into_iter().any(|version| {
        let place = Place { stream: *stream, version };
        key.open(&context(place, *event_type, *at, key, head), body).is_ok()
    })
}

fn kind_of(stream: StreamId) -> Result<StreamKind, DecodeError> {
    StreamKind::from_code(stream.kind).ok_or(DecodeError::Newer("kind"))
}

/// Whether a stream can hold something about this subject. Of the other kinds only what is bound to the body tells.
fn is_about(stream: Uuid, header: &Header, event: &Event) -> bool {
    match event {
        Event::Person(_) | Event::Sharing(_) | Event::Agency(_) | Event::Notices(_) | Event::Answers(_) => {
            header.subject == stream
        }
        // The first ones were sealed with the system's own key.
        Event::Operations(_) => header.subject == OPERATORS.0 || header.subject.is_nil(),
        // An attempt at somebody who is not registered belongs to whoever tried.
        Event::Access(AccessEvent::AccessDenied(_)) => {
            header.subject == stream || header.actor.answerable() == Some(header.subject)
        }
        Event::Access(_) => header.subject == stream,
        Event::Query(_)
        | Event::Emergency(_)
        | Event::Relationship(_)
        | Event::Consultation(_)
        | Event::Staff(_)
        | Event::SignIn(_)
        | Event::Identity(_)
        | Event::Invitation(_)
        | Event::Issuers(_)
        | Event::Survey(_)
        | Event::Request(_) => true,
    }
}

/// What a body is bound to: copied to another place, or under another time or header, it does not open.
fn context(place: Place, event_type: i32, at: i64, key: &SubjectKey, head: &[u8]) -> Vec<u8> {
    let Place { stream, version } = place;
    let mut context = Vec::with_capacity(2 + 16 + 8 + 4 + 8 + 16 + head.len());
    context.extend_from_slice(&stream.kind.to_be_bytes());
    context.extend_from_slice(stream.id.as_bytes());
    // Versions begin at 1: 0 says that the place is not bound.
    context.extend_from_slice(&version.map_or(0, |version| version.0).to_be_bytes());
    context.extend_from_slice(&event_type.to_be_bytes());
    context.extend_from_slice(&at.to_be_bytes());
    context.extend_from_slice(key.id().as_bytes());
    context.extend_from_slice(head);
    context
}
