//! A port that strangers reach: so many connections at a time, and so many of one address; none that says nothing, takes its time to say what it wants, or
//! does not read what it got.

mod crowd;
mod peer;
mod sent;
mod stream;
mod tls;
mod unread;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;
use tower::Service;

pub use crowd::{Crowd, Place};
pub use peer::{Peer, own};
pub use sent::Sent;
pub use tls::{CertificateFiles, Tls, TlsError};
pub use unread::{BoxError, Held, UnreadLayer, UnreadService, Watched};

use stream::{Heard, Spoken, Stream};

/// How long a connection may take to shake hands and to say its first word, and, by HTTP/1.1, what it wants first.
const WORDLESS: Duration = Duration::from_secs(10);
/// How long a connection by HTTP/1.1 stays that has asked for something, until it asks again: longer than what passes many on keeps one.
const IDLE: Duration = Duration::from_secs(75);
/// How long nobody may read what waits for them.
const UNREAD: Duration = Duration::from_secs(10);
/// How often a connection by HTTP/2 is asked whether it is there still, and how long it may take to say so.
const ALIVE_EVERY: Duration = Duration::from_secs(30);
const ALIVE_WITHIN: Duration = Duration::from_secs(10);
/// How many bytes of what one request says, and of all that a connection does, are held until somebody takes them.
const STREAM_WINDOW: u32 = 320 << 10;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// Requests at a time on one connection.
const REQUESTS: u32 = 200;
/// How many bytes of a request's head are taken, and by HTTP/1.1 of what a connection wants at a time.
const HEAD: u32 = 32 << 10;
const BUFFER: usize = 64 << 10;
/// How long to wait when no connection can be taken, as when there are too many open files; and how often to say so.
const BREATH: Duration = Duration::from_millis(100);
const SAY_EVERY: Duration = Duration::from_secs(30);
/// Descriptors that are not for connections: files, the database, the bus, the other ports.
const OTHER_FILES: usize = 192;

/// Raises the limit of open files as far as this process may, and says for how many connections that is enough, whatever else it has open.
#[must_use]
pub fn connections_possible() -> usize {
    let limit = getrlimit(Resource::Nofile);
    // Where that is not allowed, it stays as it is.
    let _as_it_is = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let files = getrlimit(Resource::Nofile).current.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    (files.saturating_sub(OTHER_FILES) / 2).max(16)
}

/// A port, and how many come in.
pub struct Door {
    name: &'static str,
    listener: TcpListener,
    crowd: Crowd,
    passes_on: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    tls: Option<Arc<Tls>>,
    is_for_pages: bool,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("name", &self.name).field("crowd", &self.crowd).finish_non_exhaustive()
    }
}

impl Door {
    /// Opens this port, which logs call by this name, for so many connections.
    ///
    /// # Errors
    /// When it is taken.
    pub async fn open(name: &'static str, address: SocketAddr, crowd: Crowd) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(Self { name, listener, crowd, passes_on: Arc::new(|_| false), tls: None, is_for_pages: false })
    }

    /// The same, where those pass many on for whom `is_proxy` is true, and so have as many connections as there are.
    #[must_use]
    pub fn with_proxies(self, is_proxy: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        Self { passes_on: Arc::new(is_proxy), ..self }
    }

    /// The same, for pages alone: by HTTP/1.1.
    #[must_use]
    pub fn for_pages(self) -> Self {
        Self { is_for_pages: true, ..self }
    }

    /// The same, by TLS.
    #[must_use]
    pub fn with_tls(self, tls: Option<Arc<Tls>>) -> Self {
        Self { tls, ..self }
    }

    /// Where it is.
    ///
    /// # Errors
    /// When the operating system does not say.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until it is to stop, and then for so long at most until every connection has ended: what is left, or when it is dropped sooner, is cut off.
    /// Returns whether all had ended by themselves.
    pub async fn serve<S, B>(self, service: S, stop: CancellationToken, finish: Duration) -> bool
    where
        S: Service<Request<Sent>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
        S::Future: Send,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let (mut connections, mut said) = (JoinSet::new(), None);
        loop {
            let taken = tokio::select! {
                taken = self.listener.accept() => taken,
                Some(_ended) = connections.join_next() => continue,
                () = stop.cancelled() => break,
            };
            match taken {
                Ok((stream, from)) => {
                    let from = from.ip();
                    let place = match (self.passes_on)(from) {
                        true => self.crowd.enter_passed_on(from),
                        false => self.crowd.enter(Some(from)),
                    };
                    let (tls, service, stop) = (self.tls.clone(), service.clone(), stop.clone());
                    connections.spawn(connection((stream, from, place), (tls, self.is_for_pages), service, stop));
                }
                Err(error) => {
                    if said.is_none_or(|said: Instant| said.elapsed() > SAY_EVERY) {
                        said = Some(Instant::now());
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(
                            port = self.name,
                            error,
                            "no connection can be taken; those that are open go on"
                        );
                    }
                    tokio::time::sleep(BREATH).await;
                }
            }
        }
        drop(self.listener);
        let ended = async { while connections.join_next().await.is_some() {} };
        timeout(finish, ended).await.is_ok()
    }
}

