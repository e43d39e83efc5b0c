//! How a field of a domain event is stored.

use domain::access::events::{Delivered, PermitChange, PermitTold, RecallAnswer};
use domain::agency::{AgencyNumber, ContentLevel, Door, Registry, Scope, Selection};
use domain::consultation::{Circle, Mode, Outcome, WithheldGround, WithoutPersonGround};
use domain::ids::{
    AccessRequestId, AccountId, AgencyId, ConsultationId, EmergencyId, EntryId, FeedId, IdentityId, InvitationId,
    LawfulBasisId, PersonId, ProvisionId, RecallId, ReceiptId, RelationshipId, SignInId, StaffId, SurveyId,
};
use domain::notices::{Channel, NoticeKind, When, WordCodeFor};
use domain::operations::Act;
use domain::person::{BarrierKind, CommunicationNeed, Owner, ReplyKind, StrengthKind};
use domain::values::{Date, Link, LinkKind, Rating, Source};
use domain::vocabulary::{
    Action, Author, Category, DenialRule, Level, OnTheirWord, ProvisionActor, Purpose, Sensitivity, Terms, Timestamp,
    Version, Worker,
};
use proto::events::v1 as pb;
use uuid::Uuid;

use super::DecodeError;

/// A value and its stored form.
pub(crate) trait Field<W>: Sized {
    fn to_wire(&self) -> W;
    fn from_wire(wire: W) -> Result<Self, DecodeError>;
}

macro_rules! as_itself {
    ($($ty:ty),+) => {$(impl Field<$ty> for $ty {
        fn to_wire(&self) -> $ty {
            self.clone()
        }

        fn from_wire(wire: $ty) -> Result<Self, DecodeError> {
            Ok(wire)
        }
    })+};
}
as_itself!(String, bool, u32, u64, Vec<String>, Vec<u32>);

impl Field<i64> for Timestamp {
    fn to_wire(&self) -> i64 {
        self.0
    }

    fn from_wire(wire: i64) -> Result<Self, DecodeError> {
        Ok(Self(wire))
    }
}

/// Of an event that was stored before there was such a time, there is none.
impl Field<i64> for Option<Timestamp> {
    fn to_wire(&self) -> i64 {
        self.map_or(0, |at| at.0)
    }

    fn from_wire(wire: i64) -> Result<Self, DecodeError> {
        Ok(Some(wire).filter(|at| *at != 0).map(Timestamp))
    }
}

impl Field<u64> for Version {
    fn to_wire(&self) -> u64 {
        self.0
    }

    fn from_wire(wire: u64) -> Result<Self, DecodeError> {
        Ok(Self(wire))
    }
}

impl Field<Vec<u8>> for Uuid {
    fn to_wire(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn from_wire(wire: Vec<u8>) -> Result<Self, DecodeError> {
        Self::from_slice(&wire).map_err(|_cause| DecodeError::Broken("id"))
    }
}

macro_rules! as_uuid {
    ($($id:ident),+ $(,)?) => {$(impl Field<Vec<u8>> for $id {
        fn to_wire(&self) -> Vec<u8> {
            self.0.to_wire()
        }

        fn from_wire(wire: Vec<u8>) -> Result<Self, DecodeError> {
            Uuid::from_wire(wire).map($id)
        }
    })+};
}
as_uuid!(
    AccessRequestId,
    AccountId,
    AgencyId,
    ConsultationId,
    EmergencyId,
    EntryId,
    FeedId,
    IdentityId,
    InvitationId,
    LawfulBasisId,
    PersonId,
    ProvisionId,
    RecallId,
    ReceiptId,
    RelationshipId,
    SignInId,
    StaffId,
    SurveyId,
);

/// An absent id is stored as no bytes.
impl<I: Field<Vec<u8>>> Field<Vec<u8>> for Option<I> {
    fn to_wire(&self) -> Vec<u8> {
        self.as_ref().map(Field::to_wire).unwrap_or_default()
    }

