//! What holds for every answer: what a browser may do with it, and from where it may be asked for.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use crate::{Parts, SignIn};

/// Nothing but our own styles, script and pictures; no frame around it; nowhere else to send a form.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; connect-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];
/// A browser comes back by TLS alone, for a year.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Every answer, files too.
pub(crate) async fn every(State(parts): State<Arc<Parts>>, request: Request, next: Next) -> Response {
    if request.method() != Method::GET && request.method() != Method::HEAD && !is_ours(request.headers(), &parts) {
        return (StatusCode::FORBIDDEN, "this form was not sent from here").into_response();
    }
    let mut response = next.run(request).await;
    let set = response.headers_mut();
    for (name, value) in HEADERS {
        set.insert(name, value);
    }
    if parts.settings.address.scheme() == "https" {
        set.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    response
}

/// Pages: kept by nobody, so that nothing of them is there after signing out, or after a step back.
pub(crate) async fn personal(State(parts): State<Arc<Parts>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let set = response.headers_mut();
    set.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Whoever develops has no search engine near.
    if !matches!(parts.settings.sign_in, SignIn::Samples(_)) {
        set.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    }
    response
}

/// Whether a form was sent from our own pages. A browser says where from: in `Sec-Fetch-Site`, or an old one in `Origin`.
pub(crate) fn is_ours(headers: &HeaderMap, parts: &Parts) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match (said("sec-fetch-site"), said("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == parts.settings.address.origin().ascii_serialization(),
        (None, None) => false,
    }
}
