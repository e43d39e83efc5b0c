//! The answer to a call, as JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{Buf as _, Bytes};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor, SerializeOptions};
use serde_json::{Value, json};
use tonic::body::Body;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use super::{Form, PREFIX};
use crate::{Error, Reason, codes};

/// The same answer, from one of gRPC.
pub(super) async fn from_grpc(answer: Response<Body>, form: Form, method: Option<&MethodDescriptor>) -> Response<Body> {
    let (parts, body) = answer.into_parts();
    let mut turned = match (Status::from_header_map(&parts.headers), method) {
        // Refused before there was anything to answer.
        (Some(status), _) if status.code() != Code::Ok => refusal(&status),
        (_, None) => refusal(&no_method().into()),
        (_, Some(method)) => match collected(body).await.and_then(|message| told(message, form, method)) {
            Ok(told) => told,
            Err(status) => refusal(&status),
        },
    };
    // What goes along with an answer goes along with it in this form, too.
    *turned.extensions_mut() = parts.extensions;
    turned
}

/// There is nothing of this name that could be called so.
pub(super) fn no_method() -> Error {
    Error::new(Reason::NotFound, "there is no such method that answers once")
}

/// The one message of an answer, when it went well to the end.
async fn collected(body: Body) -> Result<Bytes, Status> {
    let collected = body.collect().await?;
    match collected.trailers().and_then(Status::from_header_map) {
        Some(status) if status.code() == Code::Ok => {}
        Some(status) => return Err(status),
        None => return Err(broken("an answer has no end")),
    }
    let mut come = collected.to_bytes();
    if come.len() < PREFIX || come.first() != Some(&0) {
        return Err(broken("an answer is not one message as it is"));
    }
    come.advance(PREFIX);
    Ok(come)
}

/// An answer that is none.
fn broken(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Status {
    Error::internal(&std::io::Error::other(cause)).into()
}

fn told(message: Bytes, form: Form, method: &MethodDescriptor) -> Result<Response<Body>, Status> {
    let body = match form {
        Form::Proto => message,
        Form::Json => {
            let message = DynamicMessage::decode(method.output(), message).map_err(broken)?;
            let mut json = serde_json::Serializer::new(Vec::with_capacity(1_024));
            message.serialize_with_options(&mut json, &SerializeOptions::new()).map_err(broken)?;
            json.into_inner().into()
        }
    };
    Ok(with_body(StatusCode::OK, form.content_type(), body))
}

fn with_body(status: StatusCode, content_type: HeaderValue, body: Bytes) -> Response<Body> {
    let mut answer = Response::new(Body::new(Full::new(body)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, content_type);
    answer
}

/// A refusal: always JSON, with the same code, reason and details.
pub(super) fn refusal(status: &Status) -> Response<Body> {
    let (name, http) = codes::of_connect(status.code());
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
