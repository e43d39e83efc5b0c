use domain::ids::{PersonId, SignInId};
use domain::vocabulary::{Author, Worker};
use prost::Message as _;
use proto::events::v1 as pb;
use uuid::Uuid;

use crate::DecodeError;
use crate::wire::{Field as _, worker};

/// Who did it, by pseudonymous id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What kind of party, and which.
    pub kind: ActorKind,
    /// A worker's role at the time; empty otherwise.
    pub role: String,
    /// The person that a representative acts for.
    pub on_behalf_of: Option<PersonId>,
}

/// The kinds of actor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// The system, or a command of those who run it.
    System,
    /// Somebody who runs the system, by the pseudonym of their sign-in.
    Operator(SignInId),
    /// A person.
    Person(PersonId),
    /// A worker.
    Worker(Worker),
}

impl Actor {
    /// The system, or a command of those who run it.
    #[must_use]
    pub fn system() -> Self {
        Self { kind: ActorKind::System, role: String::new(), on_behalf_of: None }
    }

    /// Somebody who runs the system.
    #[must_use]
    pub fn operator(sign_in: SignInId) -> Self {
        Self { kind: ActorKind::Operator(sign_in), role: String::new(), on_behalf_of: None }
    }

    /// A person.
    #[must_use]
    pub fn person(person: PersonId) -> Self {
        Self { kind: ActorKind::Person(person), role: String::new(), on_behalf_of: None }
    }

    /// A worker in a role.
    #[must_use]
    pub fn worker(worker: Worker, role: &str) -> Self {
        Self { kind: ActorKind::Worker(worker), role: role.to_owned(), on_behalf_of: None }
    }

    /// The same party, as the author of an entry.
    #[must_use]
    pub fn author(&self) -> Author {
        match self.kind {
            ActorKind::System | ActorKind::Operator(_) => Author::System,
            ActorKind::Person(_) => Author::Person,
            ActorKind::Worker(worker) => Author::Worker(worker),
        }
    }

    /// Who answers for what the party does: the agency of a worker, the person themselves.
    #[must_use]
    pub fn answerable(&self) -> Option<Uuid> {
        match self.kind {
            ActorKind::System | ActorKind::Operator(_) => None,
            ActorKind::Person(person) => Some(person.0),
            ActorKind::Worker(worker) => Some(worker.agency().0),
        }
    }

    /// A stable id of the party: what scopes its request ids.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self.kind {
            ActorKind::System => Uuid::nil(),
            ActorKind::Operator(sign_in) => sign_in.0,
            ActorKind::Person(person) => person.0,
            ActorKind::Worker(worker) => worker.staff().0,
        }
    }
}

/// What stays readable of an event without a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The event's id.
    pub event_id: Uuid,
    /// Whose key seals the body.
    pub subject: Uuid,
    /// Who did it.
    pub actor: Actor,
    /// The event that caused it.
    pub causation: Option<Uuid>,
    /// What belongs together.
    pub correlation: Option<Uuid>,
    /// W3C trace context, or empty.
    pub traceparent: String,
}

impl Header {
    /// The trace context of the request that made the event, if that trace is kept.
    #[must_use]
    pub fn sampled_trace(&self) -> Option<&str> {
        // The last two digits of a W3C traceparent are its flags; 01 says sampled.
        Some(self.traceparent.as_str()).filter(|traceparent| traceparent.ends_with("01"))
    }

    pub(crate) fn encode(&self, schema: u32) -> Vec<u8> {
        let optional = |id: Option<Uuid>| id.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let (kind, id, agency) = match self.actor.kind {
            ActorKind::System => (1, None, None),
            ActorKind::Person(person) => (2, Some(person.0), None),
            ActorKind::Worker(worker) => (3, Some(worker.staff().0), Some(worker.agency().0)),
            ActorKind::Operator(sign_in) => (4, Some(sign_in.0), None),
        };
        pb::Header {
            event_id: self.event_id.as_bytes().to_vec(),
            subject: self.subject.as_bytes().to_vec(),
            schema,
            actor: Some(pb::Actor {
                kind,
                id: optional(id),
                agency: optional(agency),
                role: self.actor.role.clone(),
                on_behalf_of: optional(self.actor.on_behalf_of.map(Uuid::from)),
            }),
            causation: optional(self.causation),
            correlation: optional(self.correlation),
            traceparent: self.traceparent.clone(),
        }
        .encode_to_vec()
    }

    /// Reads a header and the version of the payload's schema. Needs no key.
    ///
    /// # Errors
    /// When the bytes are no header.
    pub fn decode(bytes: &[u8]) -> Result<(Self, u32), DecodeError> {
        let stored = pb::Header::decode(bytes).map_err(|_cause| DecodeError::Broken("header"))?;
        let actor = stored.actor.ok_or(DecodeError::Broken("actor"))?;
        let kind = match actor.kind {
            1 => ActorKind::System,
            2 => ActorKind::Person(PersonId::from_wire(actor.id)?),
            3 => ActorKind::Worker(worker(actor.agency, actor.id)?),
            4 => ActorKind::Operator(SignInId::from_wire(actor.id)?),
            _ => return Err(DecodeError::Newer("actor")),
        };
        let header = Self {
            event_id: Uuid::from_wire(stored.event_id)?,
            subject: Uuid::from_wire(stored.subject)?,
            actor: Actor { kind, role: actor.role, on_behalf_of: Option::from_wire(actor.on_behalf_of)? },
            causation: Option::from_wire(stored.causation)?,
            correlation: Option::from_wire(stored.correlation)?,
            traceparent: stored.traceparent,
        };
        Ok((header, stored.schema))
    }
}
