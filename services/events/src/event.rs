use domain::StreamKind;
use domain::access::events::AccessEvent;
use domain::agency::events::AgencyEvent;
use domain::consultation::events::ConsultationEvent;
use domain::emergency::events::EmergencyEvent;
use domain::identity::events::IdentityEvent;
use domain::invitation::events::InvitationEvent;
use domain::issuers::events::IssuersEvent;
use domain::notices::events::NoticesEvent;
use domain::operations::events::OperationsEvent;
use domain::person::events::PersonEvent;
use domain::query::events::QueryEvent;
use domain::relationship::events::RelationshipEvent;
use domain::request::events::RequestEvent;
use domain::sharing::events::SharingEvent;
use domain::sign_in::events::SignInEvent;
use domain::staff::events::StaffEvent;
use domain::survey::events::{AnswersEvent, SurveyEvent};

use crate::{DecodeError, Stored};

macro_rules! any_event {
    ($($kind:ident($event:ident)),+ $(,)?) => {
        /// An event of any kind of stream.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "each variant is documented by its enum")]
        pub enum Event { $($kind($event)),+ }

        $(impl From<$event> for Event {
            fn from(event: $event) -> Self {
                Self::$kind(event)
            }
        }

        impl TryFrom<Event> for $event {
            type Error = DecodeError;

            fn try_from(event: Event) -> Result<Self, DecodeError> {
                #[allow(clippy::wildcard_enum_match_arm, reason = "every other kind is the wrong one")]
                match event {
                    Event::$kind(event) => Ok(event),
                    _ => Err(DecodeError::Newer("kind")),
                }
            }
        })+

        impl Event {
            /// Reads an event from the bytes that were sealed.
            ///
            /// # Errors
            /// When the type or version is not known, or the bytes do not fit it.
            pub fn decode(kind: StreamKind, code: i32, schema: u32, bytes: &[u8]) -> Result<Self, DecodeError> {
                match kind { $(StreamKind::$kind => $event::decode(code, schema, bytes).map(Self::$kind)),+ }
            }

            /// The kind of stream it belongs to.
            #[must_use]
            pub fn kind(&self) -> StreamKind {
                match self { $(Self::$kind(_) => StreamKind::$kind),+ }
            }

            /// The stored type code.
            #[must_use]
            pub fn code(&self) -> i32 {
                match self { $(Self::$kind(event) => event.code()),+ }
            }

            /// The event as the bytes to seal.
            #[must_use]
            pub fn encode(&self) -> Vec<u8> {
                match self { $(Self::$kind(event) => event.encode()),+ }
            }

            /// One of each event, for the golden bytes.
            #[cfg(feature = "samples")]
            #[must_use]
            pub fn samples() -> Vec<Self> {
                let kinds = [$($event::samples().into_iter().map(Self::$kind).collect::<Vec<_>>()),+];
                kinds.into_iter().flatten().collect()
            }

            /// Its name in the domain language.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$kind(event) => event.name()),+ }
            }
        }
    };
}

any_event! {
    Person(PersonEvent),
    Sharing(SharingEvent),
    Access(AccessEvent),
    Query(QueryEvent),
    Emergency(EmergencyEvent),
    Relationship(RelationshipEvent),
    Consultation(ConsultationEvent),
    Agency(AgencyEvent),
    Staff(StaffEvent),
    SignIn(SignInEvent),
    Request(RequestEvent),
    Issuers(IssuersEvent),
    Operations(OperationsEvent),
    Notices(NoticesEvent),
    Identity(IdentityEvent),
    Invitation(InvitationEvent),
    Survey(SurveyEvent),
    Answers(AnswersEvent),
}
