//! Every unary RPC as JSON over HTTP: the unary form of the Connect protocol (<https://connectrpc.com/docs/protocol>), which `curl` speaks, too. A call becomes one
//! of gRPC before anything else sees it, and its answer is turned back: who may call, limits, errors and receipts are the same.

mod answer;
mod methods;
mod request;

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version, header};
use tonic::Status;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::{Error, Reason};
use methods::Methods;

/// The largest message that is taken as JSON, in bytes; what it comes to is limited like any other.
const JSON_LIMIT: usize = 1 << 20;

/// What stands before a message of gRPC, in bytes: whether it is packed, and its length.
const PREFIX: usize = 5;

/// How a message is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Canonical proto3 JSON.
    Json,
    /// As gRPC has it.
    Proto,
}

impl Form {
    /// How the message of a request is written, if it is one of this protocol.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let said = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        match said.split(';').next()?.trim().to_ascii_lowercase().as_str() {
            "application/json" => Some(Self::Json),
            "application/proto" => Some(Self::Proto),
            _ => None,
        }
    }

    fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Proto => "application/proto",
        })
    }
}

/// Takes calls as JSON: put around everything that knows gRPC alone.
#[derive(Debug, Clone, Default)]
pub struct ConnectLayer(Arc<Methods>);

impl<S> Layer<S> for ConnectLayer {
    type Service = Connect<S>;

    fn layer(&self, inner: S) -> Connect<S> {
        Connect { inner, methods: self.0.clone() }
    }
}

/// A service that takes calls as JSON, too.
#[derive(Debug, Clone)]
pub struct Connect<S> {
    inner: S,
    methods: Arc<Methods>,
}

impl<S> Service<Request<Body>> for Connect<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Some(form) = Form::of(request.headers()).filter(|_| request.method() == Method::POST) else {
            return match elsewhere(&request) {
                Some(refused) => Box::pin(async { Ok(refused) }),
                None => Box::pin(self.inner.call(request)),
            };
        };
        let method = self.methods.named(request.uri().path());
        let request = match to_grpc(request, form, method.clone()) {
            Ok(request) => request,
            Err(error) => return Box::pin(async move { Ok(answer::refusal(&Status::from(error))) }),
        };
        let answer = self.inner.call(request);
        Box::pin(async move { Ok(answer::from_grpc(answer.await?, form, method.as_ref()).await) })
    }
}

/// What is asked for in a form that is not served: a stream of this protocol, or something to be read without being sent for.
fn elsewhere(request: &Request<Body>) -> Option<Response<Body>> {
    let said = request.headers().get(CONTENT_TYPE).and_then(|said| said.to_str().ok()).unwrap_or_default();
    let status = if said.starts_with("application/connect+") {
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    } else if request.method() == Method::GET {
        StatusCode::METHOD_NOT_ALLOWED
    } else {
        return None;
    };
    let mut refused = Response::new(Body::empty());
    *refused.status_mut() = status;
    refused.headers_mut().insert("accept-post", HeaderValue::from_static("application/json, application/proto"));
    refused.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    Some(refused)
}

/// The same call, as gRPC has it. Its message is turned over only when it is asked for: after it is known who calls.
fn to_grpc(
    request: Request<Body>,
    form: Form,
    method: Option<prost_reflect::MethodDescriptor>,
) -> Result<Request<Body>, Error> {
    let headers = request.headers();
    if headers.get("connect-protocol-version").is_some_and(|version| version != "1") {
        return Err(Error::invalid("connect-protocol-version", "must be `1`, or left out"));
    }
    if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(Error::invalid("content-encoding", "must be `identity`, or left out: send the message as it is"));
    }
    let timeout = headers.get("connect-timeout-ms").map(timeout).transpose()?;
    let (mut parts, body) = request.into_parts();
    parts.version = Version::HTTP_2;
    for name in [header::CONTENT_LENGTH, CONTENT_ENCODING, header::ACCEPT_ENCODING, header::TRANSFER_ENCODING] {
        parts.headers.remove(name);
    }
    // Nor is anything packed as gRPC does it.
    for name in ["grpc-encoding", "grpc-accept-encoding"] {
        parts.headers.remove(name);
    }
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    parts.headers.insert(header::TE, HeaderValue::from_static("trailers"));
    if let Some(timeout) = timeout {
        parts.headers.insert("grpc-timeout", timeout);
    }
    Ok(Request::from_parts(parts, request::message(body, form, method)))
}

/// How long a caller waits: up to ten digits of milliseconds, which gRPC has in eight and a unit.
fn timeout(said: &HeaderValue) -> Result<HeaderValue, Error> {
    let wrong =
        || Error::invalid("connect-timeout-ms", "must be a whole number of milliseconds, in ten digits at most");
    let said = said.to_str().ok().filter(|said| (1..=10).contains(&said.len())).ok_or_else(wrong)?;
    let milliseconds: u64 = if said.bytes().all(|b| b.is_ascii_digit()) {
        said.parse().map_err(|_cause| wrong())?
    } else {
        return Err(wrong());
    };
    let grpc =
        if milliseconds < 100_000_000 { format!("{milliseconds}m") } else { format!("{}S", milliseconds / 1_000) };
    HeaderValue::try_from(grpc).map_err(|_cause| wrong())
}

/// A message larger than what is taken.
fn too_large() -> Error {
    let problem = "the message is larger than what is taken; send less at once";
    Error::new(Reason::TooLarge, problem).limited("request_bytes", JSON_LIMIT.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_a_caller_waits_is_told_as_grpc_has_it() {
        let told = |said: &str| timeout(&said.parse().unwrap()).ok().map(|told| told.to_str().unwrap().to_owned());
        assert_eq!((told("1"), told("99999999")), (Some("1m".into()), Some("99999999m".into())));
        assert_eq!(told("9999999999"), Some("9999999S".into()));
        for wrong in ["", "-1", "1.5", "12345678901", "soon"] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_of_this_protocol_is_known_by_its_content_type() {
        let of = |said: &'static str| Form::of(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(said))]));
        assert_eq!(of("application/json; charset=utf-8"), Some(Form::Json));
        assert_eq!((of("Application/JSON"), of("application/proto")), (Some(Form::Json), Some(Form::Proto)));
        for other in ["application/grpc", "application/grpc-web+proto", "application/connect+json", "text/plain"] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
