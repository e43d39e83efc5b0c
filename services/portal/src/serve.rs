//! Serving on a port: so many connections at a time, and so many of one address; none of which takes its time to say what it wants, or to read what it got.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tokio_util::sync::CancellationToken;

use crate::Parts;
use crate::limits::{Peer, own};
use crate::turns::Turns;

/// How many connections there are at a time; others wait to be taken.
const CONNECTIONS: usize = 1_024;
/// How many one address has at a time: a library's people sit behind one. What passes people on has as many as there are.
const OF_ONE: usize = 128;
/// How long a connection may take to say what it wants, and stay without wanting anything.
const WORDLESS: Duration = Duration::from_secs(15);
/// How long nobody reads an answer that waits for it, before it is given up.
const UNREAD: Duration = Duration::from_secs(10);
/// How many bytes of what a connection wants are held at a time.
const BUFFER: usize = 64 << 10;
/// How long requests in progress may take once the end is near.
const FINISH_LIMIT: Duration = Duration::from_secs(5);
/// How long to wait when no connection can be taken, as when there are too many open files.
const BREATH: Duration = Duration::from_millis(100);

/// Serves these routes until it is to stop.
pub(crate) async fn serve(listener: TcpListener, (routes, parts): (Router, Arc<Parts>), stop: CancellationToken) {
    let of_one = Turns::new(OF_ONE);
    let (room, graceful) = (Arc::new(Semaphore::new(CONNECTIONS)), GracefulShutdown::new());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(WORDLESS).max_buf_size(BUFFER);
    let next = async || {
        let place = room.clone().acquire_owned().await;
        listener.accept().await.map(|(stream, from)| (stream, from.ip(), place))
    };
    loop {
        let taken = tokio::select! {
            taken = next() => taken,
            () = stop.cancelled() => break,
        };
        match taken {
            Ok((stream, peer, place)) => {
                let turn = of_one.take(own(peer));
                if turn.is_none() && !parts.limits.is_proxy(peer) {
                    continue;
                }
                let inner = TowerToHyperService::new(routes.clone());
                let service = service_fn(move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(Peer(peer));
                    inner.call(request)
                });
                let mut stream = TimeoutStream::new(stream);
                stream.set_write_timeout(Some(UNREAD));
                let serving = graceful.watch(http.serve_connection(TokioIo::new(Box::pin(stream)), service));
                tokio::spawn(async move {
                    // That somebody went away is nothing to tell of.
                    let _gone = serving.await;
                    drop((place, turn));
                });
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a connection to the web pages is not taken");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    let _late = tokio::time::timeout(FINISH_LIMIT, graceful.shutdown()).await;
}
