//! What holds for every answer: what a browser may do with it, and from where it may be asked for.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use door::Peer;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use url::Url;

use crate::fault::Fault;
use crate::{ANSWER_LIMIT, Parts, SignIn};

/// Nothing but our own styles, script and pictures; no frame around it; nowhere else to send a form.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; connect-src 'self'; \
                      frame-ancestors 'none'; base-uri 'none'";
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];
/// A browser comes back by TLS alone, for a year.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Every answer, files too.
pub(crate) async fn every(State(parts): State<Arc<Parts>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>().map(Peer::address);
    let from = peer.map(|peer| parts.limits.from(peer, request.headers()));
    if from.is_none_or(|from| !parts.limits.allow(from, request.method(), request.uri().path())) {
        return finished(&parts, Fault::TooMuch.shown(&parts));
    }
    if request.method() != Method::GET && request.method() != Method::HEAD && !is_ours(request.headers(), &parts) {
        return finished(&parts, Fault::Stale.shown(&parts));
    }
    let answer = tokio::time::timeout(ANSWER_LIMIT, next.run(request)).await;
    let response = answer.unwrap_or_else(|_elapsed| Fault::TooSlow.shown(&parts));
    finished(&parts, as_page(&parts, response))
}

/// What is refused before a page is reached, such as an address or a form that nobody can read, is told as a page, too.
fn as_page(parts: &Arc<Parts>, response: Response) -> Response {
    let is_text =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|is| is.as_bytes().starts_with(b"text/plain"));
    let is_fault = response.status().is_client_error() || response.status().is_server_error();
    if !is_fault || !is_text { response } else { Fault::Unreadable(response.status()).shown(parts) }
}

/// With the headers of every answer. Unless it is a file, it is kept by nobody, so that nothing is there after signing out, or after a step back.
fn finished(parts: &Arc<Parts>, mut response: Response) -> Response {
    let set = response.headers_mut();
    for (name, value) in HEADERS {
        set.insert(name, value);
    }
    if parts.settings.address.scheme() == "https" {
        set.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    }
    set.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Whoever develops has no search engine near.
    if !matches!(parts.settings.sign_in, SignIn::Samples(_)) {
        set.insert(HeaderName::from_static("x-robots-tag"), HeaderValue::from_static("noindex"));
    }
    response
}

/// Whether a form was sent from our own pages, or a link followed there. A browser says where from: in `Sec-Fetch-Site`; an old one in `Origin`, or in
/// `Referer`.
pub(crate) fn is_ours(headers: &HeaderMap, parts: &Parts) -> bool {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let own = parts.settings.address.origin();
    let of = |page: &str| Url::parse(page).is_ok_and(|page| page.origin() == own);
    match (said("sec-fetch-site"), said("origin")) {
        (Some(site), _) => site == "same-origin",
        (None, Some(origin)) => origin == own.ascii_serialization(),
        (None, None) => said("referer").is_some_and(of),
    }
}