    fn from_wire(wire: Vec<u8>) -> Result<Self, DecodeError> {
        if wire.is_empty() { Ok(None) } else { I::from_wire(wire).map(Some) }
    }
}

macro_rules! as_code {
    ($($coded:ident),+ $(,)?) => {$(
        impl Field<u32> for $coded {
            fn to_wire(&self) -> u32 {
                u32::from(self.code())
            }

            fn from_wire(wire: u32) -> Result<Self, DecodeError> {
                Self::from_code(wire).ok_or(DecodeError::Newer(stringify!($coded)))
            }
        }

        impl Field<Vec<u32>> for Vec<$coded> {
            fn to_wire(&self) -> Vec<u32> {
                self.iter().map(Field::to_wire).collect()
            }

            fn from_wire(wire: Vec<u32>) -> Result<Self, DecodeError> {
                wire.into_iter().map($coded::from_wire).collect()
            }
        }
    )+};
}
as_code!(
    Act,
    Action,
    BarrierKind,
    Category,
    Channel,
    CommunicationNeed,
    ContentLevel,
    DenialRule,
    Door,
    Level,
    LinkKind,
    Mode,
    NoticeKind,
    WordCodeFor,
    PermitChange,
    Purpose,
    RecallAnswer,
    Registry,
    Scope,
    When,
    Outcome,
    ReplyKind,
    WithheldGround,
    WithoutPersonGround,
);

/// A worker, from the two fields that it is stored in.
pub(crate) fn worker(agency: Vec<u8>, staff: Vec<u8>) -> Result<Worker, DecodeError> {
    Ok(Worker::new(AgencyId::from_wire(agency)?, StaffId::from_wire(staff)?))
}

/// An absent day or source is stored as empty text.
macro_rules! or_empty {
    ($($value:ident),+) => {$(impl Field<String> for Option<$value> {
        fn to_wire(&self) -> String {
            self.as_ref().map($value::as_str).unwrap_or_default().to_owned()
        }

        fn from_wire(wire: String) -> Result<Self, DecodeError> {
            Ok($value::stored(wire))
        }
    })+};
}
or_empty!(Date, Source);

impl Field<u32> for Rating {
    fn to_wire(&self) -> u32 {
        u32::from(self.value())
    }

    fn from_wire(wire: u32) -> Result<Self, DecodeError> {
        Option::from_wire(wire)?.ok_or(DecodeError::Broken("rating"))
    }
}

/// An absent rating is stored as 0.
impl Field<u32> for Option<Rating> {
    fn to_wire(&self) -> u32 {
        self.map_or(0, |rating| u32::from(rating.value()))
    }

    fn from_wire(wire: u32) -> Result<Self, DecodeError> {
        u8::try_from(wire).map(Rating::stored).map_err(|_cause| DecodeError::Broken("rating"))
    }
}

impl Field<Option<pb::Author>> for Author {
    fn to_wire(&self) -> Option<pb::Author> {
        Some(match self {
            Self::System => pb::Author { kind: 1, ..Default::default() },
            Self::Person => pb::Author { kind: 2, ..Default::default() },
            Self::AnotherPerson => pb::Author { kind: 4, ..Default::default() },
            Self::Worker(worker) => {
                pb::Author { kind: 3, agency: worker.agency().to_wire(), staff: worker.staff().to_wire() }
            }
        })
    }

    fn from_wire(wire: Option<pb::Author>) -> Result<Self, DecodeError> {
        match wire {
            Some(pb::Author { kind: 1, .. }) => Ok(Self::System),
            Some(pb::Author { kind: 2, .. }) => Ok(Self::Person),
            Some(pb::Author { kind: 4, .. }) => Ok(Self::AnotherPerson),
            Some(pb::Author { kind: 3, agency, staff }) => Ok(Self::Worker(worker(agency, staff)?)),
            Some(_) => Err(DecodeError::Newer("author")),
            None => Err(DecodeError::Broken("author")),
        }
    }
}

impl Field<Option<pb::Sensitivity>> for Sensitivity {
    fn to_wire(&self) -> Option<pb::Sensitivity> {
        Some(pb::Sensitivity { level: self.level.to_wire(), labels: self.labels.clone() })
    }

    fn from_wire(wire: Option<pb::Sensitivity>) -> Result<Self, DecodeError> {
        let wire = wire.ok_or(DecodeError::Broken("sensitivity"))?;
        Ok(Self { level: Level::from_wire(wire.level)?, labels: wire.labels })
    }
}

/// Of an event that was stored before there was such a thing, there is none.
/// Of what was stored before somebody was named there, nobody is.
impl Field<Option<pb::Author>> for Option<Author> {
    fn to_wire(&self) -> Option<pb::Author> {
        self.as_ref().and_then(Field::to_wire)
    }

    fn from_wire(wire: Option<pb::Author>) -> Result<Self, DecodeError> {
        wire.map(|wire| Author::from_wire(Some(wire))).transpose()
    }
}

impl Field<Option<pb::Sensitivity>> for Option<Sensitivity> {
    fn to_wire(&self) -> Option<pb::Sensitivity> {
        self.as_ref().and_then(Field::to_wire)
    }

    fn from_wire(wire: Option<pb::Sensitivity>) -> Result<Self, DecodeError> {
        wire.map(|wire| Sensitivity::from_wire(Some(wire))).transpose()
    }
}

impl Field<Vec<pb::AgencyNumber>> for Vec<AgencyNumber> {
    fn to_wire(&self) -> Vec<pb::AgencyNumber> {
        let number = |n: &AgencyNumber| pb::AgencyNumber { registry: n.registry.to_wire(), number: n.number.clone() };
        self.iter().map(number).collect()
    }

