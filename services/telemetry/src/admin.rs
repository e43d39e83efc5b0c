//! The admin port: metrics, liveness and readiness. For operators and their tools only.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use door::{Crowd, Door};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// What was found when somebody asked whether this process is ready.
#[derive(Debug, Clone)]
pub struct Report {
    /// Whether it can do what it is there for.
    pub ready: bool,
    /// What is amiss, a line each. Names parts and numbers, nobody.
    pub notes: Vec<String>,
}

/// Finds out.
type Probe = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Report> + Send>> + Send + Sync>;

/// How long an answer holds, for all who ask.
const HOLDS: Duration = Duration::from_secs(1);

/// Whether this process takes calls.
#[derive(Clone)]
pub struct Readiness(Arc<Ready>);

struct Ready {
    open: AtomicBool,
    probe: Probe,
    found: tokio::sync::Mutex<Option<(Instant, Report)>>,
}

impl std::fmt::Debug for Readiness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Readiness").field("open", &self.0.open).finish_non_exhaustive()
    }
}

impl Readiness {
    /// Not ready yet; from when it is, `probe` tells, asked at most once a second whoever asks.
    pub fn new<F>(probe: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Report> + Send + 'static,
    {
        let probe: Probe = Box::new(move || Box::pin(probe()));
        Self(Arc::new(Ready { open: AtomicBool::new(false), probe, found: tokio::sync::Mutex::default() }))
    }

    /// From now on, or no longer.
    pub fn set(&self, ready: bool) {
        self.0.open.store(ready, Ordering::Release);
    }

    /// Whether it is ready, and what is amiss.
    pub async fn report(&self) -> Report {
        if !self.0.open.load(Ordering::Acquire) {
            return Report { ready: false, notes: vec![String::from("takes no calls yet, or no more")] };
        }
        // Whoever asks meanwhile waits for the same answer.
        let mut found = self.0.found.lock().await;
        if let Some((_, report)) = found.as_ref().filter(|(at, _)| at.elapsed() < HOLDS) {
            return report.clone();
        }
        let report = (self.0.probe)().await;
        *found = Some((Instant::now(), report.clone()));
        report
    }
}

/// The admin port cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error("the admin port `{address}` cannot be opened")]
pub struct AdminError {
    address: SocketAddr,
    #[source]
    cause: std::io::Error,
}

/// How long what is being answered may take once the end is near.
const FINISH_LIMIT: Duration = Duration::from_secs(2);
/// Connections to the admin port: for operators and their tools.
const CONNECTIONS: usize = 64;

/// The admin server.
#[derive(Debug)]
pub struct Admin {
    door: Door,
    router: Router,
}

impl Admin {
    /// Opens the port.
    ///
    /// # Errors
    /// When it is taken.
    pub async fn open(address: SocketAddr, registry: Registry, readiness: Readiness) -> Result<Self, AdminError> {
        let door = Door::open("the admin port", address, Crowd::new(CONNECTIONS, CONNECTIONS)).await;
        let door = door.map_err(|cause| AdminError { address, cause })?.for_pages();
        let (registry, asked) = (Arc::new(registry), readiness.clone());
        let router = Router::new()
            .route("/metrics", get(move || metrics(registry.clone(), asked.clone())))
            .route("/healthz", get(|| async { "ok\n" }))
            .route("/readyz", get(move || ready(readiness.clone())));
        Ok(Self { door, router })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.door.address()
    }

    /// Serves until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        let service = self.router.map_request(|request: Request<door::Sent>| request.map(Body::new));
        // Whoever reads no answer keeps no process.
        let _in_time = self.door.serve(service, stop, FINISH_LIMIT).await;
    }
}

async fn metrics(registry: Arc<Registry>, readiness: Readiness) -> impl IntoResponse {
    // What stands still reports nothing: how far it is behind is found out when somebody asks.
    readiness.report().await;
    let mut text = String::new();
    match encode(&mut text, &registry) {
        Ok(()) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            (StatusCode::OK, [(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn ready(readiness: Readiness) -> impl IntoResponse {
    let Report { ready, notes } = readiness.report().await;
    let (code, said) = if ready { (StatusCode::OK, "ready") } else { (StatusCode::SERVICE_UNAVAILABLE, "not ready") };
    (code, [&[said.to_owned()], notes.as_slice()].concat().join("\n") + "\n")
}
