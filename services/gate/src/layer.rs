//! The wrapper that every RPC passes: who calls, whether this kind of caller may call this at all, and whether there is
//! room.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use domain::identity::Identity;
use domain::sign_in::SignIn;
use domain::staff::Staff;
use domain::vocabulary::{SignedIn, Worker};
use door::{Held, Place};
use engine::{Engine, EngineError, Freshness, Loaded};
use http::HeaderMap;
use http::{Request, Response};
use proto::access::v1::AccessClass;
use rpc::{Error, Reason};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};
use tracing::Instrument as _;

use crate::call::{Call, not_admitted};
use crate::classes::{Kind, admits, admits_visitors};
use crate::issuers::{Trusted, Turned};
use crate::metrics::RefusedToken;
use crate::public::{self, Public};
use crate::rates::{Counts, Rates};
use crate::{Caller, Classes, Gate, GateMetrics, Issuers, Refused, bodies, deadline, role, session};

/// Calls in progress at once. More are refused at once rather than queued: a caller knows best what to give up.
const CONCURRENT: usize = 1_024;

/// The largest message that is taken, in bytes.
pub const REQUEST_LIMIT: usize = 256 << 10;
/// The largest message that is answered, in bytes: a page of the largest entries.
pub const RESPONSE_LIMIT: usize = 4 << 20;

/// Puts the wrapper around a server's routes.
#[derive(Debug, Clone)]
pub struct AccessLayer {
    issuers: Arc<Issuers>,
    engine: Engine,
    metrics: GateMetrics,
    classes: Arc<Classes>,
    room: Arc<Semaphore>,
    public: Public,
    counts: Arc<Counts>,
    span: CallSpan,
    /// Whether a system's token must be bound to a certificate.
    binds_systems: bool,
    /// Cancelled when streams are to end.
    closing: CancellationToken,
}

/// Makes the span of a call: from its path and, when the caller was admitted, the W3C trace context that they sent.
pub type CallSpan = fn(path: &str, traceparent: Option<&str>) -> tracing::Span;

impl AccessLayer {
    /// Trusts these issuers; whose a worker's sign-in is, the log says. Each call is handled in a span of its own.
    #[must_use]
    pub fn new(issuers: Arc<Issuers>, gate: &Gate, rates: Rates, span: CallSpan) -> Self {
        let (engine, metrics) = (gate.engine.clone(), gate.metrics.clone());
        let (room, counts) = (Arc::new(Semaphore::new(CONCURRENT)), Arc::new(Counts::new(rates)));
        let (classes, public, closing) = (Arc::default(), Public::default(), CancellationToken::new());
        Self { issuers, engine, metrics, classes, room, public, counts, span, binds_systems: false, closing }
    }

    /// The same, where streams that need no token end when this is cancelled.
    #[must_use]
    pub fn with_end(self, closing: CancellationToken) -> Self {
        Self { closing, ..self }
    }