    fn from_wire(wire: Vec<pb::AgencyNumber>) -> Result<Self, DecodeError> {
        let number =
            |n: pb::AgencyNumber| Ok(AgencyNumber { registry: Registry::from_wire(n.registry)?, number: n.number });
        wire.into_iter().map(number).collect()
    }
}

macro_rules! as_uuids {
    ($($id:ident),+ $(,)?) => {$(impl Field<Vec<Vec<u8>>> for Vec<$id> {
        fn to_wire(&self) -> Vec<Vec<u8>> {
            self.iter().map(Field::to_wire).collect()
        }

        fn from_wire(wire: Vec<Vec<u8>>) -> Result<Self, DecodeError> {
            wire.into_iter().map($id::from_wire).collect()
        }
    })+};
}
as_uuids!(LawfulBasisId, ProvisionId, StaffId);

impl Field<Vec<pb::Delivered>> for Vec<Delivered> {
    fn to_wire(&self) -> Vec<pb::Delivered> {
        let delivered = |d: &Delivered| pb::Delivered {
            event: d.event.to_wire(),
            entry: d.entry.to_wire(),
            category: d.category.to_wire(),
            content: d.content.to_wire(),
        };
        self.iter().map(delivered).collect()
    }

    fn from_wire(wire: Vec<pb::Delivered>) -> Result<Self, DecodeError> {
        let delivered = |d: pb::Delivered| {
            let (event, entry) = (Uuid::from_wire(d.event)?, EntryId::from_wire(d.entry)?);
            let (category, content) = (Category::from_wire(d.category)?, ContentLevel::from_wire(d.content)?);
            Ok(Delivered { event, entry, category, content })
        };
        wire.into_iter().map(delivered).collect()
    }
}

impl Field<Vec<pb::PermitTold>> for Vec<PermitTold> {
    fn to_wire(&self) -> Vec<pb::PermitTold> {
        let told = |told: &PermitTold| pb::PermitTold {
            event: told.event.to_wire(),
            provision: told.provision.to_wire(),
            change: told.change.to_wire(),
            content: told.content.to_wire(),
        };
        self.iter().map(told).collect()
    }

    fn from_wire(wire: Vec<pb::PermitTold>) -> Result<Self, DecodeError> {
        let told = |told: pb::PermitTold| {
            let (event, provision) = (Uuid::from_wire(told.event)?, ProvisionId::from_wire(told.provision)?);
            let (change, content) = (PermitChange::from_wire(told.change)?, ContentLevel::from_wire(told.content)?);
            Ok(PermitTold { event, provision, change, content })
        };
        wire.into_iter().map(told).collect()
    }
}

impl Field<Option<pb::Selection>> for Selection {
    fn to_wire(&self) -> Option<pb::Selection> {
        let (categories, types) = (self.categories.to_wire(), self.types.clone());
        Some(pb::Selection { categories, types, content: self.content.to_wire() })
    }

    fn from_wire(wire: Option<pb::Selection>) -> Result<Self, DecodeError> {
        let pb::Selection { categories, types, content } = wire.ok_or(DecodeError::Broken("selection"))?;
        Ok(Self { categories: Vec::from_wire(categories)?, types, content: ContentLevel::from_wire(content)? })
    }
}

/// Of an event that was stored before it could be said, it is for whoever consultations are shared with.
impl Field<Option<pb::Circle>> for Circle {
    fn to_wire(&self) -> Option<pb::Circle> {
        if *self == Self::default() {
            return None;
        }
        let named = self.named.iter().map(Field::to_wire).collect();
        Some(pb::Circle { sensitivity: self.sensitivity.to_wire(), kept: self.kept, named })
    }

    fn from_wire(wire: Option<pb::Circle>) -> Result<Self, DecodeError> {
        let pb::Circle { sensitivity, kept, named } = wire.unwrap_or_default();
        let named = named.into_iter().map(StaffId::from_wire).collect::<Result<_, _>>()?;
        Ok(Self { sensitivity: Option::from_wire(sensitivity)?, kept, named })
    }
}

impl Field<Option<pb::Terms>> for Terms {
    fn to_wire(&self) -> Option<pb::Terms> {
        let (actor_kind, actor_id, actor_role) = match &self.actor {
            ProvisionActor::Agency(agency) => (1, agency.to_wire(), String::new()),
            ProvisionActor::Staff(staff) => (2, staff.to_wire(), String::new()),
            ProvisionActor::Role(role) => (3, Vec::new(), role.clone()),
            ProvisionActor::Everybody => (4, Vec::new(), String::new()),
            ProvisionActor::RoleAt(agency, role) => (5, agency.to_wire(), role.clone()),
        };
        Some(pb::Terms {
            actor_kind,
            actor_id,
            actor_role,
            categories: self.categories.to_wire(),
            level: self.level.to_wire(),
            labels: self.labels.clone(),
            purposes: self.purposes.to_wire(),
            actions: self.actions.to_wire(),
            from: self.from.map(|t| t.0),
            until: self.until.map(|t| t.0),
            except: self.except.iter().map(Field::to_wire).collect(),
        })
    }

