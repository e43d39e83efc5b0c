//! A value of every type that a stored event may hold, by the name of its field.

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
use uuid::Uuid;

/// A value that says which field it stands in.
pub(crate) trait Sample {
    fn sample(field: &str) -> Self;
}

macro_rules! samples {
    ($($ty:ty: $field:ident => $value:expr),+ $(,)?) => {$(impl Sample for $ty {
        fn sample($field: &str) -> Self {
            $value
        }
    })+};
}

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

fn text(field: &str) -> String {
    format!("{field} text")
}

samples! {
    String: field => text(field),
    bool: _field => true,
    u32: _field => 300,
    u64: _field => 70_000,
    EntryId: field => EntryId(id(match field { "item" => 10, "goal" => 9, _ => 1 })),
    Option<EntryId>: field => Some(EntryId::sample(field)),
    ProvisionId: _field => ProvisionId(id(2)),
    AgencyId: _field => AgencyId(id(3)),
    Option<AgencyId>: field => Some(AgencyId::sample(field)),
    StaffId: _field => StaffId(id(4)),
    PersonId: _field => PersonId(id(5)),
    RelationshipId: _field => RelationshipId(id(6)),
    EmergencyId: _field => EmergencyId(id(7)),
    LawfulBasisId: _field => LawfulBasisId(id(19)),
    Vec<LawfulBasisId>: field => vec![LawfulBasisId::sample(field)],
    Vec<StaffId>: field => vec![StaffId::sample(field)],
    SurveyId: _field => SurveyId(id(20)),
    Vec<u32>: _field => vec![5, 0, 300],
    ReceiptId: _field => ReceiptId(id(8)),
    SignInId: _field => SignInId(id(11)),
    IdentityId: _field => IdentityId(id(17)),
    InvitationId: _field => InvitationId(id(18)),
    Option<InvitationId>: field => Some(InvitationId::sample(field)),
    FeedId: _field => FeedId(id(13)),
    AccountId: _field => AccountId(id(14)),
    ConsultationId: _field => ConsultationId(id(16)),
    AccessRequestId: _field => AccessRequestId(id(15)),
    Option<AccessRequestId>: field => Some(AccessRequestId::sample(field)),
    RecallId: _field => RecallId(id(15)),
    Door: _field => Door::Grpc,
    ContentLevel: _field => ContentLevel::IdOnly,
    Channel: _field => Channel::Sms,
    NoticeKind: _field => NoticeKind::FirstLook,
    WordCodeFor: _field => WordCodeFor::Sharing,
    When: _field => When::Daily,
    Vec<Scope>: _field => vec![Scope::Receive],
    RecallAnswer: _field => RecallAnswer::Retained,
    Vec<ProvisionId>: field => vec![ProvisionId::sample(field)],
    Vec<Delivered>: field => vec![Delivered {
        event: id(16),
        entry: EntryId::sample(field),
        category: Category::Goals,
        content: ContentLevel::IdOnly,
    }],
    Vec<PermitTold>: field => vec![PermitTold {
        event: id(16),
        provision: ProvisionId::sample(field),
        change: PermitChange::Ended,
        content: ContentLevel::IdOnly,
    }],
    Selection: _field => Selection {
        categories: vec![Category::Goals],
        types: vec!["alongside.record.goal.set.v1".into()],
        content: ContentLevel::Full,
    },
    Worker: field => Worker::new(AgencyId::sample(field), StaffId::sample(field)),
    Author: field => Author::Worker(Worker::sample(field)),
    Option<Author>: field => Some(Author::sample(field)),
    Option<Date>: field => Date::stored(text(field)),
    Option<Source>: field => Source::stored(text(field)),
    Option<Rating>: _field => Rating::stored(7),
    Rating: field => Option::sample(field).unwrap_or_else(|| unreachable!("7 is a rating")),
    Option<Timestamp>: field => Some(Timestamp::sample(field)),
    Timestamp: _field => Timestamp(1_700_000_000_000_000),
    Version: _field => Version(12),
    Level: _field => Level::Restricted,
    Act: _field => Act::Imported,
    Purpose: _field => Purpose::CareCoordination,
    Uuid: _field => id(12),
    Vec<Category>: _field => vec![Category::Goals, Category::Health],
    Vec<DenialRule>: _field => vec![DenialRule::AgencyBlocked],
    Mode: _field => Mode::PersonLed,
    WithoutPersonGround: _field => WithoutPersonGround::Unreachable,
    WithheldGround: _field => WithheldGround::AnotherPerson,
    Category: _field => Category::Goals,
    ReplyKind: _field => ReplyKind::Correction,
    StrengthKind: _field => StrengthKind::Skill,
    OnTheirWord: field => OnTheirWord { worker: Worker::sample(field), account: text(field), by_code: true },
    Option<OnTheirWord>: field => Some(OnTheirWord::sample(field)),
    BarrierKind: _field => BarrierKind::External,
    Vec<CommunicationNeed>: _field => vec![CommunicationNeed::Bsl, CommunicationNeed::MoreTime],
    Option<Link>: _field => Some(Link {
        kind: LinkKind::Aliss,
        name: text("name"),
        url: "https://www.aliss.org/services/1".into(),
    }),
    Option<Owner>: field => Some(Owner::Worker(Worker::sample(field))),
    Outcome: _field => Outcome::Partly,
    Option<SignInId>: field => Some(SignInId::sample(field)),
    Option<Sensitivity>: field => Some(Sensitivity::sample(field)),
    Vec<AgencyNumber>: _field => vec![AgencyNumber { registry: Registry::Ods, number: "RR8".into() }],
    Vec<String>: field => vec![text(field), "more".into()],
    Circle: _field => Circle::kept(vec!["PSY".into()], [StaffId(id(4))].into()),
    Sensitivity: _field => Sensitivity { level: Level::Restricted, labels: vec!["PSY".into()] },
    Terms: _field => Terms {
        actor: ProvisionActor::Role("nurse".into()),
        except: vec![],
        categories: vec![Category::Goals],
        level: Level::Normal,
        labels: vec!["HIV".into()],
        purposes: vec![Purpose::Treatment],
        actions: vec![Action::Read, Action::Contribute],
        from: Some(Timestamp(0)),
        until: None,
    },
}
