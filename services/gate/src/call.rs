use std::sync::Arc;

use bytes::Bytes;
use domain::agency::{Scope, ServiceAccount};
use domain::identity::Identity;
use domain::ids::{AgencyId, InvitationId, PersonId, SignInId};
use domain::issuers::Only;
use domain::operations::events::OperatorActed;
use domain::operations::{Act, OPERATORS, Operations};
use domain::staff::Staff;
use domain::vocabulary::SignedIn;
use engine::{Changes, Context, Loaded};
use prost::Message;
use rpc::{Error, Reason};
use tonic::Extensions;
use uuid::Uuid;
use vault::Pseudonyms;

use crate::Caller;
use crate::bearer::Scopes;
use crate::code;
use crate::layer::RESPONSE_LIMIT;

/// A call that passed [`crate::AccessLayer`]: who makes it, and which method it is.
#[derive(Debug, Clone)]
pub struct Call {
    pub(crate) caller: Caller,
    /// What somebody who runs the system, or a person, signed in with: their issuer and subject.
    pub(crate) signed_in: Option<Arc<(String, String)>>,
    /// Whose it is, of a person's. What they do relies on its being theirs.
    pub(crate) identity: Option<Arc<Loaded<Identity>>>,
    /// The role in which a worker says that they call, as their agency writes it; empty when they name none.
    pub(crate) role: Arc<str>,
    /// The session at their own pages in which a person calls, if they do.
    pub(crate) session: Option<Uuid>,
    /// What the token may be used for, of what a system may do; none when it does not say.
    pub(crate) scopes: Option<Scopes>,
    /// The path of the method.
    pub(crate) method: String,
    /// The message, as it would be encoded again.
    pub(crate) message: Bytes,
    /// What tokens of pages are signed with.
    pub(crate) pseudonyms: Arc<Pseudonyms>,
}

impl Call {
    /// The call with these extensions and this message.
    ///
    /// # Errors
    /// When nobody has signed in.
    pub fn of(extensions: &Extensions, message: &impl Message) -> Result<Self, Error> {
        let none = || Error::new(Reason::Unauthenticated, "a bearer token is needed");
        let call = extensions.get::<Self>().cloned().ok_or_else(none)?;
        Ok(Self { message: message.encode_to_vec().into(), ..call })
    }

    /// The person, when a person calls about themselves.
    ///
    /// # Errors
    /// For any other caller.
    pub fn person(&self) -> Result<PersonId, Error> {
        if let Caller::Person(person) = self.caller { Ok(person) } else { Err(not_admitted()) }
    }

    /// The worker, when one calls.
    ///
    /// # Errors
    /// For any other caller.
    pub fn worker(&self) -> Result<SignedIn, Error> {
        if let Caller::Worker(by) = self.caller { Ok(by) } else { Err(not_admitted()) }
    }

    /// What a system of an agency signs in with, and the agency that vouches for it. Whether it is one of its systems, the log says.
    ///
    /// # Errors
    /// For any other caller: also a worker.
    pub fn system(&self) -> Result<(AgencyId, SignInId), Error> {
        let by = self.worker()?;
        // What a worker signs in with is theirs, whatever else it may be.
        let is_workers = by.worker().staff().0 != by.sign_in().0;
        if is_workers { Err(Error::denied()) } else { Ok((by.worker().agency(), by.sign_in())) }
    }

    /// Refuses a system what its account, or its token, is not for.
    ///
    /// # Errors
    /// When either does not name the scope.
    pub fn within(&self, account: &ServiceAccount, scope: Scope) -> Result<(), Error> {
        if account.scopes.contains(&scope) && self.scopes.is_none_or(|scopes| scopes.has(scope)) {
            return Ok(());
        }
        let problem = format!("the account of the system, or its token, has not the scope `{}`", scope.word());
        Err(Error::new(Reason::InsufficientScope, problem))
    }

    /// What tokens are signed with that this system hands out.
    #[must_use]
    pub fn pseudonyms(&self) -> &Pseudonyms {
        &self.pseudonyms
    }

    /// The one-time code that a request makes, and under what it is kept. The same request makes the same one.
    #[must_use]
    pub fn fresh_code(&self, context: &Context) -> (String, InvitationId) {
        let code = code::made(&self.pseudonyms, context.request.0);
        let kept = code::kept(&self.pseudonyms, &code);
        (code, kept)
    }

    /// Under what a code is kept that the caller has typed.
    ///
    /// # Errors
    /// When it is none.
    pub fn typed_code(&self, code: &str) -> Result<InvitationId, Error> {
        let code = code::read(code).ok_or_else(|| Error::invalid("code", "must be a code as it was given"))?;
        Ok(code::kept(&self.pseudonyms, &code))
    }

    /// The session at their own pages in which a person calls, if they do.
    pub(crate) fn session(&self) -> Option<Uuid> {
        self.session
    }

    /// The role in which a worker says that they call, as their agency writes it; empty when they name none.
    #[must_use]
    pub fn role(&self) -> &str {
        &self.role
    }

    /// What a worker changes is done in the role that they name, or in all that they have.
    pub fn in_role(&self, staff: &Staff, changes: &mut Changes) {
        changes.in_role(&staff.roles().called(&self.role));
    }

    /// The worker, when one calls; none when it is whoever runs the system.
    ///
    /// # Errors
    /// For a person.
    pub fn worker_or_operator(&self) -> Result<Option<SignedIn>, Error> {
        match self.caller {
            Caller::Operator(_) => Ok(None),
            Caller::Worker(by) => Ok(Some(by)),
            Caller::Person(_) | Caller::Visitor(_) => Err(not_admitted()),
        }
    }

