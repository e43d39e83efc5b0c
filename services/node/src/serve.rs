//! The server: roles, limits, health, and a graceful end.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::Context as _;
use door::{CertificateFiles, Crowd, Door, UnreadLayer};
use feeds::{Carrier, Feeds, JetStreamDoor, WebhookDoor};
use gate::{AccessLayer, Issuer, Issuers, REQUEST_LIMIT, RESPONSE_LIMIT};
use http::{HeaderName, HeaderValue, Method, Request};
use letters::Letters;
use notices::{NoticeServices, NoticeSettings, Notifier};
use proto::access::v1::access_service_server::AccessServiceServer;
use proto::agencies::v1::agency_service_server::AgencyServiceServer;
use proto::consultations::v1::consultation_service_server::ConsultationServiceServer;
use proto::consultations::v1::survey_service_server::SurveyServiceServer;
use proto::feeds::v1::feed_service_server::FeedServiceServer;
use proto::notices::v1::notice_service_server::NoticeServiceServer;
use proto::people::v1::joining_service_server::JoiningServiceServer;
use proto::people::v1::people_service_server::PeopleServiceServer;
use proto::relationships::v1::relationship_service_server::RelationshipServiceServer;
use proto::sharing::v1::sharing_service_server::SharingServiceServer;
use rpc::ConnectLayer;
use telemetry::{Admin, Readiness};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic_web::GrpcWebLayer;
use tower::{Layer as _, ServiceExt as _};
use tower_http::cors::CorsLayer;

use crate::compose::System;
use crate::config::{Config, Role, Tls, ensure_private};
use crate::pages;
use crate::ready::Watch;
pub use crate::reload::Reload;

/// For how long a browser need not ask again whether a page may call.
const PREFLIGHT: Duration = Duration::from_secs(3_600);
/// The most connections for calls, however many files may be open: each holds buffers.
const CONNECTIONS: usize = 16_384;

