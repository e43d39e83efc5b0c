//! The person's web pages: who has looked, what is shared, who supports them, what happened. A client of the services like any other: a page knows what
//! they answer, and nothing else. Everything works without scripts; what scripts add is comfort and privacy.

mod assets;
mod fault;
mod guard;
mod limits;
mod pages;
mod session;
mod sign_in;
mod turns;
mod view;
mod words;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use door::{Crowd, Door, connections_possible};
use http::Request;
use ipnet::IpNet;
use jiff::tz::TimeZone;
use state::Sessions;
use tokio_util::sync::CancellationToken;
use tonic::transport::Channel;
use tower::ServiceExt as _;
use url::Url;

pub use sign_in::{Provider, ProviderError, SamplePerson, Samples};

use assets::Assets;
use limits::Limits;
use pages::copy::Copies;
use session::Keeper;
use turns::Turns;
use words::Words;

/// The most connections; and how many one address has: a library's people sit behind one. What passes people on has as many as there are.
const CONNECTIONS: usize = 1_024;
const OF_ONE: usize = 128;
/// How long requests in progress may take once the end is near.
const FINISH_LIMIT: Duration = Duration::from_secs(5);
/// The largest form that is taken, in bytes: a long text, as people write it.
const FORM_LIMIT: usize = 64 << 10;
/// How many pages of one person are made at a time: as many as a browser asks for.
const AT_ONCE: usize = 6;
/// How long an answer may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// How somebody signs in.
#[derive(Debug)]
pub enum SignIn {
    /// At their identity provider.
    Provider(Box<Provider>),
    /// As a sample person, whoever they are: for development alone.
    Samples(Samples),
}

/// What the pages need to know.
#[derive(Debug)]
pub struct Settings {
    /// What the place is called: on every page, and as the title of all of them, so that nothing tells which page somebody has read.
    pub name: String,
    /// Where people reach it: `https://portal.example`.
    pub address: Url,
    /// Where they are when they read that it is three o'clock.
    pub time_zone: TimeZone,
    /// Where somebody goes who leaves quickly: a page that nobody wonders about.
    pub leave_to: Url,
    /// The networks of what passes people on, and says for whom it speaks in `X-Forwarded-For`.
    pub proxies: Vec<IpNet>,
    /// How they sign in.
    pub sign_in: SignIn,
}

/// The pages.
#[derive(Clone)]
pub struct Portal(Arc<Parts>);

/// What every page has at hand.
pub(crate) struct Parts {
    pub(crate) settings: Settings,
    pub(crate) channel: Channel,
    pub(crate) keeper: Keeper,
    pub(crate) turns: Turns<[u8; 32]>,
    pub(crate) limits: Limits,
    pub(crate) copies: Copies,
    pub(crate) words: Words,
    pub(crate) assets: Assets,
}

impl std::fmt::Debug for Portal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Portal").finish_non_exhaustive()
    }
}

impl Portal {
    /// Pages that call the services on this channel, and keep sessions in this store.
    #[must_use]
    pub fn new(settings: Settings, channel: Channel, sessions: Arc<dyn Sessions>) -> Self {
        let words = Words::english(settings.time_zone.clone());
        let limits = Limits::new(settings.proxies.clone());
        let keeper = Keeper::new(sessions, settings.address.scheme() == "https");
        Self(Arc::new(Parts {
            settings,
            channel,
            keeper,
            turns: Turns::new(AT_ONCE),
            limits,
            copies: Copies::default(),
            words,
            assets: Assets::load(),
        }))
    }

    /// Opens the port of the pages, where proxies of these networks pass people on.
    ///
    /// # Errors
    /// When it is taken.
    pub async fn open(address: SocketAddr, proxies: Vec<IpNet>) -> std::io::Result<Door> {
        let crowd = Crowd::new((connections_possible() / 2).min(CONNECTIONS), OF_ONE);
        let is_proxy = move |peer: IpAddr| limits::is_in(&proxies, peer);
        Ok(Door::open("the web pages", address, crowd).await?.with_proxies(is_proxy).for_pages())
    }

    /// Serves them until it is to stop.
    pub async fn serve(self, door: Door, stop: CancellationToken) {
        let service = self.routes().map_request(|request: Request<door::Sent>| request.map(Body::new));
        let _in_time = door.serve(service, stop, FINISH_LIMIT).await;
    }