    /// The same, where tokens of agencies' systems must be bound to a certificate that they show (RFC 8705), if `bound`.
    #[must_use]
    pub fn with_systems_bound(self, bound: bool) -> Self {
        Self { binds_systems: bound, ..self }
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = AccessService<S>;

    fn layer(&self, inner: S) -> AccessService<S> {
        AccessService { inner, access: self.clone() }
    }
}

/// A wrapped service.
#[derive(Debug, Clone)]
pub struct AccessService<S> {
    inner: S,
    access: AccessLayer,
}

impl<S> Service<Request<Body>> for AccessService<S>
where
    S: Service<Request<Body>, Response = Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        // The service that was polled ready is the one to call.
        let fresh = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, fresh);
        let kind = self.access.classes.of(request.uri().path()).clone();
        let mut counting = self.access.metrics.calls.begin(kind.name.clone());
        let admitted = self.access.admit(&mut request, kind.class);
        // Only whoever was admitted decides what is traced.
        let trace = request.headers().get("traceparent").filter(|_| request.extensions().get::<Call>().is_some());
        let span = (self.access.span)(request.uri().path(), trace.and_then(|value| value.to_str().ok()));
        let access = self.access.clone();
        let has = deadline::of(request.headers());
        let over = access.closing.child_token();
        request = match kind.converses {
            true => request.map(|body| bodies::while_answered(body, over.clone())),
            false => request.map(bodies::soon),
        };
        let has = if kind.class == AccessClass::Public { has.min(public::LIMIT) } else { has };
        let answer = async move {
            let admitted = match admitted {
                // Once: an issuer that has not helped is not asked on and on.
                Err(NotYet::Learn(issuer)) => {
                    // Nobody knows yet who that is: they wait among those who have no token.
                    let place = access.public.begin(request.extensions(), false);
                    tokio::select! {
                        () = access.issuers.learn(&issuer) => access.admit(&mut request, kind.class),
                        error = public::given_up(&place) => Err(NotYet::Refused(error)),
                    }
                }
                admitted => admitted,
            };
            match admitted {
                Ok(()) => {}
                Err(NotYet::Refused(error)) => return Ok(Status::from(error).into_http()),
                Err(NotYet::Learn(_)) => return Ok(Status::from(unreachable_issuer()).into_http()),
            }
            let room = match access.room_for(&request, &kind) {
                Ok(room) => room,
                Err(error) => return Ok(Status::from(error).into_http()),
            };
            // Whoever needs no token has no share of their own.
            let caller = request.extensions().get::<Call>().map(|call| call.caller);
            let share = match caller.map(|caller| access.counts.begin(caller)).transpose() {
                Ok(share) => share,
                Err(error) => return Ok(Status::from(error).into_http()),
            };
            if let Err(error) = access.recognise(&mut request, kind.class).await {
                return Ok(Status::from(error).into_http());
            }
            let answer = tokio::select! {
                answer = inner.call(request) => answer?,
                error = room.given_up() => return Ok(Status::from(error).into_http()),
            };
            if let Some(caller) = caller.filter(|_| was_denied(&answer)) {
                access.counts.denied(caller);
            }
            let answer = told(answer);
            Ok(if kind.streams { going_on(answer, room, over) } else { held(answer, (room, share)) })
        };
        let answer = async move {
            let answer = engine::until(Instant::now() + has, answer);
            let answer = tokio::time::timeout(has, answer).await.unwrap_or_else(|_elapsed| {
                let problem = "there was no answer in time; a write may be tried again with the same request id";
                Ok(Status::from(Error::new(Reason::DeadlineExceeded, problem)).into_http())
            })?;
            counting.ends(code_of(&answer));
            Ok(answer)
        };
        Box::pin(answer.instrument(span))
    }
}

/// Why a caller is not admitted.
enum NotYet {
    /// They are refused.
    Refused(Error),
    /// Their issuer has to be asked for its keys first.
    Learn(Arc<Trusted>),
}