/// A server that is running.
#[derive(Debug)]
pub struct Running {
    /// Where gRPC listens.
    pub address: SocketAddr,
    /// Where the admin port listens.
    pub admin: SocketAddr,
    /// Where the web pages are, if they are served here.
    pub portal: Option<SocketAddr>,
    reload: Reload,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Running {
    /// What can be read again while it runs.
    #[must_use]
    pub fn reload(&self) -> Reload {
        self.reload.clone()
    }

    /// Where somebody on this machine reaches the web pages, if they are served here.
    #[must_use]
    pub fn pages(&self) -> Option<String> {
        self.portal.map(pages::address_of)
    }

    /// Begins the end: readiness goes, calls in progress finish, then everything stops.
    pub async fn stop(self) {
        self.stop.cancel();
        self.ended().await;
    }

    /// Waits until everything has stopped.
    pub async fn ended(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Starts everything that the configured roles need. `stop` begins the end.
///
/// # Errors
/// When a port is taken, or a part cannot be put together.
pub async fn start(
    config: &Config,
    system: System,
    issuers: Vec<Issuer>,
    stop: CancellationToken,
) -> anyhow::Result<Running> {
    let mut tasks = JoinSet::new();
    // Background work outlives the calls in progress, so that what they append still reaches the views.
    let background = CancellationToken::new();
    let System { gate, views, documents, bus, cursors, sessions, samples, registry, runner, follower, relay, lags } =
        system;
    let engine = gate.engine().clone();
    let (roles, stood) = (config.roles.clone(), Mutex::default());
    let watch =
        Watch { engine: engine.clone(), documents, bus: bus.clone(), roles, cursors: cursors.clone(), lags, stood };
    let watch = Arc::new(watch);
    let readiness = Readiness::new(move || {
        let watch = watch.clone();
        async move { watch.look().await }
    });
    tasks.spawn(engine::Relay::nudge(bus.clone(), engine.appended(), background.clone()));
    relay.map(|relay| tasks.spawn(relay.run(background.clone())));
    follower.map(|follower| tasks.spawn(follower.run(background.clone())));
    // Where views are built, what follows from them is written, too.
    let settler = runner.is_some().then(|| relationships::Settler::new(engine.clone(), views.clone()));
    runner.map(|runner| tasks.spawn(runner.run(background.clone())));
    settler.map(|settler| tasks.spawn(settler.run(background.clone())));
    let admin = Admin::open(config.admin, registry, readiness.clone()).await?;
    let admin_address = admin.address()?;
    tasks.spawn(admin.run(background.clone()));

    if config.tls.is_none() && !config.listen.ip().is_loopback() {
        tracing::warn!(listen = %config.listen, "calls are taken from elsewhere without TLS: what stands before this port must add it, or `tls` be set");
    }
    let tls = config.tls.as_ref().map(certificates).transpose()?;
    let door = open(config, tls.clone()).await?;
    let address = door.address()?;
    let portal = match config.roles.contains(&Role::Portal) {
        true => Some(pages::open(config, (sessions, samples), address).await?),
        false => None,
    };
    let portal_address = portal.as_ref().map(|(_, door)| door.address()).transpose()?;
    let issuers = Arc::new(Issuers::new(issuers, engine.codec().vault().pseudonyms().await?)?);
    issuers.refresh(&engine).await?;
    tasks.spawn(issuers.clone().follow(engine, background.clone()));
    let feeds = Feeds::new(gate.clone(), views.clone(), issuers.clone(), cursors.clone(), stop.clone());
    let (feeds, notices) = (with_doors(feeds, config)?, tells(config, &gate, &views)?);
    carry((&feeds, &notices), (config, bus, cursors), &mut tasks, &background);
    let (health, routes) = routes(config, (&gate, &views), &issuers, (feeds, notices)).await?;
    let binds_systems = config.tls.as_ref().is_some_and(|tls| tls.client_authority.is_some());
    let tls = tls.zip(config.tls.as_ref().map(|tls| tls.private_key.clone()));
    let reload = Reload { tls, issuers: issuers.clone(), configured: config.issuers.clone() };
    let closing = CancellationToken::new();
    let access = AccessLayer::new(issuers, &gate, config.limits, call_span);
    let access = access.with_systems_bound(binds_systems).with_end(closing.clone());
    let unread = UnreadLayer::default();
    tasks.spawn(unread.clone().watch(background.clone()));
    let layers = (unread, cors(&config.web_origins)?, ConnectLayer::default(), GrpcWebLayer::new(), access);
    let service = layers.layer(routes).map_request(|request: Request<door::Sent>| request.map(Body::new));
    let (drain, finish) = (Duration::from_millis(config.drain_ms), Duration::from_millis(config.finish_ms));
    let serving = door.serve(service, closing.clone(), finish);
    if let Some((portal, door)) = portal {
        tasks.spawn(portal.serve(door, closing.clone()));
    }
    readiness.set(true);
    let ends = Ends { stop: stop.clone(), closing, background, drain };
    ends.see_to(&mut tasks, serving, (readiness, health));
    Ok(Running { address, admin: admin_address, portal: portal_address, reload, stop, tasks })
}

/// What ends, and in which order.
struct Ends {
    /// The end is announced.
    stop: CancellationToken,
    /// No new calls are taken.
    closing: CancellationToken,
    /// What is done in the background stops.
    background: CancellationToken,
    /// How long calls are still taken after the end was announced.
    drain: Duration,
}

impl Ends {
    /// Runs the server, and ends it gracefully once that is announced.
    fn see_to(
        self,
        tasks: &mut JoinSet<()>,
        serving: impl Future<Output = bool> + Send + 'static,
        (readiness, health): (Readiness, Health),
    ) {
        let Self { stop, closing, background, drain } = self;
        let told = stop.clone();
        tasks.spawn(async move {
            told.cancelled().await;
            readiness.set(false);
            health.clear().await;
            tracing::info!("not ready any more; calls in progress finish");
            tokio::time::sleep(drain).await;
            closing.cancel();
        });
        tasks.spawn(async move {
            if !serving.await {
                tracing::warn!("calls in progress took too long and were cut off");
            }
            // The server has ended, whatever the reason: so does the rest.
            stop.cancel();
            background.cancel();
        });
    }
}

/// Feeds, with the doors that the settings open, where this process has anything to do with feeds: what opens every agency's account is read
/// nowhere else.
fn with_doors(feeds: Feeds, config: &Config) -> anyhow::Result<Feeds> {
    let mut feeds = feeds.with_traces(telemetry::link);
    if !config.roles.contains(&Role::Feeds) {
        return Ok(feeds);
    }
    if let Some(door) = &config.feeds.jetstream {
        let door = JetStreamDoor::new(door.settings()?, &door.signing_seed()?);
        let door = door.context("`feeds.jetstream.signing_key_file` holds no seed of an operator's NKey")?;
        feeds = feeds.with_jetstream(door);
    }
    if let Some(door) = &config.feeds.webhooks {
        let door = WebhookDoor::new(door.settings()?).context("`feeds.webhooks` cannot be used")?;
        feeds = feeds.with_webhooks(door);
    }
    Ok(feeds)
}

/// What tells people, where this process does: what is signed in with to a mail server is read nowhere else.
fn tells(config: &Config, gate: &gate::Gate, views: &views::Views) -> anyhow::Result<NoticeServices> {
    let tells = config.roles.contains(&Role::Notices);
    let settings = if tells { config.notices.settings()? } else { NoticeSettings::default() };
    Ok(NoticeServices::new(gate.clone(), views.clone(), settings)?)
}

/// Carries feeds and tells people, where this process does.
fn carry(
    (feeds, notices): (&Feeds, &NoticeServices),
    (config, bus, cursors): (&Config, Arc<dyn bus::Bus>, Arc<dyn state::FeedCursors>),
    tasks: &mut JoinSet<()>,
    background: &CancellationToken,
) {
    if config.roles.contains(&Role::Notices) {
        tasks.spawn(Notifier::new(notices.clone(), cursors).run(background.clone()));
    }
    if config.roles.contains(&Role::Feeds) {
        tasks.spawn(feeds.clone().follow(bus, background.clone()));
        tasks.spawn(Carrier::new(feeds.clone()).run(background.clone()));
    }
}

/// The port for calls.
async fn open(config: &Config, tls: Option<Arc<door::Tls>>) -> anyhow::Result<Door> {
    let crowd = Crowd::new(door::connections_possible().min(CONNECTIONS), config.limits.connections_of_one_address);
    let door = Door::open("calls", config.listen, crowd).await;
    Ok(door.with_context(|| format!("`{}` of `listen` cannot be opened", config.listen))?.with_tls(tls))
}

/// The certificates for calls.
fn certificates(tls: &Tls) -> anyhow::Result<Arc<door::Tls>> {
    ensure_private(&tls.private_key)?;
    let Tls { certificate, private_key, client_authority } = tls.clone();
    let files = CertificateFiles { certificate, private_key, client_authority };
    Ok(Arc::new(door::Tls::read(files).context("`tls` cannot be used")?))
}

/// Which web pages may call, and what they may read of an answer. Tokens go in a header, so that no cookie is ever sent along.
fn cors(origins: &[String]) -> anyhow::Result<CorsLayer> {
    let origins = origins.iter().map(|origin| HeaderValue::from_str(origin)).collect::<Result<Vec<_>, _>>()?;
    let names = |names: &[&'static str]| names.iter().map(|name| HeaderName::from_static(name)).collect::<Vec<_>>();
    Ok(CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::POST])
        .allow_headers(names(&[
            "authorization",
            "content-type",
            "x-grpc-web",
            "x-user-agent",
            "grpc-timeout",
            "connect-protocol-version",
            "connect-timeout-ms",
            "traceparent",
            gate::ROLE_HEADER,
            gate::SESSION_HEADER,
        ]))
        .expose_headers(names(&["grpc-status", "grpc-message", "grpc-status-details-bin"]))
        .max_age(PREFLIGHT))
}

/// Health, kept for its end.
struct Health {
    reporter: tonic_health::server::HealthReporter,
    names: Vec<&'static str>,
}

impl Health {
    async fn clear(&self) {
        for name in &self.names {
            self.reporter.set_service_status(name, tonic_health::ServingStatus::NotServing).await;
        }
    }
}

/// The services of these roles, with health for each and reflection of all.
async fn routes(
    config: &Config,
    (gate, views): (&gate::Gate, &views::Views),
    issuers: &Arc<Issuers>,
    (feeds, notices): (Feeds, NoticeServices),
) -> anyhow::Result<(Health, Routes)> {
    let (reporter, health_service) = tonic_health::server::health_reporter();
    let files = proto::public_files();
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_file_descriptor_set(files.clone())
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let mut routes =
        Routes::new(health_service).add_service(reflection().build_v1()?).add_service(reflection().build_v1alpha()?);
    let mut names = vec![""];
    macro_rules! serve {
        ($server:ident, $service:expr) => {{
            let service = $server::new($service)
                .max_decoding_message_size(REQUEST_LIMIT)
                .max_encoding_message_size(RESPONSE_LIMIT)
                .accept_compressed(CompressionEncoding::Gzip)
                .send_compressed(CompressionEncoding::Gzip);
            names.push(name_of(&service));
            routes = routes.add_service(service);
        }};
    }
    let letters = Letters::english();
    for role in &config.roles {
        let (gate, views, letters) = (gate.clone(), views.clone(), letters.clone());
        match role {
            Role::People => {
                let services = people::People::new(gate, views, letters);
                serve!(PeopleServiceServer, services.clone());
                serve!(JoiningServiceServer, services);
            }
            Role::Relationships => serve!(
                RelationshipServiceServer,
                relationships::Relationships::new(gate, views, config.proposals.lapse_after_days)
            ),
            Role::Consultations => {
                let services = consultations::Consultations::new(gate, views, letters);
                serve!(ConsultationServiceServer, services.clone());
                serve!(SurveyServiceServer, services);
            }
            Role::Sharing => {
                let services = sharing::SharingServices::new(gate, views, letters);
                serve!(SharingServiceServer, services.clone());
                serve!(AccessServiceServer, services);
            }
            Role::Agencies => serve!(AgencyServiceServer, agencies::Agencies::new(gate, views, issuers.clone())),
            Role::Feeds => serve!(FeedServiceServer, feeds.clone()),
            Role::Notices => serve!(NoticeServiceServer, notices.clone()),
            Role::Views | Role::Relay | Role::Portal => {}
        }
    }
    for name in &names {
        reporter.set_service_status(name, tonic_health::ServingStatus::Serving).await;
    }
    Ok((Health { reporter, names }, routes))
}

fn name_of<S: tonic::server::NamedService>(_: &S) -> &'static str {
    S::NAME
}

/// The span of a call, part of the trace that its caller began.
fn call_span(path: &str, traceparent: Option<&str>) -> tracing::Span {
    // Whatever is logged says in which call it happened.
    let span = tracing::error_span!("rpc", path, request_id = tracing::field::Empty);
    if let Some(traceparent) = traceparent {
        telemetry::adopt(&span, traceparent);
    }
    span
}