/// Serves one connection until it ends, or makes room for another.
async fn connection<S, B>(
    (stream, from, place): (TcpStream, IpAddr, Place),
    (tls, is_for_pages): (Option<Arc<Tls>>, bool),
    service: S,
    stop: CancellationToken,
) where
    S: Service<Request<Sent>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    let serving = async {
        let beginning = tokio::select! {
            begun = timeout(WORDLESS, begin(stream, from, tls)) => begun,
            () = stop.cancelled() => return,
        };
        // That somebody goes away, at whatever word, is nothing to tell of.
        let Ok(Ok((peer, spoken, heard))) = beginning else { return };
        if is_for_pages && spoken == Spoken::Http2 {
            return;
        }
        let asked = CancellationToken::new();
        let has_asked = asked.clone();
        let silent = async {
            // Who has asked once may take longer to ask again, as what passes many on does.
            if spoken == Spoken::Http2 || timeout(WORDLESS, asked.cancelled()).await.is_ok() {
                std::future::pending::<()>().await;
            }
        };
        let (inner, with) = (TowerToHyperService::new(service), peer.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            has_asked.cancel();
            request.extensions_mut().insert(with.clone());
            let (parts, body) = request.into_parts();
            let (sent, rest) = Sent::new(body);
            let answer = inner.call(Request::from_parts(parts, sent));
            async move {
                let answer = answer.await;
                if spoken == Spoken::Http1 {
                    rest.hear().await;
                }
                answer
            }
        });
        tokio::select! {
            () = speak(heard, spoken, service, stop) => {}
            () = peer.hung_up() => {}
            () = silent => {}
        }
    };
    tokio::select! {
        () = serving => {}
        () = place.given_up() => {}
    }
}

/// Shakes hands, and hears what is spoken.
async fn begin(stream: TcpStream, from: IpAddr, tls: Option<Arc<Tls>>) -> std::io::Result<(Peer, Spoken, Heard)> {
    // An answer leaves at once: Nagle's algorithm would hold its end back until the caller's kernel, which waits 40 ms for more to acknowledge, says that the
    // beginning has come.
    stream.set_nodelay(true)?;
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(UNREAD));
    let (peer, stream): (_, Box<dyn Stream>) = match tls {
        None => (Peer::new(from, None), Box::new(Box::pin(stream))),
        Some(tls) => {
            let stream = tls.acceptor().accept(Box::pin(stream)).await?;
            let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
            (Peer::new(from, shown.map(|certificate| certificate.to_vec())), Box::new(stream))
        }
    };
    let (spoken, heard) = Heard::listen(stream).await?;
    Ok((peer, spoken, heard))
}

/// Answers what is asked, until there is no more, or it is to stop: then what is in progress is answered.
async fn speak<S, B>(heard: Heard, spoken: Spoken, service: S, stop: CancellationToken)
where
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    /// The two kinds of connection have no trait in common.
    macro_rules! serve {
        ($connection:expr) => {{
            let mut connection = std::pin::pin!($connection);
            tokio::select! {
                _ended = connection.as_mut() => return,
                () = stop.cancelled() => {}
            }
            connection.as_mut().graceful_shutdown();
            let _ended = connection.await;
        }};
    }
    let io = TokioIo::new(heard);
    match spoken {
        Spoken::Http1 => {
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(IDLE).max_buf_size(BUFFER);
            serve!(http.serve_connection(io, service));
        }
        Spoken::Http2 => {
            let mut http = http2::Builder::new(TokioExecutor::new());
            http.timer(TokioTimer::new()).keep_alive_interval(ALIVE_EVERY).keep_alive_timeout(ALIVE_WITHIN);
            http.initial_stream_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
            http.max_concurrent_streams(REQUESTS).max_header_list_size(HEAD);
            serve!(http.serve_connection(io, service));
        }
    }
}