impl From<Error> for NotYet {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

/// Nothing is wrong with the token, as far as is known.
fn unreachable_issuer() -> Error {
    Error::new(Reason::Unavailable, "the keys of the token's issuer are out of reach; try again")
}

/// Somebody has signed in, and is nobody here.
fn unknown_here() -> Error {
    let problem = "nobody is known here who signs in with this: claim your place with the code of an invitation (`ClaimInvitation`)";
    Error::new(Reason::CallerNotAdmitted, problem)
}

/// Somebody else may have the token.
fn another_certificate() -> Error {
    let problem = "the token is bound to a certificate that was not shown (RFC 8705, `cnf`): connect with that one, over TLS to this server itself";
    Error::new(Reason::Unauthenticated, problem)
}

/// A system's token is taken from whoever shows the certificate that it is bound to, and from nobody else.
fn unbound() -> Error {
    let problem = "a system's token must be bound to the certificate that it shows (RFC 8705): have its issuer do so";
    Error::new(Reason::Unauthenticated, problem)
}

/// The token of the one `authorization` header: the scheme's name is in any case (RFC 9110, section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(http::header::AUTHORIZATION).iter();
    let one = given.next().filter(|_| given.next().is_none())?;
    let (scheme, token) = one.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Whether an answer is a denial, in whatever words: what is withheld is told as what is not there.
fn was_denied(answer: &Response<Body>) -> bool {
    matches!(code_of(answer), Code::PermissionDenied | Code::NotFound)
}

/// How an answer ends, as far as its head says: one that goes on has not failed.
fn code_of(answer: &Response<Body>) -> Code {
    let code = answer.headers().get("grpc-status").and_then(|code| code.to_str().ok()?.parse().ok());
    code.map_or(Code::Ok, Code::from_i32)
}

/// An answer that was refused below the services, with a documented reason.
fn told(answer: Response<Body>) -> Response<Body> {
    // The only refusals of these codes without a reason are `tonic`'s: of a message beyond the limit, as it came or as it unpacked.
    let (code, details) = (answer.headers().get("grpc-status"), answer.headers().get("grpc-status-details-bin"));
    if details.is_none() && code.is_some_and(|code| code == "11" || code == "8") {
        let problem = "the message is larger than what is taken; send less at once, or ask for a smaller page";
        let error = Error::new(Reason::TooLarge, problem).limited("request_bytes", REQUEST_LIMIT.to_string());
        return Status::from(error).into_http();
    }
    answer
}

/// An answer that holds the place of its call until it is sent.
fn held(mut answer: Response<Body>, places: impl Send + 'static) -> Response<Body> {
    answer.extensions_mut().insert(Held::by_answer(places));
    answer
}

/// An answer that goes on: whoever needed a token for it counts how many there are; whoever needed none holds a place until it is `over`, which is at the latest
/// when the server ends.
fn going_on(mut answer: Response<Body>, room: Room, over: CancellationToken) -> Response<Body> {
    answer.extensions_mut().insert(Held::by_stream(()));
    let Room::Public(place) = room else { return answer };
    let questions = over.clone().drop_guard();
    let end = Box::pin(async move {
        let _questions = questions;
        tokio::select! {
            error = public::given_up(&place) => error,
            () = over.cancelled() => Error::new(Reason::Unavailable, "this server ends; connect again"),
        }
    });
    answer.map(|body| bodies::until(body, end))
}

/// Where a call is in progress. Given back when it is dropped.
enum Room {
    Own { _permit: OwnedSemaphorePermit },
    Public(Place),
}

impl Room {
    /// Waits until it has to make room for another, which nobody has to who has a token.
    async fn given_up(&self) -> Error {
        match self {
            Self::Own { .. } => std::future::pending().await,
            Self::Public(place) => public::given_up(place).await,
        }
    }
}

impl AccessLayer {
    /// Room for one more call: of those who need no token among themselves.
    fn room_for(&self, request: &Request<Body>, kind: &Kind) -> Result<Room, Error> {
        if kind.class == AccessClass::Public {
            return Ok(Room::Public(self.public.begin(request.extensions(), kind.streams)));
        }
        let room = self.room.clone().try_acquire_owned().map_err(|_taken| {
            let error = Error::new(Reason::Overloaded, "too many calls at once; try again");
            error.limited("all_calls_in_progress", CONCURRENT.to_string())
        })?;
        Ok(Room::Own { _permit: room })
    }

