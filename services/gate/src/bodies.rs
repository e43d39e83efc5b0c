//! What a call's message and an answer's stream have to keep to: a message comes soon, and a stream ends when it is told to.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::HeaderMap;
use http_body::{Frame, SizeHint};
use rpc::{Error, Reason};
use tokio::time::{Sleep, sleep};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use tonic::body::Body;

/// How long a message may take to come, once it is waited for.
const MESSAGE: Duration = Duration::from_secs(5);

/// A message that has to come soon.
struct Soon {
    body: Body,
    /// Since the first time that it had to be waited for.
    late: Option<Pin<Box<Sleep>>>,
}

/// The message of a call, given up when it does not come.
pub(crate) fn soon(body: Body) -> Body {
    Body::new(Soon { body, late: None })
}

impl http_body::Body for Soon {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        let late = self.late.get_or_insert_with(|| Box::pin(sleep(MESSAGE)));
        ready!(late.as_mut().poll(cx));
        let error = Error::new(Reason::DeadlineExceeded, "the message did not come in time; send all of it at once");
        Poll::Ready(Some(Err(error.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A stream of questions that ends when there are no more answers.
struct While {
    body: Body,
    over: BoxFuture<'static, ()>,
}

/// The questions of a call, until it is over: whoever waits for the next one waits no longer than that.
pub(crate) fn while_answered(body: Body, over: CancellationToken) -> Body {
    Body::new(While { body, over: Box::pin(over.cancelled_owned()) })
}

impl http_body::Body for While {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match self.over.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(None),
            Poll::Pending => Pin::new(&mut self.body).poll_frame(cx),
        }
    }
}

/// A stream that ends when it is told to.
struct Until {
    body: Body,
    /// Why it ends; none once it has said so.
    end: Option<BoxFuture<'static, Error>>,
}

/// The stream of an answer, which ends when and as `end` says.
pub(crate) fn until(body: Body, end: BoxFuture<'static, Error>) -> Body {
    Body::new(Until { body, end: Some(end) })
}

impl http_body::Body for Until {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let Some(end) = self.end.as_mut() else { return Poll::Ready(None) };
        let Poll::Ready(error) = end.as_mut().poll(cx) else { return Pin::new(&mut self.body).poll_frame(cx) };
        self.end = None;
        let (status, mut trailers) = (Status::from(error), HeaderMap::new());
        Poll::Ready(Some(status.add_header(&mut trailers).map(|()| Frame::trailers(trailers))))
    }
}
