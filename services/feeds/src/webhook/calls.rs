//! One request to a target, and what comes of it. Whatever answers is a stranger's: it is followed nowhere, waited for no longer than is said, and
//! read no further than is needed.

use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Certificate, Client, Method, RequestBuilder, Response, StatusCode, redirect};
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::WebhookError;
use super::networks::{Guarded, LeadsWithin, Networks};
use super::target::Target;

/// How long an answer may take, from the name to its last byte; and a connection, of that.
const LIMIT: Duration = Duration::from_secs(10);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How old the decision may be when the first byte of an event leaves.
const LEAVES_WITHIN: Duration = Duration::from_millis(500);
/// How many names are looked up at once, of the threads that a process has for such things.
const LOOKUPS: usize = 256;
/// For how long a connection is kept for the next event: then the name is looked up again.
pub(super) const KEPT: Duration = Duration::from_secs(30);
/// The longest answer that is read, in bytes: what is longer comes from something else than a receiver of events.
const LARGEST_ANSWER: usize = 16 << 10;
/// The longest pause that a target may ask for.
const LONGEST_AFTER: Duration = Duration::from_secs(60 * 60);
/// CloudEvents in their JSON format, one in a request.
const EVENT: &str = "application/cloudevents+json; charset=utf-8";

/// Why a target has not taken what came, for whoever administers its agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Untaken {
    /// In words, without what only the agency may know of its target.
    pub(super) why: String,
    /// Whether it says that it will never take anything again.
    pub(super) for_good: bool,
    /// Before which time it wants to be called no more.
    pub(super) after: Option<Duration>,
}

impl Untaken {
    pub(super) fn because(why: impl Into<String>) -> Self {
        Self { why: why.into(), for_good: false, after: None }
    }
}

/// What has become of an event that was not taken.
pub(super) enum NotSent {
    /// Its target has not taken it.
    Untaken(Untaken),
    /// Nothing of it has left: when it would have, it was no longer fresh that it may.
    Stale,
}

/// An event as it is sent.
pub(super) struct Sent<'a> {
    pub(super) id: Uuid,
    pub(super) body: &'a str,
    /// When it was decided that it may leave.
    pub(super) decided: Instant,
    /// When, in seconds since 1970.
    pub(super) seconds: i64,
    pub(super) signatures: String,
    /// Where it stands in the log.
    pub(super) position: u64,
}

/// Calls targets.
#[derive(Debug)]
pub(super) struct Calls {
    origin: String,
    secure: Client,
    plain: Client,
}

impl Calls {
    /// As this origin, into these networks, trusting these authorities beside the machine's own.
    ///
    /// # Errors
    /// When this machine has no means for TLS.
    pub(super) fn new(origin: String, networks: &Networks, authorities: &[Certificate]) -> Result<Self, WebhookError> {
        let room = Arc::new(Semaphore::new(LOOKUPS));
        let client = |is_secure| {
            // A proxy would look names up by itself, and nobody would know where they lead.
            let client = Client::builder().no_proxy().redirect(redirect::Policy::none()).https_only(is_secure);
            let client = client.timeout(LIMIT).connect_timeout(CONNECT_LIMIT).pool_idle_timeout(KEPT);
            let client =
                client.dns_resolver(Arc::new(Guarded { networks: networks.clone(), is_secure, room: room.clone() }));
            client.user_agent("Alongside").tls_certs_merge(authorities.iter().cloned()).build()
        };
        Ok(Self { origin, secure: client(true)?, plain: client(false)? })
    }

    fn call(&self, method: Method, target: &Target) -> RequestBuilder {
        let client = if target.is_secure() { &self.secure } else { &self.plain };
        client.request(method, target.url().clone())
    }

    /// Asks a target whether it wants what this system sends (CloudEvents' HTTP webhook 1.0.2, section 4). Returns how long is to be between two
    /// events, as it wishes.
    pub(super) async fn ask(&self, target: &Target) -> Result<Duration, Untaken> {
        let request = self.call(Method::OPTIONS, target).header("webhook-request-origin", &self.origin);
        let headers = answer(request).await?;
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let is_us = |allowed: &str| allowed == "*" || allowed.eq_ignore_ascii_case(&self.origin);
        if !header("webhook-allowed-origin").is_some_and(is_us) {
            let why = "the target does not say that it wants events of this system: its answer to `OPTIONS` has no header \
                       `WebHook-Allowed-Origin` with this system's origin or `*`";
            return Err(Untaken::because(why));
        }
        // Events a minute; a target that wants none of them says so otherwise.
        let rate = header("webhook-allowed-rate").and_then(|rate| rate.parse::<u32>().ok()).filter(|rate| *rate > 0);
        Ok(rate.map_or(Duration::ZERO, |rate| Duration::from_secs(60) / rate))
    }