    fn from_wire(wire: Option<pb::Terms>) -> Result<Self, DecodeError> {
        let wire = wire.ok_or(DecodeError::Broken("terms"))?;
        let actor = match wire.actor_kind {
            1 => ProvisionActor::Agency(AgencyId::from_wire(wire.actor_id)?),
            2 => ProvisionActor::Staff(StaffId::from_wire(wire.actor_id)?),
            3 => ProvisionActor::Role(wire.actor_role),
            4 => ProvisionActor::Everybody,
            5 => ProvisionActor::RoleAt(AgencyId::from_wire(wire.actor_id)?, wire.actor_role),
            _ => return Err(DecodeError::Newer("actor")),
        };
        Ok(Self {
            actor,
            except: wire.except.into_iter().map(StaffId::from_wire).collect::<Result<_, _>>()?,
            categories: Vec::from_wire(wire.categories)?,
            level: Level::from_wire(wire.level)?,
            labels: wire.labels,
            purposes: Vec::from_wire(wire.purposes)?,
            actions: Vec::from_wire(wire.actions)?,
            from: wire.from.map(Timestamp),
            until: wire.until.map(Timestamp),
        })
    }
}

/// A strength is stored as nothing, as before there were kinds.
impl Field<u32> for StrengthKind {
    fn to_wire(&self) -> u32 {
        if *self == Self::Strength { 0 } else { u32::from(self.code()) }
    }

    fn from_wire(wire: u32) -> Result<Self, DecodeError> {
        if wire == 0 { Ok(Self::Strength) } else { Self::from_code(wire).ok_or(DecodeError::Newer("StrengthKind")) }
    }
}

impl Field<Option<pb::Link>> for Option<Link> {
    fn to_wire(&self) -> Option<pb::Link> {
        let Link { kind, name, url } = self.clone()?;
        Some(pb::Link { kind: kind.to_wire(), name, url })
    }

    fn from_wire(wire: Option<pb::Link>) -> Result<Self, DecodeError> {
        let read = |pb::Link { kind, name, url }| Ok(Link { kind: LinkKind::from_wire(kind)?, name, url });
        wire.map(read).transpose()
    }
}

impl Field<Option<pb::Owner>> for Option<Owner> {
    fn to_wire(&self) -> Option<pb::Owner> {
        let (kind, agency, staff) = match self.as_ref()? {
            Owner::Person => (1, Vec::new(), Vec::new()),
            Owner::Worker(worker) => (2, worker.agency().to_wire(), worker.staff().to_wire()),
            Owner::Agency(agency) => (3, agency.to_wire(), Vec::new()),
        };
        Some(pb::Owner { kind, agency, staff })
    }

    fn from_wire(wire: Option<pb::Owner>) -> Result<Self, DecodeError> {
        let Some(pb::Owner { kind, agency, staff }) = wire else { return Ok(None) };
        Ok(Some(match kind {
            1 => Owner::Person,
            2 => Owner::Worker(Worker::new(AgencyId::from_wire(agency)?, StaffId::from_wire(staff)?)),
            3 => Owner::Agency(AgencyId::from_wire(agency)?),
            _ => return Err(DecodeError::Newer("owner")),
        }))
    }
}

impl Field<Option<pb::OnTheirWord>> for Option<OnTheirWord> {
    fn to_wire(&self) -> Option<pb::OnTheirWord> {
        let OnTheirWord { worker, account, by_code } = self.clone()?;
        Some(pb::OnTheirWord { agency: worker.agency().to_wire(), staff: worker.staff().to_wire(), account, by_code })
    }

    fn from_wire(wire: Option<pb::OnTheirWord>) -> Result<Self, DecodeError> {
        let Some(pb::OnTheirWord { agency, staff, account, by_code }) = wire else { return Ok(None) };
        let worker = Worker::new(AgencyId::from_wire(agency)?, StaffId::from_wire(staff)?);
        Ok(Some(OnTheirWord { worker, account, by_code }))
    }
}

impl Field<Option<pb::OnTheirWord>> for OnTheirWord {
    fn to_wire(&self) -> Option<pb::OnTheirWord> {
        Some(self.clone()).to_wire()
    }

    fn from_wire(wire: Option<pb::OnTheirWord>) -> Result<Self, DecodeError> {
        Option::from_wire(wire)?.ok_or(DecodeError::Broken("on their word"))
    }
}
