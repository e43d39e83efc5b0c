//! Answers that nobody reads. What an answer holds, such as a place among the calls in progress, it holds until it is sent; and whoever does not read it
//! does not keep it.

use std::any::Any;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use tokio_util::sync::CancellationToken;
use tower::{Layer, Service};

use crate::UNREAD;
use crate::peer::Peer;

/// How long an answer may stand still whose connection takes others meanwhile: many that come at once share a slow line.
const UNREAD_BESIDE_OTHERS: Duration = Duration::from_secs(30);
/// How often to look.
const EVERY: Duration = Duration::from_secs(1);
/// So much of an answer is handed over at a time: what cannot be taken back.
const PIECE: usize = 16 << 10;

/// What an answer holds until it is sent. Put among the extensions of the response.
#[derive(Clone)]
pub struct Held {
    what: Arc<Mutex<Option<Box<dyn Any + Send>>>>,
    goes_on: bool,
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held").field("goes_on", &self.goes_on).finish_non_exhaustive()
    }
}

impl Held {
    /// Until the whole answer is sent.
    #[must_use]
    pub fn by_answer(what: impl Send + 'static) -> Self {
        Self { what: Arc::new(Mutex::new(Some(Box::new(what)))), goes_on: false }
    }

    /// Until a stream ends, which may have nothing to say for as long as it likes.
    #[must_use]
    pub fn by_stream(what: impl Send + 'static) -> Self {
        Self { goes_on: true, ..Self::by_answer(what) }
    }

    /// Whether it was held still.
    fn let_go(&self) -> bool {
        lock(&self.what).take().is_some()
    }
}

/// An answer was not read.
#[derive(Debug, thiserror::Error)]
#[error("the answer was not read")]
struct NotRead;

/// An error of a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Whose answers are watched: put around all other layers.
#[derive(Clone, Default)]
pub struct UnreadLayer(Arc<Mutex<VecDeque<Weak<dyn Answer>>>>);

impl std::fmt::Debug for UnreadLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnreadLayer").finish_non_exhaustive()
    }
}

impl UnreadLayer {
    /// Gives up what stands still, until it is to stop.
    pub async fn watch(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(EVERY) => {}
                () = stop.cancelled() => return,
            }
            let mut answers = lock(&self.0);
            answers.retain(|answer| answer.strong_count() > 0);
            let all: Vec<_> = answers.iter().filter_map(Weak::upgrade).collect();
            drop(answers);
            for answer in all {
                answer.give_up_if_it_stands_still();
            }
        }
    }

    fn add(&self, answer: Weak<dyn Answer>) {
        let mut answers = lock(&self.0);
        // Most have been sent by the time that the next one comes: so there are never many more than are in progress.
        for _ in 0..2 {
            match answers.pop_front() {
                Some(one) if one.strong_count() > 0 => answers.push_back(one),
                Some(_) | None => {}
            }
        }
        answers.push_back(answer);
    }
}

impl<S> Layer<S> for UnreadLayer {
    type Service = UnreadService<S>;

    fn layer(&self, inner: S) -> UnreadService<S> {
        UnreadService { inner, layer: self.clone() }
    }
}

/// A service whose answers are watched.
#[derive(Debug, Clone)]
pub struct UnreadService<S> {
    inner: S,
    layer: UnreadLayer,
}

impl<S, R, B> Service<Request<R>> for UnreadService<S>
where
    S: Service<Request<R>, Response = Response<B>, Error = Infallible>,
    S::Future: Send + 'static,
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Watched<B>>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Watched<B>>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<R>) -> Self::Future {
        let (peer, layer) = (request.extensions().get::<Peer>().cloned(), self.layer.clone());
        let answer = self.inner.call(request);
        Box::pin(async move {
            let mut answer = answer.await?;
            // Whatever is said of it or not, nobody keeps an answer by not reading it.
            let held = answer.extensions_mut().remove::<Held>().unwrap_or_else(|| Held::by_answer(()));
            Ok(answer.map(|body| layer.watched(body, held, peer)))
        })
    }
}

