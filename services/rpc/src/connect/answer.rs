//! The answer to a call, as JSON.

use std::pin::Pin;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body as _;
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor, SerializeOptions};
use serde_json::{Value, json};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::Form;
use crate::Error;

/// What stands before a message of gRPC.
const PREFIX: usize = 5;

/// The same answer, from one of gRPC.
pub(super) async fn from_grpc(answer: Response<Body>, form: Form, method: Option<&MethodDescriptor>) -> Response<Body> {
    let (parts, body) = answer.into_parts();
    let mut turned = match Status::from_header_map(&parts.headers) {
        // Refused before there was anything to answer.
        Some(status) if status.code() != Code::Ok => refusal(&status),
        _ => match collected(body).await {
            Ok(message) => told(message, form, method).unwrap_or_else(|status| refusal(&status)),
            Err(status) => refusal(&status),
        },
    };
    // What goes along with an answer goes along with it in this form, too.
    *turned.extensions_mut() = parts.extensions;
    turned
}

/// The one message of an answer, when it went well to the end.
async fn collected(mut body: Body) -> Result<Bytes, Status> {
    let (mut come, mut trailers) = (BytesMut::new(), HeaderMap::new());
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await.transpose()? {
        match frame.into_data() {
            Ok(data) => come.extend_from_slice(&data),
            Err(frame) => trailers = frame.into_trailers().unwrap_or_default(),
        }
    }
    match Status::from_header_map(&trailers) {
        Some(status) if status.code() == Code::Ok => {}
        Some(status) => return Err(status),
        None => return Err(broken()),
    }
    if come.len() < PREFIX || come.first() != Some(&0) {
        return Err(broken());
    }
    come.advance(PREFIX);
    Ok(come.freeze())
}

/// An answer that is none.
fn broken() -> Status {
    Error::internal(&std::io::Error::other("an answer cannot be turned over")).into()
}

fn told(message: Bytes, form: Form, method: Option<&MethodDescriptor>) -> Result<Response<Body>, Status> {
    let body = match (form, method) {
        (Form::Proto, _) => message,
        (Form::Json, None) => return Err(broken()),
        (Form::Json, Some(method)) => {
            let message = DynamicMessage::decode(method.output(), message).map_err(|_cause| broken())?;
            let mut json = serde_json::Serializer::new(Vec::with_capacity(1_024));
            message.serialize_with_options(&mut json, &SerializeOptions::new()).map_err(|_cause| broken())?;
            json.into_inner().into()
        }
    };
    Ok(with_body(StatusCode::OK, form.content_type(), body))
}

fn with_body(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Response<Body> {
    let mut answer = Response::new(Body::new(Whole(Some(body))));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, content_type);
    answer
}

/// A body that is there already.
struct Whole(Option<Bytes>);

impl http_body::Body for Whole {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Status>>> {
        std::task::Poll::Ready(self.0.take().map(|bytes| Ok(http_body::Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.0.as_ref().map_or(0, Bytes::len) as u64)
    }
}

/// A refusal: always JSON, with the same code, reason and details.
pub(super) fn refusal(status: &Status) -> Response<Body> {
    let (name, http) = code(status.code());
    let body = json!({"code": name, "message": status.message(), "details": details(status)});
    let mut answer = with_body(http, HeaderValue::from_static("application/json"), body.to_string().into());
    if http == StatusCode::UNAUTHORIZED {
        answer.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    let retry = status.get_details_retry_info().and_then(|info| info.retry_delay);
    if let Some(after) = retry {
        // In whole seconds, and never sooner.
        answer
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(after.as_secs() + u64::from(after.subsec_nanos() > 0)));
    }
    answer
}

/// The details: each as it is, and readable beside.
fn details(status: &Status) -> Vec<Value> {
    let Ok(wire) = tonic_types::pb::Status::decode(status.details()) else { return vec![] };
    let known = status.get_error_details();
    let readable = |name: &str| {
        match name {
        "google.rpc.ErrorInfo" => known
            .error_info()
            .map(|info| json!({"reason": info.reason, "domain": info.domain, "metadata": info.metadata})),
        "google.rpc.BadRequest" => known.bad_request().map(|bad| {
            let field = |violation: &tonic_types::FieldViolation| json!({"field": violation.field, "description": violation.description});
            json!({"fieldViolations": bad.field_violations.iter().map(field).collect::<Vec<_>>()})
        }),
        "google.rpc.PreconditionFailure" => known.precondition_failure().map(|failure| {
            let violation = |violation: &tonic_types::PreconditionViolation| {
                json!({"type": violation.r#type, "subject": violation.subject, "description": violation.description})
            };
            json!({"violations": failure.violations.iter().map(violation).collect::<Vec<_>>()})
        }),
        "google.rpc.RetryInfo" => known
            .retry_info()
            .and_then(|info| info.retry_delay)
            .map(|delay| json!({"retryDelay": format!("{}s", delay.as_secs_f64())})),
        _ => None,
    }
    };
    let detail = |any: &prost_types::Any| {
        let name = any.type_url.rsplit('/').next().unwrap_or_default();
        json!({"type": name, "value": STANDARD_NO_PAD.encode(&any.value), "debug": readable(name)})
    };
    wire.details.iter().map(detail).collect()
}

/// What the protocol calls a code of gRPC, and the status of HTTP beside it.
fn code(code: Code) -> (&'static str, StatusCode) {
    /// Nginx's word for a caller who went away, which the protocol takes.
    const GONE: u16 = 499;
    let gone = || StatusCode::from_u16(GONE).unwrap_or(StatusCode::REQUEST_TIMEOUT);
    match code {
        Code::Ok => ("ok", StatusCode::OK),
        Code::Cancelled => ("canceled", gone()),
        Code::Unknown => ("unknown", StatusCode::INTERNAL_SERVER_ERROR),
        Code::InvalidArgument => ("invalid_argument", StatusCode::BAD_REQUEST),
        Code::DeadlineExceeded => ("deadline_exceeded", StatusCode::GATEWAY_TIMEOUT),
        Code::NotFound => ("not_found", StatusCode::NOT_FOUND),
        Code::AlreadyExists => ("already_exists", StatusCode::CONFLICT),
        Code::PermissionDenied => ("permission_denied", StatusCode::FORBIDDEN),
        Code::ResourceExhausted => ("resource_exhausted", StatusCode::TOO_MANY_REQUESTS),
        Code::FailedPrecondition => ("failed_precondition", StatusCode::BAD_REQUEST),
        Code::Aborted => ("aborted", StatusCode::CONFLICT),
        Code::OutOfRange => ("out_of_range", StatusCode::BAD_REQUEST),
        Code::Unimplemented => ("unimplemented", StatusCode::NOT_IMPLEMENTED),
        Code::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR),
        Code::Unavailable => ("unavailable", StatusCode::SERVICE_UNAVAILABLE),
        Code::DataLoss => ("data_loss", StatusCode::INTERNAL_SERVER_ERROR),
        Code::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED),
    }
}