    /// Every page. Their addresses tell nobody what they are: a browser keeps them, whoever looks over a shoulder reads them.
    fn routes(self) -> Router {
        let pages = Router::new()
            .route(at::HOME, get(pages::home::show))
            .route(at::LOOKED, get(pages::looked::list).post(pages::kept::keep))
            .route(at::PICTURE, get(pages::picture::show))
            .route(at::RECEIPT, get(pages::looked::one).post(pages::looked::ask))
            .route(at::SHARING, get(pages::sharing::list))
            .route(at::CHOICE, get(pages::choice::one).post(pages::choice::change))
            .route(at::REQUEST, get(pages::choice::request).post(pages::choice::answer))
            .route(at::CHANGE, get(pages::change::ask).post(pages::change::change))
            .route(at::PEOPLE, get(pages::people::list))
            .route(at::RELATIONSHIP, get(pages::people::one).post(pages::people::answer))
            .route(at::RECORD, get(pages::record::list).post(pages::record::add))
            .route(at::ENTRY, get(pages::record::one).post(pages::record::answer))
            .route(at::TIMELINE, get(pages::timeline::list))
            .route(at::CONSULTATIONS, get(pages::consultations::list).post(pages::consultations::begin))
            .route(at::CONSULTATION, get(pages::consultations::one).post(pages::consultations::answer))
            .route(at::SURVEY, get(pages::surveys::one).post(pages::surveys::answer))
            .route(at::WENT, get(pages::went::list))
            .route(at::CODES, get(pages::codes::list).post(pages::codes::give))
            .route(at::COPY, get(pages::copy::ask).post(pages::copy::copy))
            .route(at::TALKING, get(pages::talking::ask).post(pages::talking::change))
            .route(at::SIGN_IN, get(sign_in::show).post(sign_in::as_sample))
            .route(at::START, get(sign_in::start))
            .route(at::BACK, get(sign_in::back))
            .route(at::CLAIM, get(sign_in::claim).post(sign_in::use_code))
            .route(at::SIGN_OUT, post(sign_in::sign_out))
            .route(at::LEAVE, get(sign_in::leave))
            .route(at::STATEMENT, get(pages::statement::show))
            .route(at::STAY, get(sign_in::stay))
            .fallback(pages::nothing)
            .method_not_allowed_fallback(pages::nothing);
        let routes = pages.route(at::ASSET, get(assets::get)).layer(DefaultBodyLimit::max(FORM_LIMIT));
        routes.layer(from_fn_with_state(self.0.clone(), guard::every)).with_state(self.0)
    }
}

/// Where each page is.
pub(crate) mod at {
    pub(crate) const HOME: &str = "/";
    pub(crate) const LOOKED: &str = "/1";
    pub(crate) const RECEIPT: &str = "/1/{id}";
    pub(crate) const SHARING: &str = "/2";
    pub(crate) const CHOICE: &str = "/2/{id}";
    pub(crate) const REQUEST: &str = "/3/{id}";
    pub(crate) const PEOPLE: &str = "/4";
    pub(crate) const RELATIONSHIP: &str = "/4/{id}";
    pub(crate) const TIMELINE: &str = "/5";
    pub(crate) const RECORD: &str = "/6";
    pub(crate) const ENTRY: &str = "/6/{id}";
    pub(crate) const CHANGE: &str = "/7";
    pub(crate) const CONSULTATIONS: &str = "/8";
    pub(crate) const CONSULTATION: &str = "/8/{id}";
    pub(crate) const SURVEY: &str = "/9/{id}";
    pub(crate) const WENT: &str = "/10";
    pub(crate) const CODES: &str = "/11";
    pub(crate) const COPY: &str = "/12";
    pub(crate) const TALKING: &str = "/13";
    pub(crate) const PICTURE: &str = "/14";
    pub(crate) const SIGN_IN: &str = "/in";
    pub(crate) const START: &str = "/in/go";
    pub(crate) const BACK: &str = "/in/back";
    pub(crate) const CLAIM: &str = "/in/code";
    pub(crate) const SIGN_OUT: &str = "/out";
    pub(crate) const LEAVE: &str = "/leave";
    pub(crate) const STATEMENT: &str = "/a";
    pub(crate) const STAY: &str = "/stay";
    pub(crate) const ASSET: &str = "/s/{*name}";
}