impl UnreadLayer {
    fn watched<B: Body<Data = Bytes> + Send + 'static>(&self, body: B, held: Held, peer: Option<Peer>) -> Watched<B> {
        let content = Mutex::new(Some(Content { body, rest: Bytes::new() }));
        let (moved, handed) = (AtomicU64::new(0), AtomicUsize::new(0));
        let answer = Arc::new(Answering { content, begun: Instant::now(), moved, handed, held, peer });
        let weak: Weak<dyn Answer> = Arc::<Answering<B>>::downgrade(&answer);
        self.add(weak);
        Watched(answer)
    }
}

/// The body of an answer, which holds something until it is sent.
pub struct Watched<B>(Arc<Answering<B>>);

impl<B> std::fmt::Debug for Watched<B> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watched").finish_non_exhaustive()
    }
}

impl<B> Drop for Watched<B> {
    /// What nobody asks for any more is not kept until what was handed over is sent.
    fn drop(&mut self) {
        drop(lock(&self.0.content).take());
    }
}

/// An answer in progress: until all that was handed over is sent.
struct Answering<B> {
    /// What is not handed over yet; none when all is, or once it was given up.
    content: Mutex<Option<Content<B>>>,
    begun: Instant,
    /// When something of it was sent last, in milliseconds since it began.
    moved: AtomicU64,
    /// How many pieces are handed over, and not sent yet.
    handed: AtomicUsize,
    held: Held,
    peer: Option<Peer>,
}

struct Content<B> {
    body: B,
    rest: Bytes,
}

impl<B> Answering<B> {
    fn move_on(&self) {
        self.moved.store(u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn stands_still(&self) -> bool {
        let waits = !self.held.goes_on || self.handed.load(Ordering::Relaxed) > 0;
        let moved = Duration::from_millis(self.moved.load(Ordering::Relaxed));
        let reads_others = self.peer.as_ref().is_some_and(|peer| peer.has_read_within(UNREAD));
        let allowed = if reads_others { UNREAD_BESIDE_OTHERS } else { UNREAD };
        waits && self.begun.elapsed().saturating_sub(moved) > allowed
    }
}

/// A piece that is handed over, until it is sent.
struct Piece<B> {
    bytes: Bytes,
    answer: Arc<Answering<B>>,
}

impl<B> AsRef<[u8]> for Piece<B> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<B> Drop for Piece<B> {
    fn drop(&mut self) {
        self.answer.handed.fetch_sub(1, Ordering::Relaxed);
        self.answer.move_on();
        if let Some(peer) = &self.answer.peer {
            peer.has_read();
        }
    }
}

/// Something that can stand still.
trait Answer: Send + Sync {
    fn give_up_if_it_stands_still(&self);
}

impl<B: Send> Answer for Answering<B> {
    fn give_up_if_it_stands_still(&self) {
        if self.stands_still() && self.held.let_go() {
            drop(lock(&self.content).take());
            if let Some(peer) = &self.peer {
                peer.left_unread();
            }
        }
    }
}

fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<B> Body for Watched<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let answer = &self.0;
        let mut content = lock(&answer.content);
        let Some(Content { body, rest }) = content.as_mut() else {
            return Poll::Ready(Some(Err(NotRead.into())));
        };
        while rest.is_empty() {
            match ready!(Pin::new(&mut *body).poll_frame(cx)) {
                None => return Poll::Ready(None),
                Some(Err(error)) => return Poll::Ready(Some(Err(error.into()))),
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => *rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
            }
        }
        let bytes = rest.split_to(rest.len().min(PIECE));
        answer.handed.fetch_add(1, Ordering::Relaxed);
        answer.move_on();
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_owner(Piece { bytes, answer: answer.clone() })))))
    }

    fn is_end_stream(&self) -> bool {
        let content = lock(&self.0.content);
        content.as_ref().is_some_and(|Content { body, rest }| rest.is_empty() && body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        match lock(&self.0.content).as_ref() {
            // Asked for before anything is taken.
            Some(Content { body, rest }) if rest.is_empty() => body.size_hint(),
            Some(_) | None => SizeHint::default(),
        }
    }
}