    /// Finds out which worker a sign-in is of. What is remembered will do when it says that they hold it; it is asked again
    /// before somebody is taken for nobody. What they may do is decided later, on the latest.
    async fn recognise(&self, request: &mut Request<Body>, class: AccessClass) -> Result<(), Error> {
        let (named, session) = (role::of(request.headers()), session::of(request.headers(), self.engine.now()));
        let Some(call) = request.extensions_mut().get_mut::<Call>() else { return Ok(()) };
        let named = named?;
        call.session = session?;
        if let Caller::Visitor(identity) = call.caller {
            // By the latest: what somebody has unlinked opens nothing any more.
            let identity = self.engine.load::<Identity>(identity, Freshness::Latest).await?;
            match identity.person() {
                Some(person) => call.caller = Caller::Person(person),
                None if admits_visitors(class) => {}
                None => return Err(unknown_here()),
            }
            call.identity = Some(Arc::new(identity));
        }
        let Caller::Worker(by) = call.caller else {
            return if named.is_empty() { Ok(()) } else { Err(role::none_of_theirs()) };
        };
        let has_role = |(_, standing): &(SignedIn, Loaded<Staff>)| named.is_empty() || standing.roles().has(&named);
        let holder = match self.holder(by, Freshness::Remembered).await? {
            Some(holder) if has_role(&holder) => Some(holder),
            _ => self.holder(by, Freshness::Latest).await?,
        };
        // Of whoever is no worker here the services say what there is to say.
        let Some(holder) = holder else { return Ok(()) };
        if !has_role(&holder) {
            return Err(role::none_of_theirs());
        }
        let (signed_in, standing) = holder;
        call.caller = Caller::Worker(signed_in);
        if !named.is_empty() {
            call.role = standing.roles().called(&named).into();
        }
        Ok(())
    }

    /// The worker who signs in like this, or did when they left, and their standing; nobody when it was taken from whoever had it.
    async fn holder(
        &self,
        by: SignedIn,
        freshness: Freshness,
    ) -> Result<Option<(SignedIn, Loaded<Staff>)>, EngineError> {
        let Some(staff) = self.engine.load::<SignIn>(by.sign_in(), freshness).await?.staff() else { return Ok(None) };
        let holder = SignedIn::new(Worker::new(by.worker().agency(), staff), by.sign_in());
        let standing = self.engine.load::<Staff>(staff, freshness).await?;
        Ok(standing.signs_in(holder).then_some((holder, standing)))
    }

    fn admit(&self, request: &mut Request<Body>, class: AccessClass) -> Result<(), NotYet> {
        if class == AccessClass::Public {
            return Ok(());
        }
        let token = bearer(request.headers()).ok_or_else(|| {
            Error::new(Reason::Unauthenticated, "a bearer token is needed, in one `authorization` header")
        })?;
        let bearer = self.issuers.verify(token).map_err(|turned| match turned {
            Turned::Away(refused) => {
                let Refused { issuer, why } = refused.clone();
                tracing::debug!(issuer, why, "a token was refused");
                self.metrics.refused_tokens.get_or_create(&RefusedToken { issuer, why }).inc();
                NotYet::Refused(refused.into())
            }
            Turned::Back(issuer) => NotYet::Learn(issuer),
            Turned::Later => NotYet::Refused(unreachable_issuer()),
        })?;
        if !bearer.may_be_presented(request.extensions()) {
            return Err(another_certificate().into());
        }
        let caller = bearer.caller;
        if !admits(class, caller) {
            return Err(not_admitted().into());
        }
        if class == AccessClass::AgencySystem && self.binds_systems && bearer.certificate.is_none() {
            return Err(unbound().into());
        }
        let method = request.uri().path().to_owned();
        request.extensions_mut().insert(Call {
            caller,
            signed_in: bearer.named,
            identity: None,
            role: Arc::default(),
            session: None,
            scopes: bearer.scopes,
            method,
            message: Bytes::new(),
            pseudonyms: self.issuers.pseudonyms(),
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_header_carries_the_token_in_whatever_case_its_scheme_is_written() {
        let headers = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("authorization", value.parse().unwrap());
            }
            bearer(&headers).map(str::to_owned)
        };
        for one in ["Bearer abc", "bearer abc", "BEARER  abc"] {
            assert_eq!(headers(&[one]).as_deref(), Some("abc"), "{one}");
        }
        for none in [&["Basic abc"][..], &["Bearer"], &[], &["Bearer abc", "Bearer abc"]] {
            assert_eq!(headers(none), None, "{none:?}");
        }
    }
}