    /// Sends an event. Its target has it when this answers.
    pub(super) async fn send(&self, target: &Target, sent: Sent<'_>) -> Result<(), NotSent> {
        let request = self.call(Method::POST, target).header(CONTENT_TYPE, EVENT);
        let request = request.header("webhook-id", sent.id.to_string()).header("webhook-timestamp", sent.seconds);
        let request = request.header("webhook-signature", sent.signatures);
        let body = Fresh { body: Some(sent.body.to_owned().into()), decided: sent.decided };
        let request = request.header("alongside-position", sent.position).body(reqwest::Body::wrap(body));
        let response = request.send().await.map_err(|error| {
            if has_cause::<Stale>(&error) { NotSent::Stale } else { NotSent::Untaken(failed(&error)) }
        })?;
        answered(response).await.map(drop).map_err(NotSent::Untaken)
    }
}

/// The body of an event, which leaves only while it is fresh that it may: a target takes what time it likes to be connected to.
struct Fresh {
    body: Option<Bytes>,
    decided: Instant,
}

/// It was too late for the body to leave.
#[derive(Debug, thiserror::Error)]
#[error("it is not fresh any more that this may leave")]
struct Stale;

impl Body for Fresh {
    type Data = Bytes;
    type Error = Stale;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Stale>>> {
        let Some(body) = self.body.take() else { return Poll::Ready(None) };
        Poll::Ready(Some(if self.decided.elapsed() > LEAVES_WITHIN { Err(Stale) } else { Ok(Frame::data(body)) }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.body.as_ref().map_or(0, |body| body.len() as u64))
    }
}

/// The headers of a good answer, once all of it is here.
async fn answer(request: RequestBuilder) -> Result<HeaderMap, Untaken> {
    answered(request.send().await.map_err(|error| failed(&error))?).await
}

async fn answered(response: Response) -> Result<HeaderMap, Untaken> {
    let (status, headers) = (response.status(), response.headers().clone());
    if !status.is_success() {
        return Err(refused(status, &headers));
    }
    read(response).await?;
    Ok(headers)
}

fn refused(status: StatusCode, headers: &HeaderMap) -> Untaken {
    if status.is_redirection() {
        let status = status.as_u16();
        return Untaken::because(format!("the target answers {status} and leads elsewhere, which is not followed"));
    }
    let after = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Untaken {
        why: format!("the target answers {}", status.as_u16()),
        for_good: status == StatusCode::GONE,
        after: after.map(|seconds| Duration::from_secs(seconds).min(LONGEST_AFTER)),
    }
}

/// Reads an answer to its end, so that the connection serves the next event.
async fn read(mut response: Response) -> Result<(), Untaken> {
    let mut length = 0;
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        length += chunk.len();
        if length > LARGEST_ANSWER {
            return Err(Untaken::because("the target's answer is longer than 16 KiB"));
        }
    }
    Ok(())
}

/// Whether something has failed because of this.
fn has_cause<E: Error + 'static>(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(known) = cause {
        if known.is::<E>() {
            return true;
        }
        cause = known.source();
    }
    false
}

fn failed(error: &reqwest::Error) -> Untaken {
    Untaken::because(match () {
        () if has_cause::<LeadsWithin>(error) => {
            "the target's name leads into a network that this system does not call"
        }
        () if error.is_timeout() => "the target does not answer within 10 seconds",
        () if error.is_connect() => "the target cannot be reached, or has no certificate that is trusted",
        () => "the target does not answer to the end",
    })
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;
    use tokio::net::TcpListener;

    use super::*;

    /// What a target got of an event that was decided so long ago, and what became of it.
    async fn sends(age: Duration) -> (String, Result<(), NotSent>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let networks = Networks::new(vec!["127.0.0.0/8".parse().unwrap()]);
        let target = Target::read(&format!("http://{}", listener.local_addr().unwrap()), &networks).unwrap();
        let got = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut got, mut some) = (Vec::new(), [0; 4_096]);
            while !got.ends_with(b"the body") {
                let Ok(length @ 1..) = stream.read(&mut some).await else { break };
                got.extend_from_slice(&some[..length]);
            }
            drop(tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 204 No Content\r\n\r\n").await);
            String::from_utf8(got).unwrap()
        });
        let calls = Calls::new("here".into(), &networks, &[]).unwrap();
        let decided = Instant::now().checked_sub(age).unwrap();
        let (id, body, signatures) = (Uuid::nil(), "the body", String::from("v1,x"));
        let came = calls.send(&target, Sent { id, body, decided, seconds: 1, signatures, position: 2 }).await;
        (got.await.unwrap(), came)
    }

    #[tokio::test]
    async fn nothing_leaves_that_was_decided_too_long_ago_however_long_it_took_to_be_connected() {
        let (got, came) = sends(Duration::ZERO).await;
        assert!(came.is_ok() && got.contains("content-length: 8\r\n") && got.ends_with("\r\n\r\nthe body"), "{got}");
        let (got, came) = sends(LEAVES_WITHIN + Duration::from_millis(1)).await;
        assert!(matches!(came, Err(NotSent::Stale)) && !got.contains("the body"), "{got}");
    }
}