    /// Leaves a trace of what somebody who runs the system does, in the same append; of what an agency does itself its own events tell.
    pub fn acts(&self, changes: &mut Changes, act: Act, agency: Option<AgencyId>, about: impl Into<String>) {
        let Some(operator) = self.signed_in.as_ref().filter(|_| matches!(self.caller, Caller::Operator(_))) else {
            return;
        };
        if !changes.is_empty() {
            let (issuer, operator) = operator.as_ref().clone();
            leave_trace(changes, OperatorActed { operator, issuer, act, agency, about: about.into() });
        }
    }

    /// What the caller wants under the id in the field `request_id`: this method with this message. Used again for anything
    /// else it is refused.
    ///
    /// # Errors
    /// When it is not a random UUID: ids of what the request creates follow from it, and must tell nothing.
    pub fn context(&self, request_id: &str) -> Result<Context, Error> {
        let id: Uuid = rpc::id("request_id", request_id)?;
        if !matches!(id.get_version_num(), 4 | 7) {
            return Err(Error::invalid("request_id", "must be a random UUID, of version `4` or `7`"));
        }
        tracing::Span::current().record("request_id", tracing::field::display(id));
        Ok(self.relying(Context::new(self.caller.actor(), id)).asking(&self.method, &self.message))
    }

    /// What is done relies on what a person signed in with: once it is unlinked, nothing of it commits.
    #[must_use]
    pub fn relying(&self, context: Context) -> Context {
        match self.identity.as_deref() {
            Some(identity) if identity.person().is_some() => context.relying_on(identity),
            _ => context,
        }
    }

    /// What somebody signed in with who claims their place: at an identity provider of people, be it linked already or not; and its issuer.
    ///
    /// # Errors
    /// For everybody else.
    pub fn visitor(&self) -> Result<(Arc<Loaded<Identity>>, &str), Error> {
        let signed_in = self.identity.clone().zip(self.signed_in.as_deref());
        let (identity, (issuer, _)) = signed_in.ok_or_else(not_admitted)?;
        Ok((identity, issuer))
    }

    /// What somebody does as the person who they become by it.
    ///
    /// # Errors
    /// When the request id is not a random UUID.
    pub fn becoming(&self, person: PersonId, request_id: &str) -> Result<Context, Error> {
        Self { caller: Caller::Person(person), identity: None, ..self.clone() }.context(request_id)
    }

    /// A person's own act.
    ///
    /// # Errors
    /// For any other caller, and when the request id is not a UUID.
    pub fn own(&self, request_id: &str) -> Result<(PersonId, Context), Error> {
        Ok((self.person()?, self.context(request_id)?))
    }
}

/// Leaves a trace of what somebody who runs the system does.
pub fn leave_trace(changes: &mut Changes, acted: OperatorActed) {
    changes.fact::<Operations>(Only, OPERATORS, Uuid::now_v7(), acted.into());
}

/// Answers that come as it happens.
pub type Answers<M> = std::pin::Pin<Box<dyn futures::Stream<Item = Result<M, tonic::Status>> + Send>>;

/// An answer, unless it is larger than what is sent.
///
/// # Errors
/// When it is.
#[doc(hidden)]
pub fn fits<M: Message>(answer: M) -> Result<M, Error> {
    if answer.encoded_len() <= RESPONSE_LIMIT {
        return Ok(answer);
    }
    let problem = "the answer is larger than what is sent; ask for a smaller page";
    Err(Error::new(Reason::TooLarge, problem).limited("response_bytes", RESPONSE_LIMIT.to_string()))
}

pub(crate) fn not_admitted() -> Error {
    Error::new(Reason::CallerNotAdmitted, "this kind of caller may not call this method")
}

/// Implements a service: a row for each RPC, with the function that answers it.
///
/// ```ignore
/// gate::service! { PeopleService for People {
///     get_my_record(GetMyRecordRequest) -> GetMyRecordResponse: my_record,
/// } }
/// ```
///
/// The function takes the [`Call`] and the message, and returns the response or an [`rpc::Error`]. Messages are those of
/// what is called `pb` where the rows stand. One that answers as it happens stands under `streaming`, and returns [`Answers`].
#[macro_export]
macro_rules! service {
    ($trait:ident for $service:ident {
        $($rpc:ident($request:ident) -> $response:ident: $answer:ident),+ $(,)?
    } $(streaming {
        $stream:ident($asks:ident) -> $type:ident of $item:ident: $begins:ident
    })?) => {
        #[$crate::tonic::async_trait]
        impl $trait for $service {
            $(
            type $type = $crate::Answers<pb::$item>;

            async fn $stream(
                &self,
                request: $crate::tonic::Request<pb::$asks>,
            ) -> Result<$crate::tonic::Response<Self::$type>, $crate::tonic::Status> {
                let (_, extensions, mut message) = request.into_parts();
                $crate::normalize(&mut message);
                let call = $crate::Call::of(&extensions, &message)?;
                Ok($crate::tonic::Response::new(self.$begins(&call, message).await?))
            }
            )?

            $(async fn $rpc(
                &self,
                request: $crate::tonic::Request<pb::$request>,
            ) -> Result<$crate::tonic::Response<pb::$response>, $crate::tonic::Status> {
                let (_, extensions, mut message) = request.into_parts();
                $crate::normalize(&mut message);
                let call = $crate::Call::of(&extensions, &message)?;
                let answer: pb::$response = self.$answer(&call, message).await?;
                Ok($crate::tonic::Response::new($crate::fits(answer)?))
            })+
        }
    };
}
