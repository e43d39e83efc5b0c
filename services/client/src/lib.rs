//! A caller over gRPC: a channel and a token, every service, and verbs for what callers do all the time.

mod verbs;

use proto::access::v1::access_service_client::AccessServiceClient;
use proto::agencies::v1::agency_service_client::AgencyServiceClient;
use proto::consultations::v1::consultation_service_client::ConsultationServiceClient;
use proto::consultations::v1::survey_service_client::SurveyServiceClient;
use proto::feeds::v1::feed_service_client::FeedServiceClient;
use proto::notices::v1::notice_service_client::NoticeServiceClient;
use proto::people::v1::joining_service_client::JoiningServiceClient;
use proto::people::v1::people_service_client::PeopleServiceClient;
use proto::relationships::v1::relationship_service_client::RelationshipServiceClient;
use proto::sharing::v1::sharing_service_client::SharingServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};

pub use verbs::{request_id, terms};

/// Adds a bearer token to every call, and the role in which a worker calls, if they name one.
#[derive(Debug, Clone)]
pub struct Bearer {
    token: MetadataValue<Ascii>,
    role: Option<MetadataValue<Ascii>>,
    session: Option<MetadataValue<Ascii>>,
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.token.clone());
        if let Some(role) = &self.role {
            request.metadata_mut().insert("alongside-role", role.clone());
        }
        if let Some(session) = &self.session {
            request.metadata_mut().insert("alongside-session", session.clone());
        }
        Ok(request)
    }
}

/// A channel on which every call carries a token.
pub type SignedIn = InterceptedService<Channel, Bearer>;

/// Somebody who calls.
#[derive(Debug, Clone)]
pub struct Client {
    channel: Channel,
    bearer: Bearer,
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident),+ $(,)?) => {
        impl Client {$(
            $(#[$doc])*
            #[must_use]
            pub fn $name(&self) -> $client<SignedIn> {
                $client::with_interceptor(self.channel.clone(), self.bearer.clone())
            }
        )+}
    };
}

clients! {
    /// `PeopleService`.
    people: PeopleServiceClient,
    /// `JoiningService`.
    joining: JoiningServiceClient,
    /// `SharingService`.
    sharing: SharingServiceClient,
    /// `AccessService`.
    access: AccessServiceClient,
    /// `RelationshipService`.
    relationships: RelationshipServiceClient,
    /// `ConsultationService`.
    consultations: ConsultationServiceClient,
    /// `SurveyService`.
    surveys: SurveyServiceClient,
    /// `AgencyService`.
    agencies: AgencyServiceClient,
    /// `FeedService`.
    feeds: FeedServiceClient,
    /// `NoticeService`.
    notices: NoticeServiceClient,
}

/// A token, or a role, that no header can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token or the role holds characters that no header may hold")]
pub struct InvalidToken;

impl Client {
    /// Calls on this channel with this token.
    ///
    /// # Errors
    /// When the token or the role holds characters that no header may hold.
    pub fn new(channel: Channel, token: &str) -> Result<Self, InvalidToken> {
        let token = format!("Bearer {token}").parse().map_err(|_cause| InvalidToken)?;
        Ok(Self { channel, bearer: Bearer { token, role: None, session: None } })
    }

    /// The same caller, in one of their roles: percent-encoded, if it has other letters than ASCII's.
    ///
    /// # Errors
    /// When it holds characters that no header may hold.
    pub fn in_role(&self, role: &str) -> Result<Self, InvalidToken> {
        let role = Some(role.parse().map_err(|_cause| InvalidToken)?);
        Ok(Self { channel: self.channel.clone(), bearer: Bearer { role, ..self.bearer.clone() } })
    }

    /// The same caller, in one session at their own pages: what they read there of their own record has one receipt.
    ///
    /// # Errors
    /// When it holds characters that no header may hold.
    pub fn in_session(&self, session: &str) -> Result<Self, InvalidToken> {
        let session = Some(session.parse().map_err(|_cause| InvalidToken)?);
        Ok(Self { channel: self.channel.clone(), bearer: Bearer { session, ..self.bearer.clone() } })
    }
}
